/* Signals that wait: their order, what they tell, who may send them, descriptors that read them, flags of handlers. */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static char order[64];
static siginfo_t last;
static volatile sig_atomic_t depth, deepest;

static void check(const char *what, int holds)
{
	printf("%s: %s\n", what, holds ? "yes" : "NO");
}

static void note(int signal, siginfo_t *info, void *context)
{
	(void)context;
	last = *info;
	snprintf(order + strlen(order), sizeof order - strlen(order), "%d.%d ", signal - SIGRTMIN, info->si_value.sival_int);
}

static void deeper(int signal)
{
	if (++depth > deepest)
		deepest = depth;
	if (deepest < 3)
		raise(signal);
	depth--;
}

static sigset_t set_of(int a, int b)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, a);
	sigaddset(&set, b);
	return set;
}

static void queue(int signal, int value)
{
	sigqueue(getpid(), signal, (union sigval){ .sival_int = value });
}

static void in_order(void)
{
	struct sigaction action = { .sa_sigaction = note, .sa_flags = SA_SIGINFO };
	sigset_t both = set_of(SIGRTMIN + 2, SIGRTMIN + 5);

	sigfillset(&action.sa_mask);
	sigaction(SIGRTMIN + 2, &action, NULL);
	sigaction(SIGRTMIN + 5, &action, NULL);
	sigprocmask(SIG_BLOCK, &both, NULL);
	queue(SIGRTMIN + 5, 1);
	queue(SIGRTMIN + 2, 2);
	queue(SIGRTMIN + 5, 3);
	queue(SIGRTMIN + 2, 4);
	sigprocmask(SIG_UNBLOCK, &both, NULL);
	check("each is handled, lower numbers first", strcmp(order, "2.2 2.4 5.1 5.3 ") == 0);
	check("who sent it is told", last.si_code == SI_QUEUE && last.si_pid == getpid() && last.si_uid == getuid());
}

static void limits(void)
{
	struct rlimit few = { 3, 3 }, old;
	sigset_t set = set_of(SIGRTMIN, SIGRTMIN + 1);
	siginfo_t info;
	int status, sent = 0;
	pid_t child;

	if (fork() == 0) {
		sigprocmask(SIG_BLOCK, &set, NULL);
		getrlimit(RLIMIT_SIGPENDING, &old);
		setrlimit(RLIMIT_SIGPENDING, &few);
		while (sent < 100 && sigqueue(getpid(), SIGRTMIN, (union sigval){ .sival_int = sent }) == 0)
			sent++;
		if (errno != EAGAIN || sent > 3 || kill(getpid(), SIGCONT) != 0)
			_exit(1);
		/* Those that wait for another process of the same user count, too. */
		child = fork();
		if (child == 0)
			for (;;)
				pause();
		/* Other programs of this user may send and take some meanwhile, but hardly before each attempt. */
		for (sent = 0; sent < 3; sent++) {
			while (sigqueue(getpid(), SIGRTMIN, (union sigval){ .sival_int = sent }) == 0)
				;
			if (sigqueue(child, SIGRTMIN, (union sigval){ .sival_int = 0 }) == -1)
				break;
		}
		status = errno;
		kill(child, SIGKILL);
		wait(NULL);
		_exit(status == EAGAIN && sent < 3 ? 0 : 1);
	}
	wait(&status);
	check("too many are refused", status == 0);
	memset(&info, 0, sizeof info);
	info.si_code = SI_USER;
	check("nobody else can be told that kill was called",
		syscall(SYS_rt_sigqueueinfo, getppid(), SIGCONT, &info) == -1 && errno == EPERM);
	check("there is no process -1 to be asked for", kill(0x7ffffffe, 0) == -1 && errno == ESRCH);
	check("there is no signal 65", kill(getpid(), 65) == -1 && errno == EINVAL);
}

static void descriptors(void)
{
	sigset_t set = set_of(SIGUSR1, SIGRTMIN + 3);
	struct signalfd_siginfo infos[3];
	struct pollfd poller;
	int fd, status;
	pid_t child;

	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	poller = (struct pollfd){ .fd = fd, .events = POLLIN };
	check("nothing is read at first", read(fd, infos, sizeof infos) == -1 && errno == EAGAIN && poll(&poller, 1, 0) == 0);
	queue(SIGRTMIN + 3, 11);
	queue(SIGRTMIN + 3, 12);
	kill(getpid(), SIGUSR1);
	check("poll tells", poll(&poller, 1, 0) == 1);
	check("all are read", read(fd, infos, sizeof infos) == sizeof infos);
	check("in order", infos[0].ssi_signo == SIGUSR1 && infos[1].ssi_int == 11 && infos[2].ssi_int == 12);
	check("with their senders", infos[0].ssi_pid == (unsigned)getpid() && infos[1].ssi_code == SI_QUEUE);
	child = fork();
	if (child == 0) {
		kill(getppid(), SIGUSR1);
		_exit(0);
	}
	check("poll waits", poll(&poller, 1, -1) == 1);
	check("the sender is told", read(fd, infos, sizeof infos) == sizeof *infos && infos[0].ssi_pid == (unsigned)child);
	waitpid(child, &status, 0);
	check("a short read is refused", read(fd, infos, 100) == -1 && errno == EINVAL);
	check("no other file reads signals", signalfd(1, &set, 0) == -1 && errno == EINVAL);
	close(fd);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

static void flags(void)
{
	struct sigaction action = { .sa_handler = deeper, .sa_flags = SA_NODEFER }, now;

	sigaction(SIGUSR1, &action, NULL);
	raise(SIGUSR1);
	check("SA_NODEFER lets it come again", deepest == 3);
	action.sa_flags = SA_RESETHAND;
	sigaction(SIGUSR2, &action, NULL);
	raise(SIGUSR2);
	sigaction(SIGUSR2, NULL, &now);
	check("SA_RESETHAND resets", now.sa_handler == SIG_DFL);
}

static volatile int jumps;
static sigjmp_buf back;

static void jump(int signal)
{
	(void)signal;
	jumps++;
	siglongjmp(back, 1);
}

static void nested_stacks(void)
{
	struct sigaction action = { .sa_handler = jump, .sa_flags = SA_ONSTACK };
	stack_t stack = { .ss_size = 1 << 16 }, now;

	stack.ss_sp = malloc(stack.ss_size);
	sigaltstack(&stack, NULL);
	sigaction(SIGSEGV, &action, NULL);
	sigsetjmp(back, 1);
	if (jumps < 1000)
		*(volatile int *)8 = 1;
	check("a thousand faults are jumped out of", jumps == 1000);
	sigaltstack(NULL, &now);
	check("and the stack is free again", now.ss_flags == 0 && now.ss_sp == stack.ss_sp);
	stack.ss_size = 100;
	check("a small stack is refused", sigaltstack(&stack, NULL) == -1 && errno == ENOMEM);
}

int main(void)
{
	setvbuf(stdout, NULL, _IONBF, 0);
	in_order();
	limits();
	descriptors();
	flags();
	nested_stacks();
	return 0;
}

/*
 * Programs that ask for as much of one thing as there is: bombs fork|threads|memory|pipes|signals. Each is run three times and
 * ends in an error for itself; afterwards this program says how much memory is missing, in pages, and that a process can still
 * be made.
 *
 * Not for Linux, where it would take the whole machine.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* What the processes of a bomb know together. */
static volatile struct {
	int error, count;
} *shared;

static void give_up(int error)
{
	shared->error = error;
	for (;;)
		pause();
}

static void fork_bomb(void)
{
	for (;;) {
		if (fork() < 0)
			give_up(errno);
		__atomic_add_fetch(&shared->count, 1, __ATOMIC_RELAXED);
	}
}

static void *wait_for_ever(void *argument)
{
	for (;;)
		pause();
	return argument;
}

static void thread_bomb(void)
{
	pthread_attr_t attributes;
	pthread_t thread;
	int error;
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, 65536);
	while (!(error = pthread_create(&thread, &attributes, wait_for_ever, 0)))
		shared->count++;
	give_up(error);
}

static void memory_hog(void)
{
	size_t size = 1 << 20;
	for (;;) {
		char *block = mmap(0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (block == MAP_FAILED)
			give_up(errno);
		memset(block, 1, size);
		shared->count++;
	}
}

static void pipe_hog(void)
{
	static char block[4096];
	struct rlimit most;
	getrlimit(RLIMIT_NOFILE, &most);
	most.rlim_cur = most.rlim_max;
	setrlimit(RLIMIT_NOFILE, &most);
	for (;;) {
		int ends[2];
		if (pipe2(ends, O_NONBLOCK) < 0)
			give_up(errno);
		while (write(ends[1], block, sizeof block) > 0)
			;
		if (errno != EAGAIN)
			give_up(errno);
		shared->count++;
	}
}

static void count_signal(int number)
{
	(void)number;
	shared->count++;
}

/* Four senders and one who handles; then as many as can wait. */
static void signal_storm(void)
{
	sigset_t all;
	union sigval value = { 0 };
	pid_t itself = getpid();
	signal(SIGUSR1, count_signal);
	signal(SIGRTMIN, count_signal);
	for (int sender = 0; sender < 4; sender++)
		if (fork() == 0) {
			for (int i = 0; i < 5000; i++)
				kill(itself, SIGUSR1);
			_exit(0);
		}
	while (wait(0) > 0 || errno == EINTR)
		;
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, 0);
	while (sigqueue(itself, SIGRTMIN, value) == 0)
		;
	give_up(errno);
}

static long free_pages(void)
{
	struct sysinfo info;
	sysinfo(&info);
	return (long)(info.freeram * info.mem_unit / 4096);
}

static void nap(void)
{
	struct timespec time = { 0, 2000000 };
	nanosleep(&time, 0);
}

/* Runs a bomb in a process group of its own until it gives up or is killed; returns its error, or minus the signal. */
static int explode(void (*bomb)(void))
{
	int status;
	pid_t pid = fork();
	if (pid == 0) {
		setpgid(0, 0);
		bomb();
	}
	setpgid(pid, pid);
	int ended = 0;
	while (!shared->error && !(ended = waitpid(pid, &status, WNOHANG) == pid))
		nap();
	int error = ended ? -WTERMSIG(status) : shared->error;
	/* A process that is being made while its group is killed may be missed. */
	while (kill(-pid, SIGKILL) == 0 || errno != ESRCH) {
		while (waitpid(-1, 0, WNOHANG) > 0)
			;
		nap();
	}
	while (waitpid(-1, 0, 0) > 0)
		;
	return error;
}

int main(int count, char **arguments)
{
	static const struct {
		const char *name;
		void (*bomb)(void);
	} bombs[] = { { "fork", fork_bomb }, { "threads", thread_bomb }, { "memory", memory_hog }, { "pipes", pipe_hog },
		{ "signals", signal_storm } };
	void (*bomb)(void) = 0;
	for (int i = 0; i < 5; i++)
		if (count == 2 && !strcmp(arguments[1], bombs[i].name))
			bomb = bombs[i].bomb;
	if (!bomb)
		return 2;
	shared = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	printf("%s\n", arguments[1]); /* what printf allocates is there from now on */
	fflush(stdout);
	shared->count = 0;
	if (fork() == 0) /* and what the first process costs, too */
		_exit(0);
	wait(0);
	for (int round = 0; round < 3; round++) {
		long before = free_pages();
		shared->error = shared->count = 0;
		int error = explode(bomb);
		long missing = before - free_pages();
		int status = -1;
		if (fork() == 0)
			_exit(42);
		wait(&status);
		printf("error: %s\n", error < 0 ? strsignal(-error) : strerror(error));
		printf("count: %d\n", shared->count);
		printf("missing: %ld\n", missing);
		printf("afterwards: %s\n", WIFEXITED(status) && WEXITSTATUS(status) == 42 ? "works" : "does not work");
		fflush(stdout);
	}
	return 0;
}

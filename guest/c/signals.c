/* Signals: handlers and masks, an alternate stack, a fault that is caught and survived. */
#define _GNU_SOURCE
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

static volatile sig_atomic_t count, last;
static sigjmp_buf back;
static char *fault_address;
static int fault_code, on_own_stack;
static char own_stack[64 << 10];

static void count_it(int signal)
{
	count++;
	last = signal;
}

static void on_fault(int signal, siginfo_t *info, void *context)
{
	char here;

	(void)context;
	last = signal;
	fault_address = info->si_addr;
	fault_code = info->si_code;
	on_own_stack = &here >= own_stack && &here < own_stack + sizeof own_stack;
	siglongjmp(back, 1);
}

static void check(const char *what, int holds)
{
	printf("%s: %s\n", what, holds ? "yes" : "NO");
}

static void handlers_and_masks(void)
{
	struct sigaction action = { .sa_handler = count_it };
	sigset_t set, pending;

	check("a handler is installed", sigaction(SIGUSR1, &action, NULL) == 0);
	raise(SIGUSR1);
	check("and called", count == 1 && last == SIGUSR1);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	raise(SIGUSR1);
	raise(SIGUSR1);
	sigpending(&pending);
	check("a blocked signal waits", count == 1 && sigismember(&pending, SIGUSR1));
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	check("and comes once", count == 2);
	action.sa_handler = SIG_IGN;
	sigaction(SIGUSR1, &action, NULL);
	raise(SIGUSR1);
	check("an ignored one does not come", count == 2);
	check("SIGKILL cannot be handled", sigaction(SIGKILL, &action, NULL) == -1 && errno == EINVAL);
}

static void faults(void)
{
	struct sigaction action = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK };
	stack_t stack = { .ss_sp = own_stack, .ss_size = sizeof own_stack };
	char *page = mmap(0, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	sigaltstack(&stack, NULL);
	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGFPE, &action, NULL);
	if (!sigsetjmp(back, 1))
		*(volatile char *)(page + 5) = 1;
	check("a write to a read-only page is told", last == SIGSEGV && fault_address == page + 5 && fault_code == SEGV_ACCERR);
	check("on the alternate stack", on_own_stack);
	munmap(page, 4096);
	if (!sigsetjmp(back, 1))
		*(volatile char *)(page + 6) = 1;
	check("nothing mapped is told apart", fault_address == page + 6 && fault_code == SEGV_MAPERR);
	if (!sigsetjmp(back, 1)) {
		volatile int one = 1, zero = 0;
		printf("%d\n", one / zero);
	}
	check("a division by zero", last == SIGFPE && fault_code == FPE_INTDIV);
}

int main(void)
{
	handlers_and_masks();
	faults();
	fflush(stdout);
	signal(SIGTERM, SIG_DFL);
	raise(SIGTERM);
	return 0;
}

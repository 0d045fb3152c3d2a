/* Signals: their administration, their delivery, and faults that are caught. */
#include "costs.h"
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

static volatile long caught;

static void count_signal(int number)
{
	(void)number;
	caught++;
}

static void expect_caught(long count)
{
	errno = EIO;
	if (caught != count)
		absent("the number of signals caught");
}

static void install(long count)
{
	struct sigaction action = { .sa_handler = count_signal };
	start();
	for (long i = 0; i < count; i++)
		must(sigaction(SIGUSR1, &action, 0));
	stop(count);
	signal(SIGUSR1, SIG_DFL);
}

static void deliver(long count)
{
	struct sigaction action = { .sa_handler = count_signal };
	long itself = getpid();
	must(sigaction(SIGUSR1, &action, 0));
	caught = 0;
	start();
	for (long i = 0; i < count; i++)
		bare_call(SYS_kill, itself, SIGUSR1);
	stop(count);
	signal(SIGUSR1, SIG_DFL);
	expect_caught(count);
}

static void mask(long count)
{
	sigset_t set, old;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	start();
	for (long i = 0; i < count; i++)
		must(sigprocmask(i % 2 ? SIG_UNBLOCK : SIG_BLOCK, &set, &old));
	stop(count);
	sigprocmask(SIG_UNBLOCK, &set, 0);
}

/* The faulting store goes through RBX: the handler makes it point to memory that can be written. */
static char *writable;

static void redirect(int number, siginfo_t *info, void *context)
{
	(void)number, (void)info;
	caught++;
	((ucontext_t *)context)->uc_mcontext.gregs[REG_RBX] = (greg_t)writable;
}

static void catch_faults(long count)
{
	struct sigaction action = { .sa_sigaction = redirect, .sa_flags = SA_SIGINFO };
	char *memory = (char *)must(mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	memset(memory, 1, 8192);
	must(mprotect(memory, 4096, PROT_READ));
	must(sigaction(SIGSEGV, &action, 0));
	writable = memory + 4096;
	caught = 0;
	start();
	for (long i = 0; i < count; i++) {
		char *target = memory;
		__asm__ volatile("movb $1, (%%rbx)" : "+b"(target) : : "memory");
	}
	stop(count);
	signal(SIGSEGV, SIG_DFL);
	munmap(memory, 8192);
	expect_caught(count);
}

const struct row signal_rows[] = {
	{ "sig_install", 5000, install },
	{ "sig_deliver", 2000, deliver },
	{ "sig_mask", 5000, mask },
	{ "sig_segv", 1000, catch_faults },
	{ 0 },
};

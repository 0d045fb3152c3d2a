/*
 * Frames that a handler has changed before it returns: whatever stands in them, the program goes on as the frame says or
 * gets SIGSEGV, and the system stands.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

static sigjmp_buf back;
static void (*forge)(ucontext_t *context, uint64_t value);
static uint64_t forged;
static int caught;

static void change(int signal, siginfo_t *info, void *context)
{
	(void)signal, (void)info;
	forge(context, forged);
}

static void on_fault(int signal)
{
	caught = signal;
	siglongjmp(back, 1);
}

/* 0 if the program went on, or the signal. */
static int outcome(void (*how)(ucontext_t *, uint64_t), uint64_t value)
{
	forge = how;
	forged = value;
	caught = 0;
	if (!sigsetjmp(back, 1))
		raise(SIGUSR1);
	return caught;
}

static void rip(ucontext_t *c, uint64_t v) { c->uc_mcontext.gregs[REG_RIP] = v; }
static void flags(ucontext_t *c, uint64_t v) { c->uc_mcontext.gregs[REG_EFL] |= v; }
static void cs(ucontext_t *c, uint64_t v) { *(uint16_t *)&c->uc_mcontext.gregs[REG_CSGSFS] = v; }
static void fpstate(ucontext_t *c, uint64_t v) { c->uc_mcontext.fpregs = (void *)v; }
static void misaligned(ucontext_t *c, uint64_t v) { c->uc_mcontext.fpregs = (void *)((char *)c->uc_mcontext.fpregs + v); }
static void header(ucontext_t *c, uint64_t v) { ((uint64_t *)((char *)c->uc_mcontext.fpregs + 512))[v] = ~0ul; }
static void no_magic(ucontext_t *c, uint64_t v) { *(uint32_t *)((char *)c->uc_mcontext.fpregs + 464) = v; }
static void mask(ucontext_t *c, uint64_t v) { memset(&c->uc_sigmask, (int)v, 8); }

static void check(const char *what, int got, int wanted)
{
	printf("%s: %s\n", what, got == wanted ? "yes" : "NO");
}

int main(void)
{
	struct sigaction action = { .sa_sigaction = change, .sa_flags = SA_SIGINFO }, fault = { .sa_handler = on_fault };
	static const uint64_t kernel[] = { 0xffffffff80200000, 0xffff800000000000, 0x0000800000000000, 0xdead000000000000, ~0ul };
	stack_t stack = { .ss_sp = malloc(1 << 16), .ss_size = 1 << 16 };
	sigset_t set;

	setvbuf(stdout, NULL, _IONBF, 0);
	fault.sa_flags = SA_ONSTACK | SA_NODEFER;
	sigaltstack(&stack, NULL);
	sigaction(SIGUSR1, &action, NULL);
	sigaction(SIGSEGV, &fault, NULL);
	sigaction(SIGBUS, &fault, NULL);
	for (size_t i = 0; i < sizeof kernel / sizeof *kernel; i++) {
		check("a RIP of the kernel's", outcome(rip, kernel[i]), SIGSEGV);
		check("vector state of the kernel's", outcome(fpstate, kernel[i]), SIGSEGV);
	}
	check("privileged flags", outcome(flags, 0x3000 | 0x4000 | 0x20000 | 0x80000 | 0x100000), 0);
	check("resume and alignment flags", outcome(flags, 0x10000), 0);
	check("a kernel's code selector", outcome(cs, 0x10), SIGSEGV);
	check("a selector that is none", outcome(cs, 0xfff8), SIGSEGV);
	check("misaligned vector state", outcome(misaligned, 8), SIGSEGV);
	check("unknown components", outcome(header, 0), SIGSEGV);
	check("a compacted format that is none", outcome(header, 1), SIGSEGV);
	check("reserved words", outcome(header, 2), SIGSEGV);
	check("no vector state", outcome(fpstate, 0), 0);
	check("the old format", outcome(no_magic, 0), 0);
	check("a mask of all signals", outcome(mask, 0xff), 0);
	sigprocmask(SIG_SETMASK, NULL, &set);
	check("which holds", sigismember(&set, SIGHUP), 1);
	check("but for SIGKILL", sigismember(&set, SIGKILL), 0);
	return 0;
}

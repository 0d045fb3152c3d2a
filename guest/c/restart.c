/*
 * Which calls a signal ends and which go on (signal(7), "Interruption of system calls and library functions by signal
 * handlers").
 *
 * One thread waits in a call, the other sends it signals until enough have been handled: most of them then came while it
 * waited. A call that is restarted must not notice; a call that is not must say EINTR.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { ENOUGH = 200 };
enum { FUTEX_WAIT_PRIVATE = 128, FUTEX_WAKE_PRIVATE = 129 };

static volatile sig_atomic_t handled;
static volatile int done;
static int word;

static void count(int signal)
{
	(void)signal;
	__atomic_add_fetch(&handled, 1, __ATOMIC_SEQ_CST);
}

static void check(const char *what, int holds)
{
	printf("%s: %s\n", what, holds ? "yes" : "NO");
}

static long wait_on_futex(const struct timespec *timeout)
{
	return syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 0, timeout, NULL, 0);
}

static long forever_on_futex(void)
{
	return wait_on_futex(NULL);
}

static long long_on_futex(void)
{
	struct timespec hour = { 3600, 0 };

	return wait_on_futex(&hour);
}

static long sleep_long(void)
{
	struct timespec hour = { 3600, 0 }, left = { 0, 0 };
	int result = nanosleep(&hour, &left);

	return result == -1 && (left.tv_sec < 3000 || left.tv_sec > 3600) ? -2 : result;
}

static long sleep_until(void)
{
	struct timespec then;

	clock_gettime(CLOCK_MONOTONIC, &then);
	then.tv_sec += 3600;
	errno = clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &then, NULL);
	return errno ? -1 : 0;
}

static long poll_nothing(void)
{
	return poll(NULL, 0, -1);
}

static long poll_long(void)
{
	return poll(NULL, 0, 3600 * 1000);
}

static long select_nothing(void)
{
	return select(0, NULL, NULL, NULL, NULL);
}

static long suspend(void)
{
	sigset_t none;

	sigemptyset(&none);
	return sigsuspend(&none);
}

static long wait_for_a_signal(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	return syscall(SYS_rt_sigtimedwait, &set, NULL, NULL, 8); /* musl tries again by itself */
}

static long poll_with_mask(void)
{
	sigset_t none;

	sigemptyset(&none);
	return ppoll(NULL, 0, NULL, &none);
}

static pthread_t waiting;

/* Sends until the waiting thread says it is done; once enough were handled, it ends a wait that goes on. */
static void *disturb(void *end)
{
	while (!__atomic_load_n(&done, __ATOMIC_SEQ_CST)) {
		if (end && handled >= ENOUGH)
			((void (*)(void))end)();
		else
			pthread_kill(waiting, SIGUSR1);
		sched_yield();
	}
	return NULL;
}

static long disturbed(long (*wait)(void), int flags, void (*end)(void))
{
	struct sigaction action = { .sa_handler = count, .sa_flags = flags };
	pthread_t other;
	long result;
	int error;

	sigaction(SIGUSR1, &action, NULL);
	handled = done = 0;
	waiting = pthread_self();
	pthread_create(&other, NULL, disturb, (void *)end);
	errno = 0;
	result = wait();
	error = errno;
	__atomic_store_n(&done, 1, __ATOMIC_SEQ_CST);
	pthread_join(other, NULL);
	errno = error;
	return result;
}

static void wake_futex(void)
{
	__atomic_store_n(&word, 1, __ATOMIC_SEQ_CST);
	syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static int waits_on(long (*wait)(void), void (*end)(void))
{
	long result = disturbed(wait, SA_RESTART, end);

	/* The word may have changed just before the restarted call looked at it. */
	return (result == 0 || (result == -1 && errno == EAGAIN)) && handled >= ENOUGH;
}

static int ends(long (*wait)(void), int flags)
{
	return disturbed(wait, flags, NULL) == -1 && errno == EINTR;
}

int main(void)
{
	static const struct {
		const char *name;
		long (*wait)(void);
	} never_restarted[] = {
		{ "nanosleep", sleep_long }, { "clock_nanosleep until a time", sleep_until },
		{ "poll", poll_nothing }, { "poll with a timeout", poll_long }, { "select", select_nothing },
		{ "ppoll", poll_with_mask }, { "sigsuspend", suspend }, { "sigtimedwait", wait_for_a_signal },
		{ "a futex with a timeout", long_on_futex },
	};
	char what[100];
	sigset_t mask;

	setvbuf(stdout, NULL, _IONBF, 0);
	check("a futex goes on with SA_RESTART", waits_on(forever_on_futex, wake_futex));
	word = 0;
	check("a futex ends without", ends(forever_on_futex, 0));
	for (size_t i = 0; i < sizeof never_restarted / sizeof *never_restarted; i++) {
		snprintf(what, sizeof what, "%s ends with SA_RESTART", never_restarted[i].name);
		check(what, ends(never_restarted[i].wait, SA_RESTART));
		snprintf(what, sizeof what, "%s ends without", never_restarted[i].name);
		check(what, ends(never_restarted[i].wait, 0));
	}
	check("there is nothing to restart", syscall(SYS_restart_syscall) == -1 && errno == EINTR);
	sigemptyset(&mask);
	sigaddset(&mask, SIGUSR2);
	ppoll(NULL, 0, &(struct timespec){ 0, 0 }, &mask);
	sigprocmask(SIG_SETMASK, NULL, &mask);
	check("ppoll puts the mask back", !sigismember(&mask, SIGUSR2));
	return 0;
}

/* From one thread or process to another and back: by yielding, and by waking each other through a futex. */
#include "costs.h"
#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Two sides take turns; the operation is one sched_yield of either. */
struct turns {
	volatile long yields[2];
	volatile int there, done;
};

static void yield_until_done(void *argument)
{
	struct turns *turns = argument;
	for (turns->there = 1; !turns->done; turns->yields[1]++)
		bare_call(SYS_sched_yield, 0, 0);
}

static void yield_to_the_other(struct turns *turns, long count)
{
	for (long spins = 0; !turns->there; spins++) {
		bare_call(SYS_sched_yield, 0, 0);
		errno = ETIMEDOUT;
		if (spins == 1000000)
			absent("the other side never runs");
	}
	for (int i = 0; i < 32; i++)
		bare_call(SYS_sched_yield, 0, 0);
	long before = turns->yields[1];
	start();
	for (long i = 0; i < count; i++)
		bare_call(SYS_sched_yield, 0, 0);
	long after = turns->yields[1];
	stop(count + after - before);
	turns->done = 1;
}

static void yield_processes(long count)
{
	struct turns *turns = shared(4096);
	int pid = child(yield_until_done, turns);
	yield_to_the_other(turns, count);
	end_child(pid);
	munmap(turns, 4096);
}

static void *yielding_thread(void *argument)
{
	yield_until_done(argument);
	return 0;
}

static void other_thread(pthread_t *thread, void *(*body)(void *), void *argument)
{
	if ((errno = pthread_create(thread, 0, body, argument)))
		absent("pthread_create");
}

static void yield_threads(long count)
{
	static struct turns turns;
	pthread_t thread;
	memset((void *)&turns, 0, sizeof turns);
	other_thread(&thread, yielding_thread, &turns);
	yield_to_the_other(&turns, count);
	pthread_join(thread, 0);
}

/* A ball that is here (0) or there (1); 2 ends the game. */
struct ball {
	int side, private;
};

static void futex(struct ball *ball, int operation, int value)
{
	syscall(SYS_futex, &ball->side, operation | ball->private, value, 0, 0, 0);
}

static int await_ball(struct ball *ball, int other_side)
{
	int side;
	while ((side = __atomic_load_n(&ball->side, __ATOMIC_ACQUIRE)) == other_side)
		futex(ball, FUTEX_WAIT, other_side);
	return side;
}

static void pass_ball(struct ball *ball, int to)
{
	__atomic_store_n(&ball->side, to, __ATOMIC_RELEASE);
	futex(ball, FUTEX_WAKE, 1);
}

static void return_balls(void *argument)
{
	while (await_ball(argument, 0) != 2)
		pass_ball(argument, 0);
}

static void play(struct ball *ball, long count)
{
	for (long i = -4; i < count; i++) {
		if (i == 0)
			start();
		pass_ball(ball, 1);
		await_ball(ball, 1);
	}
	stop(count);
	pass_ball(ball, 2);
}

static void futex_processes(long count)
{
	struct ball *ball = shared(4096);
	int pid = child(return_balls, ball);
	play(ball, count);
	end_child(pid);
	munmap(ball, 4096);
}

static void *returning_thread(void *argument)
{
	return_balls(argument);
	return 0;
}

static void futex_threads(long count)
{
	struct ball ball = { 0, FUTEX_PRIVATE_FLAG };
	pthread_t thread;
	other_thread(&thread, returning_thread, &ball);
	play(&ball, count);
	pthread_join(thread, 0);
}

const struct row switch_rows[] = {
	{ "yield_proc", 3000, yield_processes },
	{ "yield_thread", 3000, yield_threads },
	{ "futex_pp_proc", 1000, futex_processes },
	{ "futex_pp_thread", 1000, futex_threads },
	{ 0 },
};

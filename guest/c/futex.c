/* What programs build on futexes: mutexes, conditions, robustness, words that processes share. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* <linux/futex.h>, which musl's compiler does not find. */
enum {
	FUTEX_WAIT = 0, FUTEX_WAKE = 1, FUTEX_REQUEUE = 3, FUTEX_CMP_REQUEUE = 4, FUTEX_WAKE_OP = 5,
	FUTEX_WAIT_BITSET = 9, FUTEX_WAKE_BITSET = 10, FUTEX_PRIVATE_FLAG = 128, FUTEX_CLOCK_REALTIME = 256,
	FUTEX_OP_SET = 0, FUTEX_OP_ADD = 1, FUTEX_OP_CMP_EQ = 0,
};
#define FUTEX_OP(operation, operand, comparison, comparand) \
	((uint32_t)(operation) << 28 | (comparison) << 24 | (operand) << 12 | (comparand))

static void check(const char *what, int holds)
{
	printf("%s: %s\n", what, holds ? "yes" : "NO");
	fflush(stdout);
}

static int fails(long result, int error)
{
	return result == -1 && errno == error;
}

static long futex(volatile uint32_t *word, int operation, uint32_t value, const void *timeout, volatile uint32_t *word2, uint32_t value3)
{
	return syscall(SYS_futex, word, operation, value, timeout, word2, value3);
}

static struct timespec in(int clock, long nanoseconds)
{
	struct timespec time;

	clock_gettime(clock, &time);
	time.tv_nsec += nanoseconds;
	time.tv_sec += time.tv_nsec / 1000000000;
	time.tv_nsec %= 1000000000;
	return time;
}

static void refusals(void)
{
	static uint32_t word = 5;
	struct timespec moment = { 0, 1000000 }, bad = { 0, 1000000000 }, until;

	check("another value is EAGAIN", fails(futex(&word, FUTEX_WAIT, 4, 0, 0, 0), EAGAIN));
	check("an unaligned word is EINVAL", fails(futex((void *)((char *)&word + 1), FUTEX_WAIT, 5, 0, 0, 0), EINVAL));
	check("a kernel address is EFAULT", fails(futex((void *)-4096l, FUTEX_WAIT, 5, 0, 0, 0), EFAULT));
	check("an unmapped one too", fails(futex((void *)4096, FUTEX_WAIT | FUTEX_PRIVATE_FLAG, 5, 0, 0, 0), EFAULT));
	check("no bits are EINVAL", fails(futex(&word, FUTEX_WAIT_BITSET, 5, 0, 0, 0), EINVAL)
	      && fails(futex(&word, FUTEX_WAKE_BITSET, 1, 0, 0, 0), EINVAL));
	check("a bad time is EINVAL", fails(futex(&word, FUTEX_WAIT, 5, &bad, 0, 0), EINVAL));
	check("time passes", fails(futex(&word, FUTEX_WAIT, 5, &moment, 0, 0), ETIMEDOUT));
	until = in(CLOCK_MONOTONIC, 1000000);
	check("a time comes", fails(futex(&word, FUTEX_WAIT_BITSET, 5, &until, 0, 1), ETIMEDOUT));
	until = in(CLOCK_REALTIME, 1000000);
	check("on the wall clock too", fails(futex(&word, FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME, 5, &until, 0, 1), ETIMEDOUT));
	check("a time long past is over", fails(futex(&word, FUTEX_WAIT_BITSET, 5, &moment, 0, 1), ETIMEDOUT));
	check("nobody is woken", futex(&word, FUTEX_WAKE, INT_MAX, 0, 0, 0) == 0);
	check("nobody is moved", futex(&word, FUTEX_CMP_REQUEUE, 1, (void *)1, &word, 5) == 0);
	check("or compared", fails(futex(&word, FUTEX_CMP_REQUEUE, 1, (void *)1, &word, 4), EAGAIN));
	check("negative counts are EINVAL", fails(futex(&word, FUTEX_REQUEUE, 1, (void *)-1, &word, 4), EINVAL));
}

static uint32_t words[3];
static int waiting, woken;

struct waiter {
	int word;
	uint32_t bits;
};

static void *wait_once(void *argument)
{
	struct waiter *waiter = argument;

	__atomic_add_fetch(&waiting, 1, __ATOMIC_SEQ_CST);
	futex(&words[waiter->word], FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG, 0, 0, 0, waiter->bits);
	__atomic_add_fetch(&woken, 1, __ATOMIC_SEQ_CST);
	return 0;
}

/* Wakes with `operation` until `count` have been woken or moved in all, since it cannot be seen whether a thread waits already. */
static int until(int count, int operation, uint32_t value, long value2, uint32_t *word2, uint32_t value3)
{
	int done = 0;

	while (done < count) {
		done += futex(&words[0], operation | FUTEX_PRIVATE_FLAG, value, (void *)value2, word2, value3);
		sched_yield();
	}
	return done;
}

static void waking(void)
{
	static struct waiter all[6] = { { 0, 1 }, { 0, 1 }, { 0, 2 }, { 0, 2 }, { 0, 2 }, { 0, 2 } };
	pthread_t threads[6];
	int moved;

	for (int i = 0; i < 6; i++)
		pthread_create(&threads[i], 0, wait_once, &all[i]);
	check("two wait for the first bit", until(2, FUTEX_WAKE_BITSET, 1, 0, 0, 1) == 2);
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], 0);
	check("the others still wait", woken == 2);
	moved = until(4, FUTEX_REQUEUE, 0, INT_MAX, &words[1], 0);
	check("four can wait elsewhere", moved == 4 && woken == 2);
	check("they are not where they were", futex(&words[0], FUTEX_WAKE | FUTEX_PRIVATE_FLAG, INT_MAX, 0, 0, 0) == 0);
	check("one is woken there", futex(&words[1], FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1, 0, 0, 0) == 1);
	words[2] = 7;
	check("an operation wakes if its test fails only here",
	      futex(&words[1], FUTEX_WAKE_OP | FUTEX_PRIVATE_FLAG, 1, (void *)1, &words[2], FUTEX_OP(FUTEX_OP_ADD, 3, FUTEX_OP_CMP_EQ, 8)) == 1
	      && words[2] == 10);
	words[2] = 0;
	check("and in both places if it holds",
	      futex(&words[2], FUTEX_WAKE_OP | FUTEX_PRIVATE_FLAG, 1, (void *)9, &words[1], FUTEX_OP(FUTEX_OP_SET, 1, FUTEX_OP_CMP_EQ, 0)) == 2
	      && words[1] == 1);
	for (int i = 2; i < 6; i++)
		pthread_join(threads[i], 0);
	check("all were woken", woken == 6);
}

struct word_to_wait_for {
	uint64_t value, address;
	uint32_t flags, reserved;
};

static void *wait_for_any(void *argument)
{
	static uint32_t any[3];
	struct word_to_wait_for list[3];

	for (int i = 0; i < 3; i++)
		list[i] = (struct word_to_wait_for){ 0, (uintptr_t)&any[i], 2 | FUTEX_PRIVATE_FLAG, 0 };
	*(uint32_t **)argument = any;
	return (void *)syscall(449, list, 3, 0, 0, 0);
}

static void several(void)
{
	uint32_t *volatile any = 0;
	pthread_t thread;
	void *index;

	pthread_create(&thread, 0, wait_for_any, (void *)&any);
	while (!any || futex(&any[1], FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1, 0, 0, 0) == 0)
		sched_yield();
	pthread_join(thread, &index);
	check("the second of three woke", (long)index == 1);
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t filled = PTHREAD_COND_INITIALIZER, emptied = PTHREAD_COND_INITIALIZER;
static long counter, slots[4], head, tail, sum;
enum { THREADS = 8, ROUNDS = 500 };

static void *count(void *argument)
{
	(void)argument;
	for (int i = 0; i < ROUNDS; i++) {
		pthread_mutex_lock(&mutex);
		counter++;
		if (i % 16 == 0)
			sched_yield(); /* so that others find it locked */
		pthread_mutex_unlock(&mutex);
	}
	return 0;
}

static void *produce(void *argument)
{
	for (long i = 1; i <= ROUNDS; i++) {
		pthread_mutex_lock(&mutex);
		while (head - tail == 4)
			pthread_cond_wait(&emptied, &mutex);
		slots[head++ % 4] = i;
		pthread_cond_signal(&filled);
		pthread_mutex_unlock(&mutex);
	}
	return argument;
}

static void *consume(void *argument)
{
	for (int i = 0; i < ROUNDS; i++) {
		pthread_mutex_lock(&mutex);
		while (head == tail)
			pthread_cond_wait(&filled, &mutex);
		sum += slots[tail++ % 4];
		pthread_cond_broadcast(&emptied);
		pthread_mutex_unlock(&mutex);
	}
	return argument;
}

static void storms(void)
{
	pthread_t threads[THREADS];

	for (int i = 0; i < THREADS; i++)
		pthread_create(&threads[i], 0, count, 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], 0);
	check("no count is lost", counter == THREADS * ROUNDS);
	for (int i = 0; i < THREADS; i++)
		pthread_create(&threads[i], 0, i % 2 ? produce : consume, 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], 0);
	check("nothing in the buffer is lost", sum == THREADS / 2 * (long)ROUNDS * (ROUNDS + 1) / 2);
}

struct shared {
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	int turn, rounds;
};

static void make(struct shared *shared, int robust)
{
	pthread_mutexattr_t attributes;
	pthread_condattr_t condition;

	pthread_mutexattr_init(&attributes);
	pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
	if (robust)
		pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init(&shared->mutex, &attributes);
	pthread_condattr_init(&condition);
	pthread_condattr_setpshared(&condition, PTHREAD_PROCESS_SHARED);
	pthread_cond_init(&shared->changed, &condition);
}

static void *die_with_it(void *argument)
{
	pthread_mutex_lock(argument);
	return 0;
}

static void robust_threads(void)
{
	static struct shared own;
	pthread_t thread;

	make(&own, 1);
	pthread_create(&thread, 0, die_with_it, &own.mutex);
	pthread_join(thread, 0);
	check("a dead thread's mutex says so", pthread_mutex_lock(&own.mutex) == EOWNERDEAD);
	check("it can be repaired", pthread_mutex_consistent(&own.mutex) == 0 && pthread_mutex_unlock(&own.mutex) == 0);
	check("and is a mutex again", pthread_mutex_lock(&own.mutex) == 0 && pthread_mutex_unlock(&own.mutex) == 0);
	pthread_create(&thread, 0, die_with_it, &own.mutex);
	pthread_join(thread, 0);
	check("who does not repair it", pthread_mutex_lock(&own.mutex) == EOWNERDEAD && pthread_mutex_unlock(&own.mutex) == 0);
	check("loses it", pthread_mutex_lock(&own.mutex) == ENOTRECOVERABLE);
}

/* Parent and child take turns. */
static void take_turns(struct shared *shared, int me)
{
	for (int i = 0; i < 200; i++) {
		pthread_mutex_lock(&shared->mutex);
		while (shared->turn != me)
			pthread_cond_wait(&shared->changed, &shared->mutex);
		shared->turn = !me;
		shared->rounds++;
		pthread_cond_signal(&shared->changed);
		pthread_mutex_unlock(&shared->mutex);
	}
}

static void between_processes(const char *what, struct shared *shared)
{
	int status;
	pid_t child;

	printf("%s\n", what);
	fflush(stdout);
	make(shared, 1);
	child = fork();
	if (child == 0) {
		take_turns(shared, 1);
		_exit(0);
	}
	take_turns(shared, 0);
	check("both took their turns", waitpid(child, &status, 0) == child && status == 0 && shared->rounds == 400);
	child = fork();
	if (child == 0) {
		pthread_mutex_lock(&shared->mutex);
		kill(getpid(), SIGKILL);
	}
	waitpid(child, &status, 0);
	check("a killed process' mutex says so", pthread_mutex_lock(&shared->mutex) == EOWNERDEAD);
	check("it can be repaired", pthread_mutex_consistent(&shared->mutex) == 0 && pthread_mutex_unlock(&shared->mutex) == 0);
}

int main(void)
{
	char path[] = "/tmp/futex-XXXXXX";
	int file = mkstemp(path);
	void *in_file, *anonymous;

	refusals();
	waking();
	several();
	storms();
	robust_threads();
	if (file < 0 || ftruncate(file, 4096) < 0)
		return 1;
	unlink(path);
	in_file = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	between_processes("in a shared file", in_file);
	anonymous = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	between_processes("in shared anonymous memory", anonymous);
	return 0;
}

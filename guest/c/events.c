/* Event counters by the rules of eventfd(2), and epoll by those of epoll(7). */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static void check(const char *what, int holds)
{
	printf("%s: %s\n", what, holds ? "yes" : "NO");
}

static int fails(long result, int error)
{
	return result == -1 && errno == error;
}

static int bits(int fd, short events)
{
	struct pollfd one = { fd, events, 0 };

	poll(&one, 1, 0);
	return one.revents;
}

static int add(int fd, uint64_t value)
{
	return write(fd, &value, sizeof value) == sizeof value ? 0 : -1;
}

static int64_t take(int fd)
{
	uint64_t value = 0;

	return read(fd, &value, sizeof value) == sizeof value ? (int64_t)value : -1;
}

static void counters(void)
{
	int fd = eventfd(3, EFD_NONBLOCK | EFD_CLOEXEC);
	uint64_t value = 1;

	check("a counter has its first value", fd >= 0 && take(fd) == 3);
	check("and is empty", fails(take(fd), EAGAIN) && bits(fd, POLLIN | POLLOUT) == POLLOUT);
	check("writes add", add(fd, 5) == 0 && add(fd, 7) == 0 && take(fd) == 12);
	check("short reads are EINVAL", fails(read(fd, &value, 7), EINVAL) && fails(write(fd, &value, 4), EINVAL));
	check("the largest number is EINVAL", fails(add(fd, UINT64_MAX), EINVAL));
	check("it fills", add(fd, UINT64_MAX - 1) == 0 && fails(add(fd, 1), EAGAIN) && bits(fd, POLLIN | POLLOUT) == POLLIN);
	check("and empties", take(fd) == -2);
	check("offsets mean nothing", lseek(fd, 9, SEEK_SET) == 0 && fails(pread(fd, &value, 8, 0), ESPIPE));
	close(fd);
	fd = eventfd(2, EFD_SEMAPHORE | EFD_NONBLOCK);
	check("a semaphore", take(fd) == 1 && take(fd) == 1 && fails(take(fd), EAGAIN));
	close(fd);
	check("unknown flags are EINVAL", fails(eventfd(0, 2), EINVAL));
}

static int control(int epoll, int operation, int fd, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.u64 = 0x100000000u + fd };

	return epoll_ctl(epoll, operation, fd, &event);
}

/* What one look reports: the bits, or 0. */
static uint32_t look(int epoll)
{
	struct epoll_event event = { 0 };

	return epoll_wait(epoll, &event, 1, 0) == 1 ? event.events : 0;
}

static void triggers(void)
{
	int epoll = epoll_create1(EPOLL_CLOEXEC), p[2];
	struct epoll_event events[4];
	char buffer[16];

	pipe2(p, O_NONBLOCK);
	check("add", control(epoll, EPOLL_CTL_ADD, p[0], EPOLLIN) == 0 && look(epoll) == 0);
	check("twice is EEXIST", fails(control(epoll, EPOLL_CTL_ADD, p[0], EPOLLIN), EEXIST));
	write(p[1], "x", 1);
	check("level: again and again", look(epoll) == EPOLLIN && look(epoll) == EPOLLIN);
	check("with its data", epoll_wait(epoll, events, 4, -1) == 1 && events[0].data.u64 == 0x100000000u + p[0]);
	read(p[0], buffer, 1);
	check("until it is not", look(epoll) == 0);
	check("edge", control(epoll, EPOLL_CTL_MOD, p[0], EPOLLIN | EPOLLET) == 0 && look(epoll) == 0);
	write(p[1], "x", 1);
	check("once", look(epoll) == EPOLLIN && look(epoll) == 0);
	write(p[1], "x", 1);
	check("each write is an edge", look(epoll) == EPOLLIN && look(epoll) == 0);
	check("and so is a change of what is asked", control(epoll, EPOLL_CTL_MOD, p[0], EPOLLIN | EPOLLET) == 0 && look(epoll) == EPOLLIN);
	check("one-shot", control(epoll, EPOLL_CTL_MOD, p[0], EPOLLIN | EPOLLONESHOT) == 0 && look(epoll) == EPOLLIN && look(epoll) == 0);
	write(p[1], "x", 1);
	check("stays quiet", look(epoll) == 0);
	check("until it is armed again", control(epoll, EPOLL_CTL_MOD, p[0], EPOLLIN | EPOLLONESHOT) == 0 && look(epoll) == EPOLLIN);
	check("delete", control(epoll, EPOLL_CTL_DEL, p[0], 0) == 0 && look(epoll) == 0);
	check("what is not there is ENOENT", fails(control(epoll, EPOLL_CTL_DEL, p[0], 0), ENOENT) &&
	      fails(control(epoll, EPOLL_CTL_MOD, p[0], EPOLLIN), ENOENT));
	check("the writing end", control(epoll, EPOLL_CTL_ADD, p[1], EPOLLOUT) == 0 && look(epoll) == EPOLLOUT);
	close(p[0]);
	check("errors are told unasked", look(epoll) == (EPOLLOUT | EPOLLERR) &&
	      control(epoll, EPOLL_CTL_MOD, p[1], 0) == 0 && look(epoll) == EPOLLERR);
	close(p[1]);
	check("what is closed is gone", look(epoll) == 0);
	close(epoll);
}

static void lifetimes(void)
{
	int epoll = epoll_create1(0), other = eventfd(1, 0), copy = dup(other);

	check("added under one number", control(epoll, EPOLL_CTL_ADD, other, EPOLLIN) == 0 && look(epoll) == EPOLLIN);
	check("and under another", control(epoll, EPOLL_CTL_ADD, copy, EPOLLIN | EPOLLET) == 0);
	check("both report", look(epoll) == EPOLLIN && look(epoll) == EPOLLIN);
	close(other);
	check("as long as the file is open", look(epoll) == EPOLLIN);
	close(copy);
	check("and no longer", look(epoll) == 0);
	other = eventfd(1, 0);
	check("the number may be used again", control(epoll, EPOLL_CTL_ADD, other, EPOLLIN) == 0 && look(epoll) == EPOLLIN);
	close(other);
	close(epoll);
}

static void fairness(void)
{
	int epoll = epoll_create1(0), fds[3];
	struct epoll_event events[2];
	int seen = 0;

	for (int i = 0; i < 3; i++) {
		fds[i] = eventfd(1, 0);
		control(epoll, EPOLL_CTL_ADD, fds[i], EPOLLIN);
	}
	for (int i = 0; i < 3; i++) {
		int count = epoll_wait(epoll, events, 2, 0);
		for (int j = 0; j < count; j++)
			for (int k = 0; k < 3; k++)
				if ((int)events[j].data.u32 == fds[k])
					seen |= 1 << k;
	}
	check("nobody starves", seen == 7);
	for (int i = 0; i < 3; i++)
		close(fds[i]);
	close(epoll);
}

static void nesting(void)
{
	int inner = epoll_create1(0), outer = epoll_create1(0), event = eventfd(0, 0), chain[6];
	int fd = open("/dev/null", O_RDONLY), failed = 0;
	volatile int nobody = 0;

	check("an instance watches another", control(outer, EPOLL_CTL_ADD, inner, EPOLLIN) == 0 &&
	      control(inner, EPOLL_CTL_ADD, event, EPOLLIN) == 0 && look(outer) == 0 && bits(inner, POLLIN) == 0);
	add(event, 1);
	check("which becomes ready", look(outer) == EPOLLIN && bits(inner, POLLIN) == POLLIN && bits(outer, POLLIN) == POLLIN);
	take(event);
	check("and quiet", look(outer) == 0 && bits(inner, POLLIN) == 0);
	check("a circle is ELOOP", fails(control(inner, EPOLL_CTL_ADD, outer, EPOLLIN), ELOOP));
	check("oneself is EINVAL", fails(control(inner, EPOLL_CTL_ADD, inner, EPOLLIN), EINVAL));
	for (int i = 0; i < 6; i++)
		chain[i] = epoll_create1(0);
	for (int i = 0; i < 5; i++)
		failed = failed * 10 + (control(chain[i + 1], EPOLL_CTL_ADD, chain[i], EPOLLIN) != 0);
	check("a long chain is ELOOP", failed == 1 && errno == ELOOP);
	check("a file is EPERM", fails(control(inner, EPOLL_CTL_ADD, fd, EPOLLIN), EPERM));
	check("no descriptor is EBADF", fails(control(inner, EPOLL_CTL_ADD, 999, EPOLLIN), EBADF) && fails(control(999, EPOLL_CTL_ADD, event, 0), EBADF));
	check("no instance is EINVAL", fails(control(event, EPOLL_CTL_ADD, inner, EPOLLIN), EINVAL));
	check("no room is EINVAL", fails(epoll_wait(inner, 0, nobody, 0), EINVAL) && fails(epoll_wait(inner, 0, nobody - 1, 0), EINVAL));
	check("exclusive", control(inner, EPOLL_CTL_DEL, event, 0) == 0 && control(inner, EPOLL_CTL_ADD, event, EPOLLIN | EPOLLEXCLUSIVE) == 0);
	check("is not changed", fails(control(inner, EPOLL_CTL_MOD, event, EPOLLIN), EINVAL));
	check("and not for all", fails(control(outer, EPOLL_CTL_ADD, event, EPOLLIN | EPOLLEXCLUSIVE | EPOLLONESHOT), EINVAL));
	add(event, 1);
	check("but reports", look(inner) == EPOLLIN);
	for (int i = 0; i < 6; i++)
		close(chain[i]);
	close(fd);
	close(event);
	close(inner);
	check("a closed instance is gone", look(outer) == 0);
	close(outer);
}

static void *add_later(void *fd)
{
	struct timespec pause = { 0, 20000000 };

	nanosleep(&pause, 0);
	add(*(int *)fd, 1);
	return 0;
}

static void *wait_for_one(void *epoll)
{
	struct epoll_event event;

	return (void *)(long)epoll_wait(*(int *)epoll, &event, 1, -1);
}

static void on_signal(int number)
{
	(void)number;
}

static int interrupted;

/* Again and again, since it cannot be seen whether the thread waits already. */
static void *interrupt(void *thread)
{
	struct timespec pause = { 0, 1000000 };

	while (!__atomic_load_n(&interrupted, __ATOMIC_SEQ_CST)) {
		pthread_kill(*(pthread_t *)thread, SIGUSR1);
		nanosleep(&pause, 0);
	}
	return 0;
}

static void waiting(void)
{
	int epoll = epoll_create1(0), event = eventfd(0, 0);
	struct timespec start, end, short_while = { 0, 5000000 };
	struct epoll_event one;
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
	pthread_t thread, other, self = pthread_self();
	void *first, *second;

	control(epoll, EPOLL_CTL_ADD, event, EPOLLIN);
	clock_gettime(CLOCK_MONOTONIC, &start);
	check("a timeout", epoll_wait(epoll, &one, 1, 15) == 0);
	clock_gettime(CLOCK_MONOTONIC, &end);
	check("takes its time", (end.tv_sec - start.tv_sec) * 1000000000l + end.tv_nsec - start.tv_nsec >= 15000000);
	check("in nanoseconds, too", syscall(SYS_epoll_pwait2, epoll, &one, 1, &short_while, 0, 8) == 0);
	pthread_create(&thread, 0, add_later, &event);
	check("a wait ends with an event", epoll_wait(epoll, &one, 1, -1) == 1 && one.events == EPOLLIN);
	pthread_join(thread, 0);
	take(event);
	pthread_create(&thread, 0, wait_for_one, &epoll);
	pthread_create(&other, 0, wait_for_one, &epoll);
	add(event, 1);
	pthread_join(thread, &first);
	pthread_join(other, &second);
	check("what stays ready wakes all", (long)first == 1 && (long)second == 1);
	take(event);
	sigaction(SIGUSR1, &action, 0);
	pthread_create(&thread, 0, interrupt, &self);
	check("a signal ends it, whatever SA_RESTART says", fails(epoll_wait(epoll, &one, 1, -1), EINTR));
	__atomic_store_n(&interrupted, 1, __ATOMIC_SEQ_CST);
	pthread_join(thread, 0);
	close(event);
	close(epoll);
}

int main(void)
{
	counters();
	triggers();
	lifetimes();
	fairness();
	nesting();
	waiting();
	return 0;
}

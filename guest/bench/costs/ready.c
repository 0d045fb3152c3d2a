/* Asking which descriptors are ready. */
#include "costs.h"
#include <errno.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <unistd.h>

enum { PIPES = 10 };

/* Ten pipes; something can be read from the last one. */
static void open_pipes(int (*pipes)[2])
{
	for (int i = 0; i < PIPES; i++)
		must(pipe(pipes[i]));
	must(write(pipes[PIPES - 1][1], "", 1));
}

static void close_pipes(int (*pipes)[2])
{
	for (int i = 0; i < PIPES; i++) {
		close(pipes[i][0]);
		close(pipes[i][1]);
	}
}

static void expect_one(long ready)
{
	errno = EIO;
	if (ready != 1)
		absent("the number of ready descriptors");
}

static void by_epoll(long count)
{
	struct epoll_event event = { .events = EPOLLIN }, happened;
	int ends[2];
	must(pipe(ends));
	must(write(ends[1], "", 1));
	int fd = (int)must(epoll_create1(0));
	must(epoll_ctl(fd, EPOLL_CTL_ADD, ends[0], &event));
	start();
	for (long i = 0; i < count; i++)
		expect_one(must(epoll_wait(fd, &happened, 1, -1)));
	stop(count);
	close(fd);
	close(ends[0]);
	close(ends[1]);
}

static void by_poll(long count)
{
	int pipes[PIPES][2];
	struct pollfd asked[PIPES];
	open_pipes(pipes);
	for (int i = 0; i < PIPES; i++)
		asked[i] = (struct pollfd){ .fd = pipes[i][0], .events = POLLIN };
	start();
	for (long i = 0; i < count; i++)
		expect_one(must(poll(asked, PIPES, 10000)));
	stop(count);
	close_pipes(pipes);
}

static void by_select(long count)
{
	int pipes[PIPES][2];
	open_pipes(pipes);
	start();
	for (long i = 0; i < count; i++) {
		struct timeval limit = { 10, 0 };
		fd_set set;
		FD_ZERO(&set);
		for (int pipe = 0; pipe < PIPES; pipe++)
			FD_SET(pipes[pipe][0], &set);
		expect_one(must(select(pipes[PIPES - 1][0] + 1, &set, 0, 0, &limit)));
	}
	stop(count);
	close_pipes(pipes);
}

const struct row ready_rows[] = {
	{ "epoll_wait_ready", 5000, by_epoll },
	{ "poll10", 2000, by_poll },
	{ "select10", 2000, by_select },
	{ 0 },
};

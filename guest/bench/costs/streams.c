/* Bytes between threads and processes: one that goes to and fro, and 64 KiB that go one way. */
#include "costs.h"
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static char block[65536];

/* Descriptors of the side that begins and of the one that answers. A negative type of socket asks for two pipes. */
struct line {
	int read, write, far_read, far_write;
};

static struct line connect_line(int type)
{
	int ends[2], back[2];
	if (type >= 0) {
		must(socketpair(AF_UNIX, type, 0, ends));
		return (struct line){ ends[0], ends[0], ends[1], ends[1] };
	}
	must(pipe(ends));
	must(pipe(back));
	return (struct line){ back[0], ends[1], ends[0], back[1] };
}

static void disconnect(struct line line)
{
	close(line.read);
	close(line.far_read);
	if (line.write != line.read) {
		close(line.write);
		close(line.far_write);
	}
}

/* Until a byte that is not 0. */
static void answer(void *argument)
{
	struct line *line = argument;
	char byte = 0;
	while (byte == 0 && read(line->far_read, &byte, 1) == 1)
		must(write(line->far_write, &byte, 1));
}

static void *answering_thread(void *argument)
{
	answer(argument);
	return 0;
}

static void exchange(struct line line, char byte)
{
	must(write(line.write, &byte, 1));
	must(read(line.read, &byte, 1));
}

static void converse(struct line line, long count)
{
	for (int i = 0; i < 4; i++)
		exchange(line, 0);
	start();
	for (long i = 0; i < count; i++)
		exchange(line, 0);
	stop(count);
	exchange(line, 1);
}

static void between_processes(int type, long count)
{
	struct line line = connect_line(type);
	int pid = child(answer, &line);
	converse(line, count);
	end_child(pid);
	disconnect(line);
}

static void between_threads(int type, long count)
{
	struct line line = connect_line(type);
	pthread_t thread;
	if ((errno = pthread_create(&thread, 0, answering_thread, &line)))
		absent("pthread_create");
	converse(line, count);
	pthread_join(thread, 0);
	disconnect(line);
}

static void pour(void *argument)
{
	struct line *line = argument;
	for (;;)
		must(write(line->far_write, block, sizeof block));
}

static void drain(int fd, long bytes)
{
	while (bytes > 0)
		bytes -= must(read(fd, block, bytes < (long)sizeof block ? (size_t)bytes : sizeof block));
}

static void one_way(int type, long count)
{
	struct line line = connect_line(type);
	int pid = child(pour, &line);
	drain(line.read, 4 * (long)sizeof block);
	start();
	drain(line.read, count * (long)sizeof block);
	stop(count);
	end_child(pid);
	disconnect(line);
}

static void pipe_processes(long count)
{
	between_processes(-1, count);
}

static void pipe_threads(long count)
{
	between_threads(-1, count);
}

static void socket_processes(long count)
{
	between_processes(SOCK_STREAM, count);
}

static void socket_threads(long count)
{
	between_threads(SOCK_STREAM, count);
}

static void datagram_processes(long count)
{
	between_processes(SOCK_DGRAM, count);
}

static void pipe_one_way(long count)
{
	one_way(-1, count);
}

static void socket_one_way(long count)
{
	one_way(SOCK_STREAM, count);
}

const struct row stream_rows[] = {
	{ "pipe_pp_proc", 1000, pipe_processes },
	{ "pipe_pp_thread", 1000, pipe_threads },
	{ "unix_pp_proc", 1000, socket_processes },
	{ "unix_pp_thread", 1000, socket_threads },
	{ "unix_dgram_pp_proc", 1000, datagram_processes },
	{ "pipe_bw64k", 150, pipe_one_way },
	{ "unix_bw64k", 150, socket_one_way },
	{ 0 },
};

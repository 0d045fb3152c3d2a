/* Pipes by the rules of pipe(7), and FIFOs by those of fifo(7). */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

static char big[1 << 17];
/* Where nothing is mapped; the compiler does not know. */
static char *volatile nowhere = (char *)8;

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
	struct pollfd one = { fd, events, 0x5555 };

	poll(&one, 1, 0);
	return one.revents;
}

static int held(int fd)
{
	int count = -1;

	ioctl(fd, FIONREAD, &count);
	return count;
}

static volatile sig_atomic_t signals;

static void count_signal(int number)
{
	(void)number;
	signals++;
}

static void plain(void)
{
	int p[2];
	struct stat data;

	check("pipe", pipe(p) == 0);
	check("fstat says so", fstat(p[0], &data) == 0 && S_ISFIFO(data.st_mode) && data.st_size == 0);
	check("lseek is ESPIPE", fails(lseek(p[0], 0, SEEK_SET), ESPIPE));
	check("the wrong end is EBADF", fails(write(p[0], "x", 1), EBADF) && fails(read(p[1], big, 1), EBADF));
	check("bytes come out in order", write(p[1], "abc", 3) == 3 && write(p[1], "def", 3) == 3 && held(p[0]) == 6 &&
	      read(p[0], big, 4) == 4 && !memcmp(big, "abcd", 4) && read(p[0], big, 9) == 2 && !memcmp(big, "ef", 2));
	check("nothing is written and read at once", write(p[1], big, 0) == 0 && read(p[0], big, 0) == 0);
	check("an unmapped buffer is EFAULT", fails(write(p[1], nowhere, 1), EFAULT));
	check("and loses nothing on the way out", write(p[1], "q", 1) == 1 && fails(read(p[0], nowhere, 1), EFAULT) &&
	      held(p[0]) == 1 && read(p[0], big, 1) == 1 && big[0] == 'q');
	check("poll of an empty pipe", bits(p[0], POLLIN) == 0 && bits(p[1], POLLOUT) == POLLOUT);
	check("poll of one with a byte", write(p[1], "x", 1) == 1 && bits(p[0], POLLIN | POLLOUT) == POLLIN);
	close(p[1]);
	check("what was written is there after the end", bits(p[0], POLLIN) == (POLLIN | POLLHUP) && read(p[0], big, 9) == 1);
	check("then comes the end", read(p[0], big, 9) == 0 && bits(p[0], POLLIN) == POLLHUP);
	close(p[0]);
}

static void full(void)
{
	int p[2];
	int count = 0;

	check("pipe2", pipe2(p, O_NONBLOCK | O_CLOEXEC) == 0 && fcntl(p[0], F_GETFD) == FD_CLOEXEC);
	check("unknown flags are EINVAL", fails(pipe2(p, O_APPEND), EINVAL));
	check("empty is EAGAIN", fails(read(p[0], big, 1), EAGAIN));
	check("the capacity is 16 pages", fcntl(p[0], F_GETPIPE_SZ) == 65536 && write(p[1], big, sizeof big) == 65536);
	check("full is EAGAIN", fails(write(p[1], big, 1), EAGAIN) && bits(p[1], POLLOUT) == 0);
	check("a page must be free", read(p[0], big, 4095) == 4095 && bits(p[1], POLLOUT) == 0 && fails(write(p[1], big, 1), EAGAIN));
	check("then PIPE_BUF go", read(p[0], big, 1) == 1 && bits(p[1], POLLOUT) == POLLOUT && write(p[1], big, 4096) == 4096);
	check("more than fits goes in part", read(p[0], big, 8192) == 8192 && write(p[1], big, 10000) == 8192);
	while (read(p[0], big, sizeof big) > 0)
		;
	while (write(p[1], big, 4095) == 4095)
		count++;
	check("pages are not shared by what does not fit", count == 16);
	while (read(p[0], big, sizeof big) > 0)
		;
	for (count = 0; write(p[1], big, 1) == 1;)
		count++;
	check("bytes share pages", count == 65536);
	check("a full pipe does not shrink", fails(fcntl(p[0], F_SETPIPE_SZ, 4096), EBUSY));
	check("but grows", fcntl(p[0], F_SETPIPE_SZ, 70000) == 131072 && write(p[1], big, 1 << 17) == 65536);
	while (read(p[0], big, sizeof big) > 0)
		;
	check("an empty one shrinks", fcntl(p[1], F_SETPIPE_SZ, 1) == 4096 && write(p[1], big, 8192) == 4096);
	check("too large is EINVAL", fails(fcntl(p[1], F_SETPIPE_SZ, 1UL << 31 | 1), EINVAL));
	close(p[0]);
	signal(SIGPIPE, count_signal);
	check("nobody reads", bits(p[1], POLLOUT) == POLLERR && fails(write(p[1], "x", 1), EPIPE) && signals == 1);
	signal(SIGPIPE, SIG_IGN);
	check("with the signal ignored", fails(write(p[1], "x", 1), EPIPE) && signals == 1);
	check("nothing can be written to nobody", write(p[1], "x", 0) == 0);
	close(p[1]);
}

static void packets(void)
{
	int p[2];

	check("packets", pipe2(p, O_DIRECT | O_NONBLOCK) == 0);
	check("are read one by one", write(p[1], "abc", 3) == 3 && write(p[1], "de", 2) == 2 && read(p[0], big, 100) == 3 &&
	      read(p[0], big, 100) == 2);
	check("what is not read is lost", write(p[1], "abc", 3) == 3 && write(p[1], "de", 2) == 2 && read(p[0], big, 1) == 1 &&
	      read(p[0], big, 100) == 2 && big[0] == 'd');
	check("large ones are several", write(p[1], big, 5000) == 5000 && read(p[0], big, 9000) == 4096 && read(p[0], big, 9000) == 904);
	close(p[0]);
	close(p[1]);
}

static void again(void)
{
	int p[2], other;
	char name[64];

	check("a pipe is opened again", pipe(p) == 0);
	snprintf(name, sizeof name, "/proc/self/fd/%d", p[0]);
	other = open(name, O_WRONLY | O_NONBLOCK);
	check("for writing", other >= 0 && write(other, "hi", 2) == 2 && read(p[0], big, 9) == 2);
	close(p[1]);
	check("and keeps it alive", bits(p[0], POLLIN) == 0);
	close(other);
	check("until it is closed", bits(p[0], POLLIN) == POLLHUP);
	close(p[0]);
}

static void *write_much(void *fd)
{
	static char much[300000];
	long total = 0;

	memset(much, 'm', sizeof much);
	total = write(*(int *)fd, much, sizeof much);
	close(*(int *)fd);
	return (void *)total;
}

static void *read_one(void *fd)
{
	char byte = 0;

	return (void *)(read(*(int *)fd, &byte, 1) == 1 ? (long)byte : -1L);
}

static void *poll_one(void *fd)
{
	struct pollfd one = { *(int *)fd, POLLIN, 0 };

	return (void *)(long)(poll(&one, 1, -1) == 1 ? one.revents : -1);
}

static void threads(void)
{
	pthread_t thread, other;
	int p[2];
	long total = 0, count;
	void *result;

	check("blocking", pipe(p) == 0);
	pthread_create(&thread, 0, write_much, &p[1]);
	while ((count = read(p[0], big, 7777)) > 0)
		total += count;
	pthread_join(thread, &result);
	check("a large write is whole", total == 300000 && (long)result == 300000);
	close(p[0]);
	check("waiting", pipe(p) == 0);
	pthread_create(&thread, 0, read_one, &p[0]);
	pthread_create(&other, 0, poll_one, &p[0]);
	write(p[1], "ab", 2);
	pthread_join(thread, &result);
	check("a reader is woken", (long)result == 'a' || (long)result == 'b');
	pthread_join(other, &result);
	check("and so is who polls", (long)result == POLLIN);
	close(p[0]);
	close(p[1]);
	check("several readers", pipe(p) == 0);
	pthread_create(&thread, 0, read_one, &p[0]);
	pthread_create(&other, 0, read_one, &p[0]);
	write(p[1], "x", 1);
	close(p[1]);
	pthread_join(thread, &result);
	total = (long)result;
	pthread_join(other, &result);
	check("one gets the byte, the other the end", total + (long)result == 'x' - 1);
	close(p[0]);
}

static char fifo[4096];

static void *open_writer(void *unused)
{
	int fd = open(fifo, O_WRONLY);

	(void)unused;
	write(fd, "late", 4);
	close(fd);
	return 0;
}

static void fifos(const char *folder)
{
	pthread_t thread;
	struct stat data;
	int reader, writer, both;

	snprintf(fifo, sizeof fifo, "%s/fifo", folder);
	unlink(fifo);
	check("mkfifo", mkfifo(fifo, 0600) == 0 && stat(fifo, &data) == 0 && S_ISFIFO(data.st_mode));
	check("nobody reads it", fails(open(fifo, O_WRONLY | O_NONBLOCK), ENXIO));
	pthread_create(&thread, 0, open_writer, 0);
	reader = open(fifo, O_RDONLY);
	check("the reader waits for the writer", reader >= 0 && read(reader, big, 9) == 4 && read(reader, big, 9) == 0);
	pthread_join(thread, 0);
	close(reader);
	reader = open(fifo, O_RDONLY | O_NONBLOCK);
	check("a reader need not wait", reader >= 0 && read(reader, big, 9) == 0);
	check("and hangs up only after somebody wrote", bits(reader, POLLIN) == 0);
	writer = open(fifo, O_WRONLY | O_NONBLOCK);
	check("a writer came", writer >= 0 && fails(read(reader, big, 9), EAGAIN) && write(writer, "x", 1) == 1);
	close(writer);
	check("and went", bits(reader, POLLIN) == (POLLIN | POLLHUP) && read(reader, big, 9) == 1 && bits(reader, POLLIN) == POLLHUP);
	both = open(fifo, O_RDWR);
	check("both ends in one", both >= 0 && write(both, "y", 1) == 1 && read(both, big, 9) == 1 && big[0] == 'y');
	check("end the hang-up", bits(reader, POLLIN) == 0 && bits(both, POLLIN | POLLOUT) == POLLOUT);
	write(both, "zz", 2);
	close(both);
	close(reader);
	reader = open(fifo, O_RDONLY | O_NONBLOCK);
	check("what nobody has open is empty", read(reader, big, 9) == 0);
	close(reader);
	check("unlink", unlink(fifo) == 0);
}

int main(int argc, char **argv)
{
	plain();
	full();
	packets();
	again();
	threads();
	fifos(argc > 1 ? argv[1] : "/tmp");
	return 0;
}

/* The way into the kernel and back, and the calls that do next to nothing there. */
#include "costs.h"
#include <fcntl.h>
#include <linux/futex.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

static void getppid_row(long count)
{
	start();
	for (long i = 0; i < count; i++)
		bare_call(SYS_getppid, 0, 0);
	stop(count);
}

static void enosys(long count)
{
	start();
	for (long i = 0; i < count; i++)
		bare_call(1023, 0, 0);
	stop(count);
}

static void clock_by_library(long count)
{
	struct timespec now;
	start();
	for (long i = 0; i < count; i++)
		clock_gettime(CLOCK_MONOTONIC, &now);
	stop(count);
}

static void clock_by_call(long count)
{
	struct timespec now;
	must(syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now));
	start();
	for (long i = 0; i < count; i++)
		bare_call(SYS_clock_gettime, CLOCK_MONOTONIC, (long)&now);
	stop(count);
}

static void random_bytes(long count)
{
	char bytes[16];
	start();
	for (long i = 0; i < count; i++)
		must(syscall(SYS_getrandom, bytes, sizeof bytes, 0));
	stop(count);
}

static void wake_nobody(long count)
{
	int word = 0;
	start();
	for (long i = 0; i < count; i++)
		must(syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1, 0, 0, 0));
	stop(count);
}

static void duplicate(long count)
{
	start();
	for (long i = 0; i < count; i++)
		close((int)must(dup(1)));
	stop(count);
}

static void eventfd_alone(long count)
{
	uint64_t value = 1;
	int fd = (int)must(eventfd(0, 0));
	start();
	for (long i = 0; i < count; i++) {
		must(write(fd, &value, 8));
		must(read(fd, &value, 8));
	}
	stop(count);
	close(fd);
}

static void pipe_alone(long count)
{
	char byte = 0;
	int ends[2];
	must(pipe(ends));
	start();
	for (long i = 0; i < count; i++) {
		must(write(ends[1], &byte, 1));
		must(read(ends[0], &byte, 1));
	}
	stop(count);
	close(ends[0]);
	close(ends[1]);
}

static void zero(long count)
{
	char byte;
	int fd = (int)must(open("/dev/zero", O_RDONLY));
	start();
	for (long i = 0; i < count; i++)
		must(read(fd, &byte, 1));
	stop(count);
	close(fd);
}

static void null(long count)
{
	char byte = 0;
	int fd = (int)must(open("/dev/null", O_WRONLY));
	start();
	for (long i = 0; i < count; i++)
		must(write(fd, &byte, 1));
	stop(count);
	close(fd);
}

static void sleep_50us(long count)
{
	struct timespec time = { 0, 50000 };
	start();
	for (long i = 0; i < count; i++)
		must(nanosleep(&time, 0));
	stop(count);
}

const struct row call_rows[] = {
	{ "getppid", 10000, getppid_row },
	{ "enosys", 10000, enosys },
	{ "clock_gettime_vdso", 10000, clock_by_library },
	{ "clock_gettime_raw", 10000, clock_by_call },
	{ "getrandom16", 2000, random_bytes },
	{ "futex_wake_none", 10000, wake_nobody },
	{ "dup_close", 4000, duplicate },
	{ "read1_zero", 8000, zero },
	{ "write1_null", 8000, null },
	{ "eventfd_self", 4000, eventfd_alone },
	{ "pipe_self", 4000, pipe_alone },
	{ "nanosleep_50us", 100, sleep_50us },
	{ 0 },
};

/*
 * What operations cost on the kernel below: one line a row and round, for a reader that makes a table of it.
 *
 *   costs [-r ROUNDS] [-d DIVISOR] [ROW]...     runs the rows, or all
 *   costs -l                                    lists them
 *
 * The count of operations is fixed, so that where time is the number of executed instructions a run repeats exactly. Each
 * row runs once, shorter and unreported, to warm the kernel's caches up, then ROUNDS times:
 *
 *   begin ROW                                   a row that is followed by nothing ended the machine, or hangs
 *   cost ROW OPERATIONS NANOSECONDS TICKS
 *   absent ROW WHAT: ERROR
 *   end
 *
 * Rows run in this one process, one after the other: a kernel without fork() runs all those that need none.
 */
#include "costs.h"
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

static const struct row *const themes[] = { call_rows, switch_rows, life_rows, memory_rows, signal_rows, file_rows, stream_rows,
	ready_rows };
enum { THEMES = sizeof themes / sizeof *themes };

struct span span;
static const char *current = "";
static jmp_buf next_row;
static pid_t main_process;

static uint64_t nanoseconds(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static uint64_t ticks(void)
{
	uint32_t low, high;
	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high) : : "memory");
	return (uint64_t)high << 32 | low;
}

static struct span begun;

/* Marks for the profiler of `cargo xtask bench linux`, which looks for them by name. */
__attribute__((noinline)) void part_begins(void)
{
	__asm__ volatile("");
}

__attribute__((noinline)) void part_ends(void)
{
	__asm__ volatile("");
}

void start(void)
{
	begun.nanoseconds = nanoseconds();
	part_begins();
	begun.ticks = ticks();
}

void stop(long operations)
{
	span.ticks = ticks() - begun.ticks;
	part_ends();
	span.nanoseconds = nanoseconds() - begun.nanoseconds;
	span.operations = operations;
}

void absent(const char *what)
{
	if (getpid() != main_process)
		_exit(1);
	printf("absent %s %s: %s\n", current, what, strerror(errno));
	longjmp(next_row, 1);
}

char *scratch(const char *name)
{
	static char paths[4][128];
	static unsigned next;
	char *path = paths[next++ % 4];
	snprintf(path, sizeof paths[0], "/tmp/%s", name);
	return path;
}

void *shared(size_t bytes)
{
	return (void *)must(mmap(0, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
}

int child(void (*body)(void *), void *argument)
{
	int pid = (int)must(fork());
	if (pid == 0) {
		body(argument);
		_exit(0);
	}
	return pid;
}

void end_child(int pid)
{
	kill(pid, SIGKILL);
	must(waitpid(pid, 0, 0));
}

static void run(const struct row *row, int rounds, long divisor)
{
	long count = row->count / divisor < 4 ? 4 : row->count / divisor;
	current = row->name;
	printf("begin %s\n", current);
	fflush(stdout);
	tcdrain(STDOUT_FILENO); /* or a serial port would send it while the row runs */
	if (setjmp(next_row))
		return;
	row->measure(count / 4);
	for (volatile int round = 0; round < rounds; round++) {
		row->measure(count);
		printf("cost %s %ld %lu %lu\n", current, span.operations, span.nanoseconds, span.ticks);
	}
}

static int is_wanted(const char *name, char **names)
{
	if (!*names)
		return 1;
	for (; *names; names++)
		if (!strcmp(name, *names))
			return 1;
	return 0;
}

int main(int count, char **arguments)
{
	int rounds = 3, lists = 0, option;
	long divisor = 1;
	if (count == 2 && !strcmp(arguments[1], "--exit"))
		return 0;
	while ((option = getopt(count, arguments, "r:d:l")) != -1)
		if (option == 'r')
			rounds = atoi(optarg);
		else if (option == 'd')
			divisor = atol(optarg) > 0 ? atol(optarg) : 1;
		else if (option == 'l')
			lists = 1;
		else
			return 2;
	main_process = getpid();
	signal(SIGPIPE, SIG_IGN);
	setvbuf(stdout, 0, _IOFBF, 4096);
	for (int theme = 0; theme < THEMES; theme++)
		for (const struct row *row = themes[theme]; row->name; row++)
			if (lists)
				puts(row->name);
			else if (is_wanted(row->name, arguments + optind))
				run(row, rounds, divisor);
	if (!lists)
		puts("end");
	return 0;
}

/* The vDSO: it is there, and its clocks and those of the system calls are the same. */
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static void check(const char *what, int holds)
{
	printf("%s: %s\n", what, holds ? "yes" : "NO");
}

static long long nanoseconds(struct timespec t)
{
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static long long called(clockid_t clock)
{
	struct timespec t;

	syscall(SYS_clock_gettime, clock, &t);
	return nanoseconds(t);
}

static long long read_there(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return nanoseconds(t);
}

/* In turns: neither goes back behind the other. */
static int agree(clockid_t clock)
{
	long long last = 0;

	for (int i = 0; i < 1000; i++) {
		long long next = i % 2 ? called(clock) : read_there(clock);

		if (next < last)
			return 0;
		last = next;
	}
	return 1;
}

static void object(void)
{
	const char *base = (const char *)getauxval(AT_SYSINFO_EHDR);
	const Elf64_Ehdr *header = (const Elf64_Ehdr *)base;
	char line[256];
	int named = 0;
	FILE *maps;

	check("the object is told", base != NULL);
	if (!base)
		return;
	check("it is one", memcmp(header->e_ident, ELFMAG, SELFMAG) == 0 && header->e_type == ET_DYN);
	maps = fopen("/proc/self/maps", "r");
	while (fgets(line, sizeof line, maps))
		named += strstr(line, "[vdso]") && strtoul(line, NULL, 16) == (unsigned long)base;
	fclose(maps);
	check("maps names it", named == 1);
}

int main(void)
{
	static const clockid_t all[] = { CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_BOOTTIME, CLOCK_TAI };
	struct timespec t;
	struct timeval v;
	long long before, between;
	unsigned cpu = 9, node = 9;
	int same = 1;

	object();
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		same &= agree(all[i]);
	check("it and the calls agree", same);
	before = called(CLOCK_REALTIME) / 1000;
	gettimeofday(&v, NULL);
	between = v.tv_sec * 1000000LL + v.tv_usec;
	check("gettimeofday, too", before <= between && between <= called(CLOCK_REALTIME) / 1000);
	before = called(CLOCK_REALTIME) / 1000000000;
	between = time(NULL);
	check("and time, but for a tick", before - 1 <= between && between <= called(CLOCK_REALTIME) / 1000000000);
	check("an unknown clock is passed on", clock_gettime(99, &t) == -1 && errno == EINVAL);
	check("so is CPU time", clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t) == 0 && nanoseconds(t) > 0);
	check("the resolution is a nanosecond", clock_getres(CLOCK_MONOTONIC, &t) == 0 && t.tv_sec == 0 && t.tv_nsec == 1);
	check("the CPU is told", syscall(SYS_getcpu, &cpu, &node, NULL) == 0 && cpu < 4096 && sched_getcpu() >= 0);
	return 0;
}

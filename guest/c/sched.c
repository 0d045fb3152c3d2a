/* How threads are scheduled, as far as it can be seen without waiting for time: what the calls say and refuse. */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef SCHED_RESET_ON_FORK
#define SCHED_RESET_ON_FORK 0x40000000
#endif

/* struct sched_attr, which libcs do not agree to have. */
struct attributes {
	uint32_t size, sched_policy;
	uint64_t sched_flags;
	int32_t sched_nice;
	uint32_t sched_priority;
	uint64_t runtime, deadline, period;
	uint32_t util_min, util_max;
};
#define RESET 1

static void check(const char *what, int holds)
{
	printf("%s: %s\n", what, holds ? "yes" : "NO");
}

static int fails(long result, int error)
{
	return result == -1 && errno == error;
}

static int set(int policy, int priority)
{
	struct sched_param param = { .sched_priority = priority };

	return sched_setscheduler(0, policy, &param);
}

static void ranges(void)
{
	check("FIFO has priorities 1 to 99", sched_get_priority_min(SCHED_FIFO) == 1 && sched_get_priority_max(SCHED_FIFO) == 99);
	check("RR has priorities 1 to 99", sched_get_priority_min(SCHED_RR) == 1 && sched_get_priority_max(SCHED_RR) == 99);
	check("OTHER has none", sched_get_priority_min(SCHED_OTHER) == 0 && sched_get_priority_max(SCHED_OTHER) == 0);
	check("BATCH and IDLE have none", sched_get_priority_max(SCHED_BATCH) == 0 && sched_get_priority_max(SCHED_IDLE) == 0);
	check("an unknown policy has no range", fails(sched_get_priority_max(77), EINVAL) && fails(sched_get_priority_min(-1), EINVAL));
}

static void refusals(void)
{
	struct sched_param param = { 0 };

	check("an unknown policy is refused", fails(set(77, 0), EINVAL));
	check("a real-time policy needs a priority", fails(set(SCHED_FIFO, 0), EINVAL));
	check("a fair policy must have none", fails(set(SCHED_BATCH, 1), EINVAL));
	check("priority 100 is refused", fails(set(SCHED_RR, 100), EINVAL));
	check("so is a negative one", fails(set(SCHED_RR, -1), EINVAL));
	check("there is no thread with a negative number", fails(sched_getscheduler(-1), EINVAL));
	check("nor one that does not exist", fails(sched_getscheduler(0x3fffff), ESRCH));
	check("no parameter is EINVAL", fails(syscall(SYS_sched_getparam, 0, 0), EINVAL));
	check("a bad address is EFAULT", fails(syscall(SYS_sched_setparam, 0, 8), EFAULT));
	check("the parameter of a fair thread is 0", sched_getparam(0, &param) == 0 && param.sched_priority == 0);
	check("setparam keeps the policy", sched_setparam(0, &param) == 0 && sched_getscheduler(0) == SCHED_OTHER);
}

static void policies(void)
{
	struct timespec interval;

	check("the first policy is OTHER", sched_getscheduler(0) == SCHED_OTHER);
	check("BATCH can be had", set(SCHED_BATCH, 0) == 0 && sched_getscheduler(0) == SCHED_BATCH);
	check("and OTHER again", set(SCHED_OTHER, 0) == 0 && sched_getscheduler(getpid()) == SCHED_OTHER);
	check("there is an interval", sched_rr_get_interval(0, &interval) == 0 && interval.tv_sec == 0);
	check("yielding works", sched_yield() == 0);
}

static int child_sees(int policy, int nice)
{
	int status;
	pid_t child = fork();

	if (child == 0)
		_exit(sched_getscheduler(0) == policy && getpriority(PRIO_PROCESS, 0) == nice ? 0 : 1);
	return waitpid(child, &status, 0) == child && status == 0;
}

static void levels(void)
{
	errno = 0;
	int level = getpriority(PRIO_PROCESS, 0); /* the starter's: nice(1) may be at work */
	check("there is a level", errno == 0 && level >= -20 && level <= 19);
	check("it can be 5", setpriority(PRIO_PROCESS, 0, 5) == 0 && getpriority(PRIO_PROCESS, 0) == 5);
	check("nice adds to it", nice(2) == 7);
	check("levels end at 19", setpriority(PRIO_PROCESS, getpid(), 100) == 0 && getpriority(PRIO_PROCESS, 0) == 19);
	setpgid(0, 0); /* fails where this leads a session, and with it a group */
	check("a group has a level", getpriority(PRIO_PGRP, 0) == 19);
	check("children inherit it", child_sees(SCHED_OTHER, 19));
	check("an unknown kind is EINVAL", fails(getpriority(3, 0), EINVAL) && fails(setpriority(-1, 0, 0), EINVAL));
	check("nobody there is ESRCH", fails(getpriority(PRIO_PROCESS, 0x3fffff), ESRCH));
	check("children inherit the policy", set(SCHED_BATCH, 0) == 0 && child_sees(SCHED_BATCH, 19));
	check("and not the wish for RESET_ON_FORK", set(SCHED_BATCH | SCHED_RESET_ON_FORK, 0) == 0
	      && sched_getscheduler(0) == (SCHED_BATCH | SCHED_RESET_ON_FORK) && child_sees(SCHED_BATCH, 19));
}

static void attributes(void)
{
	struct attributes attr = { .size = sizeof attr, .sched_policy = SCHED_IDLE, .sched_nice = 19,
		.sched_flags = RESET };
	struct { struct attributes known; char more[40]; } longer;

	check("attributes can be set", syscall(SYS_sched_setattr, 0, &attr, 0) == 0);
	memset(&longer, 0xff, sizeof longer);
	check("and read", syscall(SYS_sched_getattr, 0, &longer, sizeof longer, 0) == 0 && longer.known.sched_policy == SCHED_IDLE
	      && longer.known.sched_nice == 19 && longer.known.sched_flags == RESET && longer.known.sched_priority == 0);
	check("a short structure is EINVAL", fails(syscall(SYS_sched_getattr, 0, &attr, 20, 0), EINVAL));
	check("flags are EINVAL", fails(syscall(SYS_sched_setattr, 0, &attr, 1), EINVAL));
	attr.size = 20;
	check("so short a size is E2BIG", fails(syscall(SYS_sched_setattr, 0, &attr, 0), E2BIG) && attr.size >= 56);
	memset(&longer, 0, sizeof longer);
	longer.known.size = sizeof longer;
	longer.known.sched_policy = SCHED_IDLE;
	longer.known.sched_nice = 19;
	longer.known.sched_flags = RESET;
	check("unknown zeroes are fine", syscall(SYS_sched_setattr, 0, &longer, 0) == 0);
	longer.more[39] = 1;
	check("other unknown bytes are E2BIG", fails(syscall(SYS_sched_setattr, 0, &longer, 0), E2BIG));
}

static void affinity(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	check("no CPU at all is EINVAL", fails(sched_setaffinity(0, sizeof set, &set), EINVAL));
	check("there is a CPU", sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0);
	check("what is there can be set", sched_setaffinity(0, sizeof set, &set) == 0);
	check("a mask of 7 bytes is EINVAL", fails(syscall(SYS_sched_getaffinity, 0, 7, &set), EINVAL));
	check("nobody there is ESRCH", fails(sched_getaffinity(0x3fffff, sizeof set, &set), ESRCH));
}

int main(void)
{
	ranges();
	refusals();
	policies();
	levels();
	attributes();
	affinity();
	return 0;
}

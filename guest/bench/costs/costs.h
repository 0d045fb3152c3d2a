/*
 * What an operation costs, on any kernel that has Linux's interface: see main.c for how a row is run.
 */
#ifndef COSTS_H
#define COSTS_H
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>

/* One row of the table: `measure` does `count` operations between start() and stop(). */
struct row {
	const char *name;
	long count;
	void (*measure)(long count);
};

/* The rows of each theme; a row without a name ends them. */
extern const struct row call_rows[], switch_rows[], life_rows[], memory_rows[], signal_rows[], file_rows[], stream_rows[],
	ready_rows[];

/* The measured part of a row. */
void start(void);
void stop(long operations);

/* What was between start() and stop(): a child that measures hands it to its parent in shared memory. */
struct span {
	uint64_t nanoseconds, ticks;
	long operations;
};
extern struct span span;

/* Gives the row up: the kernel has not what it needs, or did it wrong. Says `what` and errno. In a child: status 1. */
_Noreturn void absent(const char *what);

/* An expression that gives -1 and errno when it fails; `must` returns its value. */
#define must(expression) checked((long)(expression), #expression)
static inline long checked(long value, const char *what)
{
	if (value == -1)
		absent(what);
	return value;
}

/* A path below the scratch directory, in a buffer that the next three calls leave alone. */
char *scratch(const char *name);

/* Memory that children share. */
void *shared(size_t bytes);

/* A child that measures nothing: runs `body(argument)`, then ends. */
int child(void (*body)(void *), void *argument);
void end_child(int pid);

/* A system call with nothing of libc around it. */
static inline long bare_call(long number, long a, long b)
{
	long result;
	__asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b) : "rcx", "r11", "memory");
	return result;
}
#endif

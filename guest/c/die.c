/* Every way to die of a fault. Each is a function of its own, so that a report can name it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEATH __attribute__((noinline)) static int

static const char constant[] = "constant";
static unsigned char data[16] = { 0xc3 };

DEATH dereference_null(void)
{
	return *(volatile int *)8;
}

#pragma GCC diagnostic ignored "-Winfinite-recursion"
DEATH overflow_stack(int depth)
{
	volatile char frame[4096];

	frame[0] = (char)depth;
	return overflow_stack(depth + 1) + frame[0];
}

DEATH illegal_instruction(void)
{
	__asm__ volatile("ud2");
	return 0;
}

DEATH divide_by_zero(void)
{
	volatile int one = 1, zero = 0;

	return one / zero;
}

DEATH write_read_only(void)
{
	*(volatile char *)constant = 'C';
	return 0;
}

DEATH execute_data(void)
{
	((void (*)(void))(unsigned long)data)();
	return 0;
}

DEATH touch_non_canonical(void)
{
	return *(volatile int *)0x8000000000000000;
}

DEATH touch_kernel(void)
{
	return *(volatile int *)0xffffffff80000000;
}

DEATH touch_unmapped(void)
{
	return *(volatile int *)0x123456789000;
}

DEATH give_up(void)
{
	abort();
}

int main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "";

	puts("about to die");
	fflush(stdout);
	if (!strcmp(how, "null"))
		return dereference_null();
	if (!strcmp(how, "stack"))
		return overflow_stack(0);
	if (!strcmp(how, "illegal"))
		return illegal_instruction();
	if (!strcmp(how, "divide"))
		return divide_by_zero();
	if (!strcmp(how, "read-only"))
		return write_read_only();
	if (!strcmp(how, "no-exec"))
		return execute_data();
	if (!strcmp(how, "non-canonical"))
		return touch_non_canonical();
	if (!strcmp(how, "kernel"))
		return touch_kernel();
	if (!strcmp(how, "unmapped"))
		return touch_unmapped();
	if (!strcmp(how, "abort"))
		return give_up();
	fprintf(stderr, "no such death: '%s'\n", how);
	return 2;
}

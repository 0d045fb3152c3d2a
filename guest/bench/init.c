/*
 * The first process of the rival kernel: runs `busybox true`, then ends the machine through its exit device, value 0x10
 * for status 0 and 0x11 otherwise. No kernel has a quicker end, and no boot has less around the program.
 */
static long call(long number, long a, long b, long c, long d)
{
	long result;
	register long r10 __asm__("r10") = d;
	__asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10) : "rcx", "r11", "memory");
	return result;
}

__attribute__((noreturn)) void _start(void)
{
	static const char *const arguments[] = { "/bin/busybox", "true", 0 }, *const environment[] = { 0 };
	int status = -1;
	long child = call(57 /* fork */, 0, 0, 0, 0);

	if (child == 0) {
		call(59 /* execve */, (long)arguments[0], (long)arguments, (long)environment, 0);
		call(231 /* exit_group */, 127, 0, 0, 0);
	}
	call(61 /* wait4 */, child, (long)&status, 0, 0);
	call(172 /* iopl */, 3, 0, 0, 0);
	for (;;)
		__asm__ volatile("outl %0, %1" : : "a"(status == 0 ? 0x10 : 0x11), "Nd"((unsigned short)0xf4));
}

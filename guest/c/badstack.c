/* Raises a handled signal with a stack pointer where no frame can be pushed: badstack RSP. The program must die by SIGSEGV. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

static void handler(int signal)
{
	(void)signal;
}

int main(int argc, char **argv)
{
	struct sigaction action;
	memset(&action, 0, sizeof action);
	action.sa_handler = handler;
	sigaction(SIGILL, &action, 0);
	unsigned long rsp = strtoul(argc > 1 ? argv[1] : "0", 0, 0);
	__asm__ volatile("mov %0, %%rsp\n\tud2" ::"r"(rsp) : "memory");
	return 0;
}

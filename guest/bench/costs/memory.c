/* Page faults of every kind, and the calls that change mappings. */
#include "costs.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PAGE = 4096, BLOCK = 16 * PAGE, HUGE_PAGE = 2 << 20 };

static char *anonymous(size_t bytes)
{
	return (char *)must(mmap(0, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
}

static void write_each(char *memory, long pages)
{
	for (long page = 0; page < pages; page++)
		*(volatile char *)(memory + page * PAGE) = 2;
}

static void first_writes(long count)
{
	char *memory = anonymous((size_t)count * PAGE);
	madvise(memory, (size_t)count * PAGE, MADV_NOHUGEPAGE);
	start();
	write_each(memory, count);
	stop(count);
	munmap(memory, (size_t)count * PAGE);
}

static void first_writes_in_huge_pages(long count)
{
	size_t bytes = (size_t)count * PAGE + HUGE_PAGE;
	char *memory = anonymous(bytes);
	char *aligned = (char *)(((uintptr_t)memory + HUGE_PAGE - 1) & -(uintptr_t)HUGE_PAGE);
	start();
	write_each(aligned, count);
	stop(count);
	munmap(memory, bytes);
}

/* Measured in the child, which is the one that pays. */
static void copies(long count)
{
	size_t bytes = (size_t)count * PAGE;
	char *memory = anonymous(bytes);
	struct span *measured = shared(PAGE);
	int status;
	madvise(memory, bytes, MADV_NOHUGEPAGE);
	memset(memory, 1, bytes);
	pid_t pid = (pid_t)must(fork());
	if (pid == 0) {
		start();
		write_each(memory, count);
		stop(count);
		*measured = span;
		_exit(0);
	}
	must(waitpid(pid, &status, 0));
	span = *measured;
	munmap(memory, bytes);
	munmap(measured, PAGE);
	errno = ECHILD;
	if (status || span.operations != count)
		absent("the child's measurement");
}

/* A mapping of a new file all of whose pages are in memory. */
static char *map_file(long pages, int protection, int flags)
{
	static const char page[PAGE] = { 1 };
	char *path = scratch("mapped");
	int fd = (int)must(open(path, O_RDWR | O_CREAT | O_TRUNC, 0600));
	for (long i = 0; i < pages; i++)
		must(write(fd, page, PAGE));
	char *memory = (char *)must(mmap(0, (size_t)pages * PAGE, protection, flags, fd, 0));
	close(fd);
	unlink(path);
	return memory;
}

static void shared_file(long count)
{
	char *memory = map_file(count, PROT_READ, MAP_SHARED);
	start();
	for (long page = 0; page < count; page++)
		(void)*(volatile char *)(memory + page * PAGE);
	stop(count);
	munmap(memory, (size_t)count * PAGE);
}

static void private_file(long count)
{
	char *memory = map_file(count, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	start();
	write_each(memory, count);
	stop(count);
	munmap(memory, (size_t)count * PAGE);
}

static void map_and_unmap(long count)
{
	start();
	for (long i = 0; i < count; i++)
		must(munmap(anonymous(BLOCK), BLOCK));
	stop(count);
}

static void map_write_and_unmap(long count)
{
	start();
	for (long i = 0; i < count; i++) {
		char *memory = anonymous(BLOCK);
		write_each(memory, BLOCK / PAGE);
		must(munmap(memory, BLOCK));
	}
	stop(count);
}

static void protect(long count)
{
	char *memory = anonymous(BLOCK);
	write_each(memory, BLOCK / PAGE);
	start();
	for (long i = 0; i < count; i++)
		must(mprotect(memory, BLOCK, i % 2 ? PROT_READ | PROT_WRITE : PROT_READ));
	stop(count);
	munmap(memory, BLOCK);
}

static void program_break(long count)
{
	char *end = sbrk(0);
	start();
	for (long i = 0; i < count; i++)
		must(syscall(SYS_brk, end + (i % 2 ? 0 : 2 * PAGE)));
	stop(count);
	must(syscall(SYS_brk, end));
}

const struct row memory_rows[] = {
	{ "fault_anon", 2048, first_writes },
	{ "fault_anon_thp", 2048, first_writes_in_huge_pages },
	{ "fault_cow", 2048, copies },
	{ "fault_file_shared", 1024, shared_file },
	{ "fault_file_private", 1024, private_file },
	{ "mmap_munmap", 1000, map_and_unmap },
	{ "mmap_touch_munmap", 300, map_write_and_unmap },
	{ "mprotect", 1000, protect },
	{ "brk", 2000, program_break },
	{ 0 },
};

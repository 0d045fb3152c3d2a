// Memory in pages of 2 MiB: whatever is done to a part of one, the rest stays as it was. The first touch is what brings them in.
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <fcntl.h>

enum { PAGE = 4096, HUGE_SIZE = 2 << 20, PAGES = HUGE_SIZE / PAGE };

static void check(const char *what, int holds)
{
	printf("%s: %s\n", what, holds ? "yes" : "NO");
	fflush(stdout);
}

// Two aligned blocks, each page of which begins with its number.
static unsigned *filled(int advice)
{
	char *memory = mmap(0, 3 * HUGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		abort();
	uintptr_t aligned = ((uintptr_t)memory + HUGE_SIZE - 1) & -(uintptr_t)HUGE_SIZE;
	memory = (char *)aligned;
	madvise(memory, 2 * HUGE_SIZE, advice);
	for (unsigned i = 0; i < 2 * PAGES; i++)
		*(unsigned *)(memory + (size_t)i * PAGE) = i;
	return (unsigned *)memory;
}

static unsigned *page(unsigned *memory, int number)
{
	return memory + (size_t)number * PAGE / sizeof *memory;
}

// Whether all pages in a range, and nothing else of them, are as `filled` made them.
static int is_filled(unsigned *memory, int first, int last)
{
	for (int i = first; i < last; i++) {
		if (*page(memory, i) != (unsigned)i)
			return 0;
		for (int word = 1; word < 1024; word += 37)
			if (page(memory, i)[word])
				return 0;
	}
	return 1;
}

static int present(unsigned *memory, int number)
{
	unsigned char here = 0;
	return mincore(page(memory, number), PAGE, &here) == 0 && here & 1;
}

static void unmapping(int advice)
{
	unsigned *memory = filled(advice);
	munmap(page(memory, 100), 3 * PAGE);
	check("a hole is cut", mmap(page(memory, 100), 3 * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE,
	      -1, 0) == (void *)page(memory, 100));
	check("the rest is there", is_filled(memory, 0, 100) && is_filled(memory, 103, 2 * PAGES));
	check("a hole over the border", munmap(page(memory, PAGES - 1), 2 * PAGE) == 0);
	check("the rest is still there", is_filled(memory, 103, PAGES - 1) && is_filled(memory, PAGES + 1, 2 * PAGES));
	munmap(memory, 2 * HUGE_SIZE);
}

static void advising(int advice)
{
	unsigned *memory = filled(advice);
	madvise(page(memory, 7), PAGE, MADV_DONTNEED);
	check("what is not needed is gone", !present(memory, 7) && present(memory, 6) && present(memory, 8));
	check("and zero again", *page(memory, 7) == 0 && is_filled(memory, 0, 7) && is_filled(memory, 8, 2 * PAGES));
	madvise(memory, HUGE_SIZE, MADV_DONTNEED);
	check("a whole one goes, too", !present(memory, 0) && !present(memory, PAGES - 1) && present(memory, PAGES));
	*page(memory, 3) = 3;
	check("and comes again", *page(memory, 3) == 3 && *page(memory, 4) == 0);
	munmap(memory, 2 * HUGE_SIZE);
}

static void protecting(int advice)
{
	int zero = open("/dev/zero", O_RDONLY);
	unsigned *memory = filled(advice);
	mprotect(page(memory, 5), PAGE, PROT_READ);
	check("a part is read-only", read(zero, page(memory, 5), 1) == -1 && read(zero, page(memory, 6) + 8, 1) == 1);
	mprotect(memory, 2 * HUGE_SIZE, PROT_NONE);
	check("all may not be touched", read(zero, page(memory, 400), 1) == -1 && write(zero, memory, 1) == -1);
	mprotect(memory, 2 * HUGE_SIZE, PROT_READ | PROT_WRITE);
	check("nothing is lost", is_filled(memory, 0, 2 * PAGES) && read(zero, page(memory, 5) + 8, 1) == 1);
	munmap(memory, 2 * HUGE_SIZE);
	close(zero);
}

static void moving(int advice)
{
	unsigned *memory = filled(advice);
	unsigned *moved = mremap(memory, 2 * HUGE_SIZE, 5 * HUGE_SIZE, MREMAP_MAYMOVE);
	check("it moves", moved != MAP_FAILED && is_filled(moved, 0, 2 * PAGES) && *page(moved, 3 * PAGES) == 0);
	moved = mremap(moved, 5 * HUGE_SIZE, HUGE_SIZE / 2, MREMAP_MAYMOVE);
	check("it shrinks", moved != MAP_FAILED && is_filled(moved, 0, PAGES / 2));
	munmap(moved, HUGE_SIZE / 2);
}

static void forking(int advice)
{
	unsigned *memory = filled(advice);
	int to_child[2], status = -1;
	char byte;
	if (pipe(to_child))
		abort();
	pid_t child = fork();
	if (child == 0) {
		close(to_child[1]);
		int before = read(to_child[0], &byte, 1) == 1 && is_filled(memory, 0, 2 * PAGES);
		memset(memory, 0xee, HUGE_SIZE);
		munmap(page(memory, PAGES + 9), PAGE);
		_exit(before && *page(memory, PAGES - 1) == 0xeeeeeeee ? 0 : 1);
	}
	*page(memory, 20) = 77;
	read(open("/dev/zero", O_RDONLY), page(memory, PAGES + 2), 4);
	byte = (char)write(to_child[1], "x", 1);
	waitpid(child, &status, 0);
	check("the child has what was there at the fork", status == 0);
	check("the parent has what it wrote", *page(memory, 20) == 77 && *page(memory, PAGES + 2) == 0);
	check("and nothing of the child's", is_filled(memory, 0, 20) && is_filled(memory, 21, PAGES + 2)
	      && is_filled(memory, PAGES + 3, 2 * PAGES));
	memset(memory, 1, 2 * HUGE_SIZE);
	check("all of it can be written", *page(memory, 2 * PAGES - 1) == 0x01010101);
	munmap(memory, 2 * HUGE_SIZE);
}

int main(void)
{
	static const int advice[] = { MADV_NORMAL, MADV_HUGEPAGE, MADV_NOHUGEPAGE };
	for (int i = 0; i < 3; i++) {
		unmapping(advice[i]);
		advising(advice[i]);
		protecting(advice[i]);
		moving(advice[i]);
		forking(advice[i]);
	}
	return 0;
}

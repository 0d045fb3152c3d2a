/* What programs do with memory, and what the calls must refuse. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define MIB (1 << 20)

static void check(const char *what, int holds)
{
	printf("%s: %s\n", what, holds ? "yes" : "NO");
}

static int is_zero(const unsigned char *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (bytes[i])
			return 0;
	return 1;
}

static void heap(void)
{
	unsigned sum = 0;
	char *blocks[1000];

	for (int i = 0; i < 1000; i++) {
		blocks[i] = malloc((size_t)i * 97 + 1);
		memset(blocks[i], i, (size_t)i * 97 + 1);
	}
	for (int i = 0; i < 1000; i++) {
		sum += (unsigned char)blocks[i][i * 97];
		free(blocks[i]);
	}
	printf("heap sum %u\n", sum);
}

static void mappings(void)
{
	unsigned char *a = mmap(0, 8 * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	void *fixed;

	check("anonymous memory is zero", a != MAP_FAILED && is_zero(a, 8 * MIB));
	memset(a, 0xab, 8 * MIB);
	check("a hole can be cut", munmap(a + MIB, MIB) == 0);
	check("and is free to map again", mmap(a + MIB, MIB, PROT_READ | PROT_WRITE,
	      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) == a + MIB);
	check("the new part is zero", is_zero(a + MIB, MIB));
	check("the rest is as it was", a[MIB - 1] == 0xab && a[2 * MIB] == 0xab);
	fixed = mmap(a, MIB, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	check("MAP_FIXED_NOREPLACE refuses", fixed == MAP_FAILED && errno == EEXIST);
	check("protection can change", mprotect(a, 4096, PROT_READ) == 0 && a[0] == 0xab);
	check("and change back", mprotect(a, 4096, PROT_READ | PROT_WRITE) == 0 && (a[0] = 1));
	check("a write into read-only memory by the kernel fails",
	      mprotect(a, 4096, PROT_READ) == 0 && read(0, a, 1) == -1 && errno == EFAULT);
	int zeroes = open("/dev/zero", O_RDONLY);
	check("of zeroes, too", read(zeroes, a, 1) == -1 && errno == EFAULT && a[0] == 1);
	close(zeroes);
	check("MADV_DONTNEED gives zeroes", madvise(a + 4096, 4096, MADV_DONTNEED) == 0 && is_zero(a + 4096, 4096));
	check("all of it can go", munmap(a, 8 * MIB) == 0);
}

static void refusals(void)
{
	long page = sysconf(_SC_PAGESIZE);

	check("pages are 4096 bytes", page == 4096);
	check("length 0 is EINVAL", mmap(0, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED && errno == EINVAL);
	check("munmap off a page is EINVAL", munmap((void *)1, 4096) == -1 && errno == EINVAL);
	check("mprotect of nothing is ENOMEM", mprotect((void *)4096, 4096, PROT_READ) == -1 && errno == ENOMEM);
	check("a bad descriptor is EBADF", mmap(0, 4096, PROT_READ, MAP_PRIVATE, 77, 0) == MAP_FAILED && errno == EBADF);
	check("no flags is EINVAL", mmap(0, 4096, PROT_READ, MAP_ANONYMOUS, -1, 0) == MAP_FAILED && errno == EINVAL);
}

int main(void)
{
	heap();
	mappings();
	refusals();
	return 0;
}

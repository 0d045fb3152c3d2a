/* Asks for more of one thing than there is, and then goes on: hog files|folders|mappings. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static char name[64];

static const char *nth(int n)
{
	snprintf(name, sizeof name, "/tmp/%d", n);
	return name;
}

static int files(void)
{
	int n = 0;
	for (int fd; (fd = open(nth(n), O_CREAT | O_WRONLY, 0600)) >= 0; n++)
		close(fd);
	int error = errno;
	for (int i = 0; i < n; i++)
		unlink(nth(i));
	return error;
}

static int folders(void)
{
	int n = 0;
	while (mkdir(nth(n), 0700) == 0)
		n++;
	int error = errno;
	for (int i = 0; i < n; i++)
		rmdir(nth(i));
	return error;
}

static int mappings(void)
{
	for (int n = 0;; n++)
		if (mmap(0, 4096, n & 1 ? PROT_READ : PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED)
			return errno;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	int error = !strcmp(what, "files") ? files() : !strcmp(what, "folders") ? folders() : mappings();
	printf("%s: %s\n", what, strerror(error));
	fflush(stdout);
	/* The kernel and this program are alive, and memory is there again. */
	int again = strcmp(what, "mappings") ? mkdir("/tmp/again", 0700) : 0;
	printf("afterwards: %s\n", again ? strerror(errno) : "works");
	return 0;
}

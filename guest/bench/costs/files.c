/* Files and directories in memory. */
#include "costs.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char block[65536];

static char *new_file(const char *name)
{
	char *path = scratch(name);
	close((int)must(open(path, O_RDWR | O_CREAT, 0600)));
	return path;
}

static void open_close(long count)
{
	char *path = new_file("a");
	start();
	for (long i = 0; i < count; i++)
		close((int)must(open(path, O_RDONLY)));
	stop(count);
	unlink(path);
}

static void stat_file(long count)
{
	struct stat status;
	char *path = new_file("a");
	start();
	for (long i = 0; i < count; i++)
		must(stat(path, &status));
	stop(count);
	unlink(path);
}

static void stat_deep(long count)
{
	struct stat status;
	char *path = scratch("deep");
	must(mkdir(path, 0700));
	for (int depth = 1; depth < 8; depth++)
		must(mkdir(strcat(path, "/deeper"), 0700));
	start();
	for (long i = 0; i < count; i++)
		must(stat(path, &status));
	stop(count);
	for (int depth = 0; depth < 8; depth++) {
		must(rmdir(path));
		*strrchr(path, '/') = 0;
	}
}

static void stat_descriptor(long count)
{
	struct stat status;
	int fd = (int)must(open("/", O_RDONLY | O_DIRECTORY));
	start();
	for (long i = 0; i < count; i++)
		must(fstat(fd, &status));
	stop(count);
	close(fd);
}

static void create_and_remove(long count)
{
	char *path = scratch("c");
	start();
	for (long i = 0; i < count; i++) {
		close((int)must(open(path, O_RDWR | O_CREAT | O_EXCL, 0600)));
		must(unlink(path));
	}
	stop(count);
}

static void rename_file(long count)
{
	char *one = new_file("one"), *other = scratch("other");
	start();
	for (long i = 0; i < count; i++)
		must(i % 2 ? rename(other, one) : rename(one, other));
	stop(count);
	unlink(one);
	unlink(other);
}

static void transfer(long count, size_t size, int writes)
{
	char *path = scratch("f");
	int fd = (int)must(open(path, O_RDWR | O_CREAT, 0600));
	must(write(fd, block, size));
	start();
	for (long i = 0; i < count; i++)
		must(writes ? pwrite(fd, block, size, 0) : pread(fd, block, size, 0));
	stop(count);
	close(fd);
	unlink(path);
}

static void read_byte(long count)
{
	transfer(count, 1, 0);
}

static void write_byte(long count)
{
	transfer(count, 1, 1);
}

static void read_block(long count)
{
	transfer(count, sizeof block, 0);
}

static void write_block(long count)
{
	transfer(count, sizeof block, 1);
}

static long entries(int fd)
{
	long bytes, seen = 0;
	must(lseek(fd, 0, SEEK_SET));
	while ((bytes = must(syscall(SYS_getdents64, fd, block, 32768))) > 0)
		for (long at = 0; at < bytes; at += ((struct dirent64 *)(block + at))->d_reclen)
			seen++;
	return seen;
}

static void list_directory(long count)
{
	char names[100][32], *folder = scratch("list");
	long seen = 0;
	must(mkdir(folder, 0700));
	int fd = (int)must(open(folder, O_RDONLY | O_DIRECTORY));
	for (int i = 0; i < 100; i++) {
		snprintf(names[i], sizeof names[i], "entry%03d", i);
		close((int)must(openat(fd, names[i], O_CREAT | O_WRONLY, 0600)));
	}
	start();
	for (long i = 0; i < count; i++)
		seen += entries(fd);
	stop(count);
	for (int i = 0; i < 100; i++)
		unlinkat(fd, names[i], 0);
	close(fd);
	rmdir(folder);
	errno = EIO;
	if (seen != 102 * count)
		absent("the number of entries");
}

const struct row file_rows[] = {
	{ "open_close", 2000, open_close },
	{ "stat", 4000, stat_file },
	{ "stat_deep8", 2000, stat_deep },
	{ "fstat", 5000, stat_descriptor },
	{ "creat_unlink", 1000, create_and_remove },
	{ "rename", 1000, rename_file },
	{ "read1_file", 8000, read_byte },
	{ "write1_file", 8000, write_byte },
	{ "read64k_file", 200, read_block },
	{ "write64k_file", 200, write_block },
	{ "getdents100", 100, list_directory },
	{ 0 },
};

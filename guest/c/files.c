/* Files and directories under the folder given as the argument, and the errors of the calls on them. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void check(const char *what, int holds)
{
	printf("%s: %s\n", what, holds ? "yes" : "NO");
}

/* The result of a call as a name that does not differ between libcs. */
static const char *outcome(long result)
{
	static char text[32];
	if (result != -1)
		return "done";
	snprintf(text, sizeof text, "errno %d", errno);
	return text;
}

static int names_differ(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void list(const char *folder)
{
	char *names[64];
	int count = 0;
	DIR *open_folder = opendir(folder);
	struct dirent *entry;

	while (open_folder && count < 64 && (entry = readdir(open_folder)))
		names[count++] = strdup(entry->d_name);
	closedir(open_folder);
	qsort(names, count, sizeof names[0], names_differ);
	for (int i = 0; i < count; i++)
		printf(" %s", names[i]);
	puts("");
}

int main(int argc, char **argv)
{
	char buffer[64] = { 0 };
	struct stat data;
	int file;

	if (argc < 2 || chdir(argv[1]) != 0)
		return 2;
	file = open("a", O_CREAT | O_EXCL | O_RDWR, 0640);
	check("a file is made", file >= 0);
	printf("made again: %s\n", outcome(open("a", O_CREAT | O_EXCL, 0640)));
	check("write", write(file, "hello, world\n", 13) == 13);
	check("seek", lseek(file, 7, SEEK_SET) == 7 && read(file, buffer, 64) == 6 && !memcmp(buffer, "world\n", 6));
	check("end of file", read(file, buffer, 64) == 0);
	check("a hole reads as zeroes", pwrite(file, "x", 1, 10000) == 1 && pread(file, buffer, 4, 5000) == 4 && !buffer[0]);
	check("stat", fstat(file, &data) == 0 && data.st_size == 10001 && S_ISREG(data.st_mode) && data.st_nlink == 1);
	check("truncate", ftruncate(file, 5) == 0 && fstat(file, &data) == 0 && data.st_size == 5);
	check("append", write(open("a", O_WRONLY | O_APPEND), "!", 1) == 1 && stat("a", &data) == 0 && data.st_size == 6);
	check("descriptors are the lowest free", dup2(file, 20) == 20 && close(20) == 0 && close(file) == 0 && open("a", O_RDONLY) == file);
	printf("write to a reader: %s\n", outcome(write(file, "x", 1)));
	printf("seek of a pipe: %s\n", outcome(lseek(0, 0, SEEK_CUR)));
	check("folders", mkdir("d", 0755) == 0 && mkdir("d/e", 0700) == 0);
	printf("made again: %s\n", outcome(mkdir("d", 0755)));
	printf("rmdir of a full one: %s\n", outcome(rmdir("d")));
	printf("unlink of a folder: %s\n", outcome(unlink("d")));
	printf("below a file: %s\n", outcome(open("a/b", O_RDONLY)));
	printf("a folder to write: %s\n", outcome(open("d", O_WRONLY)));
	printf("O_DIRECTORY on a file: %s\n", outcome(open("a", O_DIRECTORY)));
	printf("no such: %s\n", outcome(open("nothing", O_RDONLY)));
	check("rename", rename("a", "d/b") == 0 && access("a", F_OK) == -1 && access("d/b", F_OK) == 0);
	check("hard link", link("d/b", "c") == 0 && stat("c", &data) == 0 && data.st_nlink == 2);
	check("symbolic link", symlink("d/b", "s") == 0 && readlink("s", buffer, 64) == 3 && stat("s", &data) == 0 && data.st_size == 6);
	check("lstat sees the link", lstat("s", &data) == 0 && S_ISLNK(data.st_mode) && data.st_size == 3);
	check("a loop", symlink("loop", "loop") == 0);
	printf("through the loop: %s\n", outcome(open("loop", O_RDONLY)));
	printf("O_NOFOLLOW: %s\n", outcome(open("s", O_RDONLY | O_NOFOLLOW)));
	list(".");
	list("d");
	check("an open file outlives its name", unlink("d/b") == 0 && unlink("c") == 0 && pread(file, buffer, 5, 0) == 5 && !memcmp(buffer, "hello", 5));
	check("all goes", unlink("s") == 0 && unlink("loop") == 0 && rmdir("d/e") == 0 && rmdir("d") == 0);
	list(".");
	check("cwd", getcwd(buffer, sizeof buffer) && !strcmp(buffer, argv[1]));
	return 0;
}

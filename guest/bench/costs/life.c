/* Threads and processes from their beginning to their end. */
#include "costs.h"
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void *nothing(void *argument)
{
	return argument;
}

static void threads(long count)
{
	pthread_t thread;
	start();
	for (long i = 0; i < count; i++) {
		if ((errno = pthread_create(&thread, 0, nothing, 0)))
			absent("pthread_create");
		pthread_join(thread, 0);
	}
	stop(count);
}

static void await(pid_t pid)
{
	int status;
	must(waitpid(pid, &status, 0));
	errno = ECHILD;
	if (status)
		absent("the child's end");
}

static void forks(long count)
{
	start();
	for (long i = 0; i < count; i++) {
		pid_t pid = (pid_t)must(fork());
		if (pid == 0)
			_exit(0);
		await(pid);
	}
	stop(count);
}

static void forks_with_16_mib(long count)
{
	size_t bytes = 16 << 20;
	char *memory = (char *)must(mmap(0, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	madvise(memory, bytes, MADV_NOHUGEPAGE);
	memset(memory, 1, bytes);
	forks(count);
	munmap(memory, bytes);
}

/* The least program: headers, then exit(0). */
static char *least_program(void)
{
	static const unsigned char code[] = { 0xb8, 60, 0, 0, 0, 0x31, 0xff, 0x0f, 0x05 };
	struct {
		Elf64_Ehdr header;
		Elf64_Phdr segment;
		unsigned char code[sizeof code];
	} file = {
		.header = { .e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
			.e_type = ET_EXEC, .e_machine = EM_X86_64, .e_version = EV_CURRENT,
			.e_entry = 0x400000 + sizeof(Elf64_Ehdr) + sizeof(Elf64_Phdr), .e_phoff = sizeof(Elf64_Ehdr),
			.e_ehsize = sizeof(Elf64_Ehdr), .e_phentsize = sizeof(Elf64_Phdr), .e_phnum = 1 },
		.segment = { .p_type = PT_LOAD, .p_flags = PF_R | PF_X, .p_vaddr = 0x400000, .p_paddr = 0x400000,
			.p_filesz = 129, .p_memsz = 129, .p_align = 4096 },
	};
	char *path = scratch("least");
	memcpy(file.code, code, sizeof code);
	int fd = (int)must(open(path, O_WRONLY | O_CREAT | O_TRUNC, 0755));
	must(write(fd, &file, 129));
	close(fd);
	return path;
}

enum way { FORK, VFORK, SPAWN };

static pid_t begin_program(enum way way, const char *path, char **arguments)
{
	char *environment[] = { 0 };
	pid_t pid;
	if (way == SPAWN) {
		if ((errno = posix_spawn(&pid, path, 0, 0, arguments, environment)))
			absent("posix_spawn");
		return pid;
	}
	pid = way == FORK ? fork() : vfork();
	if (pid == 0) {
		execve(path, arguments, environment);
		_exit(127);
	}
	return (pid_t)must(pid);
}

static void programs(enum way way, const char *path, char **arguments, long count)
{
	start();
	for (long i = 0; i < count; i++)
		await(begin_program(way, path, arguments));
	stop(count);
}

static void least_programs(enum way way, long count)
{
	char *path = least_program(), *arguments[] = { path, 0 };
	programs(way, path, arguments, count);
	unlink(path);
}

static void fork_exec(long count)
{
	least_programs(FORK, count);
}

static void vfork_exec(long count)
{
	least_programs(VFORK, count);
}

static void spawn(long count)
{
	least_programs(SPAWN, count);
}

static void fork_exec_itself(long count)
{
	char *arguments[] = { "costs", "--exit", 0 };
	programs(FORK, "/proc/self/exe", arguments, count);
}

const struct row life_rows[] = {
	{ "pthread_create_join", 200, threads },
	{ "fork_exit_wait", 60, forks },
	{ "fork16m_exit_wait", 10, forks_with_16_mib },
	{ "fork_exec_wait", 60, fork_exec },
	{ "vfork_exec_wait", 60, vfork_exec },
	{ "posix_spawn_wait", 60, spawn },
	{ "fork_execself_wait", 30, fork_exec_itself },
	{ 0 },
};

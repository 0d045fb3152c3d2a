/*
 * Calls of many kinds, for a listing of them that is compared with strace's. Nothing that it does depends on time or chance.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void caught(int number)
{
	(void)number;
}

static void files(void)
{
	struct iovec pieces[2] = { { "one, ", 5 }, { "two\n", 4 } };
	struct stat status;
	char text[64];
	int fd = open("/tmp/a traced file", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
	writev(fd, pieces, 2);
	pwrite(fd, "\1\2" "7\t\"\\\377", 7, 100);
	pread(fd, text, 64, 0);
	lseek(fd, 0, SEEK_END);
	fcntl(fd, F_GETFL);
	fcntl(fd, F_SETFD, 0);
	ftruncate(fd, 10);
	chmod("/tmp/a traced file", 04755);
	access("/tmp/a traced file", R_OK | X_OK);
	mkdir("/tmp/a traced file", 0755);
	unlink("/tmp/a traced file");
	stat("/tmp/no such file", &status);
	stat("/proc", &status);
	close(fd);
	close(fd);
}

static void memory(void)
{
	void *block = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	mprotect(block, 4096, PROT_NONE);
	madvise(block, 8192, MADV_DONTNEED);
	munmap(block, 8192);
	mmap((void *)65536, 4096, PROT_READ, MAP_SHARED | MAP_FIXED, 77, 0);
}

static void signals(void)
{
	struct sigaction action = { .sa_handler = caught, .sa_flags = SA_RESTART | SA_ONSTACK };
	struct timespec time = { 0, 1000 };
	sigset_t set, old;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGTERM);
	sigaction(SIGUSR1, &action, 0);
	sigprocmask(SIG_BLOCK, &set, 0);
	sigprocmask(SIG_SETMASK, &set, &old);
	sigprocmask(SIG_UNBLOCK, &set, 0);
	kill(0x7fffffff, SIGUSR1);
	syscall(SYS_nanosleep, &time, 0);
}

static void streams(void)
{
	struct rlimit limit = { 100, 200 };
	struct pollfd asked = { .events = POLLIN | POLLPRI };
	int ends[2];
	char text[8];
	pipe2(ends, O_NONBLOCK);
	read(ends[0], text, 8);
	write(ends[1], "abc", 3);
	asked.fd = ends[0];
	syscall(SYS_poll, &asked, 1, 100);
	read(ends[0], text, 8);
	setrlimit(RLIMIT_CORE, &limit);
	syscall(SYS_dup2, ends[0], 50);
}

static void processes(void)
{
	int status;
	if (vfork() == 0)
		_exit(3);
	syscall(SYS_wait4, -1, &status, 0, 0);
	syscall(SYS_wait4, -1, &status, WNOHANG, 0);
}

int main(void)
{
	files();
	memory();
	signals();
	streams();
	processes();
	_exit(9);
}

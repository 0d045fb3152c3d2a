/* Pseudo-terminals and job control: what pty(7), termios(3), ioctl_tty(2) and credentials(7) say. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

static const char *name(int result)
{
	return result < 0 ? strerrorname_np(errno) : "ok";
}

/* Prints what a read gives. */
static void show(const char *what, int fd)
{
	char buffer[200];
	ssize_t count = read(fd, buffer, sizeof buffer);
	printf("%s: %zd", what, count);
	if (count < 0)
		printf(" %s", strerrorname_np(errno));
	for (ssize_t i = 0; i < count; i++)
		printf(buffer[i] < ' ' || buffer[i] > '~' ? " %02x" : " %c", (unsigned char)buffer[i]);
	printf("\n");
}

static int events(int fd)
{
	struct pollfd entry = {.fd = fd, .events = POLLIN | POLLOUT | POLLPRI};
	poll(&entry, 1, 0);
	return entry.revents;
}

/* Waits until something can be read. */
static void await(int fd)
{
	struct pollfd entry = {.fd = fd, .events = POLLIN};
	poll(&entry, 1, 10000);
}

static void type(int master, const char *keys)
{
	if (write(master, keys, strlen(keys)) < 0)
		perror("write");
}

static void raw(int fd, int minimum, int tenths)
{
	struct termios settings;
	tcgetattr(fd, &settings);
	cfmakeraw(&settings);
	settings.c_cc[VMIN] = minimum;
	settings.c_cc[VTIME] = tenths;
	tcsetattr(fd, TCSANOW, &settings);
}

static void names(void)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY), slave, number = -1, locked = -1;
	char path[64], link[64];
	struct stat status;
	printf("number: %s, ", name(ioctl(master, TIOCGPTN, &number)));
	snprintf(path, sizeof path, "/dev/pts/%d", number);
	printf("same: %d\n", strcmp(path, ptsname(master)) == 0);
	ioctl(master, TIOCGPTLCK, &locked);
	printf("locked: %d, open: %s\n", locked, name(open(path, O_RDWR | O_NOCTTY)));
	printf("unlock: %s\n", name(unlockpt(master)));
	slave = open(path, O_RDWR | O_NOCTTY);
	fstat(slave, &status);
	printf("device: %d %d, type %o, tty %d %d\n", status.st_rdev >> 8 == 136, (status.st_rdev & 0xff) == (unsigned)number,
	       status.st_mode & S_IFMT, isatty(slave), isatty(master));
	printf("ttyname: %d\n", strcmp(ttyname(slave) ?: "none", path) == 0);
	snprintf(link, sizeof link, "/proc/self/fd/%d", slave);
	char target[64] = "";
	int linked = readlink(link, target, sizeof target - 1) > 0;
	printf("link: %d, %d\n", linked, strcmp(target, path) == 0);
	int peer = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY);
	printf("peer: %s, %d\n", name(peer), strcmp(ttyname(peer) ?: "none", path) == 0);
	printf("seek: %s\n", name(lseek(slave, 0, SEEK_SET)));
	close(master);
	printf("gone: %s\n", name(open(path, O_RDWR | O_NOCTTY)));
	show("read after the hang-up", slave);
	printf("write: %s, ", name(write(slave, "x", 1)));
	printf("ioctl: %s, poll: %#x\n", name(tcgetpgrp(slave)), events(slave));
	close(slave);
	close(peer);
}

static void reading(void)
{
	int master, slave;
	struct winsize size = {.ws_row = 30, .ws_col = 90}, other;
	openpty(&master, &slave, NULL, NULL, &size);
	ioctl(slave, TIOCGWINSZ, &other);
	printf("size: %d %d\n", other.ws_row, other.ws_col);
	printf("poll: %#x %#x\n", events(master), events(slave));
	type(master, "a line\nand \x7fmore");
	await(slave);
	printf("poll: %#x\n", events(slave));
	show("line", slave);
	await(master);
	show("echo", master);
	type(master, "\n\x04");
	await(slave);
	show("line", slave);
	show("end", slave);
	show("echo", master);
	int flags = fcntl(slave, F_GETFL);
	fcntl(slave, F_SETFL, flags | O_NONBLOCK);
	show("nothing", slave);
	raw(slave, 0, 0);
	show("nothing, raw without a minimum", slave);
	raw(slave, 3, 0);
	type(master, "ab");
	while (ioctl(slave, FIONREAD, &flags) == 0 && flags < 2)
		;
	printf("poll below the minimum: %#x\n", events(slave));
	show("two", slave);
	fcntl(slave, F_SETFL, O_RDWR);
	type(master, "abc");
	await(slave);
	show("three", slave);
	raw(slave, 5, 1);
	type(master, "xy");
	show("until a tenth passes", slave);
	raw(slave, 0, 1);
	show("a tenth of nothing", slave);
	if (write(slave, "out\n", 4) == 4)
		show("raw output", master);
	close(slave);
	printf("no slave: %#x\n", events(master));
	show("no slave", master);
	close(master);
}

static void packets(void)
{
	int master, slave, on = 1;
	struct termios settings;
	openpty(&master, &slave, NULL, NULL, NULL);
	printf("packets: %s\n", name(ioctl(master, TIOCPKT, &on)));
	if (write(slave, "data", 4) == 4)
		show("data", master);
	tcflow(slave, TCOOFF);
	printf("poll: %#x\n", events(master));
	show("stopped", master);
	tcflow(slave, TCOON);
	show("started", master);
	tcflush(slave, TCIFLUSH);
	show("flushed", master);
	tcgetattr(slave, &settings);
	settings.c_iflag &= ~IXON;
	tcsetattr(slave, TCSANOW, &settings);
	show("no flow control", master);
	close(slave);
	close(master);
}

static volatile sig_atomic_t seen;

static void note(int signal)
{
	seen = signal;
}

static void sessions(void)
{
	int master, slave, status, ready[2];
	char byte;
	openpty(&master, &slave, NULL, NULL, NULL);
	if (pipe(ready) < 0)
		return;
	fflush(stdout);
	pid_t leader = fork();
	if (leader == 0) {
		printf("not mine: %s, %s\n", name(tcgetpgrp(slave)), name(tcgetsid(slave)));
		printf("no leader: %s\n", name(ioctl(slave, TIOCSCTTY, 0)));
		setsid();
		printf("no terminal: %s\n", name(open("/dev/tty", O_RDWR)));
		printf("control: %s, again: %s\n", name(ioctl(slave, TIOCSCTTY, 0)), name(ioctl(slave, TIOCSCTTY, 0)));
		printf("mine: %d %d\n", tcgetpgrp(slave) == getpid(), tcgetsid(slave) == getpid());
		int tty = open("/dev/tty", O_RDWR);
		struct stat node;
		fstat(tty, &node);
		printf("/dev/tty: %#lx, %d\n", (long)node.st_rdev, tcgetpgrp(tty) == getpid());
		fflush(stdout);
		/* A process in the background. */
		pid_t background = fork();
		if (background == 0) {
			setpgid(0, 0);
			signal(SIGTTIN, SIG_IGN);
			printf("ignored: %s\n", name(read(slave, &byte, 1)));
			printf("write: %s\n", name(write(slave, "b", 1)));
			fflush(stdout);
			signal(SIGTTIN, SIG_DFL);
			printf("read: %s\n", name(read(slave, &byte, 1)));
			fflush(stdout);
			printf("take the foreground: %s\n", name(tcsetpgrp(slave, getpid())));
			fflush(stdout);
			if (write(ready[1], "r", 1) == 1)
				pause();
			_exit(0);
		}
		waitpid(background, &status, WUNTRACED);
		printf("stopped by %s\n", sigabbrev_np(WSTOPSIG(status)));
		printf("foreground: %s, ", name(tcsetpgrp(slave, background)));
		printf("nobody: %s, ", name(tcsetpgrp(slave, 4194000)));
		signal(SIGTTOU, SIG_IGN);
		printf("other session: %s\n", name(tcsetpgrp(slave, getppid())));
		type(master, "k\n");
		fflush(stdout);
		kill(background, SIGCONT);
		waitpid(background, &status, WCONTINUED);
		/* It takes the foreground, where it is, and is interrupted by the key. */
		printf("ready: %s\n", name(read(ready[0], &byte, 1)));
		type(master, "\x03");
		waitpid(background, &status, 0);
		printf("killed by %s\n", sigabbrev_np(WTERMSIG(status)));
		tcsetpgrp(slave, getpid());
		signal(SIGWINCH, note);
		struct winsize size = {.ws_row = 1, .ws_col = 2};
		ioctl(master, TIOCSWINSZ, &size);
		printf("new size: %s\n", sigabbrev_np(seen));
		seen = SIGALRM;
		ioctl(master, TIOCSWINSZ, &size);
		printf("same size: %s\n", sigabbrev_np(seen));
		signal(SIGHUP, note);
		signal(SIGCONT, note);
		const char *given = name(ioctl(slave, TIOCNOTTY));
		printf("give up: %s, %s\n", given, seen == SIGALRM ? "no signal" : "a signal");
		printf("not mine: %s\n", name(tcgetpgrp(slave)));
		printf("control: %s\n", name(ioctl(slave, TIOCSCTTY, 0)));
		signal(SIGHUP, SIG_DFL);
		fflush(stdout);
		_exit(7);
	}
	waitpid(leader, &status, 0);
	printf("leader: %d\n", WEXITSTATUS(status));
	close(master);
	close(slave);
}

static void hang_up(void)
{
	int master, slave, status;
	openpty(&master, &slave, NULL, NULL, NULL);
	fflush(stdout);
	pid_t leader = fork();
	if (leader == 0) {
		close(master);
		setsid();
		ioctl(slave, TIOCSCTTY, 0);
		if (write(slave, "go", 2) == 2)
			for (;;)
				pause();
		_exit(0);
	}
	close(slave);
	show("greeting", master);
	close(master);
	waitpid(leader, &status, 0);
	printf("the leader is killed by %s\n", sigabbrev_np(WTERMSIG(status)));

	/* The end of a leader: its foreground is told, and the terminal is free. */
	int report[2];
	openpty(&master, &slave, NULL, NULL, NULL);
	if (pipe(report) < 0)
		return;
	leader = fork();
	if (leader == 0) {
		setsid();
		ioctl(slave, TIOCSCTTY, 0);
		if (fork() == 0) {
			sigset_t hup;
			int got = 0;
			sigemptyset(&hup);
			sigaddset(&hup, SIGHUP);
			sigprocmask(SIG_BLOCK, &hup, NULL);
			type(master, "x"); /* ready */
			sigwait(&hup, &got);
			const char *text = got == SIGHUP ? "HUP" : "?";
			if (write(report[1], text, strlen(text)) < 0)
				_exit(1);
			_exit(0);
		}
		await(master); /* the echo */
		_exit(0);
	}
	waitpid(leader, &status, 0);
	show("the foreground got", report[0]);
	printf("free: %s\n", name(tcgetsid(master)));
	close(master);
	close(slave);
}

int main(void)
{
	names();
	reading();
	packets();
	hang_up();
	sessions();
	return 0;
}

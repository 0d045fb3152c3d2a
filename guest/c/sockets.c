/* Unix sockets by the rules of unix(7). */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static char big[300000];

static void check(const char *what, int holds)
{
	printf("%s: %s\n", what, holds ? "yes" : "NO");
}

static int fails(long result, int error)
{
	return result == -1 && errno == error;
}

static int bits(int fd)
{
	struct pollfd one = { fd, POLLIN | POLLOUT | POLLRDHUP, 0 };

	poll(&one, 1, 0);
	return one.revents;
}

static int held(int fd)
{
	int count = -1;

	ioctl(fd, FIONREAD, &count);
	return count;
}

static int number(int fd, int option)
{
	int value = -1;
	socklen_t length = sizeof value;

	return getsockopt(fd, SOL_SOCKET, option, &value, &length) == 0 ? value : -1;
}

static void streams(void)
{
	int s[2], fd = socket(AF_UNIX, SOCK_STREAM, 0);
	struct stat data;

	check("unconnected", bits(fd) == (POLLOUT | POLLHUP) && fails(read(fd, big, 1), EINVAL) && fails(write(fd, big, 1), ENOTCONN) &&
	      fails(listen(fd, 1), EINVAL) && fails(accept(fd, 0, 0), EINVAL));
	close(fd);
	check("pair", socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, s) == 0 && fcntl(s[0], F_GETFD) == FD_CLOEXEC &&
	      fstat(s[0], &data) == 0 && S_ISSOCK(data.st_mode));
	check("both ways", write(s[0], "abc", 3) == 3 && write(s[1], "de", 2) == 2 && read(s[0], big, 9) == 2 && read(s[1], big, 9) == 3);
	check("empty is EAGAIN", fails(read(s[0], big, 1), EAGAIN) && bits(s[0]) == POLLOUT);
	check("writes are not kept apart", write(s[0], "abc", 3) == 3 && write(s[0], "def", 3) == 3 && held(s[1]) == 6 && read(s[1], big, 5) == 5 &&
	      !memcmp(big, "abcde", 5) && read(s[1], big, 9) == 1);
	check("peek", send(s[0], "abc", 3, 0) == 3 && recv(s[1], big, 2, MSG_PEEK) == 2 && recv(s[1], big, 9, MSG_PEEK) == 3 && read(s[1], big, 9) == 3 &&
	      fails(recv(s[1], big, 9, MSG_PEEK), EAGAIN));
	check("large writes go in part", write(s[0], big, sizeof big) > 60000 && fails(write(s[0], big, 1), EAGAIN) && bits(s[0]) == 0);
	while (read(s[1], big, sizeof big) > 0)
		;
	check("and then there is room", bits(s[0]) == POLLOUT);
	check("shut for reading", shutdown(s[0], SHUT_RD) == 0 && bits(s[0]) == (POLLIN | POLLOUT | POLLRDHUP) && read(s[0], big, 1) == 0 &&
	      fails(send(s[1], "x", 1, MSG_NOSIGNAL), EPIPE));
	check("shut for writing", shutdown(s[0], SHUT_WR) == 0 && (bits(s[0]) & POLLHUP) && read(s[1], big, 1) == 0 && (bits(s[1]) & POLLRDHUP));
	close(s[0]);
	close(s[1]);
	socketpair(AF_UNIX, SOCK_STREAM, 0, s);
	write(s[0], "unread", 6);
	write(s[1], "last", 4);
	close(s[1]);
	check("what was sent is there after the end", read(s[0], big, 9) == 4);
	check("what was not read is told", (bits(s[0]) & (POLLERR | POLLHUP)) == (POLLERR | POLLHUP) && fails(read(s[0], big, 9), ECONNRESET) &&
	      read(s[0], big, 9) == 0 && fails(send(s[0], "x", 1, MSG_NOSIGNAL), EPIPE));
	close(s[0]);
	check("nobody else", fails(socket(AF_UNIX, 7, 0), ESOCKTNOSUPPORT) && fails(socket(AF_UNIX, SOCK_STREAM, 9), EPROTONOSUPPORT));
}

static void records(int type)
{
	int s[2];
	struct iovec pieces[2] = { { big, 2 }, { big + 100, 100 } };
	struct msghdr message = { .msg_iov = pieces, .msg_iovlen = 2 };

	check(type == SOCK_DGRAM ? "datagrams" : "packets", socketpair(AF_UNIX, type | SOCK_NONBLOCK, 0, s) == 0);
	check("are kept apart", write(s[0], "abc", 3) == 3 && write(s[0], "de", 2) == 2 && write(s[0], "", 0) == 0 && read(s[1], big, 99) == 3 &&
	      read(s[1], big, 99) == 2 && read(s[1], big, 99) == 0 && fails(read(s[1], big, 99), EAGAIN));
	check("and cut", write(s[0], "abcdef", 6) == 6 && write(s[0], "gh", 2) == 2 && recv(s[1], big, 2, MSG_TRUNC) == 6 && read(s[1], big, 9) == 2);
	check("in pieces", write(s[0], "abcdef", 6) == 6 && recvmsg(s[1], &message, 0) == 6 && big[1] == 'b' && big[100] == 'c' && message.msg_flags == 0);
	pieces[1].iov_len = 1;
	check("cut in pieces", write(s[0], "abcdef", 6) == 6 && recvmsg(s[1], &message, 0) == 3 && message.msg_flags == MSG_TRUNC);
	check("too large is EMSGSIZE", fails(write(s[0], big, 213000), EMSGSIZE));
	check("a large one is whole", write(s[0], big, 200000) == 200000 && read(s[1], big, sizeof big) == 200000);
	close(s[0]);
	close(s[1]);
}

static void *connect_twice(void *address)
{
	for (int i = 0; i < 2; i++) {
		int fd = socket(AF_UNIX, SOCK_STREAM, 0);
		char answer[8] = { 0 };

		if (connect(fd, address, sizeof(struct sockaddr_un)) != 0 || write(fd, "ask", 3) != 3 || read(fd, answer, 8) != 6)
			return "failed";
		close(fd);
	}
	return "done";
}

static void names(const char *folder)
{
	struct sockaddr_un name = { AF_UNIX, "" }, other;
	socklen_t length = sizeof other;
	int listener = socket(AF_UNIX, SOCK_STREAM, 0), fd, client, datagram = socket(AF_UNIX, SOCK_DGRAM, 0), from;
	struct ucred owner;
	struct stat data;
	pthread_t thread;
	void *result;

	snprintf(name.sun_path, sizeof name.sun_path, "%s/s", folder);
	unlink(name.sun_path);
	check("bind makes a file", bind(listener, (void *)&name, sizeof name) == 0 && stat(name.sun_path, &data) == 0 && S_ISSOCK(data.st_mode));
	check("twice is EADDRINUSE", fails(bind(datagram, (void *)&name, sizeof name), EADDRINUSE));
	client = socket(AF_UNIX, SOCK_STREAM, 0);
	check("nobody listens", fails(connect(client, (void *)&name, sizeof name), ECONNREFUSED));
	check("listen", listen(listener, 5) == 0 && number(listener, SO_ACCEPTCONN) == 1 && bits(listener) == 0);
	check("another type is EPROTOTYPE", fails(connect(datagram, (void *)&name, sizeof name), EPROTOTYPE));
	check("connect", connect(client, (void *)&name, sizeof name) == 0 && bits(listener) == POLLIN && write(client, "hi", 2) == 2);
	check("twice is EISCONN", fails(connect(client, (void *)&name, sizeof name), EISCONN));
	fd = accept4(listener, (void *)&other, &length, SOCK_CLOEXEC);
	check("accept", fd >= 0 && length == 2 && other.sun_family == AF_UNIX && read(fd, big, 9) == 2);
	length = sizeof other;
	check("the server's name", getsockname(fd, (void *)&other, &length) == 0 && length == offsetof(struct sockaddr_un, sun_path) + strlen(name.sun_path) + 1 &&
	      !strcmp(other.sun_path, name.sun_path));
	length = sizeof other;
	check("the peer's name", getpeername(client, (void *)&other, &length) == 0 && !strcmp(other.sun_path, name.sun_path));
	length = sizeof owner;
	check("the peer's owner", getsockopt(client, SOL_SOCKET, SO_PEERCRED, &owner, &length) == 0 && owner.pid == getpid() && owner.uid == geteuid());
	close(fd);
	close(client);
	pthread_create(&thread, 0, connect_twice, &name);
	for (int i = 0; i < 2; i++) {
		fd = accept(listener, 0, 0);
		check("a connection is accepted", fd >= 0 && read(fd, big, 9) == 3 && write(fd, "answer", 6) == 6);
		check("until it ends", read(fd, big, 9) == 0);
		close(fd);
	}
	pthread_join(thread, &result);
	check("the other side is content", !strcmp(result, "done"));
	client = socket(AF_UNIX, SOCK_STREAM, 0);
	connect(client, (void *)&name, sizeof name);
	close(listener);
	check("who was never accepted is told", fails(read(client, big, 1), ECONNRESET));
	close(client);
	client = socket(AF_UNIX, SOCK_STREAM, 0);
	check("a name without a socket", fails(connect(client, (void *)&name, sizeof name), ECONNREFUSED));
	unlink(name.sun_path);
	check("no name", fails(connect(client, (void *)&name, sizeof name), ENOENT));
	close(client);

	memcpy(name.sun_path, "\0here", 5);
	check("abstract names", bind(datagram, (void *)&name, 7) == 0);
	from = socket(AF_UNIX, SOCK_DGRAM, 0);
	check("are in use", fails(bind(from, (void *)&name, 7), EADDRINUSE));
	check("any name", bind(from, (void *)&name, 2) == 0);
	length = sizeof other;
	check("is five digits", getsockname(from, (void *)&other, &length) == 0 && length == 8 && other.sun_path[0] == 0);
	check("datagrams go by name", sendto(from, "x", 1, 0, (void *)&name, 7) == 1);
	length = sizeof other;
	check("and tell from whom", recvfrom(datagram, big, 9, 0, (void *)&other, &length) == 1 && length == 8);
	check("to whom one may answer", sendto(datagram, "yz", 2, 0, (void *)&other, length) == 2 && read(from, big, 9) == 2);
	check("or be connected", connect(from, (void *)&name, 7) == 0 && write(from, "x", 1) == 1 && read(datagram, big, 9) == 1);
	close(datagram);
	check("until the other is gone", fails(write(from, "x", 1), ECONNREFUSED) && fails(write(from, "x", 1), ENOTCONN));
	close(from);
}

static long send_files(int to, const int *files, int count, const char *text)
{
	char control[CMSG_SPACE(sizeof(int) * 300)] = { 0 };
	struct iovec piece = { (void *)text, strlen(text) };
	struct msghdr message = { .msg_iov = &piece, .msg_iovlen = 1, .msg_control = control, .msg_controllen = CMSG_SPACE(sizeof(int) * count) };
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int) * count);
	memcpy(CMSG_DATA(header), files, sizeof(int) * count);
	return syscall(SYS_sendmsg, to, &message, MSG_NOSIGNAL); /* musl's takes fewer */
}

/* Receives with room for so many files; what came goes to `files`, how many to `count`. */
static long receive_files(int from, int room, int *files, int *count, int flags, int *told)
{
	char control[CMSG_SPACE(sizeof(int) * 300)] = { 0 };
	struct iovec piece = { big, 100 };
	struct msghdr message = { .msg_iov = &piece, .msg_iovlen = 1, .msg_control = control, .msg_controllen = room ? CMSG_LEN(sizeof(int) * room) : 0 };
	long result = recvmsg(from, &message, flags);

	*count = 0;
	*told = message.msg_flags;
	for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header))
		if (header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS) {
			*count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
			memcpy(files, CMSG_DATA(header), *count * sizeof(int));
		}
	return result;
}

static void rights(void)
{
	int s[2], p[2], files[300], count, told, many[300];

	socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, s);
	pipe(p);
	check("a descriptor travels", send_files(s[0], &p[0], 1, "one") == 3 && receive_files(s[1], 1, files, &count, MSG_CMSG_CLOEXEC, &told) == 3 &&
	      count == 1 && told == MSG_CMSG_CLOEXEC && fcntl(files[0], F_GETFD) == FD_CLOEXEC);
	check("and is the same file", write(p[1], "x", 1) == 1 && read(files[0], big, 9) == 1);
	close(files[0]);
	check("two", send_files(s[0], p, 2, "two") == 3 && receive_files(s[1], 4, files, &count, 0, &told) == 3 && count == 2 && told == 0);
	close(files[0]);
	close(files[1]);
	check("what has no room is closed", send_files(s[0], p, 2, "cut") == 3 && receive_files(s[1], 1, files, &count, 0, &told) == 3 && count == 1 &&
	      told == MSG_CTRUNC);
	close(files[0]);
	check("also without any", send_files(s[0], &p[1], 1, "none") == 4 && read(s[1], big, 9) == 4);
	send_files(s[0], &p[1], 1, "on the way");
	close(p[1]);
	check("on its way it is open", bits(p[0]) == 0);
	check("reading stops behind descriptors", write(s[0], "more", 4) == 4 && receive_files(s[1], 1, files, &count, 0, &told) == 10 && count == 1);
	close(files[0]);
	check("and goes on after", read(s[1], big, 9) == 4);
	check("the pipe has ended", bits(p[0]) == POLLHUP);
	check("no descriptor is EBADF", fails(send_files(s[0], (int[]){ 999 }, 1, "x"), EBADF));
	for (int i = 0; i < 300; i++)
		many[i] = p[0];
	check("254 are too many", fails(send_files(s[0], many, 254, "x"), EINVAL) && send_files(s[0], many, 253, "x") == 1);
	send_files(s[0], &s[1], 1, "itself");
	close(p[0]);
	close(s[0]);
	close(s[1]);
}

static void credentials(void)
{
	int s[2], on = 1;
	char control[CMSG_SPACE(sizeof(struct ucred))] = { 0 };
	struct iovec piece = { big, 100 };
	struct msghdr message = { .msg_iov = &piece, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control };
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	struct ucred who = { getpid(), getuid(), getgid() };
	pid_t child;

	socketpair(AF_UNIX, SOCK_DGRAM, 0, s);
	setsockopt(s[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof on);
	check("credentials are wanted", number(s[1], SO_PASSCRED) == 1 && number(s[0], SO_PASSCRED) == 0);
	child = fork();
	if (!child)
		_exit(write(s[0], "child", 5) != 5);
	waitpid(child, 0, 0);
	check("and told", recvmsg(s[1], &message, 0) == 5 && header->cmsg_type == SCM_CREDENTIALS && message.msg_controllen == sizeof control &&
	      ((struct ucred *)CMSG_DATA(header))->pid == child);
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_CREDENTIALS;
	header->cmsg_len = CMSG_LEN(sizeof who);
	memcpy(CMSG_DATA(header), &who, sizeof who);
	piece.iov_len = 2;
	check("or given", sendmsg(s[0], &message, 0) == 2);
	piece.iov_len = 100;
	check("and told again", recvmsg(s[1], &message, 0) == 2 && ((struct ucred *)CMSG_DATA(header))->pid == getpid());
	close(s[0]);
	close(s[1]);
}

static void waiting(void)
{
	int s[2], size = 5000, epoll = epoll_create1(0);
	struct timeval soon = { 0, 20000 }, told;
	socklen_t length = sizeof told;
	struct epoll_event event = { .events = EPOLLIN | EPOLLRDHUP | EPOLLET };
	pid_t child;
	long total = 0, count;

	socketpair(AF_UNIX, SOCK_STREAM, 0, s);
	check("a timeout is kept", setsockopt(s[0], SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof soon) == 0 &&
	      getsockopt(s[0], SOL_SOCKET, SO_RCVTIMEO, &told, &length) == 0 && told.tv_usec == 20000);
	check("and ends a wait", fails(read(s[0], big, 1), EAGAIN));
	check("not to wait", fails(recv(s[1], big, 1, MSG_DONTWAIT), EAGAIN));
	check("buffers are doubled", setsockopt(s[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof size) == 0 && number(s[0], SO_SNDBUF) == 10000);
	check("the type is told", number(s[0], SO_TYPE) == SOCK_STREAM && number(s[0], SO_DOMAIN) == AF_UNIX && number(s[0], SO_ERROR) == 0);
	check("the peer's end is an edge", epoll_ctl(epoll, EPOLL_CTL_ADD, s[1], &event) == 0 && epoll_wait(epoll, &event, 1, 0) == 0);
	child = fork();
	if (!child) {
		close(s[1]);
		memset(big, 'c', sizeof big);
		_exit(write(s[0], big, 100000) != 100000);
	}
	close(s[0]);
	check("all that is asked for", recv(s[1], big, 50000, MSG_WAITALL) == 50000 && big[49999] == 'c');
	while ((count = read(s[1], big, 777)) > 0)
		total += count;
	check("the rest, to the end", total == 50000);
	waitpid(child, 0, 0);
	check("which is an event", epoll_wait(epoll, &event, 1, 0) == 1 && (event.events & EPOLLRDHUP));
	close(s[1]);
	close(epoll);
}

int main(int argc, char **argv)
{
	streams();
	records(SOCK_DGRAM);
	records(SOCK_SEQPACKET);
	names(argc > 1 ? argv[1] : "/tmp");
	rights();
	credentials();
	waiting();
	return 0;
}

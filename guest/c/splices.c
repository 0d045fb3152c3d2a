// Bytes that move between pipes and files without the program: splice(2), tee(2), vmsplice(2).
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

static void check(const char *what, int holds) {
    printf("%s: %s\n", what, holds ? "yes" : "NO");
}

static int waiting(int fd) {
    int bytes = -1;
    return ioctl(fd, FIONREAD, &bytes) == 0 ? bytes : -1;
}

static int reads(int fd, const char *wanted) {
    char text[64] = {0};
    ssize_t count = read(fd, text, sizeof text);
    return count == (ssize_t)strlen(wanted) && memcmp(text, wanted, count) == 0;
}

static void new_pipe(int ends[2]) {
    if (pipe(ends) != 0) exit(1);
}

static void put(int fd, const char *text) {
    if (write(fd, text, strlen(text)) != (ssize_t)strlen(text)) exit(1);
}

static int a_file(const char *text) {
    char name[] = "/tmp/splices-XXXXXX";
    int fd = mkstemp(name);
    unlink(name);
    put(fd, text);
    lseek(fd, 0, SEEK_SET);
    return fd;
}

static void files(void) {
    int p[2], file = a_file("0123456789"), out = a_file("----------");
    loff_t at = 4;
    new_pipe(p);
    check("from a file at its offset", splice(file, 0, p[1], 0, 3, 0) == 3 && lseek(file, 0, SEEK_CUR) == 3);
    check("from a file at another", splice(file, &at, p[1], 0, 2, 0) == 2 && at == 6 && lseek(file, 0, SEEK_CUR) == 3);
    check("at most what is there", splice(file, &at, p[1], 0, 100, 0) == 4 && at == 10 && splice(file, &at, p[1], 0, 100, 0) == 0);
    at = 1;
    check("into a file", splice(p[0], 0, out, &at, 4, SPLICE_F_MOVE) == 4 && at == 5 && waiting(p[0]) == 5);
    check("the rest, where the file is", splice(p[0], 0, out, 0, 1000, 0) == 5 && lseek(out, 0, SEEK_CUR) == 5);
    char text[16] = {0};
    check("what has arrived", pread(out, text, 10, 0) == 10 && memcmp(text, "56789", 5) == 0);
    close(p[1]);
    check("the end of a pipe", splice(p[0], 0, out, 0, 10, 0) == 0);
    close(p[0]); close(file); close(out);
}

static void errors(void) {
    int p[2], q[2], file = a_file("x"), other = a_file("y");
    loff_t at = 0;
    new_pipe(p);
    new_pipe(q);
    put(p[1], "abc");
    check("neither is a pipe", splice(file, 0, other, 0, 1, 0) == -1 && errno == EINVAL);
    check("pipes have no offsets", splice(p[0], &at, file, 0, 1, 0) == -1 && errno == ESPIPE
          && splice(file, 0, p[1], &at, 1, 0) == -1 && errno == ESPIPE);
    check("the wrong end", splice(p[1], 0, file, 0, 1, 0) == -1 && errno == EBADF && splice(file, 0, p[0], 0, 1, 0) == -1 && errno == EBADF);
    check("one pipe", splice(p[0], 0, p[1], 0, 1, 0) == -1 && errno == EINVAL && tee(p[0], p[1], 1, 0) == -1 && errno == EINVAL);
    check("unknown flags", splice(p[0], 0, file, 0, 1, 0x100) == -1 && errno == EINVAL && tee(p[0], q[1], 1, 0x100) == -1 && errno == EINVAL);
    check("nothing at all", splice(p[0], 0, file, 0, 0, 0) == 0 && tee(p[0], q[1], 0, 0) == 0);
    check("tee is for pipes", tee(p[0], file, 1, 0) == -1 && errno == EINVAL);
    check("an empty pipe", splice(q[0], 0, file, 0, 1, SPLICE_F_NONBLOCK) == -1 && errno == EAGAIN
          && tee(q[0], p[1], 1, SPLICE_F_NONBLOCK) == -1 && errno == EAGAIN);
    fcntl(file, F_SETFL, O_APPEND);
    check("not to append", splice(p[0], 0, file, 0, 1, 0) == -1 && errno == EINVAL && waiting(p[0]) == 3);
    close(q[0]);
    check("nobody reads", splice(p[0], 0, q[1], 0, 1, 0) == -1 && errno == EPIPE && waiting(p[0]) == 3);
    check("nobody reads what is shown", tee(p[0], q[1], 1, 0) == -1 && errno == EPIPE);
    check("vmsplice is for pipes", vmsplice(file, &(struct iovec){&at, 1}, 1, 0) == -1 && errno == EBADF);
    close(p[0]); close(p[1]); close(q[1]); close(file); close(other);
}

static void between_pipes(void) {
    int p[2], q[2];
    new_pipe(p);
    new_pipe(q);
    put(p[1], "some words");
    check("shown, and still there", tee(p[0], q[1], 4, 0) == 4 && waiting(p[0]) == 10 && reads(q[0], "some"));
    put(p[1], " more");
    check("all of it", tee(p[0], q[1], 1000, 0) == 15 && reads(q[0], "some words more"));
    check("moved", splice(p[0], 0, q[1], 0, 5, 0) == 5 && reads(q[0], "some ") && waiting(p[0]) == 10);
    // What is written behind bytes that were shown does not change them.
    check("shown once more", tee(p[0], q[1], 1000, 0) == 10);
    put(p[1], "!!");
    check("and apart", reads(q[0], "words more") && reads(p[0], "words more!!"));
    close(p[1]);
    check("the end is shown", tee(p[0], q[1], 5, 0) == 0);
    close(p[0]); close(q[0]); close(q[1]);
}

static void memory(void) {
    int p[2];
    char first[] = "one ", second[] = "two";
    struct iovec pieces[2] = {{first, 4}, {second, 3}};
    new_pipe(p);
    check("from memory", vmsplice(p[1], pieces, 2, 0) == 7 && waiting(p[0]) == 7);
    char a[3] = {0}, b[8] = {0};
    struct iovec into[2] = {{a, 2}, {b, 8}};
    check("into memory", vmsplice(p[0], into, 2, 0) == 7 && memcmp(a, "on", 2) == 0 && memcmp(b, "e two", 5) == 0);
    check("nothing there", vmsplice(p[0], into, 2, SPLICE_F_NONBLOCK) == -1 && errno == EAGAIN);
    check("a bad address", vmsplice(p[1], &(struct iovec){(void *)1, 1}, 1, 0) == -1 && errno == EFAULT);
    close(p[0]); close(p[1]);
}

static void sockets(void) {
    int p[2], pair[2];
    new_pipe(p);
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0) exit(1);
    put(p[1], "to a socket");
    check("to a socket", splice(p[0], 0, pair[0], 0, 100, 0) == 11 && reads(pair[1], "to a socket"));
    put(pair[0], "from one");
    check("from a socket", splice(pair[1], 0, p[1], 0, 100, 0) == 8 && reads(p[0], "from one"));
    close(p[0]); close(p[1]); close(pair[0]); close(pair[1]);
}

// A relay of a megabyte through two pipes, in which everybody waits for somebody.
static void relay(void) {
    int p[2], q[2];
    new_pipe(p);
    new_pipe(q);
    fflush(stdout);
    pid_t writer = fork();
    if (writer == 0) {
        close(p[0]); close(q[0]); close(q[1]);
        for (int i = 0; i < 1 << 18; i++) if (write(p[1], &i, 4) != 4) _exit(1);
        _exit(0);
    }
    pid_t mover = fork();
    if (mover == 0) {
        ssize_t count;
        close(p[1]); close(q[0]);
        while ((count = splice(p[0], 0, q[1], 0, 70000, 0)) > 0);
        _exit(count != 0);
    }
    close(p[0]); close(p[1]); close(q[1]);
    FILE *from = fdopen(q[0], "r");
    int right = 1, number, i = 0, status;
    for (; fread(&number, 4, 1, from) == 1; i++) right &= number == i;
    check("a relay loses and turns nothing", right && i == 1 << 18);
    waitpid(writer, &status, 0);
    right = status == 0;
    waitpid(mover, &status, 0);
    check("and ends", right && status == 0);
}

int main(void) {
    signal(SIGPIPE, SIG_IGN);
    files();
    errors();
    between_pipes();
    memory();
    sockets();
    relay();
    return 0;
}

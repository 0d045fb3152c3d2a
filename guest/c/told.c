// Signals that tell that a file has become ready: F_SETOWN, F_SETSIG, O_ASYNC. They are blocked and waited for.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef __SIGRTMIN
#define __SIGRTMIN 32
#endif
#define REAL_TIME (__SIGRTMIN + 8)

struct owner { int type, pid; };
enum { OF_THREAD, OF_PROCESS, OF_GROUP };
#ifndef F_SETOWN_EX
#define F_SETOWN_EX 15
#define F_GETOWN_EX 16
#endif

static void check(const char *what, int holds) {
    printf("%s: %s\n", what, holds ? "yes" : "NO");
}

static int fails(int result, int error) { return result == -1 && errno == error; }

// Takes a signal that waits; 0 if there is none.
static int taken(siginfo_t *info) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGIO);
    sigaddset(&set, REAL_TIME);
    struct timespec at_once = {0, 0};
    int signal = sigtimedwait(&set, info, &at_once);
    return signal < 0 ? 0 : signal;
}

static int none(void) { siginfo_t info; return taken(&info) == 0; }

static int is_async(int fd) { return (fcntl(fd, F_GETFL) & O_ASYNC) != 0; }

static void pipes(void) {
    int ends[2];
    siginfo_t info;
    pipe(ends);
    check("nobody owns it", fcntl(ends[0], F_GETOWN) == 0 && fcntl(ends[0], F_GETSIG) == 0 && !is_async(ends[0]));
    check("F_SETOWN", fcntl(ends[0], F_SETOWN, getpid()) == 0 && fcntl(ends[0], F_GETOWN) == getpid());
    write(ends[1], "a", 1);
    check("nothing before O_ASYNC", none());
    read(ends[0], &info, 1);
    check("O_ASYNC", fcntl(ends[0], F_SETFL, O_ASYNC | O_NONBLOCK) == 0 && is_async(ends[0]));
    write(ends[1], "b", 1);
    check("SIGIO when there is something to read", taken(&info) == SIGIO && info.si_code == SI_KERNEL);
    check("once", none());
    check("F_SETSIG", fcntl(ends[0], F_SETSIG, REAL_TIME) == 0 && fcntl(ends[0], F_GETSIG) == REAL_TIME);
    read(ends[0], &info, 1);
    write(ends[1], "c", 1);
    check("the signal chosen", taken(&info) == REAL_TIME);
    check("says which file and why", info.si_fd == ends[0] && info.si_code == POLL_IN && (info.si_band & POLLIN));
    check("an unknown signal", fails(fcntl(ends[0], F_SETSIG, 65), EINVAL));
    close(ends[1]);
    check("the last writer's leaving is told", taken(&info) == REAL_TIME && info.si_fd == ends[0]);
    close(ends[0]);

    pipe(ends);
    fcntl(ends[0], F_SETOWN, getpid());
    fcntl(ends[0], F_SETFL, O_ASYNC);
    fcntl(ends[0], F_SETFL, 0);
    write(ends[1], "d", 1);
    check("nothing after O_ASYNC", none() && !is_async(ends[0]));
    fcntl(ends[0], F_SETFL, O_ASYNC);
    int other = dup(ends[0]);
    read(other, &info, 1);
    close(ends[0]);
    write(ends[1], "e", 1);
    check("while one descriptor is left", taken(&info) == SIGIO);
    close(other);
    close(ends[1]);
}

static void sockets(void) {
    int ends[2], on = 1, off = 0;
    siginfo_t info;
    socketpair(AF_UNIX, SOCK_STREAM, 0, ends);
    check("FIOASYNC", ioctl(ends[0], FIOASYNC, &on) == 0 && is_async(ends[0]));
    write(ends[1], "a", 1);
    check("without an owner nobody is told", none());
    fcntl(ends[0], F_SETOWN, getpid());
    read(ends[0], &info, 1);
    write(ends[1], "b", 1);
    check("SIGIO from a socket", taken(&info) == SIGIO);
    check("FIOASYNC off", ioctl(ends[0], FIOASYNC, &off) == 0 && !is_async(ends[0]));
    read(ends[0], &info, 1);
    write(ends[1], "c", 1);
    check("nothing more", none());
    close(ends[0]);
    close(ends[1]);

    int file = memfd_create("file", 0);
    check("not for files that are always ready", fails(ioctl(file, FIOASYNC, &on), ENOTTY));
    check("where the flag is dropped", fcntl(file, F_SETFL, O_ASYNC) == 0 && !is_async(file));
    check("although they have owners", fcntl(file, F_SETOWN, getpid()) == 0 && fcntl(file, F_GETOWN) == getpid());
    close(file);
}

static void owners(void) {
    int ends[2];
    siginfo_t info;
    struct owner owner = {OF_THREAD, syscall(SYS_gettid)};
    pipe(ends);
    fcntl(ends[0], F_SETFL, O_ASYNC);
    check("F_SETOWN_EX", fcntl(ends[0], F_SETOWN_EX, &owner) == 0);
    memset(&owner, 0, sizeof owner);
    check("F_GETOWN_EX", fcntl(ends[0], F_GETOWN_EX, &owner) == 0 && owner.type == OF_THREAD && owner.pid == getpid());
    write(ends[1], "a", 1);
    check("a thread is told", taken(&info) == SIGIO);
    read(ends[0], &info, 1);
    check("a group can be told", fcntl(ends[0], F_SETOWN, -getpgrp()) == 0);
    fcntl(ends[0], F_GETOWN_EX, &owner);
    check("and is known as one", owner.type == OF_GROUP && owner.pid == getpgrp());
    owner.type = 3;
    check("an unknown kind", fails(fcntl(ends[0], F_SETOWN_EX, &owner), EINVAL));
    check("an address that is none", fails(fcntl(ends[0], F_SETOWN_EX, (void *)8), EFAULT));
    pid_t child = fork();
    if (child == 0) _exit(0);
    waitpid(child, 0, 0);
    check("nobody there", fails(fcntl(ends[0], F_SETOWN, child), ESRCH));
    check("nobody any more", fcntl(ends[0], F_SETOWN, 0) == 0 && fcntl(ends[0], F_GETOWN) == 0);
    write(ends[1], "b", 1);
    check("then nobody is told", none());

    // A child owns it, and is told by what its parent writes.
    int ready[2];
    char byte;
    pipe(ready);
    fflush(stdout);
    child = fork();
    if (child == 0) {
        read(ends[0], &byte, 1);
        fcntl(ends[0], F_SETOWN, getpid());
        write(ready[1], "r", 1);
        sigset_t set;
        sigemptyset(&set);
        sigaddset(&set, SIGIO);
        _exit(sigwaitinfo(&set, &info) == SIGIO ? 0 : 1);
    }
    read(ready[0], &byte, 1);
    write(ends[1], "c", 1);
    int status = -1;
    waitpid(child, &status, 0);
    check("another process is told", status == 0 && none());
}

int main(void) {
    sigset_t set;
    sigfillset(&set);
    sigprocmask(SIG_BLOCK, &set, 0);
    pipes();
    sockets();
    owners();
    return 0;
}

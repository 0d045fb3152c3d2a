// What processes share until they do not: descriptors, places; and what they reach of each other through descriptors of processes.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timex.h>
#include <sys/wait.h>
#include <pthread.h>
#include <unistd.h>

static const char *self;

static void check(const char *what, int holds) {
    printf("%s: %s\n", what, holds ? "yes" : "NO");
}

static int run(unsigned long flags, int (*body)(void *), void *argument) {
    fflush(stdout);
    pid_t child = syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0);
    if (child == 0) _exit(body(argument));
    int status;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int is_open(int fd) { return fcntl(fd, F_GETFD) >= 0; }

static int closes(void *fd) { close(*(int *)fd); return 0; }
static int unshares(void *fd) { return unshare(CLONE_FILES) != 0 || close(*(int *)fd) != 0; }
static int executes(void *fd) {
    char text[8];
    snprintf(text, sizeof text, "%d", *(int *)fd);
    execl(self, self, "close", text, (char *)0);
    return 9;
}
static int goes(void *nothing) { (void)nothing; umask(077); return chdir("/tmp"); }
static int goes_alone(void *nothing) { (void)nothing; return unshare(CLONE_FS) != 0 || chdir("/tmp") != 0; }

static void descriptors(void) {
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC), other = open("/dev/null", O_RDONLY);
    check("shared descriptors", run(CLONE_FILES, closes, &fd) == 0 && !is_open(fd));
    check("unshared ones", run(CLONE_FILES, unshares, &other) == 0 && is_open(other));
    fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    check("who executes a program has descriptors of its own", run(CLONE_FILES, executes, &other) == 0 && is_open(other) && is_open(fd));
    check("unsharing what is not shared changes nothing", unshare(CLONE_FILES | CLONE_FS | CLONE_SYSVSEM) == 0 && is_open(fd));
    check("unknown flags", unshare(1) == -1 && errno == EINVAL);
    // The reader sees the end when all writers are gone, also those that shared their descriptors.
    int ends[2];
    char byte;
    if (pipe(ends) != 0) exit(1);
    pid_t child = fork();
    if (child == 0) {
        syscall(SYS_clone, CLONE_FILES, 0, 0, 0, 0);
        _exit(0);
    }
    close(ends[1]);
    check("shared descriptors are closed with the last process", read(ends[0], &byte, 1) == 0);
    waitpid(child, 0, __WALL);
    close(ends[0]); close(fd); close(other);
}

static void places(void) {
    char path[256];
    if (chdir("/") != 0) exit(1);
    check("a place of one's own", run(CLONE_FS, goes_alone, 0) == 0 && getcwd(path, sizeof path) && strcmp(path, "/") == 0);
    mode_t mask = umask(022);
    check("a shared place", run(CLONE_FS, goes, 0) == 0 && getcwd(path, sizeof path) && strcmp(path, "/tmp") == 0 && umask(mask) == 077);
    umask(mask);
}

static int waits(void *fd) {
    char byte;
    return read(*(int *)fd, &byte, 1) == 1 ? byte : 99;
}

static void processes(void) {
    int ends[2];
    char path[64], byte = 5;
    if (pipe(ends) != 0) exit(1);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) _exit(waits(&ends[0]));
    close(ends[0]);
    int pidfd = syscall(SYS_pidfd_open, child, 0);
    int got = syscall(SYS_pidfd_getfd, pidfd, ends[0], 0);
    check("another process' descriptor", got >= 0 && fcntl(got, F_GETFD) == FD_CLOEXEC && (fcntl(got, F_GETFL) & O_ACCMODE) == O_RDONLY);
    check("which is not there", syscall(SYS_pidfd_getfd, pidfd, 999, 0) == -1 && errno == EBADF);
    check("of no process", syscall(SYS_pidfd_getfd, got, 0, 0) == -1 && errno == EBADF);
    check("without flags", syscall(SYS_pidfd_getfd, pidfd, 0, 1) == -1 && errno == EINVAL);
    snprintf(path, sizeof path, "/proc/%d", child);
    int directory = open(path, O_DIRECTORY | O_RDONLY);
    check("a directory of /proc stands for its process", syscall(SYS_pidfd_send_signal, directory, 0, 0, 0) == 0);
    strcat(path, "/fd");
    int below = open(path, O_DIRECTORY | O_RDONLY);
    check("others do not", syscall(SYS_pidfd_send_signal, below, 0, 0, 0) == -1 && errno == EBADF
          && syscall(SYS_pidfd_send_signal, ends[1], 0, 0, 0) == -1 && errno == EBADF);
    int status;
    if (write(ends[1], &byte, 1) != 1) exit(1);
    check("it goes on as it would", waitpid(child, &status, 0) == child && WEXITSTATUS(status) == 5);
    check("and is gone", syscall(SYS_pidfd_send_signal, directory, 0, 0, 0) == -1 && errno == ESRCH
          && syscall(SYS_pidfd_getfd, pidfd, 0, 0) == -1 && errno == ESRCH);
    check("a signal by its directory", (child = fork()) == 0 ? pause() : 1);
    snprintf(path, sizeof path, "/proc/%d", child);
    close(directory);
    directory = open(path, O_DIRECTORY | O_RDONLY);
    check("that kills", syscall(SYS_pidfd_send_signal, directory, SIGKILL, 0, 0) == 0 && waitpid(child, &status, 0) == child
          && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static int executes_file(void *path) {
    execl(path, path, (char *)0);
    return errno == ETXTBSY ? 26 : 1;
}

static void busy(void) {
    char path[] = "/tmp/apart-XXXXXX";
    int fd = mkstemp(path), from = open(self, O_RDONLY);
    char buffer[65536];
    ssize_t count;
    while ((count = read(from, buffer, sizeof buffer)) > 0)
        if (write(fd, buffer, count) != count) exit(1);
    fchmod(fd, 0755);
    check("a file that is written is not executed", run(0, executes_file, path) == 26);
    int reading = open(path, O_RDONLY);
    close(fd);
    check("but once it is closed", run(0, executes_file, path) == 77);
    fd = open(path, O_WRONLY);
    if (ftruncate(fd, 0) != 0 || write(fd, "#!/bin/true\n", 12) != 12) exit(1);
    check("nor is a script", run(0, executes_file, path) == 26);
    close(fd);
    close(reading);
    close(from);
    unlink(path);
}

static void *unshares_in_a_thread(void *nothing) {
    (void)nothing;
    return (void *)(long)(unshare(CLONE_VM) == -1 && errno == EINVAL);
}

static void others(void) {
    struct timex state;
    memset(&state, 0, sizeof state);
    check("the state of the clock", adjtimex(&state) >= 0 && state.tick >= 9000 && state.time.tv_sec > 1600000000);
    memset(&state, 0, sizeof state);
    check("of the wall clock alone", clock_adjtime(CLOCK_REALTIME, &state) >= 0 && clock_adjtime(CLOCK_MONOTONIC, &state) == -1
          && errno == EOPNOTSUPP && clock_adjtime(77, &state) == -1 && errno == EINVAL);
    long address = 0;
    check("where a thread's end is written", prctl(PR_GET_TID_ADDRESS, &address) == 0 && address != 0);
    pthread_t thread;
    void *right;
    pthread_create(&thread, 0, unshares_in_a_thread, 0);
    pthread_join(thread, &right);
    check("a thread has no memory of its own", right != 0);
    FILE *soft = fopen("/proc/sys/fs/pipe-user-pages-soft", "r"), *hard = fopen("/proc/sys/fs/pipe-user-pages-hard", "r");
    long pages = -1, most = -1;
    check("how much pipes may hold", soft && hard && fscanf(soft, "%ld", &pages) == 1 && fscanf(hard, "%ld", &most) == 1
          && pages > 0 && most >= 0);
}

int main(int count, char **arguments) {
    self = arguments[0];
    setvbuf(stdout, 0, _IONBF, 0);
    if (count == 3) return close(atoi(arguments[2])) != 0;
    if (strncmp(arguments[0], "/tmp/apart-", 11) == 0) return 77;
    descriptors();
    places();
    processes();
    busy();
    others();
    return 0;
}

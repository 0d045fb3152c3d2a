// Waits that others get in the way of: two threads that connect one socket, a stop in the middle, signals for one thread, signals by
// descriptor. With "clock" it sets the wall clock, which is not for a machine that others use.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define FUTEX_WAIT 0
#define FUTEX_WAKE 1

#ifndef SIGEV_THREAD_ID
#define SIGEV_THREAD_ID 4
#endif

static void check(const char *what, int holds) {
    printf("%s: %s\n", what, holds ? "yes" : "NO");
}

static struct sockaddr_un name = {.sun_family = AF_UNIX};
static int one_socket;

static void *connects(void *nothing) {
    (void)nothing;
    return (void *)(long)(connect(one_socket, (void *)&name, sizeof name) == 0 ? 0 : errno);
}

static void two_connect(void) {
    for (int full = 0; full < 2; full++) {
        int listener = socket(AF_UNIX, SOCK_STREAM, 0), filler = socket(AF_UNIX, SOCK_STREAM, 0);
        snprintf(name.sun_path + 1, sizeof name.sun_path - 1, "awaited-%d-%d", getpid(), full);
        bind(listener, (void *)&name, sizeof name);
        listen(listener, 0);
        // With its backlog full both threads wait, until somebody is accepted.
        if (full && connect(filler, (void *)&name, sizeof name) != 0) exit(1);
        one_socket = socket(AF_UNIX, SOCK_STREAM, 0);
        pthread_t threads[2];
        void *results[2];
        for (int i = 0; i < 2; i++) pthread_create(&threads[i], 0, connects, 0);
        for (int i = 0; i < 1 + full; i++) close(accept(listener, 0, 0));
        for (int i = 0; i < 2; i++) pthread_join(threads[i], &results[i]);
        long first = (long)results[0], second = (long)results[1];
        check(full ? "one of two that wait is connected" : "one of two is connected",
              (first == 0 && second == EISCONN) || (first == EISCONN && second == 0));
        close(one_socket);
        close(filler);
        close(listener);
    }
}

static int ends[2];
static int *word;

static int reads(void) { char byte; return read(ends[0], &byte, 1) == 1; }
static int polls(void) { return poll(&(struct pollfd){.fd = ends[0], .events = POLLIN}, 1, 3600 * 1000) == 1 && reads(); }
static int selects(void) {
    fd_set set;
    FD_ZERO(&set);
    FD_SET(ends[0], &set);
    return select(ends[0] + 1, &set, 0, 0, &(struct timeval){3600, 0}) == 1 && reads();
}
static int waits_on_futex(void) {
    while (__atomic_load_n(word, __ATOMIC_SEQ_CST) == 0)
        if (syscall(SYS_futex, word, FUTEX_WAIT, 0, &(struct timespec){3600, 0}, 0, 0) == -1 && errno != EAGAIN) return 0;
    return 1;
}
static int waits_for_child(void) {
    pid_t child = fork();
    if (child == 0) _exit(!reads());
    int status;
    return waitpid(child, &status, 0) == child && status == 0;
}
static int sleeps(void) {
    // Stopped or not, it sleeps for so long and no longer than that from when it began.
    struct timespec before, after, nap = {0, 50000000}, left;
    clock_gettime(CLOCK_MONOTONIC, &before);
    if (nanosleep(&nap, &left) != 0) return 0;
    clock_gettime(CLOCK_MONOTONIC, &after);
    return (after.tv_sec - before.tv_sec) * 1000000000LL + after.tv_nsec - before.tv_nsec >= nap.tv_nsec && reads();
}

static void stopped(const char *what, int (*body)(void)) {
    int status, ready[2];
    char byte = 'x';
    if (pipe(ends) != 0 || pipe(ready) != 0) exit(1);
    *word = 0;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        if (write(ready[1], &byte, 1) != 1) _exit(2);
        _exit(body() ? 0 : 1);
    }
    // Wherever it has come meanwhile: a wait that was not begun yet is no other case for who looks at the result.
    int right = read(ready[0], &byte, 1) == 1;
    for (int i = 0; i < 20; i++) {
        kill(child, SIGSTOP);
        right &= waitpid(child, &status, WUNTRACED) == child && WIFSTOPPED(status);
        kill(child, SIGCONT);
        right &= waitpid(child, &status, WCONTINUED) == child && WIFCONTINUED(status);
        sched_yield();
    }
    __atomic_store_n(word, 1, __ATOMIC_SEQ_CST);
    syscall(SYS_futex, word, FUTEX_WAKE, 1, 0, 0, 0);
    right &= write(ends[1], &byte, 1) == 1 && waitpid(child, &status, 0) == child && status == 0;
    check(what, right);
    close(ends[0]); close(ends[1]); close(ready[0]); close(ready[1]);
}

static void stops(void) {
    word = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    stopped("a read goes on after a stop", reads);
    stopped("a poll", polls);
    stopped("a select", selects);
    stopped("a futex", waits_on_futex);
    stopped("waiting for a child", waits_for_child);
    stopped("a sleep", sleeps);
}

static volatile pid_t handled_by;
static volatile int handled;
static void on_timer(int signal) { (void)signal; handled_by = syscall(SYS_gettid); handled++; }

static int tid_pipe[2], end_pipe[2];
static void *tells_its_number(void *nothing) {
    pid_t own = syscall(SYS_gettid);
    char byte;
    (void)nothing;
    if (write(tid_pipe[1], &own, sizeof own) != sizeof own) exit(1);
    while (read(end_pipe[0], &byte, 1) == -1 && errno == EINTR);
    return 0;
}

static long create_for(pid_t thread, int *timer) {
    struct { union { int number; void *pointer; } value; int signal, notify; pid_t thread; int rest[11]; } event;
    memset(&event, 0, sizeof event);
    event.signal = SIGUSR1;
    event.notify = SIGEV_THREAD_ID;
    event.thread = thread;
    return syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, timer);
}

static void one_thread(void) {
    struct sigaction action = {.sa_handler = on_timer};
    struct itimerspec soon = {{0, 0}, {0, 1}};
    pthread_t thread;
    pid_t other;
    int timer;
    sigaction(SIGUSR1, &action, 0);
    if (pipe(tid_pipe) != 0 || pipe(end_pipe) != 0) exit(1);
    pthread_create(&thread, 0, tells_its_number, 0);
    if (read(tid_pipe[0], &other, sizeof other) != sizeof other) exit(1);
    check("a timer for one thread", create_for(other, &timer) == 0);
    int right = 1;
    for (int i = 1; i <= 20; i++) {
        syscall(SYS_timer_settime, timer, 0, &soon, 0);
        while (handled < i) sched_yield();
        right &= handled_by == other;
    }
    check("is told to that one", right);
    syscall(SYS_timer_delete, timer);
    check("not to one of another process", create_for(getppid(), &timer) == -1 && errno == EINVAL);
    check("nor to nobody", create_for(0, &timer) == -1 && errno == EINVAL);
    close(end_pipe[1]);
    pthread_join(thread, 0);
}

static volatile int value;
static void on_value(int signal, siginfo_t *info, void *context) {
    (void)signal; (void)context;
    value = info->si_code == SI_QUEUE ? info->si_value.sival_int : info->si_code == SI_USER ? -1 : -2;
}

static void by_descriptor(void) {
    struct sigaction action = {.sa_sigaction = on_value, .sa_flags = SA_SIGINFO};
    siginfo_t info;
    int status, fd = syscall(SYS_pidfd_open, getpid(), 0);
    sigaction(SIGUSR2, &action, 0);
    check("a signal by descriptor", syscall(SYS_pidfd_send_signal, fd, SIGUSR2, 0, 0) == 0 && value == -1);
    memset(&info, 0, sizeof info);
    info.si_signo = SIGUSR2;
    info.si_code = SI_QUEUE;
    info.si_value.sival_int = 42;
    check("with a value", syscall(SYS_pidfd_send_signal, fd, SIGUSR2, &info, 0) == 0 && value == 42);
    check("of another number", syscall(SYS_pidfd_send_signal, fd, SIGUSR1, &info, 0) == -1 && errno == EINVAL);
    check("no signal", syscall(SYS_pidfd_send_signal, fd, 0, 0, 0) == 0 && syscall(SYS_pidfd_send_signal, fd, 65, 0, 0) == -1 && errno == EINVAL);
    check("no process", syscall(SYS_pidfd_send_signal, 0, 0, 0, 0) == -1 && errno == EBADF && syscall(SYS_pidfd_send_signal, 999, 0, 0, 0) == -1
          && errno == EBADF);
    check("unknown flags", syscall(SYS_pidfd_send_signal, fd, 0, 0, 0x100) == -1 && errno == EINVAL);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) for (;;) pause();
    int other = syscall(SYS_pidfd_open, child, 0);
    info.si_code = SI_USER;
    check("nobody pretends to be kill", syscall(SYS_pidfd_send_signal, other, SIGUSR2, &info, 0) == -1 && errno == EPERM);
    check("a child is killed", syscall(SYS_pidfd_send_signal, other, SIGKILL, 0, 0) == 0
          && poll(&(struct pollfd){.fd = other, .events = POLLIN}, 1, -1) == 1);
    check("who has ended still has its number", syscall(SYS_pidfd_send_signal, other, 0, 0, 0) == 0);
    check("until it is waited for", waitpid(child, &status, 0) == child && WTERMSIG(status) == SIGKILL
          && syscall(SYS_pidfd_send_signal, other, 0, 0, 0) == -1 && errno == ESRCH);
}

static void *sets_clock(void *nothing) {
    struct timespec now;
    (void)nothing;
    clock_gettime(CLOCK_REALTIME, &now);
    now.tv_sec += 100;
    return (void *)(long)clock_settime(CLOCK_REALTIME, &now);
}

static void clock_is_set(void) {
    struct itimerspec later = {{0, 0}, {0, 0}};
    struct timespec now;
    uint64_t times;
    pthread_t thread;
    int fd = timerfd_create(CLOCK_REALTIME, 0), other = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK);
    clock_gettime(CLOCK_REALTIME, &now);
    later.it_value.tv_sec = now.tv_sec + 3600;
    timerfd_settime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &later, 0);
    timerfd_settime(other, TFD_TIMER_ABSTIME, &later, 0);
    pthread_create(&thread, 0, sets_clock, 0);
    check("setting the clock ends the wait", read(fd, &times, 8) == -1 && errno == ECANCELED);
    check("of who asked for it", read(other, &times, 8) == -1 && errno == EAGAIN);
    pthread_join(thread, 0);
    sets_clock(0);
    check("poll tells it", poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, -1) == 1);
    check("and again", read(fd, &times, 8) == -1 && errno == ECANCELED);
    check("once each time", poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, 0) == 0);
    later.it_value.tv_sec = now.tv_sec + 150;
    timerfd_settime(other, TFD_TIMER_ABSTIME, &later, 0);
    check("what has passed by that comes", poll(&(struct pollfd){.fd = other, .events = POLLIN}, 1, -1) == 1 && read(other, &times, 8) == 8);
}

int main(int count, char **arguments) {
    setvbuf(stdout, 0, _IONBF, 0);
    if (count > 1 && strcmp(arguments[1], "clock") == 0) {
        clock_is_set();
        return 0;
    }
    two_connect();
    stops();
    one_thread();
    by_descriptor();
    return 0;
}

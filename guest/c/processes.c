// What fork(2), execve(2), wait(2) and their relatives promise. Prints no numbers that differ between runs.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;
static int failures;

static void check(const char *what, int holds) {
    printf("%s: %s\n", what, holds ? "yes" : "NO");
    if (!holds) failures++;
}

static int exit_status_of(pid_t child) {
    int status;
    if (waitpid(child, &status, 0) != child) return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

static void copies(void) {
    static int private_word = 1;
    int *shared = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    char *heap = malloc(1 << 20);
    memset(heap, 'p', 1 << 20);
    pid_t child = fork();
    if (child == 0) {
        private_word = 2;
        memset(heap, 'c', 1 << 20);
        *shared = 42;
        _exit(private_word == 2 && heap[4096] == 'c' ? 7 : 8);
    }
    check("a child's status is told", exit_status_of(child) == 7);
    check("private memory is the parent's own", private_word == 1 && heap[0] == 'p' && heap[(1 << 20) - 1] == 'p');
    check("shared memory is shared", *shared == 42);
    free(heap);
    munmap(shared, 4096);
}

static void generations(void) {
    // Each generation writes to the page that it got; everybody sees its own.
    int *page = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    *page = 0;
    int depth = 0;
    while (depth < 5) {
        pid_t child = fork();
        if (child != 0) {
            int below = exit_status_of(child);
            int right = *page == depth && below == (depth == 4 ? 0 : below);
            if (depth == 0) check("five generations keep their pages apart", right && below == 0);
            else _exit(right ? below : 1);
            break;
        }
        depth++;
        *page = depth;
        if (depth == 5) _exit(*page == 5 ? 0 : 1);
    }
    munmap(page, 4096);
}

static void statuses(void) {
    int status;
    pid_t child = fork();
    if (child == 0) { raise(SIGKILL); }
    waitpid(child, &status, 0);
    check("a killed child is told as killed", WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    check("nobody is left to wait for", waitpid(-1, &status, 0) == -1 && errno == ECHILD);
    child = fork();
    if (child == 0) { pause(); _exit(0); }
    check("a living child has nothing to tell", waitpid(child, &status, WNOHANG) == 0);
    kill(child, SIGSTOP);
    check("a stopped child is told", waitpid(child, &status, WUNTRACED) == child && WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
    check("but only once", waitpid(child, &status, WUNTRACED | WNOHANG) == 0);
    kill(child, SIGCONT);
    check("a continued child is told", waitpid(child, &status, WCONTINUED) == child && WIFCONTINUED(status));
    kill(child, SIGTERM);
    siginfo_t info;
    memset(&info, 0, sizeof info);
    check("waitid looks without taking", waitid(P_PID, child, &info, WEXITED | WNOWAIT) == 0 && info.si_pid == child
          && info.si_code == CLD_KILLED && info.si_status == SIGTERM && info.si_signo == SIGCHLD);
    check("and takes", waitid(P_PID, child, &info, WEXITED) == 0 && waitpid(child, &status, 0) == -1);
    check("waitid needs something to wait for", waitid(P_ALL, 0, &info, 0) == -1 && errno == EINVAL);
    check("no such child", waitpid(getpid(), &status, 0) == -1 && errno == ECHILD);
}

static volatile sig_atomic_t told;
static siginfo_t told_info;

static void on_child(int signal, siginfo_t *info, void *context) {
    (void)signal; (void)context;
    told++;
    told_info = *info;
}

static void child_signal(void) {
    struct sigaction action = {.sa_sigaction = on_child, .sa_flags = SA_SIGINFO | SA_NOCLDSTOP};
    sigset_t set, old;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_BLOCK, &set, &old);
    sigaction(SIGCHLD, &action, 0);
    pid_t child = fork();
    if (child == 0) _exit(3);
    while (!told) sigsuspend(&old);
    check("SIGCHLD says who and how", told_info.si_pid == child && told_info.si_status == 3 && told_info.si_code == CLD_EXITED
          && told_info.si_uid == getuid());
    exit_status_of(child);
    int missing = 0;
    for (int i = 0; i < 500; i++) {
        child = fork();
        if (child == 0) _exit(3);
        exit_status_of(child);
        siginfo_t pending;
        missing += sigtimedwait(&set, &pending, &(struct timespec){0}) != SIGCHLD || pending.si_pid != child;
    }
    check("whoever has waited for a child finds SIGCHLD pending", missing == 0);
    signal(SIGCHLD, SIG_IGN);
    child = fork();
    if (child == 0) _exit(0);
    check("who ignores SIGCHLD waits in vain", waitpid(child, 0, 0) == -1 && errno == ECHILD);
    signal(SIGCHLD, SIG_DFL);
    sigprocmask(SIG_SETMASK, &old, 0);
}

static void groups(void) {
    check("the first program leads its group or is in one", getpgrp() == getpgid(0));
    pid_t child = fork();
    if (child == 0) {
        if (getpgrp() != getpgid(getppid())) _exit(1);
        if (setpgid(0, 0) != 0 || getpgrp() != getpid()) _exit(2);
        if (setsid() != -1 || errno != EPERM) _exit(3);
        pid_t grandchild = fork();
        if (grandchild == 0) {
            if (setsid() != getpid() || getsid(0) != getpid() || getpgrp() != getpid()) _exit(4);
            if (setpgid(0, 0) != -1 || errno != EPERM) _exit(5);
            _exit(0);
        }
        if (exit_status_of(grandchild) != 0) _exit(6);
        if (setpgid(0, 1 << 21) != -1 || errno != EPERM) _exit(7);
        if (setpgid(1 << 21, 0) != -1 || errno != ESRCH) _exit(8);
        if (setpgid(0, -1) != -1 || errno != EINVAL) _exit(9);
        if (getpgid(1 << 21) != -1 || errno != ESRCH) _exit(10);
        _exit(0);
    }
    check("groups and sessions", exit_status_of(child) == 0);
    child = fork();
    if (child == 0) {
        setpgid(0, 0);
        for (int i = 0; i < 3; i++) if (fork() == 0) { pause(); _exit(0); }
        signal(SIGTERM, SIG_IGN);
        kill(0, SIGTERM);
        int killed = 0, status;
        while (wait(&status) > 0) killed += WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM;
        _exit(killed);
    }
    check("a signal reaches the whole group", exit_status_of(child) == 3);
}

static void orphans(void) {
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    int ends[2];
    if (pipe(ends) != 0) exit(1);
    pid_t child = fork();
    if (child == 0) {
        if (fork() == 0) {
            char byte;
            close(ends[1]);
            if (read(ends[0], &byte, 1) != 0) _exit(99); // until the parent and this process' parent have closed
            while (getppid() == 1) sched_yield();
            _exit(11);
        }
        _exit(0);
    }
    check("the parent ends first", exit_status_of(child) == 0);
    close(ends[1]);
    close(ends[0]);
    int status;
    check("an orphan comes to the subreaper", wait(&status) > 0 && WEXITSTATUS(status) == 11);
    prctl(PR_SET_CHILD_SUBREAPER, 0);
    // The pipe's end is seen when the grandchild, which sleeps for ever, is gone.
    int ready[2];
    if (pipe(ready) != 0) exit(1);
    child = fork();
    if (child == 0) {
        if (fork() == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            if (write(ready[1], "r", 1) != 1) _exit(1);
            for (;;) pause();
        }
        char byte;
        _exit(read(ready[0], &byte, 1) == 1 ? 0 : 1);
    }
    close(ready[1]);
    check("the child of one that will die", exit_status_of(child) == 0);
    char byte;
    check("a parent's death can be a signal", read(ready[0], &byte, 1) == 0);
    close(ready[0]);
}

static void *executes(void *path) {
    char *arguments[] = {path, "exit", "21", 0};
    execv(path, arguments);
    return 0;
}

static void *sleeps(void *nothing) {
    (void)nothing;
    for (;;) pause();
    return 0;
}

static void execution(const char *self) {
    pid_t child = fork();
    if (child == 0) {
        char *arguments[] = {(char *)self, "exit", "20", 0};
        execv(self, arguments);
        _exit(1);
    }
    check("a child executes a program", exit_status_of(child) == 20);
    child = fork();
    if (child == 0) {
        pthread_t thread;
        pthread_create(&thread, 0, sleeps, 0);
        pthread_create(&thread, 0, executes, (void *)self);
        for (;;) pause();
    }
    check("a thread executes a program in the place of all", exit_status_of(child) == 21);
    char *arguments[] = {(char *)self, "exit", "22", 0};
    int error = posix_spawn(&child, self, 0, 0, arguments, environ);
    check("posix_spawn", error == 0 && exit_status_of(child) == 22);
    child = vfork();
    if (child == 0) {
        execv("/no/such/program", arguments);
        _exit(errno == ENOENT ? 23 : 1);
    }
    check("vfork, and nothing to execute", exit_status_of(child) == 23);
    child = fork();
    if (child == 0) {
        execv("/", arguments);
        _exit(errno == EACCES ? 24 : 1);
    }
    check("a directory is no program", exit_status_of(child) == 24);
    check("a program that runs is not written", open(self, O_WRONLY) == -1 && errno == ETXTBSY
          && truncate(self, 0) == -1 && errno == ETXTBSY);
}

static void *leaves_later(void *nothing) {
    (void)nothing;
    usleep(1000);
    syscall(SYS_exit, 5);
    return 0;
}

static void threads_end(void) {
    pid_t child = fork();
    if (child == 0) {
        pthread_t thread;
        pthread_create(&thread, 0, leaves_later, 0);
        syscall(SYS_exit, 31);
    }
    check("the last thread's status is the process'", exit_status_of(child) == 5);
}

static void usage(void) {
    pid_t child = fork();
    if (child == 0) {
        struct rusage own = {0};
        while (own.ru_utime.tv_sec == 0 && own.ru_utime.tv_usec == 0 && own.ru_stime.tv_usec == 0)
            getrusage(RUSAGE_SELF, &own); // a system may count in ticks
        _exit(0);
    }
    struct rusage of_child, of_children;
    int status;
    check("wait4 tells the usage", wait4(child, &status, 0, &of_child) == child
          && of_child.ru_utime.tv_sec * 1000000 + of_child.ru_utime.tv_usec
             + of_child.ru_stime.tv_sec * 1000000 + of_child.ru_stime.tv_usec > 0);
    getrusage(RUSAGE_CHILDREN, &of_children);
    check("and it is among the children's", of_children.ru_maxrss >= of_child.ru_maxrss);
}

static void many(void) {
    int sum = 0;
    for (int i = 0; i < 50; i++)
        if (fork() == 0) _exit(i);
    int status;
    while (wait(&status) > 0) sum += WEXITSTATUS(status);
    check("fifty children", sum == 49 * 50 / 2);
}

int main(int count, char **arguments) {
    if (count == 3 && strcmp(arguments[1], "exit") == 0) return atoi(arguments[2]);
    setvbuf(stdout, 0, _IONBF, 0);
    copies();
    generations();
    statuses();
    child_signal();
    groups();
    orphans();
    execution(arguments[0]);
    threads_end();
    usage();
    many();
    return failures;
}

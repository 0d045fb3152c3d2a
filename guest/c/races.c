/* What happens at once, over and over: run with seeds that move the moments at which tasks switch. Whoever waits for ever is
 * killed by an alarm, which comes at once where all wait and time is the number of instructions. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static void check(const char *what, int holds) {
    printf("%s: %s\n", what, holds ? "yes" : "NO");
}

/* Readers and writers of a FIFO wait for each other, and find each other however they come. */
static void fifos(const char *folder) {
    char path[4096];
    snprintf(path, sizeof path, "%s/fifo", folder);
    unlink(path);
    mkfifo(path, 0600);
    int met = 0;
    for (int i = 0; i < 100; i++) {
        pid_t child = fork();
        if (child == 0) {
            close(open(path, i % 2 ? O_WRONLY : O_RDONLY));
            _exit(0);
        }
        int fd = open(path, i % 2 ? O_RDONLY : O_WRONLY), status = -1;
        close(fd);
        waitpid(child, &status, 0);
        met += fd >= 0 && status == 0;
    }
    check("readers and writers meet", met == 100);
}

/* Whoever has waited for a child finds that it was signalled. */
static void children(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_BLOCK, &set, 0);
    int missing = 0;
    for (int i = 0; i < 100; i++) {
        pid_t child = fork();
        if (child == 0) _exit(3);
        while (waitpid(child, 0, WNOHANG) == 0) {}
        siginfo_t pending;
        missing += sigtimedwait(&set, &pending, &(struct timespec){0}) != SIGCHLD || pending.si_pid != child;
    }
    check("a child is signalled before it is waited for", missing == 0);
}

static struct sockaddr_un name = {.sun_family = AF_UNIX};
static int one_socket;

static void *connects(void *nothing) {
    (void)nothing;
    return (void *)(long)connect(one_socket, (void *)&name, sizeof name);
}

/* Of two threads that connect one socket, waiting for a listener whose queue is full, one does. */
static void connections(void) {
    int once = 0;
    for (int i = 0; i < 50; i++) {
        int listener = socket(AF_UNIX, SOCK_STREAM, 0), filler = socket(AF_UNIX, SOCK_STREAM, 0);
        snprintf(name.sun_path + 1, sizeof name.sun_path - 1, "races-%d-%d", getpid(), i);
        bind(listener, (void *)&name, sizeof name);
        listen(listener, 0);
        connect(filler, (void *)&name, sizeof name);
        one_socket = socket(AF_UNIX, SOCK_STREAM, 0);
        pthread_t threads[2];
        void *results[2];
        for (int t = 0; t < 2; t++) pthread_create(&threads[t], 0, connects, 0);
        for (int a = 0; a < 2; a++) close(accept(listener, 0, 0));
        for (int t = 0; t < 2; t++) pthread_join(threads[t], &results[t]);
        once += !results[0] != !results[1];
        close(one_socket);
        close(filler);
        close(listener);
    }
    check("a socket is connected once", once == 50);
}

enum { PROCESSES = 4, THREADS = 200 };

static void *waits(void *barrier) {
    pthread_barrier_wait(barrier);
    return 0;
}

static int makes_threads(void) {
    static pthread_barrier_t barrier;
    pthread_t threads[THREADS];
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 16384);
    pthread_barrier_init(&barrier, 0, THREADS);
    for (int i = 0; i < THREADS; i++)
        if (pthread_create(&threads[i], &attributes, waits, &barrier)) return 1;
    for (int i = 0; i < THREADS; i++) pthread_join(threads[i], 0);
    return 0;
}

/* Processes that make threads at once. */
static void threads(void) {
    for (int i = 0; i < PROCESSES; i++)
        if (fork() == 0) _exit(makes_threads());
    int good = 0, status;
    for (int i = 0; i < PROCESSES; i++) good += wait(&status) > 0 && status == 0;
    check("threads are made by several at once", good == PROCESSES);
}

int main(int count, char **arguments) {
    if (count < 3) return 2;
    alarm(600);
    if (!strcmp(arguments[1], "fifos")) fifos(arguments[2]);
    if (!strcmp(arguments[1], "children")) children();
    if (!strcmp(arguments[1], "connections")) connections();
    if (!strcmp(arguments[1], "threads")) threads();
    return 0;
}

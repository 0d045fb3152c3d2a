// Files that are mapped while they are cut, punched or sealed: what is gone is gone for everybody who maps it.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096

#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 16
#endif

static void check(const char *what, int holds) {
    printf("%s: %s\n", what, holds ? "yes" : "NO");
}

static sigjmp_buf back;
static void on_fault(int signal) { siglongjmp(back, signal); }

// What a page begins with, or minus the signal that looking raises.
static int look(volatile char *at) {
    int signal = sigsetjmp(back, 1);
    return signal == 0 ? *at : -signal;
}

// Four pages of 'a', 'b', 'c', 'd', mapped and touched.
static int make(char **map, int flags) {
    int fd = memfd_create("pages", MFD_ALLOW_SEALING);
    ftruncate(fd, 4 * PAGE);
    *map = mmap(0, 4 * PAGE, PROT_READ | PROT_WRITE, flags, fd, 0);
    for (int page = 0; page < 4; page++) {
        char text[PAGE];
        memset(text, 'a' + page, PAGE);
        pwrite(fd, text, PAGE, page * PAGE);
        look(*map + page * PAGE);
    }
    return fd;
}

static int in_child(int (*holds)(int, char *), int fd, char *map) {
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) _exit(holds(fd, map) ? 0 : 1);
    int status;
    waitpid(child, &status, 0);
    return status == 0;
}

static int cuts(int fd, char *map) {
    return ftruncate(fd, PAGE + 10) == 0 && look(map + 2 * PAGE) == -SIGBUS;
}

static void cut(void) {
    char *map;
    int fd = make(&map, MAP_SHARED);
    check("another process cuts the file", in_child(cuts, fd, map));
    check("the pages are gone", look(map + 2 * PAGE) == -SIGBUS && look(map + 3 * PAGE) == -SIGBUS);
    check("what is left stays", look(map) == 'a' && look(map + PAGE + 9) == 'b' && look(map + PAGE + 10) == 0);
    ftruncate(fd, 4 * PAGE);
    check("it grows by zeroes", look(map + 2 * PAGE) == 0);
    pwrite(fd, "new", 3, 2 * PAGE);
    check("and shows what is written", look(map + 2 * PAGE) == 'n');
    map[3 * PAGE] = 'm';
    char byte = 0;
    check("and is written through", pread(fd, &byte, 1, 3 * PAGE) == 1 && byte == 'm');

    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    close(open(path, O_RDWR | O_TRUNC));
    check("opening cuts, too", look(map) == -SIGBUS);
    close(fd);

    fd = make(&map, MAP_PRIVATE);
    map[0] = 'A';
    map[3 * PAGE] = 'D';
    ftruncate(fd, PAGE);
    check("private pages go with the file", look(map) == 'A' && look(map + 3 * PAGE) == -SIGBUS);
    close(fd);
}

static void punch(void) {
    char *map;
    int fd = make(&map, MAP_SHARED);
    check("punching", fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, PAGE, 2 * PAGE) == 0);
    check("a hole reads as zeroes", look(map + PAGE) == 0 && look(map + 2 * PAGE) == 0);
    check("around it nothing changes", look(map + PAGE - 1) == 'a' && look(map + 3 * PAGE) == 'd');
    map[PAGE] = 'w';
    char byte = 0;
    check("a hole is written through", pread(fd, &byte, 1, PAGE) == 1 && byte == 'w');
    close(fd);
}

static int fails(int result, int error) { return result == -1 && errno == error; }

static void *map_of(int fd, int protection, int flags) { return mmap(0, PAGE, protection, flags, fd, 0); }

static void seal(void) {
    char *map;
    int fd = make(&map, MAP_SHARED), both = PROT_READ | PROT_WRITE;
    check("what can be written through a mapping is not sealed", fails(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), EBUSY));
    check("nothing was sealed", fcntl(fd, F_GET_SEALS) == 0 && pwrite(fd, "x", 1, 0) == 1);
    munmap(map, 4 * PAGE);
    char *private = map_of(fd, both, MAP_PRIVATE);
    check("a private mapping is no hindrance", fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE) == 0);
    check("nobody writes", fails(pwrite(fd, "x", 1, 0), EPERM));
    check("nor through a new mapping", map_of(fd, both, MAP_SHARED) == MAP_FAILED && errno == EPERM);
    private[1] = 'p';
    check("a copy can be changed", look(private + 1) == 'p' && map_of(fd, both, MAP_PRIVATE) != MAP_FAILED);
    close(fd);

    fd = make(&map, MAP_SHARED);
    check("future writes are sealed although it is mapped", fcntl(fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE) == 0);
    map[0] = 'o';
    check("the old mapping goes on", look(map) == 'o');
    check("a new one fails", map_of(fd, both, MAP_SHARED) == MAP_FAILED && errno == EPERM);
    check("and so do calls", fails(pwrite(fd, "x", 1, 0), EPERM));
    char *readable = map_of(fd, PROT_READ, MAP_SHARED);
    check("a mapping to read shows it", readable != MAP_FAILED && look(readable) == 'o');
    check("and stays one", fails(mprotect(readable, PAGE, both), EACCES));
    close(fd);
}

int main(void) {
    struct sigaction action = {.sa_handler = on_fault};
    sigaction(SIGBUS, &action, 0);
    sigaction(SIGSEGV, &action, 0);
    cut();
    punch();
    seal();
    return 0;
}

// Mappings that grow, move without going, are left out of a child or wiped in it; pages brought in; limits; faults counted.
#define _GNU_SOURCE
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096
#define MIB (1 << 20)

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#define MADV_POPULATE_WRITE 23
#endif
#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4
#endif

static void check(const char *what, int holds) {
    printf("%s: %s\n", what, holds ? "yes" : "NO");
}

static sigjmp_buf back;
static void on_fault(int signal) { siglongjmp(back, signal); }

// The signal that a store raises, or 0.
static int store(volatile char *at) {
    int signal = sigsetjmp(back, 1);
    if (signal == 0) *at = 'x';
    return signal;
}

static char *memory(size_t size, int more) {
    return mmap(0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | more, -1, 0);
}

static int in_child(int (*holds)(char *), char *at) {
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) _exit(holds(at) ? 0 : 1);
    int status;
    waitpid(child, &status, 0);
    return status == 0;
}

static int is_missing(char *at) { return store(at) == SIGSEGV; }
static int is_zero(char *at) { return *at == 0 && at[PAGE] == 0; }
static int is_kept(char *at) { return *at == 'k'; }

static int refuses(char *at) { return *at == 'k' && prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0) == 1; }

static void refusal(void) {
    char *a = memory(PAGE, 0);
    *a = 'k';
    check("large pages can be refused", prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0) == 0 && prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0) == 0);
    check("children refuse them, too", refuses(a) && in_child(refuses, a));
    check("nothing else can be said", prctl(PR_SET_THP_DISABLE, 1, 1, 0, 0) == -1 && errno == EINVAL);
    check("or no longer", prctl(PR_SET_THP_DISABLE, 0, 0, 0, 0) == 0 && prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0) == 0);
}

static void forks(void) {
    char *a = memory(4 * PAGE, 0);
    memset(a, 'k', 4 * PAGE);
    check("a child has what its parent has", in_child(is_kept, a));
    check("MADV_DONTFORK", madvise(a, 2 * PAGE, MADV_DONTFORK) == 0 && in_child(is_missing, a) && in_child(is_kept, a + 2 * PAGE));
    check("the parent keeps it", a[0] == 'k');
    check("MADV_DOFORK", madvise(a, 2 * PAGE, MADV_DOFORK) == 0 && in_child(is_kept, a));
    check("MADV_WIPEONFORK", madvise(a, 2 * PAGE, MADV_WIPEONFORK) == 0 && in_child(is_zero, a) && in_child(is_kept, a + 2 * PAGE)
          && a[0] == 'k');
    check("MADV_KEEPONFORK", madvise(a, 2 * PAGE, MADV_KEEPONFORK) == 0 && in_child(is_kept, a));
    char *shared = mmap(0, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    check("only private memory is wiped", madvise(shared, PAGE, MADV_WIPEONFORK) == -1 && errno == EINVAL);
    munmap(a + PAGE, PAGE);
    check("a hole is told", madvise(a, 4 * PAGE, MADV_DONTFORK) == -1 && errno == ENOMEM && in_child(is_missing, a));
}

static int resident(char *at, size_t pages) {
    unsigned char vector[64];
    int count = 0;
    if (mincore(at, pages * PAGE, vector) != 0) return -1;
    for (size_t i = 0; i < pages; i++) count += vector[i] & 1;
    return count;
}

static void populate(void) {
    char *a = memory(32 * PAGE, 0);
    check("fresh memory is not there yet", resident(a, 32) == 0);
    check("MADV_POPULATE_WRITE", madvise(a, 16 * PAGE, MADV_POPULATE_WRITE) == 0 && resident(a, 16) == 16);
    check("MADV_POPULATE_READ", madvise(a, 32 * PAGE, MADV_POPULATE_READ) == 0 && resident(a, 16) == 16);
    mprotect(a, PAGE, PROT_READ);
    check("not against the protection", madvise(a, PAGE, MADV_POPULATE_WRITE) == -1 && errno == EINVAL);
    munmap(a + PAGE, PAGE);
    check("not where nothing is", madvise(a, 4 * PAGE, MADV_POPULATE_READ) == -1 && errno == ENOMEM);
    check("not off a page", madvise(a + 1, PAGE, MADV_POPULATE_READ) == -1 && errno == EINVAL);
}

static void moved(void) {
    char *a = memory(4 * PAGE, 0);
    memset(a, 'm', 4 * PAGE);
    char *b = mremap(a, 4 * PAGE, 4 * PAGE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, 0);
    check("MREMAP_DONTUNMAP moves the pages", b != MAP_FAILED && b != a && b[0] == 'm' && b[4 * PAGE - 1] == 'm');
    check("and leaves the mapping empty", is_zero(a) && store(a) == 0);
    char *to = memory(4 * PAGE, 0);
    check("to a place", mremap(b, 4 * PAGE, 4 * PAGE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP | MREMAP_FIXED, to) == to && to[PAGE] == 'm' && is_zero(b));
    check("of the same size", mremap(a, 4 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, 0) == MAP_FAILED && errno == EINVAL);
    check("that may move", mremap(a, PAGE, PAGE, MREMAP_DONTUNMAP, 0) == MAP_FAILED && errno == EINVAL);
}

static void grows(void) {
    // 64 pages of which the uppermost is mapped; 512 below them are free.
    char *area = memory(1024 * PAGE, 0);
    munmap(area, 1024 * PAGE);
    char *top = mmap(area + 1000 * PAGE, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN | MAP_FIXED, -1, 0);
    check("MAP_GROWSDOWN", top == area + 1000 * PAGE && store(top) == 0);
    check("it grows by a page", store(top - 1) == 0);
    check("and by many", store(top - 100 * PAGE) == 0 && top[-50 * PAGE] == 0 && top[-1] == 'x');
    char *below = mmap(area + 600 * PAGE, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    check("not too near to another mapping", below != MAP_FAILED && store(below + 101 * PAGE) == SIGSEGV && store(below + 300 * PAGE) == 0);
    check("other mappings do not grow", store(below - 1) == SIGSEGV);
    struct rlimit old, small = {MIB, MIB};
    getrlimit(RLIMIT_STACK, &old);
    small.rlim_max = old.rlim_max;
    munmap(below, PAGE);
    setrlimit(RLIMIT_STACK, &small);
    check("nor over the limit", store(top - 300 * PAGE) == SIGSEGV);
    setrlimit(RLIMIT_STACK, &old);
    check("that can be raised", store(top - 300 * PAGE) == 0);
    check("only private memory grows", mmap(0, PAGE, PROT_READ, MAP_SHARED | MAP_ANONYMOUS | MAP_GROWSDOWN, -1, 0) == MAP_FAILED && errno == EINVAL);
}

static void limits(void) {
    struct rlimit old, small;
    getrlimit(RLIMIT_AS, &old);
    small = old;
    small.rlim_cur = 64 * MIB;
    setrlimit(RLIMIT_AS, &small);
    check("RLIMIT_AS binds at once", memory(128 * MIB, 0) == MAP_FAILED && errno == ENOMEM);
    setrlimit(RLIMIT_AS, &old);
    check("and no longer", memory(128 * MIB, MAP_NORESERVE) != MAP_FAILED);
}

static void faults(void) {
    struct rusage before, after, children;
    char *a = memory(4 * MIB, 0);
    madvise(a, 4 * MIB, MADV_NOHUGEPAGE);
    getrusage(RUSAGE_SELF, &before);
    for (size_t at = 0; at < 4 * MIB; at += 16 * PAGE) a[at] = 1;
    getrusage(RUSAGE_SELF, &after);
    check("faults are counted", after.ru_minflt - before.ru_minflt >= 64);
    getrusage(RUSAGE_CHILDREN, &before);
    in_child(is_zero, a + PAGE);
    getrusage(RUSAGE_CHILDREN, &children);
    check("those of children, too", children.ru_minflt > before.ru_minflt);
}

int main(void) {
    struct sigaction action = {.sa_handler = on_fault};
    sigaction(SIGSEGV, &action, 0);
    forks();
    refusal();
    populate();
    moved();
    grows();
    limits();
    faults();
    return 0;
}

// Shared memory of System V: found by key and by number, attached, counted, removed.
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096
#define SIZE (3 * PAGE - 100)

static key_t key;

static void check(const char *what, int holds) {
    printf("%s: %s\n", what, holds ? "yes" : "NO");
}

static int fails(long result, int error) { return result == -1 && errno == error; }

static int attached(int id) {
    struct shmid_ds status;
    return shmctl(id, IPC_STAT, &status) == 0 ? (int)status.shm_nattch : -1;
}

static int in_child(int (*holds)(int), int id) {
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) _exit(holds(id) ? 0 : 1);
    int status;
    waitpid(child, &status, 0);
    return status == 0;
}

static int inherits(int id) { return attached(id) == 2; }

static int writes(int id) {
    char *at = shmat(id, 0, 0);
    if (at == (void *)-1) return 0;
    strcpy(at + PAGE, "from the child");
    return attached(id) == 3;
}

static int is_refused(int id) {
    if (setgid(12345) != 0 || setuid(12345) != 0) return 0;
    int read_only = shmat(id, 0, SHM_RDONLY) != (void *)-1;
    int writable = fails((long)shmat(id, 0, 0), EACCES);
    return read_only && writable && fails(shmctl(id, IPC_RMID, 0), EPERM) && fails(shmget(key, 1, 0222), EACCES);
}

int main(void) {
    key = 0x7ead0000 + (getpid() & 0xffff); // two runs on one machine do not meet
    int left = shmget(key, 0, 0);
    if (left != -1) shmctl(left, IPC_RMID, 0); // of a run that was cut short
    check("there is none", fails(shmget(key, SIZE, 0600), ENOENT));
    check("none of no size", fails(shmget(key, 0, IPC_CREAT | 0600), EINVAL));
    int id = shmget(key, SIZE, IPC_CREAT | IPC_EXCL | 0644);
    check("it is made", id >= 0);
    check("and found", shmget(key, SIZE, 0) == id && shmget(key, 0, IPC_CREAT) == id);
    check("but not made again", fails(shmget(key, SIZE, IPC_CREAT | IPC_EXCL), EEXIST));
    check("it is no larger than it is", fails(shmget(key, 3 * PAGE + 1, 0), EINVAL));

    struct shmid_ds status;
    memset(&status, 0xff, sizeof status);
    check("IPC_STAT", shmctl(id, IPC_STAT, &status) == 0);
    check("what it says", status.shm_segsz == SIZE && status.shm_nattch == 0 && status.shm_cpid == getpid() && status.shm_lpid == 0);
    check("whose it is", status.shm_perm.uid == getuid() && status.shm_perm.cgid == getgid() && status.shm_perm.mode == 0644);
    check("times", status.shm_atime == 0 && status.shm_dtime == 0 && status.shm_ctime > 1000000000);

    char *at = shmat(id, 0, 0);
    check("it is attached", at != (void *)-1 && attached(id) == 1 && at[0] == 0 && at[3 * PAGE - 1] == 0);
    check("a child has it, too", in_child(inherits, id) && attached(id) == 1);
    check("and attaches it again", in_child(writes, id) && strcmp(at + PAGE, "from the child") == 0 && attached(id) == 1);
    char *view = shmat(id, 0, SHM_RDONLY);
    check("to be read", view != (void *)-1 && view != at && strcmp(view + PAGE, "from the child") == 0);
    check("and nothing more", fails(mprotect(view, PAGE, PROT_READ | PROT_WRITE), EACCES));
    shmctl(id, IPC_STAT, &status);
    check("both count", status.shm_nattch == 2 && status.shm_lpid == getpid() && status.shm_atime > 1000000000);
    check("it is detached", shmdt(view) == 0 && attached(id) == 1);
    check("once", fails(shmdt(view), EINVAL) && fails(shmdt(at + PAGE), EINVAL) && fails(shmdt(&status), EINVAL));

    check("an address of one's own", shmdt(at) == 0 && shmat(id, at, 0) == at);
    check("not where something is", fails((long)shmat(id, at, 0), EINVAL) && fails((long)shmat(id, at + 1, 0), EINVAL));
    check("unless that is meant", shmat(id, at, SHM_REMAP) == at && shmat(id, at + 5, SHM_REMAP | SHM_RND) == at);
    check("in the middle of it something else", mmap(at + PAGE, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == at + PAGE && attached(id) == 2);
    check("stays there", shmdt(at) == 0 && attached(id) == 0 && at[PAGE] == 0);
    if (getuid() == 0) check("others may what its mode says", in_child(is_refused, id));
    else check("others may what its mode says", 1);

    shmctl(id, IPC_STAT, &status);
    status.shm_perm.mode = 0600;
    check("IPC_SET", shmctl(id, IPC_SET, &status) == 0 && shmctl(id, IPC_STAT, &status) == 0 && status.shm_perm.mode == 0600);
    at = shmat(id, 0, 0);
    strcpy(at, "still there");
    check("it is removed", shmctl(id, IPC_RMID, 0) == 0 && fails(shmget(key, SIZE, 0), ENOENT));
    check("and lasts while it is attached", strcmp(at, "still there") == 0 && shmctl(id, IPC_STAT, &status) == 0 && status.shm_nattch == 1);
    check("marked", (status.shm_perm.mode & 01000) != 0);
    int other = shmget(key, PAGE, IPC_CREAT | 0600);
    check("another takes its key", other >= 0 && other != id);
    check("it goes with its last mapping", shmdt(at) == 0 && fails(shmctl(id, IPC_STAT, &status), EINVAL) && fails((long)shmat(id, 0, 0), EINVAL));
    check("the other goes at once", shmctl(other, IPC_RMID, 0) == 0 && fails(shmctl(other, IPC_STAT, &status), EINVAL));
    struct shm_info info;
    struct shminfo limits;
    int place, found = 0;
    other = shmget(key, PAGE, IPC_CREAT | 0600);
    place = shmctl(0, SHM_INFO, (void *)&info);
    for (int at = 0; at <= place; at++) found += shmctl(at, SHM_STAT, &status) == other && status.shm_segsz == PAGE;
    check("all can be listed", found == 1 && info.used_ids >= 1 && info.shm_tot >= 1);
    check("limits", shmctl(0, IPC_INFO, (void *)&limits) >= 0 && limits.shmmin == 1 && limits.shmmni >= 4096);
    shmctl(other, IPC_RMID, 0);
    int own = shmget(IPC_PRIVATE, PAGE, 0600), second = shmget(IPC_PRIVATE, PAGE, 0600);
    check("private ones are always new", own >= 0 && second >= 0 && own != second);
    shmctl(own, IPC_RMID, 0);
    shmctl(second, IPC_RMID, 0);
    return 0;
}

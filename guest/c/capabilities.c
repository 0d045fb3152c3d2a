// What capabilities(7) promises about giving them up. With "users" as its argument it also changes users, which only the real
// superuser may. Each check runs in a child: what it gives up is gone for good.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

typedef struct { uint64_t effective, permitted, inheritable; } sets;
static const char *self;

static int capset_raw(const sets *s) {
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2] = {
        {s->effective, s->permitted, s->inheritable},
        {s->effective >> 32, s->permitted >> 32, s->inheritable >> 32}};
    return syscall(SYS_capset, &header, data);
}

static sets held(void) {
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct d[2];
    if (syscall(SYS_capget, &header, d) != 0) _exit(99);
    return (sets){d[0].effective | (uint64_t)d[1].effective << 32, d[0].permitted | (uint64_t)d[1].permitted << 32,
                  d[0].inheritable | (uint64_t)d[1].inheritable << 32};
}

#define BIT(number) (1ull << (number))

// Makes some ineffective, or takes them away for good.
static int lower(uint64_t bits) { sets s = held(); s.effective &= ~bits; return capset_raw(&s); }
static int drop(uint64_t bits) { sets s = held(); s.effective &= ~bits; s.permitted &= ~bits; return capset_raw(&s); }

static void check(const char *what, int (*holds)(void)) {
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) _exit(holds() ? 0 : 1);
    int status;
    waitpid(child, &status, 0);
    printf("%s: %s\n", what, status == 0 ? "yes" : "NO");
}

// Executes this program to say what it holds then: bit 0 permitted, 1 effective, 2 ambient, 3 keeps capabilities.
static int after_execution(int number) {
    pid_t child = fork();
    if (child == 0) {
        char text[8];
        snprintf(text, sizeof text, "%d", number);
        execl(self, self, "holds", text, (char *)0);
        _exit(98);
    }
    int status;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int holds(int number) {
    sets s = held();
    return (s.permitted >> number & 1) | (s.effective >> number & 1) << 1
         | prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, number, 0, 0) << 2 | prctl(PR_GET_KEEPCAPS) << 3;
}

static int secret(void) {
    char name[] = "/tmp/capabilities-XXXXXX";
    int fd = mkstemp(name);
    fchmod(fd, 0);
    close(fd);
    fd = open(name, O_RDONLY);
    int error = errno;
    unlink(name);
    if (fd >= 0) { close(fd); return 0; }
    return error;
}

static int versions(void) {
    struct __user_cap_header_struct header = {0, 0};
    struct __user_cap_data_struct data[2];
    if (syscall(SYS_capget, &header, 0) != 0 || header.version != _LINUX_CAPABILITY_VERSION_3) return 0;
    header.version = 7;
    if (syscall(SYS_capget, &header, data) != -1 || errno != EINVAL || header.version != _LINUX_CAPABILITY_VERSION_3) return 0;
    header.pid = -1;
    if (syscall(SYS_capget, &header, data) != -1 || errno != EINVAL) return 0;
    header.pid = 1 << 21;
    if (syscall(SYS_capget, &header, data) != -1 || errno != ESRCH) return 0;
    header.pid = getppid();
    if (syscall(SYS_capset, &header, data) != -1 || errno != EPERM) return 0;
    header = (struct __user_cap_header_struct){_LINUX_CAPABILITY_VERSION_1, 0};
    memset(data, 0x55, sizeof data);
    if (syscall(SYS_capget, &header, data) != 0 || data[1].effective != 0x55555555) return 0;
    return data[0].effective == (uint32_t)held().effective;
}

static int lowered(void) {
    if (secret() != 0) return 0;
    if (lower(BIT(CAP_DAC_OVERRIDE) | BIT(CAP_DAC_READ_SEARCH)) != 0 || secret() != EACCES) return 0;
    sets s = held();
    s.effective |= BIT(CAP_DAC_READ_SEARCH);
    return capset_raw(&s) == 0 && secret() == 0;
}

static int dropped(void) {
    uint64_t bits = BIT(CAP_DAC_OVERRIDE) | BIT(CAP_DAC_READ_SEARCH);
    if (drop(bits) != 0 || secret() != EACCES) return 0;
    sets s = held();
    s.effective |= bits;
    if (capset_raw(&s) != -1 || errno != EPERM) return 0;
    s.permitted |= bits;
    return capset_raw(&s) == -1 && errno == EPERM && (held().permitted & bits) == 0;
}

static int calls(void) {
    gid_t none[1] = {0};
    if (drop(BIT(CAP_SYS_CHROOT) | BIT(CAP_SETGID) | BIT(CAP_MKNOD) | BIT(CAP_SYS_NICE) | BIT(CAP_SYS_TIME)) != 0) return 0;
    if (chroot("/") != -1 || errno != EPERM || syscall(SYS_setgroups, 1, none) != -1 || errno != EPERM) return 0;
    if (mknod("/tmp/capabilities-device", S_IFCHR | 0600, 0x103) != -1 || errno != EPERM) return 0;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (clock_settime(CLOCK_REALTIME, &now) != -1 || errno != EPERM) return 0;
    return syscall(SYS_setresgid, 0, 0, 77777) == -1 && (errno == EPERM || errno == EINVAL);
}

static int bounding(void) {
    if (prctl(PR_CAPBSET_READ, CAP_SYS_CHROOT) != 1 || prctl(PR_CAPBSET_DROP, CAP_SYS_CHROOT) != 0
        || prctl(PR_CAPBSET_READ, CAP_SYS_CHROOT) != 0) return 0;
    if (prctl(PR_CAPBSET_READ, 1000) != -1 || errno != EINVAL || prctl(PR_CAPBSET_DROP, 1000) != -1 || errno != EINVAL) return 0;
    if (!(held().permitted & BIT(CAP_SYS_CHROOT)) || after_execution(CAP_SYS_CHROOT) != 0 || after_execution(CAP_SETUID) != 3) return 0;
    sets s = held();
    s.inheritable = BIT(CAP_SYS_CHROOT);
    if (capset_raw(&s) != -1 || errno != EPERM) return 0;
    lower(BIT(CAP_SETPCAP));
    return prctl(PR_CAPBSET_DROP, CAP_SETUID) == -1 && errno == EPERM;
}

static int executed(void) {
    // Root gets all back but what is not in the bounding set, unless nothing may be gained any more.
    if (drop(BIT(CAP_SYS_CHROOT)) != 0 || after_execution(CAP_SYS_CHROOT) != 3) return 0;
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    return after_execution(CAP_SYS_CHROOT) == 0 && after_execution(CAP_SETUID) == 3;
}

static int ambient(void) {
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_SETUID, 0, 0) != -1 || errno != EPERM) return 0;
    sets s = held();
    s.inheritable = BIT(CAP_SETUID);
    if (capset_raw(&s) != 0 || prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_SETUID, 0, 0) != 0) return 0;
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_SETUID, 0, 0) != 1) return 0;
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, 1000, 0, 0) != -1 || errno != EINVAL) return 0;
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 1, 0, 0) != -1 || errno != EINVAL) return 0;
    if (prctl(PR_CAP_AMBIENT, 9, 0, 0, 0) != -1 || errno != EINVAL) return 0;
    if (after_execution(CAP_SETUID) != 7) return 0;
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_LOWER, CAP_SETUID, 0, 0) != 0 || after_execution(CAP_SETUID) != 3) return 0;
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_SETUID, 0, 0);
    s.inheritable = 0;
    return capset_raw(&s) == 0 && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_SETUID, 0, 0) == 0;
}

static int secure(void) {
    if (prctl(PR_GET_SECUREBITS) != 0 || prctl(PR_SET_SECUREBITS, 1 << 30) != -1 || errno != EPERM) return 0;
    if (prctl(PR_SET_SECUREBITS, SECBIT_NOROOT | SECBIT_NOROOT_LOCKED) != 0) return 0;
    if (prctl(PR_SET_SECUREBITS, SECBIT_NOROOT_LOCKED) != -1 || prctl(PR_SET_SECUREBITS, 0) != -1 || errno != EPERM) return 0;
    if (after_execution(CAP_SETUID) != 0) return 0;
    if (prctl(PR_SET_KEEPCAPS, 2) != -1 || errno != EINVAL || prctl(PR_SET_KEEPCAPS, 1) != 0 || prctl(PR_GET_KEEPCAPS) != 1) return 0;
    if (after_execution(CAP_SETUID) != 0) return 0;
    if (prctl(PR_SET_SECUREBITS, prctl(PR_GET_SECUREBITS) | SECBIT_KEEP_CAPS_LOCKED) != 0) return 0;
    if (prctl(PR_SET_KEEPCAPS, 0) != -1 || errno != EPERM) return 0;
    lower(BIT(CAP_SETPCAP));
    return prctl(PR_SET_SECUREBITS, prctl(PR_GET_SECUREBITS)) == -1 && errno == EPERM;
}

static int shown(void) {
    drop(BIT(CAP_SYS_CHROOT));
    lower(BIT(CAP_SETUID));
    sets s = held();
    char line[256];
    FILE *status = fopen("/proc/self/status", "r");
    unsigned long long permitted = 0, effective = 0, inheritable = 1, ambient = 1;
    while (fgets(line, sizeof line, status)) {
        sscanf(line, "CapPrm: %llx", &permitted);
        sscanf(line, "CapEff: %llx", &effective);
        sscanf(line, "CapInh: %llx", &inheritable);
        sscanf(line, "CapAmb: %llx", &ambient);
    }
    fclose(status);
    return permitted == s.permitted && effective == s.effective && inheritable == 0 && ambient == 0;
}

static int no_user(void) {
    return setresuid(1000, 1000, 1000) == 0 && held().permitted == 0 && held().effective == 0 && setuid(0) == -1
        && errno == EPERM && secret() == EACCES;
}

static int keeps(void) {
    prctl(PR_SET_KEEPCAPS, 1);
    sets before = held();
    if (setresuid(1000, 1000, 1000) != 0 || held().permitted != before.permitted || held().effective != 0) return 0;
    sets s = {BIT(CAP_SETUID), BIT(CAP_SETUID) | BIT(CAP_KILL), BIT(CAP_SETUID)};
    if (capset_raw(&s) != 0 || after_execution(CAP_SETUID) != 0) return 0;
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_SETUID, 0, 0) != 0) return 0;
    return after_execution(CAP_SETUID) == 7 && after_execution(CAP_KILL) == 0 && setuid(0) == 0;
}

static int effective_user(void) {
    sets before = held();
    if (seteuid(1000) != 0 || held().effective != 0 || held().permitted != before.permitted) return 0;
    return seteuid(0) == 0 && held().effective == before.effective;
}

static int no_fixup(void) {
    sets before = held();
    prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP);
    return setresuid(1000, 1000, 1000) == 0 && held().effective == before.effective && setuid(0) == 0;
}

static int file_user(void) {
    uint64_t files = BIT(CAP_DAC_OVERRIDE) | BIT(CAP_CHOWN) | BIT(CAP_FOWNER);
    setfsuid(1000);
    if ((held().effective & files) != 0 || !(held().effective & BIT(CAP_KILL))) return 0;
    setfsuid(0);
    return (held().effective & files) == files;
}

static int owners(void) {
    char name[] = "/tmp/capabilities-XXXXXX";
    int fd = mkstemp(name), right = fchown(fd, 1000, 1000) == 0;
    drop(BIT(CAP_CHOWN));
    right = right && fchown(fd, 0, 0) == -1 && errno == EPERM && fchmod(fd, 0600) == 0;
    drop(BIT(CAP_FOWNER));
    right = right && fchmod(fd, 0644) == -1 && errno == EPERM;
    unlink(name);
    return right;
}

static int others(void) {
    int ends[2];
    if (pipe(ends) != 0) return 0;
    pid_t child = fork();
    if (child == 0) {
        if (setresuid(1000, 1000, 1000) != 0 || write(ends[1], "r", 1) != 1) _exit(1);
        for (;;) pause();
    }
    char byte;
    if (read(ends[0], &byte, 1) != 1 || kill(child, 0) != 0) return 0;
    lower(BIT(CAP_KILL));
    int right = kill(child, SIGKILL) == -1 && errno == EPERM;
    sets s = held();
    s.effective |= BIT(CAP_KILL);
    capset_raw(&s);
    return right && kill(child, SIGKILL) == 0 && waitpid(child, 0, 0) == child;
}

static int real_user(void) {
    char name[] = "/tmp/capabilities-XXXXXX";
    int fd = mkstemp(name);
    fchmod(fd, 0);
    int right = access(name, R_OK) == 0 && setreuid(1000, 0) == 0 && access(name, R_OK) == -1 && errno == EACCES
        && faccessat(AT_FDCWD, name, R_OK, AT_EACCESS) == 0;
    unlink(name);
    return right;
}

int main(int count, char **arguments) {
    self = arguments[0];
    if (count == 3 && strcmp(arguments[1], "holds") == 0) return holds(atoi(arguments[2]));
    check("capget and capset know their versions and whom they are asked about", versions);
    check("what is not effective does not help", lowered);
    check("what is dropped does not come back", dropped);
    check("calls ask for theirs", calls);
    check("the bounding set shrinks", bounding);
    check("root gets back what it dropped when it executes a program", executed);
    check("the ambient set", ambient);
    check("secure bits", secure);
    check("/proc/self/status shows the sets", shown);
    if (count < 2 || strcmp(arguments[1], "users") != 0) return 0;
    check("who stops being root has none", no_user);
    check("but if they are to be kept, they are", keeps);
    check("the effective user has the effective set", effective_user);
    check("unless users are not to matter", no_fixup);
    check("the user of files has those about files", file_user);
    check("only owners change owners and modes", owners);
    check("signals to others", others);
    check("access(2) asks for the real user", real_user);
    return 0;
}

//! Sets of flags, and their names.

use alloc::format;
use alloc::string::String;

/// A set of flags, some bits of which may be one of several choices.
pub struct Flags {
    /// The bits that are a number and not a set.
    mask: u64,
    /// What that number may be.
    choices: &'static [(u64, &'static str)],
    /// The other bits. Of two that share bits, the wider one comes first.
    bits: &'static [(u64, &'static str)],
}

impl Flags {
    const fn choice(choices: &'static [(u64, &'static str)]) -> Flags {
        Flags {
            mask: u64::MAX,
            choices,
            bits: &[],
        }
    }

    const fn set(bits: &'static [(u64, &'static str)]) -> Flags {
        Flags {
            mask: 0,
            choices: &[],
            bits,
        }
    }

    /// As a C expression.
    pub(crate) fn show(&self, value: u64) -> String {
        let mut text = String::new();
        let mut add = |part: &str| {
            if !text.is_empty() {
                text.push('|');
            }
            text.push_str(part);
        };
        let number = value & self.mask;
        // Where no bits are a number, a choice is the name of the empty set.
        let may_choose = self.mask != 0 || value == 0;
        let chosen = self
            .choices
            .iter()
            .find(|choice| may_choose && choice.0 == number);
        let mut left = value & !self.mask;
        match chosen {
            Some((_, name)) => add(name),
            None => left |= number,
        }
        for (bits, name) in self.bits {
            if left & bits == *bits && *bits != 0 {
                add(name);
                left &= !bits;
            }
        }
        if left != 0 {
            add(&format!("{left:#x}"));
        }
        if text.is_empty() {
            text.push('0');
        }
        text
    }
}

pub(crate) static OPEN: Flags = Flags {
    mask: 3,
    choices: &[(0, "O_RDONLY"), (1, "O_WRONLY"), (2, "O_RDWR")],
    bits: &[
        (0o100, "O_CREAT"),
        (0o200, "O_EXCL"),
        (0o400, "O_NOCTTY"),
        (0o1000, "O_TRUNC"),
        (0o2000, "O_APPEND"),
        (0o4000, "O_NONBLOCK"),
        (0o4010000, "O_SYNC"),
        (0o10000, "O_DSYNC"),
        (0o20000, "O_ASYNC"),
        (0o40000, "O_DIRECT"),
        (0o100000, "O_LARGEFILE"),
        (0o400000, "O_NOFOLLOW"),
        (0o1000000, "O_NOATIME"),
        (0o2000000, "O_CLOEXEC"),
        (0o10000000, "O_PATH"),
        (0o20200000, "O_TMPFILE"),
        (0o200000, "O_DIRECTORY"),
    ],
};

pub(crate) static PIPE: Flags = Flags::set(&[
    (0o4000, "O_NONBLOCK"),
    (0o40000, "O_DIRECT"),
    (0o2000000, "O_CLOEXEC"),
]);

pub(crate) static EVENTFD: Flags = Flags::set(&[
    (0o4000, "EFD_NONBLOCK"),
    (0o2000000, "EFD_CLOEXEC"),
    (1, "EFD_SEMAPHORE"),
]);

pub(crate) static EPOLL_CREATE: Flags = Flags::set(&[(0o2000000, "EPOLL_CLOEXEC")]);

pub(crate) static ACCESS: Flags = Flags {
    mask: 0,
    choices: &[(0, "F_OK")],
    bits: &[(4, "R_OK"), (2, "W_OK"), (1, "X_OK")],
};

pub(crate) static SEEK: Flags = Flags::choice(&[
    (0, "SEEK_SET"),
    (1, "SEEK_CUR"),
    (2, "SEEK_END"),
    (3, "SEEK_DATA"),
    (4, "SEEK_HOLE"),
]);

pub(crate) static PROTECTION: Flags = Flags {
    mask: 0,
    choices: &[(0, "PROT_NONE")],
    bits: &[
        (1, "PROT_READ"),
        (2, "PROT_WRITE"),
        (4, "PROT_EXEC"),
        (0x0100_0000, "PROT_GROWSDOWN"),
    ],
};

pub(crate) static MAP: Flags = Flags {
    mask: 0xf,
    choices: &[(1, "MAP_SHARED"), (2, "MAP_PRIVATE"), (3, "MAP_SHARED_VALIDATE")],
    bits: &[
        (0x10, "MAP_FIXED"),
        (0x20, "MAP_ANONYMOUS"),
        (0x40, "MAP_32BIT"),
        (0x10_0000, "MAP_FIXED_NOREPLACE"),
        (0x4000, "MAP_NORESERVE"),
        (0x8000, "MAP_POPULATE"),
        (0x1_0000, "MAP_NONBLOCK"),
        (0x100, "MAP_GROWSDOWN"),
        (0x800, "MAP_DENYWRITE"),
        (0x1000, "MAP_EXECUTABLE"),
        (0x2000, "MAP_LOCKED"),
        (0x2_0000, "MAP_STACK"),
        (0x4_0000, "MAP_HUGETLB"),
    ],
};

pub(crate) static REMAP: Flags = Flags::set(&[
    (1, "MREMAP_MAYMOVE"),
    (2, "MREMAP_FIXED"),
    (4, "MREMAP_DONTUNMAP"),
]);

pub(crate) static ADVICE: Flags = Flags::choice(&[
    (0, "MADV_NORMAL"),
    (1, "MADV_RANDOM"),
    (2, "MADV_SEQUENTIAL"),
    (3, "MADV_WILLNEED"),
    (4, "MADV_DONTNEED"),
    (8, "MADV_FREE"),
    (9, "MADV_REMOVE"),
    (10, "MADV_DONTFORK"),
    (11, "MADV_DOFORK"),
    (14, "MADV_HUGEPAGE"),
    (15, "MADV_NOHUGEPAGE"),
    (16, "MADV_DONTDUMP"),
    (17, "MADV_DODUMP"),
    (18, "MADV_WIPEONFORK"),
    (102, "MADV_GUARD_INSTALL"),
]);

pub(crate) static SYNC: Flags = Flags::set(&[(1, "MS_ASYNC"), (2, "MS_INVALIDATE"), (4, "MS_SYNC")]);

pub(crate) static AT: Flags = Flags::set(&[
    (0x100, "AT_SYMLINK_NOFOLLOW"),
    (0x400, "AT_SYMLINK_FOLLOW"),
    (0x800, "AT_NO_AUTOMOUNT"),
    (0x1000, "AT_EMPTY_PATH"),
]);

pub(crate) static UNLINK: Flags = Flags::set(&[(0x200, "AT_REMOVEDIR")]);

pub(crate) static HOW: Flags = Flags::choice(&[(0, "SIG_BLOCK"), (1, "SIG_UNBLOCK"), (2, "SIG_SETMASK")]);

pub(crate) static ACTION: Flags = Flags::set(&[
    (0x0400_0000, "SA_RESTORER"),
    (0x0800_0000, "SA_ONSTACK"),
    (0x1000_0000, "SA_RESTART"),
    (0x4000_0000, "SA_NODEFER"),
    (0x8000_0000, "SA_RESETHAND"),
    (1, "SA_NOCLDSTOP"),
    (2, "SA_NOCLDWAIT"),
    (4, "SA_SIGINFO"),
]);

pub(crate) static CLONE: Flags = Flags {
    mask: 0,
    choices: &[],
    bits: &[
        (0x100, "CLONE_VM"),
        (0x200, "CLONE_FS"),
        (0x400, "CLONE_FILES"),
        (0x800, "CLONE_SIGHAND"),
        (0x1000, "CLONE_PIDFD"),
        (0x2000, "CLONE_PTRACE"),
        (0x4000, "CLONE_VFORK"),
        (0x8000, "CLONE_PARENT"),
        (0x1_0000, "CLONE_THREAD"),
        (0x2_0000, "CLONE_NEWNS"),
        (0x4_0000, "CLONE_SYSVSEM"),
        (0x8_0000, "CLONE_SETTLS"),
        (0x10_0000, "CLONE_PARENT_SETTID"),
        (0x20_0000, "CLONE_CHILD_CLEARTID"),
        (0x40_0000, "CLONE_DETACHED"),
        (0x80_0000, "CLONE_UNTRACED"),
        (0x100_0000, "CLONE_CHILD_SETTID"),
        (0x11, "SIGCHLD"),
    ],
};

pub(crate) static WAIT: Flags = Flags::set(&[
    (1, "WNOHANG"),
    (2, "WUNTRACED"),
    (4, "WEXITED"),
    (8, "WCONTINUED"),
    (0x0100_0000, "WNOWAIT"),
    (0x2000_0000, "__WNOTHREAD"),
    (0x4000_0000, "__WALL"),
    (0x8000_0000, "__WCLONE"),
]);

pub(crate) static FUTEX: Flags = Flags {
    mask: 0x7f,
    choices: &[
        (0, "FUTEX_WAIT"),
        (1, "FUTEX_WAKE"),
        (3, "FUTEX_REQUEUE"),
        (4, "FUTEX_CMP_REQUEUE"),
        (5, "FUTEX_WAKE_OP"),
        (6, "FUTEX_LOCK_PI"),
        (7, "FUTEX_UNLOCK_PI"),
        (8, "FUTEX_TRYLOCK_PI"),
        (9, "FUTEX_WAIT_BITSET"),
        (10, "FUTEX_WAKE_BITSET"),
    ],
    bits: &[(0x80, "FUTEX_PRIVATE_FLAG"), (0x100, "FUTEX_CLOCK_REALTIME")],
};

pub(crate) static CLOCK: Flags = Flags::choice(&[
    (0, "CLOCK_REALTIME"),
    (1, "CLOCK_MONOTONIC"),
    (2, "CLOCK_PROCESS_CPUTIME_ID"),
    (3, "CLOCK_THREAD_CPUTIME_ID"),
    (4, "CLOCK_MONOTONIC_RAW"),
    (5, "CLOCK_REALTIME_COARSE"),
    (6, "CLOCK_MONOTONIC_COARSE"),
    (7, "CLOCK_BOOTTIME"),
]);

pub(crate) static TIMER: Flags = Flags::set(&[(1, "TIMER_ABSTIME")]);

pub(crate) static INTERVAL: Flags =
    Flags::choice(&[(0, "ITIMER_REAL"), (1, "ITIMER_VIRTUAL"), (2, "ITIMER_PROF")]);

pub(crate) static RANDOM: Flags = Flags::set(&[(1, "GRND_NONBLOCK"), (2, "GRND_RANDOM")]);

pub(crate) static FCNTL: Flags = Flags::choice(&[
    (0, "F_DUPFD"),
    (1, "F_GETFD"),
    (2, "F_SETFD"),
    (3, "F_GETFL"),
    (4, "F_SETFL"),
    (5, "F_GETLK"),
    (6, "F_SETLK"),
    (7, "F_SETLKW"),
    (8, "F_SETOWN"),
    (9, "F_GETOWN"),
    (1030, "F_DUPFD_CLOEXEC"),
    (1031, "F_SETPIPE_SZ"),
    (1032, "F_GETPIPE_SZ"),
    (1033, "F_ADD_SEALS"),
    (1034, "F_GET_SEALS"),
]);

pub(crate) static ARCH: Flags = Flags::choice(&[
    (0x1001, "ARCH_SET_GS"),
    (0x1002, "ARCH_SET_FS"),
    (0x1003, "ARCH_GET_FS"),
    (0x1004, "ARCH_GET_GS"),
]);

pub(crate) static FAMILY: Flags = Flags::choice(&[
    (0, "AF_UNSPEC"),
    (1, "AF_UNIX"),
    (2, "AF_INET"),
    (10, "AF_INET6"),
    (16, "AF_NETLINK"),
]);

pub(crate) static SOCKET: Flags = Flags {
    mask: 0xf,
    choices: &[
        (1, "SOCK_STREAM"),
        (2, "SOCK_DGRAM"),
        (3, "SOCK_RAW"),
        (5, "SOCK_SEQPACKET"),
    ],
    bits: &[(0o2000000, "SOCK_CLOEXEC"), (0o4000, "SOCK_NONBLOCK")],
};

pub(crate) static MESSAGE: Flags = Flags::set(&[
    (1, "MSG_OOB"),
    (2, "MSG_PEEK"),
    (0x20, "MSG_TRUNC"),
    (0x40, "MSG_DONTWAIT"),
    (0x100, "MSG_WAITALL"),
    (0x4000, "MSG_NOSIGNAL"),
    (0x4000_0000, "MSG_CMSG_CLOEXEC"),
]);

pub(crate) static SHUTDOWN: Flags = Flags::choice(&[(0, "SHUT_RD"), (1, "SHUT_WR"), (2, "SHUT_RDWR")]);

pub(crate) static EPOLL_CONTROL: Flags =
    Flags::choice(&[(1, "EPOLL_CTL_ADD"), (2, "EPOLL_CTL_DEL"), (3, "EPOLL_CTL_MOD")]);

pub(crate) static EPOLL_EVENTS: Flags = Flags::set(&[
    (1, "EPOLLIN"),
    (2, "EPOLLPRI"),
    (4, "EPOLLOUT"),
    (8, "EPOLLERR"),
    (0x10, "EPOLLHUP"),
    (0x40, "EPOLLRDNORM"),
    (0x100, "EPOLLWRNORM"),
    (0x2000, "EPOLLRDHUP"),
    (0x1000_0000, "EPOLLEXCLUSIVE"),
    (0x4000_0000, "EPOLLONESHOT"),
    (0x8000_0000, "EPOLLET"),
]);

pub(crate) static POLL_EVENTS: Flags = Flags::set(&[
    (1, "POLLIN"),
    (2, "POLLPRI"),
    (4, "POLLOUT"),
    (8, "POLLERR"),
    (0x10, "POLLHUP"),
    (0x20, "POLLNVAL"),
    (0x40, "POLLRDNORM"),
    (0x100, "POLLWRNORM"),
    (0x2000, "POLLRDHUP"),
]);

pub(crate) static LIMIT: Flags = Flags::choice(&[
    (0, "RLIMIT_CPU"),
    (1, "RLIMIT_FSIZE"),
    (2, "RLIMIT_DATA"),
    (3, "RLIMIT_STACK"),
    (4, "RLIMIT_CORE"),
    (5, "RLIMIT_RSS"),
    (6, "RLIMIT_NPROC"),
    (7, "RLIMIT_NOFILE"),
    (8, "RLIMIT_MEMLOCK"),
    (9, "RLIMIT_AS"),
]);

pub(crate) static USAGE: Flags = Flags::choice(&[
    (0xffff_ffff, "RUSAGE_CHILDREN"),
    (0, "RUSAGE_SELF"),
    (1, "RUSAGE_THREAD"),
]);

pub(crate) static REQUEST: Flags = Flags::choice(&[
    (0x5401, "TCGETS"),
    (0x5402, "TCSETS"),
    (0x5403, "TCSETSW"),
    (0x5404, "TCSETSF"),
    (0x5409, "TCSBRK"),
    (0x540f, "TIOCGPGRP"),
    (0x5410, "TIOCSPGRP"),
    (0x5413, "TIOCGWINSZ"),
    (0x5414, "TIOCSWINSZ"),
    (0x541b, "FIONREAD"),
    (0x5421, "FIONBIO"),
    (0x540e, "TIOCSCTTY"),
    (0x5430, "TIOCGPTN"),
]);

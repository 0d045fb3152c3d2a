//! Structures as text.

use super::{mode, pointer};
use crate::flags;
use crate::signature::Structure;
use crate::transcript::SignalInfo;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// A structure of which these are the bytes; `None` if there are too few.
pub(crate) fn show(kind: Structure, bytes: &[u8]) -> Option<String> {
    if kind != Structure::Address && bytes.len() < kind.size() {
        return None;
    }
    Some(match kind {
        Structure::Int => format!("[{}]", half(bytes, 0).cast_signed()),
        Structure::Pair => format!(
            "[{}, {}]",
            half(bytes, 0).cast_signed(),
            half(bytes, 4).cast_signed()
        ),
        Structure::Long => format!("[{}]", word(bytes, 0).cast_signed()),
        Structure::Stat => stat(bytes),
        Structure::Timespec => time(bytes, 0, "tv_nsec"),
        Structure::Timeval => time(bytes, 0, "tv_usec"),
        Structure::Itimerval => format!(
            "{{it_interval={}, it_value={}}}",
            time(bytes, 0, "tv_usec"),
            time(bytes, 16, "tv_usec")
        ),
        Structure::SignalSet => signal_set(word(bytes, 0)),
        Structure::Action => action(bytes),
        Structure::WaitStatus => format!("[{}]", wait_status(half(bytes, 0))),
        Structure::Poll => poll(bytes),
        Structure::Epoll => format!(
            "{{events={}, data={{u32={}, u64={}}}}}",
            flags::EPOLL_EVENTS.show(u64::from(half(bytes, 0))),
            half(bytes, 4),
            word(bytes, 4)
        ),
        Structure::Address => address(bytes)?,
        Structure::Limit => format!(
            "{{rlim_cur={}, rlim_max={}}}",
            limit(word(bytes, 0)),
            limit(word(bytes, 8))
        ),
        Structure::Names => format!(
            "{{sysname={}, nodename={}, ...}}",
            super::quoted(field(bytes, 0, 65), usize::MAX, true),
            super::quoted(field(bytes, 65, 65), usize::MAX, true)
        ),
        Structure::Window => format!("{{ws_row={}, ws_col={}}}", short(bytes, 0), short(bytes, 2)),
        Structure::Vector | Structure::Opaque => return None,
    })
}

fn field(bytes: &[u8], at: usize, length: usize) -> &[u8] {
    bytes.get(at..at + length).unwrap_or_default()
}

pub(crate) fn word(bytes: &[u8], at: usize) -> u64 {
    field(bytes, at, 8).try_into().map_or(0, u64::from_le_bytes)
}

fn half(bytes: &[u8], at: usize) -> u32 {
    field(bytes, at, 4).try_into().map_or(0, u32::from_le_bytes)
}

fn short(bytes: &[u8], at: usize) -> u16 {
    field(bytes, at, 2).try_into().map_or(0, u16::from_le_bytes)
}

fn time(bytes: &[u8], at: usize, fraction: &str) -> String {
    let (seconds, rest) = (word(bytes, at).cast_signed(), word(bytes, at + 8).cast_signed());
    format!("{{tv_sec={seconds}, {fraction}={rest}}}")
}

fn limit(value: u64) -> String {
    match value {
        u64::MAX => String::from("RLIM64_INFINITY"),
        value if value > 1024 && value.is_multiple_of(1024) => format!("{}*1024", value / 1024),
        value => format!("{value}"),
    }
}

fn stat(bytes: &[u8]) -> String {
    let mode_bits = half(bytes, 24);
    let kind = match mode_bits & 0o170000 {
        0o140000 => "S_IFSOCK",
        0o120000 => "S_IFLNK",
        0o100000 => "S_IFREG",
        0o060000 => "S_IFBLK",
        0o040000 => "S_IFDIR",
        0o020000 => "S_IFCHR",
        0o010000 => "S_IFIFO",
        _ => "0",
    };
    let special = [(0o4000, "S_ISUID|"), (0o2000, "S_ISGID|"), (0o1000, "S_ISVTX|")];
    let special = special.iter().filter(|(bit, _)| mode_bits & bit != 0);
    let special: String = special.map(|(_, name)| *name).collect();
    let rights = mode(u64::from(mode_bits & 0o777));
    let device = word(bytes, 40);
    let last = if matches!(kind, "S_IFCHR" | "S_IFBLK") {
        format!(
            "st_rdev=makedev({:#x}, {:#x})",
            device >> 8 & 0xfff,
            device & 0xff
        )
    } else {
        format!("st_size={}", word(bytes, 48).cast_signed())
    };
    format!("{{st_mode={kind}|{special}{rights}, {last}, ...}}")
}

fn poll(bytes: &[u8]) -> String {
    format!(
        "{{fd={}, events={}}}",
        half(bytes, 0).cast_signed(),
        flags::POLL_EVENTS.show(u64::from(short(bytes, 4)))
    )
}

/// What `poll(2)` says of a descriptor, if it says something.
pub(crate) fn answer(bytes: &[u8]) -> Option<String> {
    let events = u64::from(short(bytes, 6));
    let fd = half(bytes, 0).cast_signed();
    (events != 0).then(|| format!("{{fd={fd}, revents={}}}", flags::POLL_EVENTS.show(events)))
}

fn action(bytes: &[u8]) -> String {
    let (handler, set) = (word(bytes, 0), word(bytes, 8));
    let handler = match handler {
        0 => String::from("SIG_DFL"),
        1 => String::from("SIG_IGN"),
        address => format!("{address:#x}"),
    };
    let mask = signal_set(word(bytes, 24));
    let restorer = if set & 0x0400_0000 != 0 {
        format!(", sa_restorer={}", pointer(word(bytes, 16)))
    } else {
        String::new()
    };
    format!(
        "{{sa_handler={handler}, sa_mask={mask}, sa_flags={}{restorer}}}",
        flags::ACTION.show(set)
    )
}

/// As `[INT QUIT]`; with `~` in front where fewer are missing than there are.
fn signal_set(bits: u64) -> String {
    let inverted = bits.count_ones() > 32;
    let bits = if inverted { !bits } else { bits };
    let names: Vec<String> = (1..=64)
        .filter(|signal| bits >> (signal - 1) & 1 != 0)
        .map(|signal| {
            let name = signal_name(signal);
            name.strip_prefix("SIG")
                .map_or_else(|| name.clone(), String::from)
        })
        .collect();
    format!("{}[{}]", if inverted { "~" } else { "" }, names.join(" "))
}

fn wait_status(status: u32) -> String {
    let signal = u64::from(status & 0x7f);
    match (status & 0xff, signal) {
        (0xff, _) if status == 0xffff => String::from("{WIFCONTINUED(s)}"),
        (0x7f, _) => format!(
            "{{WIFSTOPPED(s) && WSTOPSIG(s) == {}}}",
            signal_name(u64::from(status >> 8 & 0xff))
        ),
        (_, 0) => format!("{{WIFEXITED(s) && WEXITSTATUS(s) == {}}}", status >> 8 & 0xff),
        _ => {
            let core = if status & 0x80 != 0 {
                " && WCOREDUMP(s)"
            } else {
                ""
            };
            format!(
                "{{WIFSIGNALED(s) && WTERMSIG(s) == {}{core}}}",
                signal_name(signal)
            )
        }
    }
}

fn address(bytes: &[u8]) -> Option<String> {
    if bytes.len() < 2 {
        return None;
    }
    let rest = bytes.get(2..).unwrap_or_default();
    Some(match (short(bytes, 0), rest) {
        (1, [0, name @ ..]) => {
            let name = super::quoted(name, usize::MAX, false);
            format!("{{sa_family=AF_UNIX, sun_path=@{name}}}")
        }
        (1, path) => {
            let end = path.iter().position(|byte| *byte == 0).unwrap_or(path.len());
            let path = super::quoted(path.get(..end).unwrap_or(path), usize::MAX, false);
            format!("{{sa_family=AF_UNIX, sun_path={path}}}")
        }
        (2, [high, low, a, b, c, d, ..]) => format!(
            "{{sa_family=AF_INET, sin_port=htons({}), sin_addr=inet_addr(\"{a}.{b}.{c}.{d}\")}}",
            u16::from_be_bytes([*high, *low])
        ),
        (family, _) => format!("{{sa_family={}, ...}}", flags::FAMILY.show(u64::from(family))),
    })
}

const SIGNALS: [&str; 31] = [
    "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE",
    "ALRM", "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ",
    "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS",
];

/// The name of a signal, as `SIGSEGV` or `SIGRT_3`; a number that is none as a number.
pub fn signal_name(signal: u64) -> String {
    let low = signal & 0xffff_ffff;
    let index = usize::try_from(low.wrapping_sub(1)).unwrap_or(usize::MAX);
    match (SIGNALS.get(index), low) {
        (Some(name), _) => format!("SIG{name}"),
        (None, 32) => String::from("SIGRTMIN"),
        (None, 33..=64) => format!("SIGRT_{}", low - 32),
        _ => format!("{low}"),
    }
}

/// `{si_signo=SIGCHLD, si_code=CLD_EXITED, …}`
pub(crate) fn signal_info(info: &SignalInfo) -> String {
    let name = signal_name(u64::from(info.signal));
    let code = code(info.signal, info.code);
    let details = match info.signal {
        17 if info.code > 0 => format!(
            ", si_pid={}, si_uid={}, si_status={}, si_utime={}, si_stime={}",
            info.pid,
            info.uid,
            child_status(info),
            info.times[0],
            info.times[1]
        ),
        4 | 7 | 8 | 11 if info.code > 0 => format!(", si_addr={}", pointer(info.address)),
        _ if info.code <= 0 => format!(", si_pid={}, si_uid={}", info.pid, info.uid),
        _ => String::new(),
    };
    format!("{name} {{si_signo={name}, si_code={code}{details}}}")
}

fn child_status(info: &SignalInfo) -> String {
    if info.code == 1 {
        format!("{}", info.status)
    } else {
        signal_name(u64::from(info.status.unsigned_abs()))
    }
}

fn code(signal: u8, code: i32) -> String {
    let name = match (signal, code) {
        (_, 0) => "SI_USER",
        (_, 0x80) => "SI_KERNEL",
        (_, -1) => "SI_QUEUE",
        (_, -2) => "SI_TIMER",
        (_, -6) => "SI_TKILL",
        (17, 1) => "CLD_EXITED",
        (17, 2) => "CLD_KILLED",
        (17, 3) => "CLD_DUMPED",
        (17, 5) => "CLD_STOPPED",
        (17, 6) => "CLD_CONTINUED",
        (11, 1) => "SEGV_MAPERR",
        (11, 2) => "SEGV_ACCERR",
        (7, 1) => "BUS_ADRALN",
        (7, 2) => "BUS_ADRERR",
        (8, 1) => "FPE_INTDIV",
        (8, 2) => "FPE_INTOVF",
        (4, 1) => "ILL_ILLOPC",
        (4, 2) => "ILL_ILLOPN",
        _ => return format!("{code}"),
    };
    String::from(name)
}

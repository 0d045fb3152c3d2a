//! What the kernel is told about the run.

use super::environment::Environment;
use crate::{
    arguments::Run,
    failure::{Context, Failure},
    program::find::Executable,
    session::terminal,
    vm::qemu::ICOUNT_EPOCH_NS,
};
use rustix::{
    fd::BorrowedFd,
    fs::{FileType, OFlags},
    rand::GetRandomFlags,
};
use std::{
    os::unix::ffi::OsStrExt,
    time::{SystemTime, UNIX_EPOCH},
};
use threadbare_link::{Console, Credentials, HostFile, LogLevel, Observe, RunSpec, StreamKind};

const HOSTNAME: &[u8] = b"threadbare";
const UMASK: u16 = 0o022;

/// The specification of this run, encoded. Under `--icount` nothing in it differs between runs.
pub(super) fn encode(
    options: &Run,
    program: &Executable,
    environment: &Environment,
) -> Result<Vec<u8>, Failure> {
    let streams = [
        rustix::stdio::stdin(),
        rustix::stdio::stdout(),
        rustix::stdio::stderr(),
    ];
    let mut kinds = streams.map(kind);
    if is_same_file(streams[1], streams[2]) {
        kinds[2] = StreamKind::SameAsOutput;
    }
    let specification = RunSpec {
        program: program.path.as_os_str().as_bytes(),
        arguments: options
            .program
            .iter()
            .map(|argument| argument.as_bytes())
            .collect(),
        environment: environment.settings().collect(),
        working_directory: options.workdir.as_os_str().as_bytes(),
        hostname: HOSTNAME,
        credentials: Credentials { uid: 0, gid: 0 },
        umask: UMASK,
        realtime_ns: if options.icount { ICOUNT_EPOCH_NS } else { now() },
        seed: if options.icount { [0; 32] } else { seed()? },
        streams: kinds,
        window: terminal::window().unwrap_or_default(),
        console: options.tty.then(|| Console {
            keyboard: options.interactive,
            utf8: terminal::is_utf8(),
        }),
        memory_bytes: options.memory,
        log_level: options.kernel_log.map(LogLevel::from),
        observe: Observe {
            calls: options.strace.is_some(),
            statistics: options.stats,
        },
        preempt_seed: options.preempt_seed,
    };
    specification
        .encode()
        .context(|| "the program's arguments and environment cannot be passed on")
}

/// Nanoseconds since 1970.
fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(0)
}

fn seed() -> Result<[u8; 32], Failure> {
    let mut seed = [0; 32];
    rustix::rand::getrandom(&mut seed, GetRandomFlags::empty())
        .context(|| "no random numbers for the machine")?;
    Ok(seed)
}

/// `StreamKind::Closed` does not occur: Rust's runtime opens `/dev/null` for a standard stream that is closed.
fn kind(fd: BorrowedFd<'_>) -> StreamKind {
    if rustix::termios::isatty(fd) {
        StreamKind::Terminal
    } else {
        regular(fd).map_or(StreamKind::Pipe, StreamKind::File)
    }
}

/// What there is to know about a regular file; `None` if it is none.
fn regular(fd: BorrowedFd<'_>) -> Option<HostFile> {
    let stat = rustix::fs::fstat(fd).ok()?;
    if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
        return None;
    }
    let modified = u64::try_from(stat.st_mtime)
        .unwrap_or(0)
        .saturating_mul(1_000_000_000);
    Some(HostFile {
        permissions: u16::try_from(stat.st_mode & 0o7777).unwrap_or(0),
        size: u64::try_from(stat.st_size).unwrap_or(0),
        modified_ns: modified.saturating_add(stat.st_mtime_nsec),
        position: rustix::fs::tell(fd).ok()?,
        appends: rustix::fs::fcntl_getfl(fd).ok()?.contains(OFlags::APPEND),
    })
}

/// Whether the two are one regular file that is, as far as can be told, open once: `>file 2>&1`.
fn is_same_file(one: BorrowedFd<'_>, other: BorrowedFd<'_>) -> bool {
    let identity = |fd| {
        let stat = rustix::fs::fstat(fd).ok()?;
        Some((stat.st_dev, stat.st_ino, regular(fd)?))
    };
    identity(one).is_some_and(|one| Some(one) == identity(other))
}

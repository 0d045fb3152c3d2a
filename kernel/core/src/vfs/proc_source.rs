//! [`ProcSource`]: what the kernel tells about itself and its processes, for `/proc` and `/sys`.
//!
//! Everything is a copy, taken when asked for: no lock of the kernel is held while text is made of it.

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ops::Range;

use super::{DeviceNumber, File, Namespace, Place, Timestamp};
use crate::error::Errno;

/// The state of a process or thread, as `ps(1)` names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskState {
    /// Runs or could.
    Running,
    /// Waits, and a signal would wake it.
    Sleeping,
    /// Was stopped by a signal.
    Stopped,
    /// Has ended and waits to be waited for.
    Zombie,
}

/// What is known about a process.
#[derive(Clone, Debug)]
pub struct ProcessInfo {
    /// Its number.
    pub pid: u32,
    /// Its parent's number; 1, the kernel itself, for the first one and for orphans.
    pub parent: u32,
    /// Its process group.
    pub group: u32,
    /// Its session.
    pub session: u32,
    /// The session's terminal, and the process group in its foreground.
    pub terminal: Option<(DeviceNumber, u32)>,
    /// The name of the thread: at most 15 bytes.
    pub name: Vec<u8>,
    /// What it does.
    pub state: TaskState,
    /// Real, effective, saved and file-system user.
    pub uids: [u32; 4],
    /// Real, effective, saved and file-system group.
    pub gids: [u32; 4],
    /// Supplementary groups.
    pub groups: Vec<u32>,
    /// Capabilities as bit masks: inheritable, permitted, effective, bounding, ambient.
    pub capabilities: [u64; 5],
    /// Whether it can gain no rights any more (`PR_SET_NO_NEW_PRIVS`).
    pub no_new_privileges: bool,
    /// How many threads it has.
    pub threads: u32,
    /// When it was started, in nanoseconds since boot.
    pub started: u64,
    /// Time spent in the program, in nanoseconds.
    pub user_time: u64,
    /// Time spent in the kernel for it, in nanoseconds.
    pub system_time: u64,
    /// Page faults: its own, and those of the children that it has waited for.
    pub faults: [u64; 2],
    /// The bytes that it has mapped.
    pub mapped: u64,
    /// The bytes of memory that it has.
    pub resident: u64,
    /// How many descriptors its table has room for.
    pub descriptor_slots: u32,
    /// Its umask.
    pub umask: u32,
    /// Signals as bit masks (bit 0 is signal 1): pending, blocked, ignored, caught.
    pub signals: [u64; 4],
    /// The lowest address of the stack that the kernel made, for `stat`.
    pub stack_start: u64,
}

/// A piece of an address space.
#[derive(Clone)]
pub struct MappingInfo {
    /// Its addresses.
    pub range: Range<usize>,
    /// Readable.
    pub read: bool,
    /// Writable.
    pub write: bool,
    /// Executable.
    pub execute: bool,
    /// Shared with others.
    pub shared: bool,
    /// The file behind it, and the offset of the first byte.
    pub file: Option<(Place, u64)>,
    /// What it is, if there is no file: `[heap]`, `[stack]`, `[vdso]`.
    pub label: &'static str,
}

/// A soft and a hard limit; `u64::MAX` is none.
pub type Limit = (u64, u64);

/// A processor.
#[derive(Clone, Debug, Default)]
pub struct CpuInfo {
    /// `GenuineIntel` and its like.
    pub vendor: String,
    /// The name of the model.
    pub model: String,
    /// Family, model and stepping.
    pub signature: (u32, u32, u32),
    /// Cycles of the time-stamp counter a second.
    pub frequency: u64,
    /// What it can do, as Linux names it.
    pub flags: String,
}

/// Answers what `/proc` shows.
pub trait ProcSource: Send + Sync {
    /// The process and the thread that ask.
    fn current(&self) -> Option<(u32, u32)>;

    /// All processes, in ascending order.
    fn processes(&self) -> Vec<u32>;

    /// A process.
    ///
    /// # Errors
    /// `ENOENT` if there is none; so for all that follow.
    fn process(&self, pid: u32) -> Result<ProcessInfo, Errno>;

    /// The numbers of its threads, in ascending order.
    ///
    /// # Errors
    /// `ENOENT`.
    fn threads(&self, pid: u32) -> Result<Vec<u32>, Errno>;

    /// The name of one of its threads.
    ///
    /// # Errors
    /// `ENOENT`.
    fn thread_name(&self, pid: u32, tid: u32) -> Result<Vec<u8>, Errno>;

    /// Its address space, in ascending order.
    ///
    /// # Errors
    /// `ENOENT`, `ENOMEM`.
    fn mappings(&self, pid: u32) -> Result<Vec<MappingInfo>, Errno>;

    /// Its arguments, each with its NUL.
    ///
    /// # Errors
    /// `ENOENT`, `ENOMEM`.
    fn arguments(&self, pid: u32) -> Result<Vec<u8>, Errno>;

    /// Its environment at the start, each variable with its NUL.
    ///
    /// # Errors
    /// `ENOENT`, `ENOMEM`.
    fn environment(&self, pid: u32) -> Result<Vec<u8>, Errno>;

    /// Its auxiliary vector as it was at the start.
    ///
    /// # Errors
    /// `ENOENT`, `ENOMEM`.
    fn auxiliary(&self, pid: u32) -> Result<Vec<u64>, Errno>;

    /// The file that it runs.
    ///
    /// # Errors
    /// `ENOENT`, also if it runs none.
    fn executable(&self, pid: u32) -> Result<Place, Errno>;

    /// Its root directory.
    ///
    /// # Errors
    /// `ENOENT`.
    fn root(&self, pid: u32) -> Result<Place, Errno>;

    /// Its working directory.
    ///
    /// # Errors
    /// `ENOENT`.
    fn working_directory(&self, pid: u32) -> Result<Place, Errno>;

    /// What is mounted where it looks.
    ///
    /// # Errors
    /// `ENOENT`.
    fn namespace(&self, pid: u32) -> Result<Arc<Namespace>, Errno>;

    /// Its first file descriptor at or above `from`.
    ///
    /// # Errors
    /// `ENOENT` if the process is gone.
    fn next_descriptor(&self, pid: u32, from: u32) -> Result<Option<u32>, Errno>;

    /// The open file of a descriptor.
    ///
    /// # Errors
    /// `ENOENT` if there is none.
    fn descriptor(&self, pid: u32, fd: u32) -> Result<Arc<File>, Errno>;

    /// Its limits, by the numbers of `RLIMIT_*`.
    ///
    /// # Errors
    /// `ENOENT`.
    fn limits(&self, pid: u32) -> Result<[Limit; 16], Errno>;

    /// The processors.
    fn cpus(&self) -> Vec<CpuInfo>;

    /// Nanoseconds since boot, and of those the ones that all processors together had nothing to do.
    fn uptime(&self) -> (u64, u64);

    /// When the machine was started.
    fn boot_time(&self) -> Timestamp;

    /// What `uname(2)` says as nodename, release and version.
    fn identity(&self) -> (Vec<u8>, &'static str, &'static str);

    /// A number for this boot that no other one has.
    fn boot_id(&self) -> [u8; 16];
}

//! What a run tells about itself when it is asked to: system calls as they happen, and counts at the end.

use crate::ExitStatus;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

/// What the kernel shall tell.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub struct Observe {
    /// Every system call, signal and end of a thread, as [`Observed`].
    pub calls: bool,
    /// [`Statistics`] before the end.
    pub statistics: bool,
}

/// Something that a thread did. `captured` are bytes of the program's memory: the number of the argument that pointed to
/// them, or a number from 16 on for what lies behind an array, and the bytes.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Observed<'a> {
    /// It entered the kernel by a system call.
    Enter {
        /// The thread.
        thread: u32,
        /// The number of the call.
        number: u32,
        /// Its arguments.
        arguments: [u64; 6],
        /// What they point to.
        #[serde(borrow)]
        captured: Vec<(u8, &'a [u8])>,
    },
    /// It leaves the kernel.
    Leave {
        /// The thread.
        thread: u32,
        /// What the call returns.
        result: i64,
        /// What the kernel wrote for it.
        #[serde(borrow)]
        captured: Vec<(u8, &'a [u8])>,
    },
    /// A signal is about to be handled, or to do what it does by default.
    Signal {
        /// The thread.
        thread: u32,
        /// `si_signo`
        signal: u8,
        /// `si_code`
        code: i32,
        /// `si_pid`
        pid: u32,
        /// `si_uid`
        uid: u32,
        /// `si_status`
        status: i32,
        /// `si_utime` and `si_stime`
        times: [u64; 2],
        /// `si_addr`
        address: u64,
    },
    /// It is gone.
    End {
        /// The thread.
        thread: u32,
        /// The end of its process, or its own.
        status: ExitStatus,
    },
}

/// What happened how often.
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub struct Statistics {
    /// Switches away from threads that waited.
    pub voluntary_switches: u64,
    /// Switches away from threads that could have gone on.
    pub preemptions: u64,
    /// Loads of another address space.
    pub space_switches: u64,
    /// Page faults by kind: fresh memory, a copy of a shared page, a page of a file, and a page that
    /// nobody shares any more, whose rights alone changed.
    pub faults: [u64; 4],
    /// Signals that were handled, or that did what they do by default.
    pub signals: u64,
    /// The most memory in use, in bytes: that of programs, of files that were written and of the kernel together.
    pub memory_peak: u64,
    /// Ticks of the time stamp counter from the kernel's start to now.
    pub ticks: u64,
    /// System calls that were made: number, how often, how many of them failed, and ticks of the time stamp counter within
    /// them, waits included.
    pub calls: Vec<(u32, u64, u64, u64)>,
}

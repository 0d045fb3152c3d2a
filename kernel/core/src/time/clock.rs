//! [`Clock`]: what a clock number of a program means (`clock_getres(2)`).

use crate::clock;
use crate::error::Errno;
use crate::process::{self, Process, Thread};
use alloc::sync::{Arc, Weak};
use linux_raw_sys::general as linux;

/// What of the CPU time counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// All.
    All,
    /// That in ring 3.
    User,
}

/// A clock.
#[derive(Clone, Debug)]
pub enum Clock {
    /// The wall clock, which may be set.
    Realtime,
    /// Since boot.
    Monotonic,
    /// As one of the above, but nobody sleeps by it: coarse ones and the raw one.
    ReadOnly {
        /// Whether it is the wall clock.
        realtime: bool,
        /// Its resolution in nanoseconds.
        resolution: u64,
    },
    /// The CPU time of a process.
    Process(Weak<Process>, Part),
    /// The CPU time of a thread.
    Thread(Weak<Thread>, Part),
}

/// The resolution that coarse clocks are said to have: a tick of Linux with `HZ=250`.
const COARSE: u64 = 4_000_000;

impl Clock {
    /// The clock of that number, for `caller`.
    ///
    /// # Errors
    /// `EINVAL` if there is none.
    pub fn new(number: i32, caller: &Thread) -> Result<Clock, Errno> {
        let Ok(positive) = u32::try_from(number) else {
            return Clock::of_cpu_time(number, caller);
        };
        let read_only = |realtime, resolution| Clock::ReadOnly { realtime, resolution };
        Ok(match positive {
            linux::CLOCK_REALTIME | linux::CLOCK_REALTIME_ALARM | linux::CLOCK_TAI => Clock::Realtime,
            linux::CLOCK_MONOTONIC | linux::CLOCK_BOOTTIME | linux::CLOCK_BOOTTIME_ALARM => Clock::Monotonic,
            linux::CLOCK_REALTIME_COARSE => read_only(true, COARSE),
            linux::CLOCK_MONOTONIC_COARSE => read_only(false, COARSE),
            linux::CLOCK_MONOTONIC_RAW => read_only(false, 1),
            linux::CLOCK_PROCESS_CPUTIME_ID => Clock::Process(Arc::downgrade(&caller.process), Part::All),
            linux::CLOCK_THREAD_CPUTIME_ID => {
                let thread = process::find_thread(caller.tid()).ok_or(Errno::EINVAL)?;
                Clock::Thread(Arc::downgrade(&thread), Part::All)
            }
            _ => return Err(Errno::EINVAL),
        })
    }

    /// A negative number holds the inverted number of a process or thread, and three bits that say what of it
    /// (`clock_getcpuclockid(3)`; Linux' include/linux/posix-timers_types.h).
    fn of_cpu_time(number: i32, caller: &Thread) -> Result<Clock, Errno> {
        const OF_THREAD: i32 = 4;
        let part = match number & 3 {
            0 | 2 => Part::All,
            1 => Part::User,
            _ => return Err(Errno::EINVAL),
        };
        let id = u32::try_from(!(number >> 3)).map_err(|_| Errno::EINVAL)?;
        if number & OF_THREAD != 0 {
            let id = if id == 0 { caller.tid() } else { id };
            let thread =
                process::find_thread(id).filter(|thread| Arc::ptr_eq(&thread.process, &caller.process));
            return Ok(Clock::Thread(Arc::downgrade(&thread.ok_or(Errno::EINVAL)?), part));
        }
        let found = if id == 0 {
            Some(caller.process.clone())
        } else {
            process::find(id)
        };
        Ok(Clock::Process(Arc::downgrade(&found.ok_or(Errno::EINVAL)?), part))
    }

    /// What it shows, in nanoseconds; `None` if what it counted for is gone.
    pub fn now(&self) -> Option<u64> {
        Some(match self {
            Clock::Realtime | Clock::ReadOnly { realtime: true, .. } => clock::realtime(),
            Clock::Monotonic | Clock::ReadOnly { .. } => clock::monotonic(),
            Clock::Process(process, part) => process_time(&*process.upgrade()?, *part),
            Clock::Thread(thread, part) => thread_time(&*thread.upgrade()?, *part),
        })
    }

    /// In what steps it counts, in nanoseconds.
    pub fn resolution(&self) -> u64 {
        match self {
            Clock::ReadOnly { resolution, .. } => *resolution,
            _ => 1,
        }
    }

    /// Whether it counts CPU time.
    pub fn counts_cpu_time(&self) -> bool {
        matches!(self, Clock::Process(..) | Clock::Thread(..))
    }
}

/// May be called in interrupts, as all that timers do.
pub(super) fn process_time(process: &Process, part: Part) -> u64 {
    let ended = process.usage.lock().ended_threads;
    let before = match part {
        Part::All => ended.user.saturating_add(ended.system),
        Part::User => ended.user,
    };
    process.fold_threads(before, |time, thread| {
        if thread.has_not_left() {
            time.saturating_add(thread_time(thread, part))
        } else {
            time
        }
    })
}

fn thread_time(thread: &Thread, part: Part) -> u64 {
    match part {
        Part::All => thread.scheduling.cpu_time_total(),
        Part::User => thread.scheduling.cpu_time().user,
    }
}

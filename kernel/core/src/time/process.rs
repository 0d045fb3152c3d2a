//! [`ProcessTimers`]: the timers of a process.
//!
//! They are not inherited by `fork(2)`. `execve(2)` keeps the interval timers and deletes the others.

use super::clock::{Part, process_time};
use super::{Clock, Notify, Setting, Timer};
use crate::error::Errno;
use crate::process::Process;
use crate::signal::{self, Details, Signal, SignalInfo};
use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use threadbare_machine::sync::SpinLock;

/// Which interval timer (`setitimer(2)`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// `ITIMER_REAL`, and `alarm(2)`.
    Real,
    /// `ITIMER_VIRTUAL`.
    Virtual,
    /// `ITIMER_PROF`.
    Profiling,
}

/// The setting of an interval timer.
pub type Interval = Setting;

/// The timers of a process.
#[derive(Debug, Default)]
pub struct ProcessTimers {
    intervals: SpinLock<[Option<Arc<Timer>>; 3]>,
    cpu_limit: SpinLock<Option<Arc<Timer>>>,
    created: SpinLock<Created>,
}

#[derive(Debug, Default)]
struct Created {
    timers: BTreeMap<u32, Arc<Timer>>,
    next: u32,
}

const SECOND: u64 = 1_000_000_000;

impl ProcessTimers {
    /// `getitimer(2)`.
    pub fn interval(&self, which: Which) -> Interval {
        let timer = self.intervals.lock()[which as usize].clone();
        timer.map(|timer| timer.left()).unwrap_or_default()
    }

    /// `setitimer(2)`: returns what was left.
    ///
    /// # Errors
    /// `ESRCH` if the process has ended.
    pub fn set_interval(&self, owner: &Arc<Process>, which: Which, new: Interval) -> Result<Interval, Errno> {
        let made = || {
            let (clock, signal) = match which {
                Which::Real => (Clock::Monotonic, Signal::SIGALRM),
                Which::Virtual => (
                    Clock::Process(Arc::downgrade(owner), Part::User),
                    Signal::SIGVTALRM,
                ),
                Which::Profiling => (Clock::Process(Arc::downgrade(owner), Part::All), Signal::SIGPROF),
            };
            let reloads = which != Which::Real;
            Timer::new(owner, clock, Notify::Interval { signal, reloads })
        };
        let timer = self.intervals.lock()[which as usize]
            .get_or_insert_with(made)
            .clone();
        timer.set(new, false)
    }

    /// Creates a timer, which is not set; `make` gets its number.
    ///
    /// # Errors
    /// `EAGAIN` beyond `most`.
    pub fn create(&self, most: u64, make: impl FnOnce(u32) -> Arc<Timer>) -> Result<u32, Errno> {
        let mut created = self.created.lock();
        if created.timers.len() as u64 >= most {
            return Err(Errno::EAGAIN);
        }
        let mut id = created.next;
        while created.timers.contains_key(&id) {
            id = (id + 1) & i32::MAX.cast_unsigned();
        }
        created.next = (id + 1) & i32::MAX.cast_unsigned();
        created.timers.insert(id, make(id));
        Ok(id)
    }

    /// The created timer of that number.
    ///
    /// # Errors
    /// `EINVAL`.
    pub fn created(&self, id: u32) -> Result<Arc<Timer>, Errno> {
        self.created.lock().timers.get(&id).cloned().ok_or(Errno::EINVAL)
    }

    /// `timer_delete(2)`.
    ///
    /// # Errors
    /// `EINVAL`.
    pub fn delete(&self, id: u32) -> Result<(), Errno> {
        let timer = self.created.lock().timers.remove(&id);
        timer.ok_or(Errno::EINVAL)?.delete();
        Ok(())
    }

    /// `execve(2)` has succeeded.
    pub fn delete_created(&self) {
        let timers = core::mem::take(&mut *self.created.lock());
        for timer in timers.timers.values() {
            timer.delete();
        }
    }

    /// The process ends.
    pub fn delete_all(&self) {
        self.delete_created();
        let intervals = core::mem::take(&mut *self.intervals.lock());
        let limit = self.cpu_limit.lock().take();
        for timer in intervals.into_iter().flatten().chain(limit) {
            timer.delete();
        }
    }

    /// A signal has been taken: if it is a timer's, that goes on, and what it missed is told.
    pub fn taken(&self, info: &mut SignalInfo) {
        match &mut info.details {
            Details::Timer { id, overrun, .. } => {
                if let Ok(timer) = self.created(*id) {
                    *overrun = timer.taken();
                }
            }
            _ if info.signal == Signal::SIGALRM => {
                let timer = self.intervals.lock()[Which::Real as usize].clone();
                if let Some(timer) = timer {
                    timer.taken();
                }
            }
            _ => {}
        }
    }

    /// `RLIMIT_CPU` has been set or inherited.
    pub fn watch_cpu_limit(&self, owner: &Arc<Process>) {
        let limit = owner.limits.lock().cpu_time();
        let mut watched = self.cpu_limit.lock();
        if limit.soft == u64::MAX && watched.is_none() {
            return;
        }
        let clock = Clock::Process(Arc::downgrade(owner), Part::All);
        let timer = watched
            .get_or_insert_with(|| Timer::new(owner, clock, Notify::CpuLimit))
            .clone();
        drop(watched);
        set_limit(&timer, limit.soft);
    }
}

fn set_limit(timer: &Arc<Timer>, seconds: u64) {
    let setting = Setting {
        value: seconds.saturating_mul(SECOND).max(1),
        interval: 0,
    };
    let _ = timer.set(setting, true); // a process without a clock has ended
}

/// The soft limit is told each second by SIGXCPU, the hard one ends the process (`getrlimit(2)`).
pub(super) fn enforce_cpu_limit(owner: &Process, timer: &Arc<Timer>) {
    let limit = owner.limits.lock().cpu_time();
    let seconds = process_time(owner, Part::All) / SECOND;
    if seconds >= limit.hard {
        signal::send_to_process(owner, SignalInfo::from_kernel(Signal::SIGKILL));
    } else if seconds >= limit.soft {
        signal::send_to_process(owner, SignalInfo::from_kernel(Signal::SIGXCPU));
        set_limit(timer, seconds + 1);
    } else {
        set_limit(timer, limit.soft);
    }
}

//! [`Timer`]: a timer of a process, whose end is a signal (`setitimer(2)`, `timer_create(2)`, `RLIMIT_CPU`).

use super::{Clock, Schedule, Setting};
use crate::clock;
use crate::error::Errno;
use crate::process::{Process, Thread};
use crate::sched::{self, Alarm, AlarmId};
use crate::signal::{self, Details, Signal, SignalInfo, code};
use alloc::sync::{Arc, Weak};
use threadbare_machine::sync::SpinLock;
use threadbare_machine::time::Nanoseconds;

/// How often a timer looks at a clock that may stand still, and how soon one comes again whose signal is ignored.
pub(super) const LOOK_AT_MOST_EACH: u64 = 1_000_000;

/// What happens when it goes off.
#[derive(Clone, Debug)]
pub enum Notify {
    /// The process gets a signal, without a word. With `reloads` the timer goes on at once, otherwise when the signal is taken.
    Interval {
        /// Which.
        signal: Signal,
        /// Whether it goes on at once.
        reloads: bool,
    },
    /// A signal that tells about the timer.
    Queued {
        /// The number of the timer.
        id: u32,
        /// Which signal.
        signal: Signal,
        /// What the program gave.
        value: u64,
        /// Who gets it, if not the process.
        thread: Option<Weak<Thread>>,
    },
    /// Nothing (`SIGEV_NONE`).
    Nothing,
    /// The limits of CPU time are looked at.
    CpuLimit,
}

#[derive(Debug, Default)]
struct State {
    schedule: Schedule,
    /// Its place in the queue.
    queued: Option<AlarmId>,
    /// How often it went off before its last signal was taken, besides.
    overrun: u32,
    deleted: bool,
}

/// A timer.
#[derive(Debug)]
pub struct Timer {
    owner: Weak<Process>,
    clock: Clock,
    notify: Notify,
    state: SpinLock<State>,
}

impl Timer {
    /// A timer that is not set.
    pub fn new(owner: &Arc<Process>, clock: Clock, notify: Notify) -> Arc<Timer> {
        Arc::new(Timer {
            owner: Arc::downgrade(owner),
            clock,
            notify,
            state: SpinLock::new(State::default()),
        })
    }

    /// Sets it, and returns what was left.
    ///
    /// # Errors
    /// `ESRCH` if what its clock counts for is gone.
    pub fn set(self: &Arc<Self>, setting: Setting, absolute: bool) -> Result<Setting, Errno> {
        let now = self.clock.now().ok_or(Errno::ESRCH)?;
        let before = self.state.lock().schedule.left(now);
        // What is forgotten must be the old signal: the new one may come as soon as the timer is in the queue.
        self.stop();
        self.forget_signal();
        let mut state = self.state.lock();
        state.schedule = Schedule::new(setting, absolute, now);
        state.overrun = 0;
        self.queue(&mut state);
        Ok(before)
    }

    /// What is left, and the interval.
    pub fn left(&self) -> Setting {
        let now = self.clock.now().unwrap_or(0);
        self.state.lock().schedule.left(now)
    }

    /// `timer_getoverrun(2)`.
    pub fn overrun(&self) -> u32 {
        self.state.lock().overrun
    }

    /// Stops it for good.
    pub fn delete(&self) {
        self.state.lock().deleted = true;
        self.stop();
        self.forget_signal();
    }

    /// From here on it does not go off.
    fn stop(&self) {
        let mut state = self.state.lock();
        state.schedule = Schedule::default();
        let queued = state.queued.take();
        drop(state);
        if let Some(queued) = queued {
            sched::cancel(queued);
        }
    }

    /// Its signal has been taken: counts what was missed, and goes on.
    pub(super) fn taken(self: &Arc<Self>) -> u32 {
        let now = self.clock.now().unwrap_or(u64::MAX);
        let mut state = self.state.lock();
        let times = state.schedule.take(now);
        state.overrun = u32::try_from(times.saturating_sub(1))
            .unwrap_or(u32::MAX)
            .min(i32::MAX.cast_unsigned());
        self.queue(&mut state);
        state.overrun
    }

    /// Enters the queue for the next time, in the place of an earlier entry.
    fn queue(self: &Arc<Self>, state: &mut State) {
        if let Some(queued) = state.queued.take() {
            sched::cancel(queued);
        }
        let wants_nothing = matches!(self.notify, Notify::Nothing);
        let (Some(next), Some(now), false) = (state.schedule.next(), self.clock.now(), wants_nothing) else {
            return;
        };
        self.queue_after(state, next.saturating_sub(now));
    }

    fn queue_after(self: &Arc<Self>, state: &mut State, wait: u64) {
        let wait = if self.clock.counts_cpu_time() {
            wait.max(LOOK_AT_MOST_EACH)
        } else {
            wait
        };
        if !state.deleted {
            let deadline = Nanoseconds(clock::monotonic().saturating_add(wait));
            let itself: Arc<dyn Alarm> = self.clone();
            state.queued = Some(sched::call_at(deadline, Arc::downgrade(&itself)));
        }
    }

    /// A signal of what it was set for before means nothing any more.
    fn forget_signal(&self) {
        if let (
            Notify::Queued {
                id, signal, thread, ..
            },
            Some(owner),
        ) = (&self.notify, self.owner.upgrade())
        {
            let thread = thread.as_ref().and_then(Weak::upgrade);
            signal::forget_timer(&owner, thread.as_deref(), *signal, *id);
        }
    }

    /// Tells that it has gone off.
    fn tell(self: &Arc<Self>, owner: &Process) {
        match &self.notify {
            Notify::Interval { signal, .. } => {
                signal::send_to_process(owner, SignalInfo::from_kernel(*signal));
            }
            Notify::Queued {
                id,
                signal,
                value,
                thread,
            } => {
                let info = SignalInfo {
                    signal: *signal,
                    code: code::SI_TIMER,
                    details: Details::Timer {
                        id: *id,
                        overrun: 0,
                        value: *value,
                    },
                };
                match thread {
                    Some(thread) => {
                        if let Some(thread) = thread.upgrade() {
                            signal::send_to_thread(&thread, info);
                        }
                    }
                    None => {
                        signal::send_to_process(owner, info);
                    }
                }
            }
            Notify::CpuLimit => super::process::enforce_cpu_limit(owner, self),
            Notify::Nothing => {}
        }
    }

    /// Whether nobody will take the signal, because it is ignored where it is sent.
    fn is_ignored(&self, owner: &Process) -> bool {
        match &self.notify {
            Notify::Queued { signal, .. } => owner.signals.ignored().contains(*signal),
            _ => false,
        }
    }
}

impl Alarm for Timer {
    fn expired(self: Arc<Self>) {
        let (Some(owner), Some(now)) = (self.owner.upgrade(), self.clock.now()) else {
            return;
        };
        let mut state = self.state.lock();
        state.queued = None;
        if !state.schedule.is_due(now) {
            return self.queue(&mut state); // CPU time has not passed, or the clock was set
        }
        if matches!(self.notify, Notify::Interval { reloads: true, .. }) {
            state.schedule.take(now);
            self.queue(&mut state);
        } else if self.is_ignored(&owner) {
            state.schedule.take(now);
            if let Some(next) = state.schedule.next() {
                self.queue_after(&mut state, next.saturating_sub(now).max(LOOK_AT_MOST_EACH));
            }
        }
        drop(state);
        self.tell(&owner);
    }
}

//! [`TimerFile`]: what stands behind a descriptor of `timerfd_create(2)`.

use super::{Clock, Schedule, Setting};
use crate::clock;
use crate::error::Errno;
use crate::ipc::interrupted;
use crate::sched::{self, Alarm, AlarmId, WaitQueue};
use crate::vfs::{File, FileOperations, OpenFlags, Readiness, Sink, Watchers};
use alloc::sync::{Arc, Weak};
use threadbare_machine::sync::SpinLock;
use threadbare_machine::time::Nanoseconds;

/// A timer that is read.
pub struct TimerFile {
    clock: Clock,
    state: SpinLock<State>,
    readers: WaitQueue,
    watchers: Watchers,
    itself: Weak<TimerFile>,
}

#[derive(Default)]
struct State {
    schedule: Schedule,
    queued: Option<AlarmId>,
    /// How often the wall clock had been set when the timer was, if that is to cancel it.
    cancelled_by_setting: Option<u64>,
}

const WIDTH: usize = size_of::<u64>();

impl TimerFile {
    /// Opens a new one, which is not set.
    pub fn open(clock: Clock, flags: OpenFlags) -> Arc<File> {
        let timer = Arc::new_cyclic(|itself| TimerFile {
            clock,
            state: SpinLock::new(State::default()),
            readers: WaitQueue::new(),
            watchers: Watchers::new(),
            itself: itself.clone(),
        });
        File::untyped(b"anon_inode:[timerfd]", timer, flags)
    }

    /// `timerfd_settime(2)`: returns what was left.
    pub fn set(&self, setting: Setting, absolute: bool, cancel_on_set: bool) -> Setting {
        let now = self.now();
        let mut state = self.state.lock();
        let before = state.schedule.left(now);
        state.schedule = Schedule::new(setting, absolute, now);
        state.cancelled_by_setting = cancel_on_set.then(clock::times_set);
        self.queue(&mut state, now);
        before
    }

    /// `timerfd_gettime(2)`.
    pub fn left(&self) -> Setting {
        self.state.lock().schedule.left(self.now())
    }

    fn now(&self) -> u64 {
        self.clock.now().unwrap_or(0) // it counts no CPU time
    }

    fn queue(&self, state: &mut State, now: u64) {
        if let Some(queued) = state.queued.take() {
            sched::cancel(queued);
        }
        if let Some(next) = state.schedule.next() {
            let wait = next.saturating_sub(now);
            let deadline = Nanoseconds(clock::monotonic().saturating_add(wait));
            state.queued = Some(sched::call_at(deadline, self.itself.clone()));
        }
    }

    fn take(&self) -> Option<Result<u64, Errno>> {
        let now = self.now();
        let mut state = self.state.lock();
        if state.is_cancelled() {
            state.cancelled_by_setting = Some(clock::times_set());
            return Some(Err(Errno::ECANCELED));
        }
        let times = state.schedule.take(now);
        if times == 0 {
            return None;
        }
        self.queue(&mut state, now);
        Some(Ok(times))
    }
}

impl State {
    fn is_cancelled(&self) -> bool {
        self.cancelled_by_setting
            .is_some_and(|times| times != clock::times_set())
    }
}

impl Alarm for TimerFile {
    fn expired(self: Arc<Self>) {
        let now = self.now();
        let mut state = self.state.lock();
        state.queued = None;
        if !state.schedule.is_due(now) && !state.is_cancelled() {
            return self.queue(&mut state, now);
        }
        drop(state);
        self.readers.wake_all();
        self.watchers.notify(Readiness::READ);
    }
}

impl FileOperations for TimerFile {
    fn read(&self, file: &File, _: u64, sink: &mut dyn Sink) -> Result<usize, Errno> {
        if sink.remaining() < WIDTH {
            return Err(Errno::EINVAL);
        }
        let times = if file.is_nonblocking() {
            self.take().ok_or(Errno::EAGAIN)?
        } else {
            let taken = self.readers.wait_until(None, interrupted, || self.take());
            taken.ok_or(Errno::ERESTARTSYS)?
        };
        sink.put(&times?.to_ne_bytes())?;
        Ok(WIDTH)
    }

    fn poll(&self, _: &File) -> Readiness {
        let state = self.state.lock();
        if state.is_cancelled() || state.schedule.is_due(self.now()) {
            Readiness::READ
        } else {
            Readiness::NONE
        }
    }

    fn watchers(&self, _: &File) -> Option<&Watchers> {
        Some(&self.watchers)
    }
}

impl Drop for TimerFile {
    fn drop(&mut self) {
        if let Some(queued) = self.state.lock().queued.take() {
            sched::cancel(queued);
        }
    }
}

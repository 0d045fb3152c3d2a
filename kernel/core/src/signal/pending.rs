//! [`Pending`]: the signals that wait for a process or a thread.
//!
//! Rules:
//! 1. `set` has a bit for each signal that waits. It is changed under the queue's lock and read without: whoever adds a
//!    signal tells the threads concerned afterwards, so a reader that misses a bit looks again.
//! 2. A standard signal waits once; of a real-time signal each one waits, in the order in which they were sent.
//! 3. A standard signal is never lost: if there is no memory to say why it was sent, it comes as if from nobody, as on
//!    Linux. A real-time one is refused instead.

use super::info::code;
use super::{Details, Signal, SignalInfo, SignalSet};
use crate::error::Errno;
use alloc::collections::VecDeque;
use core::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use threadbare_machine::sync::SpinLock;

/// Signals that wait.
#[derive(Debug, Default)]
pub(super) struct Pending {
    set: AtomicU64,
    queue: SpinLock<VecDeque<SignalInfo>>,
}

/// How many signals wait anywhere: no user has more.
static ALL: AtomicUsize = AtomicUsize::new(0);

/// How many signals wait for whomever.
pub(super) fn count_all() -> usize {
    ALL.load(Ordering::Relaxed)
}

impl Pending {
    /// How many signals wait here.
    pub(super) fn count(&self) -> usize {
        self.queue.lock().len()
    }

    /// Which signals wait.
    pub(super) fn set(&self) -> SignalSet {
        SignalSet::from_bits(self.set.load(Ordering::Relaxed))
    }

    /// Adds a signal; `has_room` says whether one more may wait.
    ///
    /// # Errors
    /// `EAGAIN` if it is a real-time one and there is no room or no memory.
    pub(super) fn push(&self, info: SignalInfo, has_room: bool) -> Result<(), Errno> {
        let waits = self.set().contains(info.signal);
        if waits && !info.signal.is_real_time() {
            return Ok(());
        }
        let mut queue = self.queue.lock();
        if info.signal.is_real_time() && !has_room {
            return Err(Errno::EAGAIN);
        }
        if has_place(&mut queue) {
            queue.push_back(info);
            ALL.fetch_add(1, Ordering::Relaxed);
        } else if info.signal.is_real_time() {
            return Err(Errno::EAGAIN);
        }
        self.set.fetch_or(info.signal.bit(), Ordering::Relaxed);
        Ok(())
    }

    /// Takes the next signal out of `wanted`: those of faults first, then lower numbers first.
    #[inline]
    pub(super) fn take(&self, wanted: SignalSet) -> Option<SignalInfo> {
        if self.set().and(wanted).is_empty() {
            return None;
        }
        self.take_waiting(wanted)
    }

    fn take_waiting(&self, wanted: SignalSet) -> Option<SignalInfo> {
        let mut queue = self.queue.lock();
        let candidates = SignalSet::from_bits(self.set().bits() & wanted.bits());
        let signal = candidates.next()?;
        let info = if queue.front().is_some_and(|first| first.signal == signal) {
            queue.pop_front()
        } else {
            let at = queue.iter().position(|info| info.signal == signal);
            at.and_then(|at| queue.remove(at))
        };
        if info.is_some() {
            ALL.fetch_sub(1, Ordering::Relaxed);
        }
        let more = signal.is_real_time() && queue.iter().any(|info| info.signal == signal);
        if !more {
            self.set.fetch_and(!signal.bit(), Ordering::Relaxed);
        }
        info.or_else(|| Some(SignalInfo::from_process(signal, code::SI_USER, 0, 0)))
    }

    /// Drops what a timer has sent.
    pub(super) fn discard_timer(&self, signal: Signal, timer: u32) {
        if !self.set().contains(signal) {
            return;
        }
        let mut queue = self.queue.lock();
        retain(&mut queue, |info| {
            info.signal != signal || !matches!(info.details, Details::Timer { id, .. } if id == timer)
        });
        if queue.iter().all(|info| info.signal != signal) {
            self.set.fetch_and(!signal.bit(), Ordering::Relaxed);
        }
    }

    /// Drops all of some signals.
    pub(super) fn discard(&self, signals: SignalSet) {
        if self.set().bits() & signals.bits() == 0 {
            return;
        }
        let mut queue = self.queue.lock();
        retain(&mut queue, |info| !signals.contains(info.signal));
        self.set.fetch_and(!signals.bits(), Ordering::Relaxed);
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        retain(&mut self.queue.lock(), |_| false);
    }
}

fn retain(queue: &mut VecDeque<SignalInfo>, keep: impl FnMut(&SignalInfo) -> bool) {
    let before = queue.len();
    queue.retain(keep);
    ALL.fetch_sub(before - queue.len(), Ordering::Relaxed);
}

/// Whether there is memory for one more.
#[inline]
fn has_place(queue: &mut VecDeque<SignalInfo>) -> bool {
    queue.len() < queue.capacity() || make_place(queue)
}

#[cold]
fn make_place(queue: &mut VecDeque<SignalInfo>) -> bool {
    queue.try_reserve(1).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: SignalSet = SignalSet::from_bits(u64::MAX);

    fn sent(number: usize, value: u64) -> SignalInfo {
        SignalInfo {
            signal: Signal::new(number).unwrap(),
            code: code::SI_QUEUE,
            details: Details::Sender {
                pid: 7,
                uid: 0,
                value,
            },
        }
    }

    fn value(info: Option<SignalInfo>) -> Option<(u8, u64)> {
        info.map(|info| match info.details {
            Details::Sender { value, .. } => (info.signal.number(), value),
            _ => panic!("sent otherwise"),
        })
    }

    #[test]
    fn a_standard_signal_waits_once_and_keeps_the_first_reason() {
        let pending = Pending::default();
        for reason in [1, 2] {
            assert_eq!(pending.push(sent(10, reason), true), Ok(()));
        }
        assert_eq!(value(pending.take(ALL)), Some((10, 1)));
        assert_eq!(pending.take(ALL), None);
        assert_eq!(pending.set(), SignalSet::EMPTY);
    }

    #[test]
    fn real_time_signals_come_in_their_order_lower_numbers_first() {
        let pending = Pending::default();
        for (number, reason) in [(40, 1), (35, 2), (40, 3), (35, 4)] {
            assert_eq!(pending.push(sent(number, reason), true), Ok(()));
        }
        let order = [(35, 2), (35, 4), (40, 1), (40, 3)];
        for expected in order {
            assert_eq!(value(pending.take(ALL)), Some(expected));
        }
        assert_eq!(pending.set(), SignalSet::EMPTY);
    }

    #[test]
    fn faults_come_before_lower_numbers() {
        let pending = Pending::default();
        for number in [1, 34, 11] {
            assert_eq!(pending.push(sent(number, 0), true), Ok(()));
        }
        let numbers = [11, 1, 34].map(Some);
        for number in numbers {
            assert_eq!(pending.take(ALL).map(|info| info.signal.number()), number);
        }
    }

    #[test]
    fn a_real_time_signal_beyond_the_limit_is_refused_and_a_standard_one_is_not() {
        let pending = Pending::default();
        assert_eq!(pending.push(sent(34, 0), false), Err(Errno::EAGAIN));
        assert_eq!(pending.push(sent(1, 0), false), Ok(()));
        assert_eq!(pending.count(), 1);
    }

    #[test]
    fn what_is_not_wanted_stays_and_what_is_discarded_goes() {
        let pending = Pending::default();
        let _ = pending.push(sent(2, 0), true);
        let _ = pending.push(sent(50, 0), true);
        let wanted = SignalSet::EMPTY.with(Signal::new(3).unwrap());
        assert_eq!(pending.take(wanted), None);
        pending.discard(SignalSet::EMPTY.with(Signal::new(50).unwrap()));
        assert_eq!(value(pending.take(ALL)), Some((2, 0)));
        assert_eq!(pending.take(ALL), None);
    }
}

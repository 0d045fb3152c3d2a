//! The shared part of a channel.
//!
//! Under one short lock: the messages, and whether the other side is there. Waiting happens outside of it:
//!
//! 1. `receiver` is `NOBODY`, `SIGNAL`, or the number of the receiver that waits. A receiver that finds nothing sets `NOBODY` under the
//!    lock, unlocks, and exchanges that for its number when it is suspended. A sender adds its message under the lock, unlocks, and
//!    exchanges whatever there is for `SIGNAL`; if it finds a number, it has won the right to wake. So either the message is found, or
//!    the exchange for the number fails, or the sender finds the number. A deadline exchanges the number for `NOBODY`.
//! 2. A sender that finds a bounded channel full waits on the word `space`, which changes, if somebody waits, for every message
//!    that is taken.
//! 3. Without room for any message (bound 0), a sender leaves an *offer* and waits on the offer's own word until it is taken; if the
//!    receiver goes, it takes the offer back.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::mpsc::{SendError, TryRecvError, TrySendError};
use std::time::Instant;

use crate::rt::spin::{Spin, SpinGuard};
use crate::rt::{State, Waiter, sim, table, timer};

/// No receiver waits.
const NOBODY: usize = 0;
/// Something has happened since the receiver looked.
const SIGNAL: usize = 1;

/// The offer of a sender that waits for it to be taken: its word becomes 1.
type Receipt = Arc<AtomicU32>;

struct Inner<T> {
    messages: VecDeque<T>,
    /// Bound 0 only.
    offers: VecDeque<(T, Option<Receipt>)>,
    senders_waiting: usize,
    receiver_gone: bool,
    senders_gone: bool,
}

pub(super) struct Channel<T> {
    inner: Spin<Inner<T>>,
    bound: Option<usize>,
    receiver: AtomicUsize,
    space: AtomicU32,
    pub(super) senders: AtomicUsize,
}

impl<T> Channel<T> {
    pub(super) fn new(bound: Option<usize>) -> Channel<T> {
        Channel {
            inner: Spin::new(Inner {
                messages: VecDeque::new(),
                offers: VecDeque::new(),
                senders_waiting: 0,
                receiver_gone: false,
                senders_gone: false,
            }),
            bound,
            receiver: AtomicUsize::new(NOBODY),
            space: AtomicU32::new(0),
            senders: AtomicUsize::new(1),
        }
    }

    fn lock(&self) -> SpinGuard<'_, Inner<T>> {
        self.inner.lock()
    }

    // ----- sending -----

    pub(super) fn send(&self, message: T) -> Result<(), SendError<T>> {
        sim::point("sends");
        match self.bound {
            None => self.push(self.lock(), message),
            Some(0) => self.offer(message),
            Some(bound) => {
                let mut inner = self.lock();
                while inner.messages.len() >= bound && !inner.receiver_gone {
                    inner = self.wait_for_space(inner);
                }
                self.push(inner, message)
            }
        }
    }

    pub(super) fn try_send(&self, message: T) -> Result<(), TrySendError<T>> {
        sim::point("sends");
        let mut inner = self.lock();
        if inner.receiver_gone {
            return Err(TrySendError::Disconnected(message));
        }
        match self.bound {
            Some(0) => {
                // Only a receiver that waits takes it.
                let Some(waiter) = self.take_receiver() else {
                    return Err(TrySendError::Full(message));
                };
                inner.offers.push_back((message, None));
                drop(inner);
                waiter.wake();
                Ok(())
            }
            Some(bound) if inner.messages.len() >= bound => Err(TrySendError::Full(message)),
            _ => self.push(inner, message).map_err(TrySendError::from),
        }
    }

    /// Adds a message and wakes the receiver.
    fn push(&self, mut inner: SpinGuard<'_, Inner<T>>, message: T) -> Result<(), SendError<T>> {
        if inner.receiver_gone {
            return Err(SendError(message));
        }
        inner.messages.push_back(message);
        drop(inner);
        self.signal();
        Ok(())
    }

    /// Tells the receiver that something has happened.
    #[inline]
    fn signal(&self) {
        // A look first: many sends for one receive cost one exchange. The lock orders the look after a receiver's NOBODY.
        if self.receiver.load(Ordering::Relaxed) == SIGNAL {
            return;
        }
        let found = self.receiver.swap(SIGNAL, Ordering::AcqRel);
        if found > SIGNAL {
            Waiter::from_bits(found).wake();
        }
    }

    /// The waiting receiver, if there is one, and with it the right to wake it.
    fn take_receiver(&self) -> Option<Waiter> {
        let waiting = self.receiver.load(Ordering::Relaxed);
        // A deadline may be faster.
        let won = waiting > SIGNAL
            && self
                .receiver
                .compare_exchange(waiting, SIGNAL, Ordering::AcqRel, Ordering::Relaxed)
                .is_ok();
        won.then(|| Waiter::from_bits(waiting))
    }

    fn wait_for_space<'a>(&'a self, mut inner: SpinGuard<'a, Inner<T>>) -> SpinGuard<'a, Inner<T>> {
        inner.senders_waiting += 1;
        let seen = self.space.load(Ordering::Relaxed);
        drop(inner);
        table::wait(&self.space, seen, None, State::Sending);
        let mut inner = self.lock();
        inner.senders_waiting -= 1;
        inner
    }

    fn offer(&self, message: T) -> Result<(), SendError<T>> {
        let mut inner = self.lock();
        if inner.receiver_gone {
            return Err(SendError(message));
        }
        let receipt: Receipt = Arc::new(AtomicU32::new(0));
        inner.offers.push_back((message, Some(receipt.clone())));
        drop(inner);
        self.signal();
        while receipt.load(Ordering::Acquire) == 0 {
            table::wait(&receipt, 0, None, State::Sending);
        }
        let mut inner = self.lock();
        let is_ours = |(_, other): &(T, Option<Receipt>)| {
            other.as_ref().is_some_and(|other| Arc::ptr_eq(other, &receipt))
        };
        match inner
            .offers
            .iter()
            .position(is_ours)
            .and_then(|index| inner.offers.remove(index))
        {
            Some((message, _)) => Err(SendError(message)),
            None => Ok(()),
        }
    }

    /// The last sender goes.
    pub(super) fn senders_go(&self) {
        sim::point("hangs up");
        self.lock().senders_gone = true;
        self.signal();
    }

    // ----- receiving -----

    pub(super) fn try_receive(&self) -> Result<T, TryRecvError> {
        sim::point("receives");
        self.take(self.lock()).map_err(|inner| match inner.senders_gone {
            true => TryRecvError::Disconnected,
            false => TryRecvError::Empty,
        })
    }

    /// Takes the oldest message, and lets a sender that waits go on.
    fn take<'a>(&'a self, mut inner: SpinGuard<'a, Inner<T>>) -> Result<T, SpinGuard<'a, Inner<T>>> {
        if let Some(message) = inner.messages.pop_front() {
            let waiting = inner.senders_waiting > 0;
            if waiting {
                self.space.fetch_add(1, Ordering::Relaxed);
            }
            drop(inner);
            if waiting {
                table::wake_one(&self.space);
            }
            return Ok(message);
        }
        if let Some((message, receipt)) = inner.offers.pop_front() {
            drop(inner);
            if let Some(receipt) = receipt {
                receipt.store(1, Ordering::Release);
                table::wake_one(&receipt);
            }
            return Ok(message);
        }
        Err(inner)
    }

    /// Waits for a message: `Empty` when the deadline came first.
    #[inline(always)]
    pub(super) fn receive(&self, deadline: Option<Instant>) -> Result<T, TryRecvError> {
        sim::point("receives");
        loop {
            let inner = match self.take(self.lock()) {
                Ok(message) => return Ok(message),
                Err(inner) => inner,
            };
            if inner.senders_gone {
                return Err(TryRecvError::Disconnected);
            }
            if deadline.is_some_and(|deadline| deadline <= Instant::now()) {
                return Err(TryRecvError::Empty);
            }
            self.receiver.store(NOBODY, Ordering::Relaxed);
            drop(inner);
            let waiter = Waiter::current();
            waiter.note_subject(std::ptr::from_ref(self) as usize);
            match deadline {
                None => waiter.wait_in(&self.receiver, NOBODY, State::Receiving),
                Some(deadline) => self.wait_until(waiter, deadline),
            }
        }
    }

    /// The timer has to find the number there, so it is left before the receiver is suspended.
    fn wait_until(&self, waiter: Waiter, deadline: Instant) {
        let number = waiter.to_bits().get();
        let left = self
            .receiver
            .compare_exchange(NOBODY, number, Ordering::AcqRel, Ordering::Acquire);
        if left.is_ok() {
            timer::wait_until(
                waiter,
                deadline,
                &self.receiver,
                [number, NOBODY],
                State::Receiving,
            );
        }
    }

    /// The receiver goes: messages are dropped, senders get theirs back or fail.
    pub(super) fn receiver_goes(&self) {
        sim::point("hangs up");
        let mut inner = self.lock();
        inner.receiver_gone = true;
        // Dropped after the lock: they are the user's, and their drop may use this channel.
        let messages = std::mem::take(&mut inner.messages);
        let receipts: Vec<Receipt> = inner
            .offers
            .iter()
            .filter_map(|(_, receipt)| receipt.clone())
            .collect();
        let abandoned: Vec<T> = {
            let (theirs, nobodys): (VecDeque<_>, VecDeque<_>) =
                inner.offers.drain(..).partition(|(_, receipt)| receipt.is_some());
            inner.offers = theirs;
            nobodys.into_iter().map(|(message, _)| message).collect()
        };
        self.space.fetch_add(1, Ordering::Relaxed);
        drop(inner);
        table::wake_all(&self.space);
        for receipt in receipts {
            receipt.store(1, Ordering::Release);
            table::wake_one(&receipt);
        }
        drop((messages, abandoned));
    }
}

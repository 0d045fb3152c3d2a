//! The sending halves.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::channel::Channel;
use super::{SendError, TrySendError};

/// A counted share of the sending side.
struct Share<T>(Arc<Channel<T>>);

impl<T> Clone for Share<T> {
    fn clone(&self) -> Self {
        let before = self.0.senders.fetch_add(1, Ordering::Relaxed);
        if before > isize::MAX.unsigned_abs() {
            std::process::abort();
        }
        Share(self.0.clone())
    }
}

impl<T> Drop for Share<T> {
    fn drop(&mut self) {
        // AcqRel: the last sender goes after all others have sent.
        if self.0.senders.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.0.senders_go();
        }
    }
}

/// The sending half of a channel without bound. As [`std::sync::mpsc::Sender`].
pub struct Sender<T>(Share<T>);

impl<T> Sender<T> {
    pub(super) fn new(channel: Arc<Channel<T>>) -> Sender<T> {
        Sender(Share(channel))
    }

    /// Sends; never waits.
    ///
    /// # Errors
    /// With the message, if the receiver is gone.
    #[inline]
    pub fn send(&self, message: T) -> Result<(), SendError<T>> {
        self.0.0.send(message)
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        Sender(self.0.clone())
    }
}

impl<T> std::panic::UnwindSafe for Sender<T> {}
impl<T> std::panic::RefUnwindSafe for Sender<T> {}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Sender").finish_non_exhaustive()
    }
}

/// The sending half of a bounded channel. As [`std::sync::mpsc::SyncSender`].
pub struct SyncSender<T>(Share<T>);

impl<T> SyncSender<T> {
    pub(super) fn new(channel: Arc<Channel<T>>) -> SyncSender<T> {
        SyncSender(Share(channel))
    }

    /// Sends; waits for room, or with bound 0 until the message is taken.
    ///
    /// # Errors
    /// With the message, if the receiver is gone.
    pub fn send(&self, message: T) -> Result<(), SendError<T>> {
        self.0.0.send(message)
    }

    /// Sends if that needs no waiting.
    ///
    /// # Errors
    /// With the message, if there is no room or the receiver is gone.
    pub fn try_send(&self, message: T) -> Result<(), TrySendError<T>> {
        self.0.0.try_send(message)
    }
}

impl<T> Clone for SyncSender<T> {
    fn clone(&self) -> Self {
        SyncSender(self.0.clone())
    }
}

impl<T> std::panic::UnwindSafe for SyncSender<T> {}
impl<T> std::panic::RefUnwindSafe for SyncSender<T> {}

impl<T> fmt::Debug for SyncSender<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("SyncSender").finish_non_exhaustive()
    }
}

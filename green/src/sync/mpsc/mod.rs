//! Channels from many senders to one receiver. As [`std::sync::mpsc`], whose error types these are.

mod channel;
mod receiver;
mod sender;

use std::sync::Arc;
pub use std::sync::mpsc::{RecvError, RecvTimeoutError, SendError, TryRecvError, TrySendError};

use channel::Channel;
pub use receiver::{IntoIter, Iter, Receiver, TryIter};
pub use sender::{Sender, SyncSender};

/// A channel without bound: sending never waits. As [`std::sync::mpsc::channel`].
///
/// ```
/// use threadbare::{sync::mpsc, thread};
///
/// let (sender, receiver) = mpsc::channel();
/// thread::spawn(move || (0..3).for_each(|number| sender.send(number).unwrap()));
/// assert_eq!(receiver.iter().collect::<Vec<_>>(), [0, 1, 2]);
/// ```
#[must_use]
pub fn channel<T>() -> (Sender<T>, Receiver<T>) {
    let channel = Arc::new(Channel::new(None));
    (Sender::new(channel.clone()), Receiver::new(channel))
}

/// A channel that holds at most `bound` messages; with 0, a sender waits until its message is taken. As
/// [`std::sync::mpsc::sync_channel`].
#[must_use]
pub fn sync_channel<T>(bound: usize) -> (SyncSender<T>, Receiver<T>) {
    let channel = Arc::new(Channel::new(Some(bound)));
    (SyncSender::new(channel.clone()), Receiver::new(channel))
}

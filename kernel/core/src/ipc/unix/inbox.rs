//! [`Inbox`]: the queue of a socket, and who waits for it.

use super::Waiting;
use super::queue::Queue;
use crate::clock;
use crate::error::Errno;
use crate::ipc::interrupted;
use crate::sched::WaitQueue;
use crate::vfs::{Readiness, Watcher, Watchers};
use alloc::sync::Arc;
use core::sync::atomic::{AtomicBool, Ordering};
use threadbare_machine::sync::{SpinGuard, SpinLock};
use threadbare_machine::time::Nanoseconds;

/// What was sent to a socket.
pub(super) struct Inbox {
    queue: SpinLock<Queue>,
    pub(super) receivers: WaitQueue,
    pub(super) senders: WaitQueue,
    /// Those of the socket that receives.
    pub(super) owner: Arc<Watchers>,
    /// Those of the sockets that send.
    pub(super) space: Watchers,
    /// Whether its owner wants to know who sends (`SO_PASSCRED`).
    wants_credentials: AtomicBool,
}

/// The watchers of a sender are told of room in the inbox that it sends to.
impl Watcher for Watchers {
    fn notified(&self, ready: Readiness) -> bool {
        self.notify(ready);
        true
    }
}

impl Inbox {
    pub(super) fn new(owner: Arc<Watchers>) -> Arc<Inbox> {
        Arc::new(Inbox {
            queue: SpinLock::new(Queue::new()),
            receivers: WaitQueue::new(),
            senders: WaitQueue::new(),
            owner,
            space: Watchers::new(),
            wants_credentials: AtomicBool::new(false),
        })
    }

    pub(super) fn wants_credentials(&self) -> bool {
        self.wants_credentials.load(Ordering::Relaxed)
    }

    pub(super) fn set_wants_credentials(&self, wants: bool) {
        self.wants_credentials.store(wants, Ordering::Relaxed);
    }

    pub(super) fn queue(&self) -> SpinGuard<'_, Queue> {
        self.queue.lock()
    }

    /// Something was sent.
    pub(super) fn has_grown(&self) {
        self.receivers.wake_one();
        self.owner.notify(Readiness::READ);
    }

    /// Something was received, after which there is room.
    pub(super) fn has_room(&self) {
        self.senders.wake_all();
        self.space.notify(WRITABLE);
    }

    /// Something ended: all look again.
    pub(super) fn has_changed(&self) {
        self.receivers.wake_all();
        self.senders.wake_all();
        self.owner.notify(Readiness::ALL);
        self.space.notify(Readiness::ALL);
    }

    /// Nobody sends to it any more, `error` being what the receiver is told once.
    pub(super) fn end(&self, error: Option<Errno>) {
        let mut queue = self.queue();
        queue.ended = true;
        if error.is_some() {
            queue.error = error;
        }
        drop(queue);
        self.has_changed();
    }

    /// Nobody receives from it any more. What is left in it is kept: it may still be read.
    pub(super) fn shut(&self) {
        self.queue().closed = true;
        self.has_changed();
    }

    /// The socket is gone, and all that it has not received. Whether there was any.
    pub(super) fn close(&self) -> bool {
        let mut queue = self.queue();
        queue.closed = true;
        let left = !queue.is_empty();
        let dropped = queue.clear();
        drop(queue);
        drop(dropped);
        self.has_changed();
        left
    }
}

/// What a socket with room says.
pub(super) const WRITABLE: Readiness =
    Readiness::WRITE.or(Readiness::from_bits(linux_raw_sys::general::POLLWRBAND));

impl Waiting {
    /// Tries, and waits in `queue` until it succeeds.
    ///
    /// # Errors
    /// What `attempt` says; `EAGAIN` where there is nothing to wait for or no more time; `ERESTARTSYS` or `EINTR`.
    pub(super) fn wait<T>(
        self,
        queue: &WaitQueue,
        mut attempt: impl FnMut() -> Option<Result<T, Errno>>,
    ) -> Result<T, Errno> {
        if let Some(result) = attempt() {
            return result;
        }
        if self.nonblocking {
            return Err(Errno::EAGAIN);
        }
        let deadline = match self.timeout {
            0 => None,
            timeout => Some(Nanoseconds(clock::monotonic().saturating_add(timeout))),
        };
        let mut was_interrupted = false;
        let asks = || {
            was_interrupted = interrupted();
            was_interrupted
        };
        match queue.wait_until(deadline, asks, attempt) {
            Some(result) => result,
            None if !was_interrupted => Err(Errno::EAGAIN),
            None if deadline.is_some() => Err(Errno::EINTR),
            None => Err(Errno::ERESTARTSYS),
        }
    }
}

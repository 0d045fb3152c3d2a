//! Waiting for any file to become ready.
//!
//! Everybody who polls waits in one queue and looks again whenever something may have become ready anywhere. Simple,
//! and fine for the few that poll at a time.

use crate::sched::WaitQueue;

/// Woken by [`changed`].
pub static CHANGED: WaitQueue = WaitQueue::new();

/// Some file may have become ready.
pub fn changed() {
    CHANGED.wake_all();
}

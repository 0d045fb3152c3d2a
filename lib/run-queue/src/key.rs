//! [`Key`].

/// Where a task stands in the queue: the lesser runs first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key(u64);

/// The highest real-time priority (`sched(7)`).
const HIGHEST: u64 = 99;

impl Key {
    /// Of a real-time task with a priority from 1 to 99; the higher runs first, and all run before fair tasks.
    pub const fn real_time(priority: u8) -> Key {
        Key(HIGHEST.saturating_sub(priority as u64))
    }

    /// Of a fair task that has come to this virtual time.
    pub const fn fair(virtual_time: u64) -> Key {
        Key(virtual_time.saturating_add(HIGHEST + 1))
    }

    /// The virtual time, of a fair task.
    pub const fn virtual_time(self) -> Option<u64> {
        self.0.checked_sub(HIGHEST + 1)
    }
}

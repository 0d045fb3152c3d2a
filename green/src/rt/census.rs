//! How many operating-system threads wait for green threads without a deadline: what the deadlock report has to know.

use std::sync::atomic::{AtomicUsize, Ordering};

static BLOCKED: AtomicUsize = AtomicUsize::new(0);

/// Counts the calling operating-system thread as blocked while it lives.
pub(crate) struct Blocked {
    counted: bool,
}

impl Blocked {
    /// A wait with a deadline ends by itself and does not count.
    pub(crate) fn enter(has_deadline: bool) -> Blocked {
        if !has_deadline {
            BLOCKED.fetch_add(1, Ordering::Relaxed);
        }
        Blocked {
            counted: !has_deadline,
        }
    }
}

impl Drop for Blocked {
    fn drop(&mut self) {
        if self.counted {
            BLOCKED.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

/// How many there are now.
pub(crate) fn blocked() -> usize {
    BLOCKED.load(Ordering::Relaxed)
}

//! What all descriptors of an open file share here: what std would keep in the open file itself.
//!
//! Nearly every file has one descriptor. Its settings lie in that descriptor's own handle, where every call finds them on the cache lines
//! that it needs anyway; they move to memory of their own when the file gets a second one.
//!
//! Invariants:
//! 1. Settings are changed, and moved, under [`CHANGING`]: a change is never made to what is being left.
//! 2. Once moved they stay there, for all descriptors of the file.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

static CHANGING: Mutex<()> = Mutex::new(());

#[derive(Default)]
pub(super) struct Values {
    /// The user wants calls that do not wait.
    nonblocking: AtomicBool,
    /// The kernel's flag is on whatever the user wants.
    forced: AtomicBool,
    /// The ring left something: the next call gets it at once. A hint, for who takes nothing for more is told by the kernel.
    has_more: AtomicBool,
    /// In nanoseconds; 0 for none.
    read_timeout: AtomicU64,
    write_timeout: AtomicU64,
}

/// See the module.
#[derive(Default)]
pub(super) struct Settings {
    own: Values,
    moved: OnceLock<Arc<Values>>,
}

impl Settings {
    #[inline]
    fn values(&self) -> &Values {
        match self.moved.get() {
            None => &self.own,
            Some(moved) => moved,
        }
    }

    fn change(&self, change: impl FnOnce(&Values)) {
        let _changing = CHANGING.lock().unwrap_or_else(PoisonError::into_inner);
        change(self.values());
    }

    /// For another descriptor of the same file.
    pub(super) fn share(&self) -> Settings {
        let _changing = CHANGING.lock().unwrap_or_else(PoisonError::into_inner);
        let moved = self.moved.get_or_init(|| Arc::new(self.own.copy()));
        Settings {
            own: Values::default(),
            moved: OnceLock::from(Arc::clone(moved)),
        }
    }

    /// Whether no other descriptor of the file is left here.
    pub(super) fn are_alone(&self) -> bool {
        self.moved.get().is_none_or(|moved| Arc::strong_count(moved) == 1)
    }

    #[inline]
    pub(super) fn is_nonblocking(&self) -> bool {
        self.values().nonblocking.load(Ordering::Relaxed)
    }

    pub(super) fn set_nonblocking(&self, nonblocking: bool) {
        self.change(|values| values.nonblocking.store(nonblocking, Ordering::Relaxed));
    }

    pub(super) fn is_forced(&self) -> bool {
        self.values().forced.load(Ordering::Relaxed)
    }

    pub(super) fn set_forced(&self, forced: bool) {
        self.change(|values| values.forced.store(forced, Ordering::Relaxed));
    }

    #[inline]
    pub(super) fn has_more(&self) -> bool {
        self.values().has_more.load(Ordering::Relaxed)
    }

    #[inline]
    pub(super) fn set_has_more(&self, has_more: bool) {
        self.values().has_more.store(has_more, Ordering::Relaxed);
    }

    #[inline]
    pub(super) fn read_timeout(&self) -> Option<Duration> {
        from_nanoseconds(&self.values().read_timeout)
    }

    #[inline]
    pub(super) fn write_timeout(&self) -> Option<Duration> {
        from_nanoseconds(&self.values().write_timeout)
    }

    pub(super) fn set_read_timeout(&self, timeout: Option<Duration>) {
        self.change(|values| {
            values
                .read_timeout
                .store(to_nanoseconds(timeout), Ordering::Relaxed)
        });
    }

    pub(super) fn set_write_timeout(&self, timeout: Option<Duration>) {
        self.change(|values| {
            values
                .write_timeout
                .store(to_nanoseconds(timeout), Ordering::Relaxed)
        });
    }
}

impl Values {
    fn copy(&self) -> Values {
        let flag = |flag: &AtomicBool| AtomicBool::new(flag.load(Ordering::Relaxed));
        let number = |number: &AtomicU64| AtomicU64::new(number.load(Ordering::Relaxed));
        Values {
            nonblocking: flag(&self.nonblocking),
            forced: flag(&self.forced),
            has_more: flag(&self.has_more),
            read_timeout: number(&self.read_timeout),
            write_timeout: number(&self.write_timeout),
        }
    }
}

/// When a call that begins now has taken too long.
pub(super) fn deadline_after(timeout: Option<Duration>) -> Option<Instant> {
    timeout.and_then(|timeout| Instant::now().checked_add(timeout))
}

#[inline]
fn from_nanoseconds(timeout: &AtomicU64) -> Option<Duration> {
    match timeout.load(Ordering::Relaxed) {
        0 => None,
        nanoseconds => Some(Duration::from_nanos(nanoseconds)),
    }
}

fn to_nanoseconds(timeout: Option<Duration>) -> u64 {
    timeout.map_or(0, |timeout| u64::try_from(timeout.as_nanos()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_set_on_one_descriptor_is_set_on_those_that_share_its_file() {
        let first = Settings::default();
        first.set_read_timeout(Some(Duration::from_millis(5)));
        assert!(first.are_alone());
        let second = first.share();
        let third = second.share();
        assert_eq!(third.read_timeout(), Some(Duration::from_millis(5)));
        third.set_nonblocking(true);
        first.set_write_timeout(Some(Duration::from_millis(7)));
        assert!(first.is_nonblocking() && second.is_nonblocking());
        assert_eq!(second.write_timeout(), Some(Duration::from_millis(7)));
        assert!(!second.are_alone());
        drop((first, third));
        assert!(second.are_alone());
    }

    #[test]
    fn a_change_during_the_first_share_is_not_lost() {
        for _ in 0..200 {
            let settings = Settings::default();
            let shared = std::thread::scope(|scope| {
                scope.spawn(|| settings.set_nonblocking(true));
                settings.share()
            });
            assert!(settings.is_nonblocking() && shared.is_nonblocking());
        }
    }
}

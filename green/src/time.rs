//! Time, with the interface of `std::time`, and sleeping.
//!
//! A green thread that sleeps costs no system call and no operating-system thread: the engine has its deadline.

pub use std::time::{Duration, Instant, SystemTime, SystemTimeError, TryFromFloatSecsError, UNIX_EPOCH};

pub use crate::thread::sleep;

/// Waits until `deadline` at least.
///
/// ```
/// use threadbare::time::{self, Duration, Instant};
///
/// let deadline = Instant::now() + Duration::from_millis(2);
/// time::sleep_until(deadline);
/// assert!(Instant::now() >= deadline);
/// ```
pub fn sleep_until(deadline: Instant) {
    sleep(deadline.saturating_duration_since(Instant::now()));
}

/// Moments at equal distances, the first at once.
///
/// ```
/// use threadbare::time::{self, Duration, Instant};
///
/// let start = Instant::now();
/// let moments: Vec<Instant> = time::interval(Duration::from_millis(2)).take(3).collect();
/// assert!(moments[0] >= start && moments[2] - start >= Duration::from_millis(4));
/// ```
///
/// # Panics
/// If `period` is zero.
pub fn interval(period: Duration) -> Interval {
    assert!(!period.is_zero(), "an interval needs a period");
    Interval {
        next: Instant::now(),
        period,
    }
}

/// An endless iterator over the moments of an [`interval`], which waits for each of them.
///
/// Who comes late gets the moments that were missed one after the other, without waiting, so that their number stays right.
#[derive(Clone, Debug)]
#[must_use = "iterators are lazy and do nothing unless consumed"]
pub struct Interval {
    next: Instant,
    period: Duration,
}

impl Interval {
    /// The distance between two moments.
    #[must_use]
    pub fn period(&self) -> Duration {
        self.period
    }

    /// Leaves out the moments that were missed.
    pub fn skip_missed(&mut self) {
        let late = Instant::now().saturating_duration_since(self.next);
        let missed = late.as_nanos() / self.period.as_nanos();
        let missed = u32::try_from(missed).unwrap_or(u32::MAX);
        self.next += self.period.saturating_mul(missed);
    }
}

impl Iterator for Interval {
    type Item = Instant;

    fn next(&mut self) -> Option<Instant> {
        let moment = self.next;
        sleep_until(moment);
        self.next = moment.checked_add(self.period)?;
        Some(moment)
    }
}

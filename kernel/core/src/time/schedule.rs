//! [`Schedule`]: when a timer goes off next, and how often it has. Numbers only; what clock they are of is its owner's.

/// What a program wants of a timer, and what it is told: `struct itimerspec` in nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Setting {
    /// When it goes off, from now on or by the clock; 0 stops it.
    pub value: u64,
    /// How long after each time it goes off again; 0 for never.
    pub interval: u64,
}

/// The state of a timer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Schedule {
    /// By its clock.
    next: Option<u64>,
    interval: u64,
}

impl Schedule {
    /// As set at `now`: a value that is not `absolute` counts from then on.
    pub fn new(setting: Setting, absolute: bool, now: u64) -> Schedule {
        let from = if absolute { 0 } else { now };
        Schedule {
            next: (setting.value != 0).then(|| from.saturating_add(setting.value)),
            interval: setting.interval,
        }
    }

    /// When it goes off, or has gone off without that having been counted.
    pub fn next(&self) -> Option<u64> {
        self.next
    }

    /// Whether it has gone off.
    pub fn is_due(&self, now: u64) -> bool {
        self.next.is_some_and(|next| next <= now)
    }

    /// Counts how often it has gone off since the last time that was asked, and moves on.
    pub fn take(&mut self, now: u64) -> u64 {
        let Some(next) = self.next.filter(|&next| next <= now) else {
            return 0;
        };
        if self.interval == 0 {
            self.next = None;
            return 1;
        }
        let times = (now - next) / self.interval + 1;
        self.next = Some(next.saturating_add(times.saturating_mul(self.interval)));
        times
    }

    /// What is left until it goes off next, at least a nanosecond while it is set.
    pub fn left(&self, now: u64) -> Setting {
        let mut ahead = *self;
        if ahead.interval != 0 {
            ahead.take(now);
        }
        Setting {
            value: ahead.next.map_or(0, |next| next.saturating_sub(now).max(1)),
            interval: self.interval,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(value: u64, interval: u64) -> Schedule {
        Schedule::new(Setting { value, interval }, false, 100)
    }

    #[test]
    fn one_shot_goes_off_once() {
        let mut schedule = set(10, 0);
        assert_eq!((schedule.take(109), schedule.left(109).value), (0, 1));
        assert!(schedule.is_due(110));
        assert_eq!((schedule.take(500), schedule.take(501)), (1, 0));
        assert_eq!(schedule.left(501), Setting::default());
    }

    #[test]
    fn an_interval_counts_what_was_missed() {
        let mut schedule = set(10, 3);
        assert_eq!(schedule.take(110), 1);
        assert_eq!(schedule.take(112), 0);
        assert_eq!(schedule.take(119), 3);
        assert_eq!(
            schedule.left(120),
            Setting {
                value: 2,
                interval: 3
            }
        );
    }

    #[test]
    fn what_has_gone_off_and_was_not_counted_leaves_the_rest_of_its_interval() {
        assert_eq!(set(10, 5).left(112).value, 3);
        assert_eq!(set(10, 0).left(112).value, 1, "it is still to be told");
    }

    #[test]
    fn absolute_times_may_be_past_and_zero_stops() {
        let past = Schedule::new(
            Setting {
                value: 5,
                interval: 0,
            },
            true,
            100,
        );
        assert!(past.is_due(100));
        assert_eq!(set(0, 7).next(), None);
    }

    #[test]
    fn the_end_of_time_does_not_overflow() {
        let mut schedule = Schedule::new(
            Setting {
                value: u64::MAX,
                interval: 1,
            },
            false,
            u64::MAX - 1,
        );
        assert_eq!(schedule.next(), Some(u64::MAX));
        assert_eq!(schedule.take(u64::MAX), 1);
        assert_eq!(schedule.next(), Some(u64::MAX));
    }
}

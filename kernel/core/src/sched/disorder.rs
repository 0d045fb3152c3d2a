//! [`Disorder`]: switches of tasks at moments drawn from a seed, so that races show by design and show again
//! (`threadbare run --preempt-seed`).
//!
//! Nothing that the scheduler decides is decided elsewhere: only the numbers are others. Slices are short and of any
//! length, so that the timer strikes anywhere that interrupts do, and right behind the locks that kept one waiting. At the end of
//! each, the running task is charged for time that it has not had: others pass it, for a moment or for long. So real-time
//! priorities hold, and each task that is ready runs in the end.
//!
//! Rejected: a random choice among the ready ones at each tick. Who is left out is so for a tick or two; a race whose
//! other side has a program to start first needs one to be left out for milliseconds.

/// What is drawn from a seed.
#[derive(Debug)]
pub(super) struct Disorder(u64);

impl Disorder {
    /// The handling of a tick and the switch after it, in nanoseconds, or instructions where those are time. What is drawn beyond it
    /// is what the next task has.
    const TICK: u64 = 500;

    pub(super) const fn new(seed: u64) -> Disorder {
        Disorder(seed)
    }

    /// How long until the next tick, in nanoseconds.
    pub(super) fn slice(&mut self) -> u64 {
        let rare = self.next().is_multiple_of(1024);
        Disorder::TICK
            + if rare {
                self.of_any_size(16, 20)
            } else {
                self.of_any_size(4, 12)
            }
    }

    /// How far the running task falls behind, in virtual nanoseconds. Most are much or little beside what a new task is behind its
    /// parent and a woken one ahead of others ([`fair`](threadbare_run_queue::fair)); and of n tasks each has been put back furthest
    /// as often, so that one runs on for n ticks every n-th time.
    pub(super) fn delay(&mut self) -> u64 {
        self.of_any_size(12, 26)
    }

    /// From `2^least` to below `2^(most + 1)`, each order of magnitude as likely.
    fn of_any_size(&mut self, least: u64, most: u64) -> u64 {
        let size = 1 << (least + self.next() % (most - least + 1));
        size + self.next() % size
    }

    /// SplitMix64 (Steele, Lea, Flood, OOPSLA 2014).
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }
}

#[cfg(test)]
mod tests {
    use super::Disorder;

    fn slices(seed: u64) -> impl Iterator<Item = u64> {
        let mut disorder = Disorder::new(seed);
        core::iter::from_fn(move || Some(disorder.slice()))
    }

    #[test]
    fn a_seed_gives_the_same_moments_again_and_another_gives_others() {
        assert!(slices(1).take(100).eq(slices(1).take(100)));
        assert!(slices(1).take(100).ne(slices(2).take(100)));
    }

    #[test]
    fn slices_and_delays_are_short_and_now_and_then_long() {
        let mut disorder = Disorder::new(7);
        let (mut short, mut long) = (0, 0);
        for _ in 0..100_000 {
            let slice = disorder.slice() - Disorder::TICK;
            assert!((1 << 4..1 << 21).contains(&slice));
            short += usize::from(slice < 1 << 9);
            long += usize::from(slice >= 1 << 16);
            assert!((1 << 12..1 << 27).contains(&disorder.delay()));
        }
        assert!(
            (50_000..60_000).contains(&short) && (50..200).contains(&long),
            "{short}, {long}"
        );
    }
}

//! [`Slots`]: which space has which process-context identifier.

use core::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};

/// How many spaces are remembered: more are seldom alternated between, and looking through them must stay cheap.
pub(super) const SLOTS: usize = 6;

/// The spaces that have a number, by the addresses of their top-level tables. Written by one CPU, with interrupts disabled.
#[derive(Debug)]
pub(super) struct Slots {
    /// 0 for none; slot `n` has number `n + 1`.
    spaces: [AtomicU64; SLOTS],
    next: AtomicUsize,
}

/// How a space is to be loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Load {
    /// Its process-context identifier.
    pub(super) number: u64,
    /// Whether what is cached under this number is true.
    pub(super) keep: bool,
}

impl Slots {
    pub(super) const fn new() -> Slots {
        Slots {
            spaces: [const { AtomicU64::new(0) }; SLOTS],
            next: AtomicUsize::new(0),
        }
    }

    /// The number of a space; the one that has waited longest for its turn to lose its number loses it.
    pub(super) fn load(&self, space: u64) -> Load {
        let found = self.find(space);
        let slot = found.unwrap_or_else(|| self.take(space));
        Load {
            number: slot as u64 + 1,
            keep: found.is_some(),
        }
    }

    /// Takes its number from a space.
    pub(super) fn forget(&self, space: u64) {
        if let Some(slot) = self.find(space) {
            self.spaces[slot].store(0, Relaxed);
        }
    }

    fn find(&self, space: u64) -> Option<usize> {
        self.spaces.iter().position(|slot| slot.load(Relaxed) == space)
    }

    fn take(&self, space: u64) -> usize {
        let slot = self.next.load(Relaxed);
        self.next.store((slot + 1) % SLOTS, Relaxed);
        self.spaces[slot].store(space, Relaxed);
        slot
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;
    use std::vec::Vec;

    /// A CPU whose cache keeps every translation under its number until it is told otherwise.
    #[derive(Default)]
    struct Cpu {
        cache: HashMap<u64, u64>,
        number: u64,
        loaded: u64,
    }

    impl Cpu {
        fn load(&mut self, slots: &Slots, space: u64) {
            let load = slots.load(space);
            (self.number, self.loaded) = (load.number, space);
            if !load.keep {
                self.cache.remove(&load.number);
            }
        }

        /// What a look through the loaded space finds, which is cached from then on.
        fn look(&mut self, spaces: &HashMap<u64, u64>) -> u64 {
            *self.cache.entry(self.number).or_insert(spaces[&self.loaded])
        }
    }

    /// Numbers without a pattern (a linear congruential generator).
    fn numbers() -> impl Iterator<Item = u64> {
        let mut state = 1u64;
        core::iter::repeat_with(move || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            state >> 33
        })
    }

    #[test]
    fn no_load_ever_shows_what_a_space_was_or_what_another_is() {
        let (slots, mut cpu) = (Slots::new(), Cpu::default());
        // Each space is one page; its contents stand for its translation. Addresses come back, as freed tables do.
        let mut spaces: HashMap<u64, u64> = (1..=9).map(|space| (space, space * 1000)).collect();
        cpu.load(&slots, 1);
        let mut version = 0;
        for words in numbers().take(200_000).collect::<Vec<_>>().chunks_exact(2) {
            let space = words[0] % 9 + 1;
            version += 1;
            match words[1] % 4 {
                0 if space != cpu.loaded => {
                    slots.forget(space); // it changes, or is freed and its address used anew
                    spaces.insert(space, version);
                }
                1 => {
                    // The loaded one changes: its number is loaded afresh.
                    spaces.insert(cpu.loaded, version);
                    slots.forget(cpu.loaded);
                    cpu.load(&slots, cpu.loaded);
                }
                _ => cpu.load(&slots, space),
            }
            assert_eq!(cpu.look(&spaces), spaces[&cpu.loaded]);
        }
    }

    #[test]
    fn few_spaces_keep_their_numbers() {
        let slots = Slots::new();
        for space in 1..=SLOTS as u64 {
            assert!(!slots.load(space).keep);
        }
        for space in 1..=SLOTS as u64 {
            assert_eq!(
                slots.load(space),
                Load {
                    number: space,
                    keep: true
                }
            );
        }
    }
}

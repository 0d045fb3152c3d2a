//! Random bytes: ChaCha20, seeded by the command that started the machine.
//!
//! The command gives 32 bytes from its host's generator, or fixed ones for a run that shall be repeatable.

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use threadbare_machine::sync::SpinLock;

static GENERATOR: SpinLock<Option<ChaCha20Rng>> = SpinLock::new(None);

/// Seeds the generator.
pub fn seed(seed: [u8; 32]) {
    *GENERATOR.lock() = Some(ChaCha20Rng::from_seed(seed));
}

/// Fills `bytes` with random ones.
pub fn fill(bytes: &mut [u8]) {
    for part in bytes.chunks_mut(256) {
        let mut generator = GENERATOR.lock(); // interrupts are off for 256 bytes at a time
        generator
            .get_or_insert_with(|| ChaCha20Rng::seed_from_u64(threadbare_machine::time::tsc()))
            .fill_bytes(part);
    }
}

/// A random number below `limit` (a power of two, or nearly uniform).
pub fn below(limit: usize) -> usize {
    let mut bytes = [0; 8];
    fill(&mut bytes);
    usize::from_le_bytes(bytes) % limit.max(1)
}

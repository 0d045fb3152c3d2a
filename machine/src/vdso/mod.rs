//! The vDSO (`vdso(7)`): functions that programs call in place of system calls, mapped into each of them.
//!
//! The code is ring 3's: nothing of it runs in the kernel. Clocks are computed from the TSC exactly as
//! [`time::now`](crate::time::now) does it, so that vDSO and system call never disagree.
//!
//! Of the data page only the offset of the wall clock ever changes, by one store of an aligned word, so readers need
//! neither lock nor sequence number.

mod image;
#[cfg(test)]
mod tests;

pub use image::image;

use crate::time;

/// The data page: three words that the code reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Data {
    /// The TSC at boot.
    pub start: u64,
    /// Nanoseconds for one tick of the TSC, times 2^32.
    pub rate: u64,
    /// What the wall clock is ahead of the time since boot, in nanoseconds.
    pub realtime: u64,
}

/// Where [`Data::realtime`] lies in the page.
pub const REALTIME_OFFSET: usize = 16;

impl Data {
    /// As the clock counts now.
    pub fn new(realtime: u64) -> Data {
        let (start, rate) = time::parameters();
        Data {
            start,
            rate,
            realtime,
        }
    }

    /// The beginning of the page.
    pub fn to_bytes(self) -> [u8; 24] {
        let mut bytes = [0; 24];
        for (place, word) in bytes
            .chunks_exact_mut(8)
            .zip([self.start, self.rate, self.realtime])
        {
            place.copy_from_slice(&word.to_le_bytes());
        }
        bytes
    }
}

//! [`Key`]: which word is meant.

use crate::error::Errno;
use crate::mm::CurrentMemory;
use crate::syscall::Call;
use threadbare_machine::paging::USER_END;
use threadbare_machine::task;

/// A word of memory: of an address space, or of an object that several map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Key {
    /// The number of the address space, or the object's address in the kernel; the two kinds do not meet.
    whose: u64,
    offset: u64,
}

impl Key {
    /// The word at `address` of the program that calls; `private` says that nobody else is interested (`FUTEX_PRIVATE_FLAG`).
    /// A word of private memory is the same either way.
    ///
    /// # Errors
    /// `EINVAL` unless the address is aligned; `EFAULT` outside user memory, or where nothing is mapped unless it is private.
    pub(super) fn of(call: &Call<'_>, address: usize, private: bool) -> Result<Key, Errno> {
        Key::in_memory(&call.memory(), address, private)
    }

    /// As [`Key::of`].
    pub(super) fn in_memory(memory: &CurrentMemory<'_>, address: usize, private: bool) -> Result<Key, Errno> {
        if !address.is_multiple_of(4) {
            return Err(Errno::EINVAL);
        }
        if address >= USER_END {
            return Err(Errno::EFAULT);
        }
        let shared = if private {
            None
        } else {
            memory.shared_word(address)?
        };
        Ok(match shared {
            None => Key {
                whose: task::space_number(),
                offset: address as u64,
            },
            Some(word) => Key {
                whose: word.object as u64,
                offset: word.offset,
            },
        })
    }

    /// A number that spreads keys evenly over `0..1 << bits` (Fibonacci hashing: Knuth, TAOCP 3, 6.4).
    pub(super) fn hash(self, bits: u32) -> usize {
        const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;
        let mixed = (self.whose.rotate_left(20) ^ self.offset).wrapping_mul(GOLDEN);
        (mixed >> (64 - bits)) as usize
    }
}

//! `FUTEX_WAKE_OP`: changes a second word, and wakes who waits for it if its old value passes a test.

use super::buckets::{wake_in, with_both};
use super::key::Key;
use crate::error::Errno;
use crate::mm::Touch;
use crate::syscall::Call;
use alloc::format;
use linux_raw_sys::general as linux;
use threadbare_machine::user;

/// What is done and tested (`futex(2)`, `FUTEX_WAKE_OP`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Operation {
    operation: u32,
    operand: u32,
    comparison: u32,
    comparand: i32,
}

impl Operation {
    /// Decodes `val3`: `(operation << 28) | (comparison << 24) | (operand << 12) | comparand`, both operands signed.
    ///
    /// # Errors
    /// `ENOSYS` for an operation or comparison that there is not.
    fn decode(encoded: u32) -> Result<Operation, Errno> {
        let signed = |bits: u32| (bits << 20).cast_signed() >> 20;
        let operand = signed(encoded >> 12 & 0xfff).cast_unsigned();
        let shifted = encoded >> 28 & linux::FUTEX_OP_OPARG_SHIFT != 0;
        let decoded = Operation {
            operation: encoded >> 28 & 7,
            operand: if shifted { 1 << (operand & 31) } else { operand },
            comparison: encoded >> 24 & 15,
            comparand: signed(encoded & 0xfff),
        };
        let known = decoded.operation <= linux::FUTEX_OP_XOR && decoded.comparison <= linux::FUTEX_OP_CMP_GE;
        if known { Ok(decoded) } else { Err(Errno::ENOSYS) }
    }

    fn apply(self, old: u32) -> u32 {
        match self.operation {
            linux::FUTEX_OP_SET => self.operand,
            linux::FUTEX_OP_ADD => old.wrapping_add(self.operand),
            linux::FUTEX_OP_OR => old | self.operand,
            linux::FUTEX_OP_ANDN => old & !self.operand,
            _ => old ^ self.operand,
        }
    }

    fn holds(self, old: u32) -> bool {
        let (old, comparand) = (old.cast_signed(), self.comparand);
        match self.comparison {
            linux::FUTEX_OP_CMP_EQ => old == comparand,
            linux::FUTEX_OP_CMP_NE => old != comparand,
            linux::FUTEX_OP_CMP_LT => old < comparand,
            linux::FUTEX_OP_CMP_LE => old <= comparand,
            linux::FUTEX_OP_CMP_GT => old > comparand,
            _ => old >= comparand,
        }
    }
}

/// Changes the word `second`, wakes up to `most` that wait for `first`, and if the old value passes the test up to
/// `most_second` that wait for `second`; returns how many.
///
/// # Errors
/// `ENOSYS` for an unknown operation; `EFAULT`, `ENOMEM`.
pub(super) fn wake_op(
    call: &Call<'_>,
    first: Key,
    most: u32,
    second: (usize, Key),
    most_second: u32,
    encoded: u32,
) -> Result<usize, Errno> {
    let operation = Operation::decode(encoded)
        .map_err(|errno| call.missing(format!("FUTEX_WAKE_OP with {encoded:#x}"), errno))?;
    let (address, second) = second;
    loop {
        let woken = with_both(first, second, |bucket, other| {
            let old = change(address, operation)?;
            let woken = wake_in(bucket, first, most, u32::MAX);
            if !operation.holds(old) {
                return Some(woken);
            }
            Some(woken + wake_in(other.unwrap_or(bucket), second, most_second, u32::MAX))
        });
        match woken {
            Some(woken) => return Ok(woken),
            None => call.memory().bring_in(address, Touch::Write)?,
        }
    }
}

/// Changes the word at `address` and returns what it was; `None` if its page is missing.
fn change(address: usize, operation: Operation) -> Option<u32> {
    let mut old = user::load_word(address).ok()?;
    loop {
        let found = user::compare_exchange_word(address, old, operation.apply(old)).ok()?;
        if found == old {
            return Some(old);
        }
        old = found;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operands_are_signed_and_may_be_shifts() {
        let encoded = linux::FUTEX_OP_ADD << 28 | linux::FUTEX_OP_CMP_LT << 24 | 0xfff << 12 | 0xffe;
        let operation = Operation::decode(encoded).unwrap();
        assert_eq!((operation.apply(5), operation.comparand), (4, -2));
        assert!(operation.holds((-3i32).cast_unsigned()) && !operation.holds(0));
        let shift = (linux::FUTEX_OP_OR | linux::FUTEX_OP_OPARG_SHIFT) << 28 | 4 << 12;
        assert_eq!(Operation::decode(shift).unwrap().apply(1), 17);
    }

    #[test]
    fn what_there_is_not_is_refused() {
        assert_eq!(Operation::decode(5 << 28), Err(Errno::ENOSYS));
        assert_eq!(Operation::decode(6 << 24), Err(Errno::ENOSYS));
    }
}

//! Looking for a byte, eight at a time.

/// Where `wanted` is first among `bytes`.
#[inline]
pub(crate) fn position(bytes: &[u8], wanted: u8) -> Option<usize> {
    let mut at = 0;
    let mut rest = bytes;
    while let Some((word, behind)) = rest.split_first_chunk() {
        let zeroes = zero_bytes(u64::from_le_bytes(*word) ^ u64::from_ne_bytes([wanted; 8]));
        if zeroes != 0 {
            return Some(at + zeroes.trailing_zeros() as usize / 8);
        }
        (at, rest) = (at + 8, behind);
    }
    Some(at + rest.iter().position(|byte| *byte == wanted)?)
}

/// The highest bit of the lowest byte that is zero, and perhaps bits above it; 0 if no byte is. (A borrow out of a zero
/// byte is all that could mark one that is none, and goes upwards.)
fn zero_bytes(word: u64) -> u64 {
    const LOWEST: u64 = u64::from_ne_bytes([1; 8]);
    const HIGHEST: u64 = u64::from_ne_bytes([0x80; 8]);
    word.wrapping_sub(LOWEST) & !word & HIGHEST
}

#[cfg(test)]
mod tests {
    use super::position;
    use std::vec::Vec;

    #[test]
    fn a_byte_is_found_where_it_is_first() {
        for length in 0..40 {
            for other in [b'/' - 1, b'/' + 1, 0, 0x80, 0xff] {
                let mut bytes: Vec<u8> = std::iter::repeat_n(other, length).collect();
                assert_eq!(position(&bytes, b'/'), None);
                for first in (0..length).rev() {
                    bytes[first] = b'/';
                    assert_eq!(position(&bytes, b'/'), Some(first));
                }
            }
        }
    }
}

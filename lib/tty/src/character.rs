//! Classes of characters, in Latin-1 as Linux's kernel has them (`lib/ctype.c` there).

/// A control character: these are echoed as `^X`, and take no column.
pub(crate) fn is_control(byte: u8) -> bool {
    byte.is_ascii_control()
}

/// A letter or digit, or an underscore: what words are made of.
pub(crate) fn is_word(byte: u8) -> bool {
    byte == b'_' || byte.is_ascii_digit() || is_upper(byte) || is_lower(byte)
}

pub(crate) fn to_lower(byte: u8) -> u8 {
    if is_upper(byte) { byte + 32 } else { byte }
}

/// As Linux does it, `ß` and `ÿ` become what they become by subtraction.
pub(crate) fn to_upper(byte: u8) -> u8 {
    if is_lower(byte) { byte - 32 } else { byte }
}

fn is_upper(byte: u8) -> bool {
    byte.is_ascii_uppercase() || matches!(byte, 0xc0..=0xd6 | 0xd8..=0xde)
}

fn is_lower(byte: u8) -> bool {
    byte.is_ascii_lowercase() || matches!(byte, 0xdf..=0xf6 | 0xf8..=0xff)
}

//! Strings as C writes them.

use alloc::format;
use alloc::string::String;

/// Bytes as a string literal, cut after `most` of them. With `ends` a NUL ends them, and is not shown; where there is none,
/// more follows.
pub(crate) fn quoted(bytes: &[u8], most: usize, ends: bool) -> String {
    let end = bytes.iter().position(|byte| *byte == 0).filter(|_| ends);
    let is_whole = !ends || end.is_some();
    let bytes = bytes.get(..end.unwrap_or(bytes.len())).unwrap_or(bytes);
    let shown = bytes.get(..most).unwrap_or(bytes);
    let mut text = String::from("\"");
    for (index, byte) in shown.iter().enumerate() {
        match byte {
            b'"' => text.push_str("\\\""),
            b'\\' => text.push_str("\\\\"),
            b'\n' => text.push_str("\\n"),
            b'\t' => text.push_str("\\t"),
            b'\r' => text.push_str("\\r"),
            0x0b => text.push_str("\\v"),
            0x0c => text.push_str("\\f"),
            b' '..=b'~' => text.push(char::from(*byte)),
            // Octal, in full where a digit follows.
            _ => {
                let digit_follows = shown.get(index + 1).is_some_and(u8::is_ascii_digit);
                let code = if digit_follows {
                    format!("\\{byte:03o}")
                } else {
                    format!("\\{byte:o}")
                };
                text.push_str(&code);
            }
        }
    }
    text.push('"');
    if shown.len() < bytes.len() || !is_whole {
        text.push_str("...");
    }
    text
}

/// Bytes that are no text.
pub(crate) fn hexadecimal(bytes: &[u8], most: usize) -> String {
    let mut text = String::from("\"");
    for byte in bytes.iter().take(most) {
        text.push_str(&format!("\\x{byte:02x}"));
    }
    text.push_str(if bytes.len() > most { "\"..." } else { "\"" });
    text
}

/// Strings after one another, each with its NUL, as an array.
pub(crate) fn strings(bytes: &[u8]) -> String {
    let mut text = String::from("[");
    for (index, string) in bytes.split_inclusive(|byte| *byte == 0).enumerate() {
        if index > 0 {
            text.push_str(", ");
        }
        text.push_str(&quoted(string, crate::SHOWN, true));
    }
    text.push(']');
    text
}

//! The runner's own words: on standard error only, each line with the command's name in front.

use std::{
    io::Write,
    sync::atomic::{AtomicBool, Ordering},
};

/// Whether a line feed does not return to the start of the line.
static RAW: AtomicBool = AtomicBool::new(false);

/// Says whether the terminal is in raw mode from now on.
pub(crate) fn on_raw_terminal(raw: bool) {
    // Whoever prints at the same moment may be a line early or late.
    RAW.store(raw, Ordering::Relaxed);
}

/// Prints `text`, which may have several lines.
///
/// An error is ignored: standard error is where it would be reported.
pub(crate) fn say(text: &str) {
    let mut message = String::with_capacity(text.len() + 64);
    let line_end = if RAW.load(Ordering::Relaxed) { "\r\n" } else { "\n" };
    for line in text.lines() {
        message.push_str("threadbare: ");
        message.push_str(line);
        message.truncate(message.trim_end().len());
        message.push_str(line_end);
    }
    let _ = std::io::stderr().lock().write_all(message.as_bytes());
}

/// Prints lines of a listing that was asked for, as they are. An error is ignored as by [`say`].
pub(crate) fn print(text: &str) {
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
}

/// Text from a guest, with everything but printable characters and line ends made visible: a program in a virtual
/// machine shall not steer the terminal of the person who reads about it.
pub(crate) fn printable(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' | '\t' => clean.push(character),
            _ if character.is_control() => clean.extend(character.escape_default()),
            _ => clean.push(character),
        }
    }
    clean
}

/// The same for bytes, which need not be UTF-8.
pub(crate) fn printable_bytes(bytes: &[u8]) -> String {
    printable(&String::from_utf8_lossy(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escape_sequences_of_a_guest_stay_text() {
        assert_eq!(printable_bytes(b"a\x1b[2Jb\tc\xff"), "a\\u{1b}[2Jb\tc\u{fffd}");
    }
}

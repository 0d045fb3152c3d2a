//! Editing the line that is being typed: `VERASE`, `VWERASE`, `VKILL`, `VREPRINT`.

use crate::LineDiscipline;
use crate::character::{is_control, is_word};
use linux_raw_sys::general as linux;

/// How much is erased.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Erase {
    Character,
    Word,
    Line,
}

impl LineDiscipline {
    pub(crate) fn erase(&mut self, what: Erase) {
        if self.input.line_is_empty() {
            return;
        }
        if what == Erase::Line && !self.erases_visibly() {
            return self.kill();
        }
        let mut in_word = false;
        while let Some(first) = self.last_character() {
            if what == Erase::Word {
                if is_word(first) {
                    in_word = true;
                } else if in_word {
                    break;
                }
            }
            self.erase_character(what);
            if what == Erase::Character {
                break;
            }
        }
        if self.input.line_is_empty() && self.echoes() {
            self.finish_erasing();
        }
    }

    /// Whether a killed line disappears character by character.
    fn erases_visibly(&self) -> bool {
        let all = linux::ECHO | linux::ECHOK | linux::ECHOKE | linux::ECHOE;
        self.settings.lflag & all == all
    }

    /// Forgets the line, and shows that by the character that did it.
    fn kill(&mut self) {
        self.input.kill_line();
        if self.echoes() {
            self.finish_erasing();
            self.echo(self.settings.cc[linux::VKILL as usize]);
            if self.settings.local(linux::ECHOK) {
                self.echo_plainly(b'\n');
            }
        }
    }

    /// The first byte of the line's last character; `None` if there is no whole character.
    fn last_character(&self) -> Option<u8> {
        self.input
            .line_backwards()
            .find(|&byte| !self.settings.is_continuation(byte))
    }

    /// Takes the last character, which is whole, off the line.
    fn erase_character(&mut self, what: Erase) {
        let prints = self.echoes() && self.settings.local(linux::ECHOPRT);
        let length = 1 + self
            .input
            .line_backwards()
            .take_while(|&byte| self.settings.is_continuation(byte))
            .count();
        if prints {
            self.echo_erased_in_print(length);
        }
        let mut first = 0;
        for _ in 0..length {
            first = self.input.pop().unwrap_or(0);
        }
        if prints || !self.echoes() {
            return;
        }
        if what == Erase::Character && !self.settings.local(linux::ECHOE) {
            self.echo(self.settings.cc[linux::VERASE as usize]);
        } else if first == b'\t' {
            self.echo_erased_tab();
        } else {
            let as_two = is_control(first) && self.settings.local(linux::ECHOCTL);
            if as_two {
                self.wipe();
            }
            if as_two || !is_control(first) {
                self.wipe();
            }
        }
    }

    /// Prints the last `length` bytes of the line between `\` and `/`: a terminal on paper cannot take back.
    fn echo_erased_in_print(&mut self, length: usize) {
        if !core::mem::replace(&mut self.erasing, true) {
            self.echo_plainly(b'\\');
        }
        let start = self.input.len() - self.input.complete() - length;
        for (nth, at) in (start..start + length).enumerate() {
            let byte = self.input.line_byte(at).unwrap_or(0);
            if nth == 0 {
                self.echo(byte);
            } else {
                self.echo_plainly(byte);
                self.output.move_back();
            }
        }
    }

    /// Shows the line once more.
    pub(crate) fn reprint(&mut self, key: u8) {
        self.finish_erasing();
        self.echo(key);
        self.echo_plainly(b'\n');
        let mut at = 0;
        while let Some(byte) = self.input.line_byte(at) {
            self.echo(byte);
            at += 1;
        }
    }
}

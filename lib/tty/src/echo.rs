//! Echoing. What does not fit any more is dropped.

use crate::LineDiscipline;
use crate::character::is_control;
use crate::output::{SIZE, TAB};
use linux_raw_sys::general as linux;

impl LineDiscipline {
    pub(crate) fn echoes(&self) -> bool {
        self.settings.local(linux::ECHO)
    }

    /// Echoes a byte that was typed: control characters but the tab as `^X`, with `ECHOCTL`.
    pub(crate) fn echo(&mut self, byte: u8) {
        if self.settings.local(linux::ECHOCTL) && is_control(byte) && byte != b'\t' {
            if self.output.put(&[b'^', byte ^ 0o100], SIZE).is_ok() {
                self.output.move_columns(2);
            }
        } else {
            self.echo_plainly(byte);
        }
    }

    /// Echoes a byte as a program would print it; but 0xff stays what it is, even with `OLCUC`.
    pub(crate) fn echo_plainly(&mut self, byte: u8) {
        if byte != 0xff {
            let _dropped = self.output.process(byte, &self.settings, SIZE);
        } else if self.output.put(&[byte], SIZE).is_ok() {
            self.output.move_columns(1);
        }
    }

    /// Closes the list of erased characters of `ECHOPRT`.
    pub(crate) fn finish_erasing(&mut self) {
        if core::mem::take(&mut self.erasing) {
            self.echo_plainly(b'/');
        }
    }

    /// Notes where a line of input begins.
    pub(crate) fn note_input_column(&mut self) {
        if self.input.begins_line(self.settings.is_canonical()) {
            self.output.note_input_column();
        }
    }

    /// Goes back over a tab that was erased from the end of the current line.
    pub(crate) fn echo_erased_tab(&mut self) {
        // The columns of what precedes it, since the tab before or the start of the line.
        let mut columns = 0u32;
        let mut after_tab = false;
        for byte in self.input.line_backwards() {
            if byte == b'\t' {
                after_tab = true;
                break;
            }
            if is_control(byte) {
                columns += if self.settings.local(linux::ECHOCTL) { 2 } else { 0 };
            } else if !self.settings.is_continuation(byte) {
                columns += 1;
            }
        }
        if !after_tab {
            columns = columns.wrapping_add(self.output.input_column());
        }
        for _ in 0..TAB - columns % TAB {
            if self.output.put(b"\x08", SIZE).is_ok() {
                self.output.move_back();
            }
        }
    }

    /// Wipes one column.
    pub(crate) fn wipe(&mut self) {
        for byte in *b"\x08 \x08" {
            self.echo_plainly(byte);
        }
    }
}

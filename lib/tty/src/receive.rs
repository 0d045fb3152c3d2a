//! Keys: what becomes of a byte that comes from the terminal.

use crate::LineDiscipline;
use crate::character::to_lower;
use crate::discipline::Packet;
use crate::edit::Erase;
use crate::input::{Cell, SIZE};
use linux_raw_sys::general as linux;

/// A signal for the terminal's foreground processes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// `VINTR`: SIGINT.
    Interrupt,
    /// `VQUIT`: SIGQUIT.
    Quit,
    /// `VSUSP`: SIGTSTP.
    Suspend,
}

/// What came of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Received {
    /// How many were taken: fewer than there were if there is no room, or behind a byte that is a signal.
    pub taken: usize,
    /// What the last of them was.
    pub signal: Option<Signal>,
}

impl LineDiscipline {
    /// Takes bytes from the terminal, up to and including one that is a signal.
    pub fn receive(&mut self, bytes: &[u8]) -> Received {
        for (at, &byte) in bytes.iter().enumerate() {
            if !self.make_room() {
                return Received {
                    taken: at,
                    signal: None,
                };
            }
            if let Some(signal) = self.receive_byte(byte) {
                let (taken, signal) = (at + 1, Some(signal));
                return Received { taken, signal };
            }
        }
        Received {
            taken: bytes.len(),
            signal: None,
        }
    }

    /// Whether [`receive`](Self::receive) would take a byte.
    pub fn can_receive(&self) -> bool {
        self.room() > 0 || self.overflows()
    }

    /// How many bytes fit; one that doubles takes three places, to be sure.
    fn room(&self) -> usize {
        let free = SIZE - self.input.len();
        let marks = self.settings.input(linux::PARMRK);
        let free = if marks { free.div_ceil(3) } else { free };
        free.saturating_sub(1)
    }

    /// Whether the input is full of one line that is not complete: keys go on to be taken, so that it can be edited.
    fn overflows(&self) -> bool {
        self.settings.is_canonical() && self.input.complete() == 0
    }

    /// Sees to it that a byte fits, or says that none does. The last byte of an overlong line makes room for the next.
    fn make_room(&mut self) -> bool {
        if self.room() == 0 && self.overflows() && self.input.len() == SIZE {
            self.input.pop();
        }
        self.can_receive()
    }

    fn receive_byte(&mut self, byte: u8) -> Option<Signal> {
        let byte = self.narrowed(byte);
        if core::mem::take(&mut self.literal_next) {
            self.restart_for_any();
            self.insert(byte);
            return None;
        }
        if self.receive_flow_control(byte) {
            return None;
        }
        if let Some(signal) = self.signal_of(byte) {
            self.receive_signal(byte);
            return Some(signal);
        }
        self.restart_for_any();
        let newline_echo = byte == b'\r';
        let byte = self.translated(byte)?;
        if self.settings.is_canonical() && self.receive_editing(byte) {
            return None;
        }
        if newline_echo && byte == b'\n' {
            self.insert_newline();
        } else {
            self.insert(byte);
        }
        None
    }

    /// After `ISTRIP` and `IUCLC`.
    fn narrowed(&self, byte: u8) -> u8 {
        let strips = self.settings.input(linux::ISTRIP);
        let byte = if strips { byte & 0x7f } else { byte };
        let lowers = self.settings.input(linux::IUCLC) && self.settings.local(linux::IEXTEN);
        if lowers { to_lower(byte) } else { byte }
    }

    /// After `IGNCR`, `ICRNL` and `INLCR`; `None` if nothing is left of it.
    fn translated(&self, byte: u8) -> Option<u8> {
        match byte {
            b'\r' if self.settings.input(linux::IGNCR) => None,
            b'\r' if self.settings.input(linux::ICRNL) => Some(b'\n'),
            b'\n' if self.settings.input(linux::INLCR) => Some(b'\r'),
            _ => Some(byte),
        }
    }

    fn receive_flow_control(&mut self, byte: u8) -> bool {
        if !self.settings.input(linux::IXON) {
            return false;
        }
        if self.settings.is(linux::VSTART, byte) {
            self.start();
            return true;
        }
        let stops = self.settings.is(linux::VSTOP, byte);
        if stops {
            self.stop();
        }
        stops
    }

    /// With `IXANY`, any key lets output go on.
    fn restart_for_any(&mut self) {
        if self.settings.input(linux::IXON) && self.settings.input(linux::IXANY) {
            self.start();
        }
    }

    fn signal_of(&self, byte: u8) -> Option<Signal> {
        if !self.settings.local(linux::ISIG) {
            return None;
        }
        let keys = [
            (linux::VINTR, Signal::Interrupt),
            (linux::VQUIT, Signal::Quit),
            (linux::VSUSP, Signal::Suspend),
        ];
        let found = keys.into_iter().find(|&(key, _)| self.settings.is(key, byte));
        found.map(|(_, signal)| signal)
    }

    fn receive_signal(&mut self, byte: u8) {
        if !self.settings.local(linux::NOFLSH) {
            self.flush_output();
            self.flush_input();
        }
        if self.settings.input(linux::IXON) {
            self.start();
        }
        if self.echoes() {
            self.echo(byte);
        }
    }

    /// Characters that mean something to a line that is being typed.
    fn receive_editing(&mut self, byte: u8) -> bool {
        let extended = self.settings.local(linux::IEXTEN);
        let is = |key| self.settings.is(key, byte);
        if is(linux::VERASE) {
            self.erase(Erase::Character);
        } else if extended && is(linux::VWERASE) {
            self.erase(Erase::Word);
        } else if is(linux::VKILL) {
            self.erase(Erase::Line);
        } else if extended && is(linux::VLNEXT) {
            self.begin_literal();
        } else if extended && self.echoes() && is(linux::VREPRINT) {
            self.reprint(byte);
        } else if byte == b'\n' {
            if self.echoes() || self.settings.local(linux::ECHONL) {
                self.echo_plainly(byte);
            }
            self.end_line(byte);
        } else if is(linux::VEOF) {
            self.input.end_line(Cell::END_OF_FILE);
        } else if is(linux::VEOL) || extended && is(linux::VEOL2) {
            if self.echoes() {
                self.note_input_column();
                self.echo(byte);
            }
            self.double_if_marked(byte);
            self.end_line(byte);
        } else {
            return false;
        }
        true
    }

    fn end_line(&mut self, byte: u8) {
        self.input.end_line(Cell {
            byte,
            ends_line: true,
        });
    }

    /// The next byte is taken as it is.
    fn begin_literal(&mut self) {
        self.literal_next = true;
        if self.echoes() {
            self.finish_erasing();
            if self.settings.local(linux::ECHOCTL) {
                self.echo_plainly(b'^');
                self.echo_plainly(b'\x08');
            }
        }
    }

    /// Adds a byte to the current line.
    fn insert(&mut self, byte: u8) {
        if self.echoes() {
            self.finish_erasing();
            self.note_input_column();
            self.echo(byte);
        }
        self.double_if_marked(byte);
        self.input.push(byte);
    }

    /// Adds a newline that was a carriage return, when lines mean nothing: it is echoed as one.
    fn insert_newline(&mut self) {
        if self.echoes() {
            self.finish_erasing();
            self.echo_plainly(b'\n');
        }
        self.input.push(b'\n');
    }

    /// With `PARMRK`, 0xff begins a mark: as itself it is doubled.
    fn double_if_marked(&mut self, byte: u8) {
        if byte == 0xff && self.settings.input(linux::PARMRK) {
            self.input.push(byte);
        }
    }

    /// Forgets what was typed and not read.
    pub fn flush_input(&mut self) {
        self.input.clear();
        self.erasing = false;
        self.note(Packet::FLUSH_READ);
    }

    /// Forgets what was printed and not seen.
    pub fn flush_output(&mut self) {
        self.output.clear();
        self.note(Packet::FLUSH_WRITE);
    }
}

//! [`LineDiscipline`]: the state, its settings, and flow control.

use crate::Settings;
use crate::input::Input;
use crate::output::Output;
use alloc::collections::TryReserveError;
use linux_raw_sys::general as linux;

/// There is no memory for a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutOfMemory;

impl From<TryReserveError> for OutOfMemory {
    fn from(_: TryReserveError) -> Self {
        OutOfMemory
    }
}

/// What has changed since the other side of a pseudo-terminal last asked, as the bits of its packet mode (`TIOCPKT`,
/// `ioctl_tty(2)`; numbers from `asm-generic/ioctls.h`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Packet(u8);

impl Packet {
    /// Input was flushed.
    pub const FLUSH_READ: Packet = Packet(1);
    /// Output was flushed.
    pub const FLUSH_WRITE: Packet = Packet(2);
    /// Output was stopped.
    pub const STOP: Packet = Packet(4);
    /// Output goes on.
    pub const START: Packet = Packet(8);
    /// `VSTOP` and `VSTART` are not ^S and ^Q, or do nothing.
    pub const NO_STOP: Packet = Packet(16);
    /// They are.
    pub const DO_STOP: Packet = Packet(32);

    /// The bits.
    pub const fn bits(self) -> u8 {
        self.0
    }
}

/// See [the crate](crate).
#[derive(Debug)]
pub struct LineDiscipline {
    pub(crate) settings: Settings,
    pub(crate) input: Input,
    pub(crate) output: Output,
    /// The next byte is taken as it is (`VLNEXT`).
    pub(crate) literal_next: bool,
    /// Erased characters are being printed (`ECHOPRT`).
    pub(crate) erasing: bool,
    /// Output does not go on: by a key, or by a program.
    stopped: bool,
    /// By a program (`TCOOFF`): no key lets it go on.
    stopped_by_program: bool,
    packet: Packet,
}

impl LineDiscipline {
    /// A terminal on which nothing was typed or printed.
    ///
    /// # Errors
    /// No memory for its buffers.
    pub fn new(settings: Settings) -> Result<LineDiscipline, OutOfMemory> {
        Ok(LineDiscipline {
            settings,
            input: Input::new()?,
            output: Output::new()?,
            literal_next: false,
            erasing: false,
            stopped: false,
            stopped_by_program: false,
            packet: Packet::default(),
        })
    }

    /// How it behaves.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Changes how it behaves. If input is given out by lines from now on, what is there becomes a line; if it was until
    /// now, what is there can be read at once.
    pub fn set_settings(&mut self, new: Settings) {
        let old = core::mem::replace(&mut self.settings, new);
        if old.is_canonical() != new.is_canonical() {
            self.input.change_mode(new.is_canonical());
            self.literal_next = false;
            self.erasing = false;
        }
        if old.input(linux::IXON) && !new.input(linux::IXON) {
            self.start();
        }
        match (old.has_usual_flow_control(), new.has_usual_flow_control()) {
            (false, true) => self.note(Packet::DO_STOP),
            (true, false) => self.note(Packet::NO_STOP),
            _ => {}
        }
    }

    /// Stops output, as by `VSTOP`.
    pub(crate) fn stop(&mut self) {
        if !core::mem::replace(&mut self.stopped, true) {
            self.note(Packet::STOP);
        }
    }

    /// Lets output go on, as by `VSTART`.
    pub(crate) fn start(&mut self) {
        if !self.stopped_by_program && core::mem::replace(&mut self.stopped, false) {
            self.note(Packet::START);
        }
    }

    /// Stops output for a program, or lets it go on (`TCXONC`).
    pub fn suspend_output(&mut self, suspend: bool) {
        if suspend {
            self.stopped_by_program = true;
            self.stop();
        } else if core::mem::take(&mut self.stopped_by_program) {
            self.start();
        }
    }

    /// Whether output is stopped.
    pub fn is_stopped(&self) -> bool {
        self.stopped
    }

    /// Sends a byte to the screen past everything that waits, if there is room (`TCIOFF`, `TCION`).
    pub fn send_urgently(&mut self, control_character: u32) {
        let byte = self.settings.cc.get(control_character as usize).copied();
        if let Some(byte) = byte.filter(|&byte| byte != 0) {
            let _dropped = self.output.put(&[byte], crate::output::SIZE);
        }
    }

    pub(crate) fn note(&mut self, packet: Packet) {
        // Of two that say the opposite, the later counts.
        let opposite = match packet {
            Packet::STOP => Packet::START,
            Packet::START => Packet::STOP,
            Packet::NO_STOP => Packet::DO_STOP,
            Packet::DO_STOP => Packet::NO_STOP,
            _ => Packet::default(),
        };
        self.packet.0 = self.packet.0 & !opposite.0 | packet.0;
    }

    /// What has changed since this was last asked.
    pub fn take_packet(&mut self) -> Packet {
        core::mem::take(&mut self.packet)
    }

    /// The same, without forgetting it.
    pub fn packet(&self) -> Packet {
        self.packet
    }
}

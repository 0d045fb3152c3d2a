//! What a program gets and gives.

use crate::LineDiscipline;
use crate::output::ROOM;

impl LineDiscipline {
    /// Whether a read finds something: a complete line, or at least `minimum` bytes if input is not given out by lines.
    pub fn has_input(&self, minimum: usize) -> bool {
        if self.settings.is_canonical() {
            self.input.complete() > 0
        } else {
            self.input.len() >= minimum.max(1)
        }
    }

    /// Takes what is there: at most one line, if input is given out by lines. 0 is an end of file, if
    /// [`has_input`](Self::has_input) said that there is something.
    pub fn read(&mut self, into: &mut [u8]) -> usize {
        if self.settings.is_canonical() {
            self.input.take_line(into)
        } else {
            self.input.take_bytes(into)
        }
    }

    /// How many bytes could be read (`FIONREAD`): those of all complete lines, if input is given out by lines.
    pub fn input_bytes(&self) -> usize {
        if self.settings.is_canonical() {
            self.input.complete_bytes()
        } else {
            self.input.len()
        }
    }

    /// Processes output of a program, and returns how much of it there was room for: none while output is stopped.
    pub fn write(&mut self, bytes: &[u8]) -> usize {
        if self.is_stopped() {
            return 0;
        }
        let mut fits = |&byte: &u8| self.output.process(byte, &self.settings, ROOM).is_ok();
        bytes.iter().take_while(|byte| fits(byte)).count()
    }

    /// Whether [`write`](Self::write) would take a byte, whatever becomes of it.
    pub fn can_write(&self) -> bool {
        !self.is_stopped() && self.output.len() + 8 <= ROOM
    }

    /// Takes output and echoes for the screen: none while output is stopped.
    pub fn take_output(&mut self, into: &mut [u8]) -> usize {
        if self.is_stopped() {
            0
        } else {
            self.output.take(into)
        }
    }

    /// How much waits for the screen (`TIOCOUTQ`).
    pub fn output_bytes(&self) -> usize {
        self.output.len()
    }

    /// Whether there is something for the screen, and it may go.
    pub fn has_output(&self) -> bool {
        !self.is_stopped() && self.output.len() > 0
    }
}

//! The user's terminal, while the program has one of its own (`--tty`).
//!
//! The machine's kernel does all that a terminal does with keys and with output, so the user's terminal must do nothing: it
//! is in raw mode as long as a [`RawTerminal`] lives.
//!
//! # Invariants
//!
//! 1. *It is put back on every way out* that the command can see: the program's end, the machine's or the kernel's death, an
//!    error, a panic, and every signal that [`Signals`](super::Signals) catches, because all of these drop the value. After
//!    SIGKILL nothing can put it back; `reset(1)` or `stty sane` does.
//! 2. While the command is stopped (SIGTSTP), the terminal is as it was before, and raw again when it goes on.

use crate::{
    failure::{Context, Failure},
    say,
};
use rustix::{
    fd::BorrowedFd,
    process::Signal,
    termios::{InputModes, OptionalActions, Termios},
};
use threadbare_link::WindowSize;

/// A terminal in raw mode: standard input.
#[derive(Debug)]
pub(crate) struct RawTerminal {
    before: Termios,
    raw: Termios,
}

impl RawTerminal {
    /// Makes standard input, which is a terminal, raw.
    pub(crate) fn enter() -> Result<Self, Failure> {
        let before = rustix::termios::tcgetattr(input()).context(|| "the terminal's settings")?;
        let mut raw = before.clone();
        raw.make_raw();
        let terminal = Self { before, raw };
        terminal.set(true).context(|| "the terminal cannot be set up")?;
        Ok(terminal)
    }

    /// Stops the command, as SIGTSTP asks for. Returns when it goes on.
    pub(super) fn stop(&self) {
        let _ = self.set(false);
        // Nothing can be done about an error; then the command just goes on.
        let _ = rustix::process::kill_process(rustix::process::getpid(), Signal::STOP);
        self.resume();
    }

    /// After a stop, of whatever kind: a shell may have changed the terminal meanwhile. In the background it is left alone:
    /// the foreground owns it.
    pub(super) fn resume(&self) {
        let foreground = rustix::termios::tcgetpgrp(input());
        if foreground == Ok(rustix::process::getpgrp()) {
            let _ = self.set(true);
        }
    }

    fn set(&self, raw: bool) -> rustix::io::Result<()> {
        let settings = if raw { &self.raw } else { &self.before };
        // Not after the output has drained: it may have been stopped.
        rustix::termios::tcsetattr(input(), OptionalActions::Now, settings)?;
        say::on_raw_terminal(raw);
        Ok(())
    }
}

impl Drop for RawTerminal {
    fn drop(&mut self) {
        // A terminal that is gone needs nothing.
        let _ = self.set(false);
    }
}

fn input() -> BorrowedFd<'static> {
    rustix::stdio::stdin()
}

/// Whether standard input is a terminal, and whether its characters may have several bytes.
pub(crate) fn is_utf8() -> bool {
    rustix::termios::tcgetattr(input()).is_ok_and(|settings| settings.input_modes.contains(InputModes::IUTF8))
}

/// The size of the terminal that one of the streams is.
pub(crate) fn window() -> Option<WindowSize> {
    let streams = [input(), rustix::stdio::stdout(), rustix::stdio::stderr()];
    streams.into_iter().find_map(|stream| {
        let size = rustix::termios::tcgetwinsize(stream).ok()?;
        Some(WindowSize {
            rows: size.ws_row,
            columns: size.ws_col,
            width_pixels: size.ws_xpixel,
            height_pixels: size.ws_ypixel,
        })
    })
}

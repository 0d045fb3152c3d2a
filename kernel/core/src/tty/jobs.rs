//! Job control: the foreground of a terminal, and what others may not (`credentials(7)`; POSIX.1 General Terminal
//! Interface, 11.1.4).

use super::Terminal;
use crate::error::Errno;
use crate::process::{self, Process, Thread};
use crate::signal::{Handler, Signal, SignalInfo};

/// What a key that is a signal sends.
pub(super) fn signal_of(signal: threadbare_tty::Signal) -> Signal {
    match signal {
        threadbare_tty::Signal::Interrupt => Signal::SIGINT,
        threadbare_tty::Signal::Quit => Signal::SIGQUIT,
        threadbare_tty::Signal::Suspend => Signal::SIGTSTP,
    }
}

/// Sends a signal to the processes in the foreground.
pub(super) fn signal_foreground(terminal: &Terminal, signal: Signal) {
    if let Some(group) = terminal.with(|state| state.group) {
        signal_group(group, signal);
    }
}

/// Sends a signal of the kernel's to a group, if it is there.
pub(super) fn signal_group(group: u32, signal: Signal) {
    process::send_to_group(group, SignalInfo::from_kernel(signal));
}

/// Whether `terminal` controls the session of `process`.
pub(super) fn controls(terminal: &Terminal, process: &Process) -> bool {
    terminal.with(|state| state.session) == Some(process.session())
}

/// Checks that the caller may read (`SIGTTIN`) the terminal, or write or change it (`SIGTTOU`): those whom it controls
/// must be in its foreground. Others get the signal, which stops them, and try again when they go on.
///
/// # Errors
/// `ERESTARTSYS` with the signal; `EIO` if nobody could let the caller go on after it, or if it ignores `SIGTTIN`.
pub(super) fn check_foreground(terminal: &Terminal, signal: Signal) -> Result<(), Errno> {
    let Some(thread) = Thread::current() else {
        return Ok(());
    };
    let process = &thread.process;
    let (session, group) = terminal.with(|state| (state.session, state.group));
    let in_foreground = group.is_none() || group == Some(process.group());
    if session != Some(process.session()) || in_foreground {
        return Ok(());
    }
    let blocked = thread.signals.mask().contains(signal);
    if blocked || process.signals.action(signal).handler() == Handler::Ignore {
        return if signal == Signal::SIGTTIN {
            Err(Errno::EIO)
        } else {
            Ok(())
        };
    }
    if process::is_orphaned_group(process.group()) {
        return Err(Errno::EIO);
    }
    signal_group(process.group(), signal);
    Err(Errno::ERESTARTSYS)
}

//! Signals that end a run, go to its program, or tell of the terminal.

use crate::failure::{Context, Failure};
use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGUSR1, SIGUSR2, SIGWINCH};
use std::{
    fs,
    os::{fd::OwnedFd, unix::net::UnixStream},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

/// Signals for the program; those for the command come first where several have come.
const FOR_PROGRAM: [i32; 6] = [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2];
/// Signals that concern the command's own terminal, caught where the program has one.
const OF_JOB: [i32; 2] = [SIGTSTP, SIGCONT];

/// What a signal asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Request {
    /// It is the program's.
    Pass(u8),
    /// The terminal has another size.
    Resize,
    /// The command shall stop.
    Stop,
    /// The command goes on.
    Continue,
}

impl Request {
    fn of(signal: i32) -> Request {
        match signal {
            SIGWINCH => Request::Resize,
            SIGTSTP => Request::Stop,
            SIGCONT => Request::Continue,
            _ => Request::Pass(u8::try_from(signal).unwrap_or(0)),
        }
    }
}

/// Whether a signal is sent to make the command end.
pub(super) fn means_the_end(signal: u8) -> bool {
    [SIGINT, SIGTERM, SIGHUP, SIGQUIT].contains(&i32::from(signal))
}

/// Catches signals, except those that were ignored when the command started (`nohup`, background jobs of scripts).
#[derive(Debug)]
pub(crate) struct Signals {
    /// Which came since they were last asked for.
    came: Vec<(i32, Arc<AtomicBool>)>,
    /// Readable when one came.
    pub(super) wake: UnixStream,
}

impl Signals {
    /// `terminal` says whether the program gets a terminal of its own.
    pub(crate) fn catch(terminal: bool) -> Result<Self, Failure> {
        let (wake, sender) = UnixStream::pair().context(|| "no socket for signals")?;
        wake.set_nonblocking(true).context(|| "the socket for signals")?;
        let ignored = fs::read_to_string("/proc/self/status")
            .map(|status| ignored(&status))
            .unwrap_or(0);
        let of_job = OF_JOB.into_iter().filter(|_| terminal);
        let mut came = Vec::new();
        for signal in of_job.chain([SIGWINCH]).chain(FOR_PROGRAM) {
            if ignored & (1 << (signal - 1)) != 0 {
                continue;
            }
            let flag = Arc::new(AtomicBool::new(false));
            // In this order, so that whoever is woken finds the flag.
            signal_hook::flag::register(signal, Arc::clone(&flag))
                .and_then(|_| signal_hook::low_level::pipe::register(signal, out_of_the_way(&sender)?))
                .context(|| "signals cannot be caught")?;
            came.push((signal, flag));
        }
        Ok(Self { came, wake })
    }

    /// What the signals that came since the last call ask for.
    pub(super) fn take(&self) -> Vec<Request> {
        let mut bytes = [0; 64];
        while matches!(rustix::io::read(&self.wake, &mut bytes), Ok(1..)) {}
        // Pairs with the handler's store by the socket; the flag is all that is communicated.
        let came = |flag: &AtomicBool| flag.swap(false, Ordering::Relaxed);
        let signals = self.came.iter().filter(|(_, flag)| came(flag));
        signals.map(|(signal, _)| Request::of(*signal)).collect()
    }
}

/// Another descriptor for the same, with a high number: what the machine inherits shall have low ones, which shells know.
fn out_of_the_way(sender: &UnixStream) -> std::io::Result<OwnedFd> {
    Ok(rustix::io::fcntl_dupfd_cloexec(sender, 64)?)
}

/// The signals that `/proc/self/status` says are ignored, signal 1 in bit 0.
fn ignored(status: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    line.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ignored_signals_are_read_from_the_status() {
        assert_eq!(
            ignored("SigBlk:\t0000000000000001\nSigIgn:\t0000000000001002\nSigCgt:\t0\n"),
            0x1002
        );
        assert_eq!(ignored(""), 0);
    }

    #[test]
    fn whoever_wants_an_end_sends_one_of_four_signals() {
        let all: Vec<u8> = (0..=64).filter(|signal| means_the_end(*signal)).collect();
        assert_eq!(all, [1, 2, 3, 15]);
    }
}

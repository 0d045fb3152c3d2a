//! Signals that end a run or go to its program.

use crate::failure::{Context, Failure};
use signal_hook::consts::{SIGINT, SIGTERM};
use std::{
    fs,
    os::unix::net::UnixStream,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

/// Catches SIGINT and SIGTERM, except those that were ignored when the command started (`nohup`, background jobs of
/// scripts).
#[derive(Debug)]
pub(crate) struct Signals {
    /// The last one that came; 0 is none.
    last: Arc<AtomicUsize>,
    /// Readable when one came.
    pub(super) wake: UnixStream,
}

impl Signals {
    pub(crate) fn catch() -> Result<Self, Failure> {
        let (wake, sender) = UnixStream::pair().context(|| "no socket for signals")?;
        wake.set_nonblocking(true).context(|| "the socket for signals")?;
        let last = Arc::new(AtomicUsize::new(0));
        let ignored = fs::read_to_string("/proc/self/status")
            .map(|status| ignored(&status))
            .unwrap_or(0);
        for signal in [SIGINT, SIGTERM]
            .into_iter()
            .filter(|signal| ignored & (1 << (signal - 1)) == 0)
        {
            // In this order, so that whoever is woken finds the number.
            signal_hook::flag::register_usize(
                signal,
                Arc::clone(&last),
                usize::try_from(signal).unwrap_or(0),
            )
            .and_then(|_| signal_hook::low_level::pipe::register(signal, sender.try_clone()?))
            .context(|| "signals cannot be caught")?;
        }
        Ok(Self { last, wake })
    }

    /// The signal that came since the last call, if one did.
    pub(super) fn take(&self) -> Option<u8> {
        let mut bytes = [0; 64];
        while matches!(rustix::io::read(&self.wake, &mut bytes), Ok(1..)) {}
        // Pairs with the handler's store by the socket; the number is all that is communicated.
        u8::try_from(self.last.swap(0, Ordering::Relaxed))
            .ok()
            .filter(|signal| *signal != 0)
    }
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
}

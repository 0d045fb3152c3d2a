//! Reading and writing a terminal (`termios(3)`, "Canonical and noncanonical mode"; POSIX.1 11.1.5 to 11.1.8).

use super::{Terminal, jobs};
use crate::clock;
use crate::error::Errno;
use crate::process::Thread;
use crate::sched::WaitQueue;
use crate::signal::Signal;
use crate::vfs::{Sink, Source};
use alloc::vec::Vec;
use threadbare_machine::time::Nanoseconds;
use threadbare_tty::INPUT_SIZE;

/// A unit of `VTIME`.
const TENTH: u64 = 100_000_000;
/// How much output is taken from a program at a time.
const CHUNK: usize = 512;

/// How a wait ended.
pub(super) enum Waited<T> {
    For(T),
    Interrupted,
    TimedOut,
}

/// Waits in `queue` until `ready` gives something.
pub(super) fn wait<T>(
    queue: &WaitQueue,
    deadline: Option<Nanoseconds>,
    ready: impl FnMut() -> Option<T>,
) -> Waited<T> {
    let thread = Thread::current();
    let interrupted = || thread.as_ref().is_some_and(|thread| thread.is_interrupted());
    match queue.wait_until(deadline, interrupted, ready) {
        Some(value) => Waited::For(value),
        None if interrupted() => Waited::Interrupted,
        None => Waited::TimedOut,
    }
}

/// What a look at the input found.
enum Look {
    /// So many bytes, and whether the read is over.
    Got(usize, bool),
    /// Nothing; to be looked at again before so many tenths of a second.
    Nothing {
        tenths: Option<u8>,
    },
    HungUp,
}

impl Terminal {
    /// # Errors
    /// `EAGAIN`, `ERESTARTSYS`, `EFAULT`, `ENOMEM`; `EIO` for who may not read it.
    pub(super) fn read(&self, nonblocking: bool, sink: &mut dyn Sink) -> Result<usize, Errno> {
        let wanted = sink.remaining().min(INPUT_SIZE);
        if wanted == 0 || self.with(|state| state.hung_up) {
            return Ok(0);
        }
        jobs::check_foreground(self, Signal::SIGTTIN)?;
        let mut buffer = Vec::new();
        buffer.try_reserve_exact(wanted)?;
        buffer.resize(wanted, 0);
        let count = self.read_into(nonblocking, &mut buffer)?;
        sink.put(buffer.get(..count).unwrap_or_default())?;
        Ok(count)
    }

    fn read_into(&self, nonblocking: bool, buffer: &mut [u8]) -> Result<usize, Errno> {
        let start = clock::monotonic();
        let mut got = 0;
        loop {
            let rest = buffer.get_mut(got..).unwrap_or_default();
            let tenths = match self.with(|state| look(state, got, rest)) {
                Look::Got(count, true) => return Ok(got + count),
                Look::Got(count, false) => {
                    got += count;
                    continue;
                }
                Look::HungUp => return Ok(got),
                Look::Nothing { tenths: Some(0) } => return Ok(got),
                Look::Nothing { tenths } => tenths,
            };
            if nonblocking {
                return if got > 0 { Ok(got) } else { Err(Errno::EAGAIN) };
            }
            // Between bytes the time counts from the last one, and before the first from the start.
            let from = if got > 0 { clock::monotonic() } else { start };
            let deadline = tenths.map(|tenths| Nanoseconds(from.saturating_add(u64::from(tenths) * TENTH)));
            let something = || {
                self.with(|state| state.discipline.has_input(1) || state.hung_up)
                    .then_some(())
            };
            match wait(&self.readers, deadline, something) {
                Waited::For(()) => {}
                Waited::TimedOut => return Ok(got),
                Waited::Interrupted if got > 0 => return Ok(got),
                Waited::Interrupted => return Err(Errno::ERESTARTSYS),
            }
        }
    }

    /// # Errors
    /// `EAGAIN`, `ERESTARTSYS`, `EFAULT`; `EIO` if the far side is gone, or for who may not write it.
    pub(super) fn write(&self, nonblocking: bool, source: &mut dyn Source) -> Result<usize, Errno> {
        if self.with(|state| state.discipline.settings().stops_background_output()) {
            jobs::check_foreground(self, Signal::SIGTTOU)?;
        }
        let mut written = 0;
        let mut buffer = [0; CHUNK];
        while source.remaining() > 0 {
            let length = source.remaining().min(CHUNK);
            let chunk = buffer.get_mut(..length).unwrap_or_default();
            let mut done = 0;
            let result = source
                .take(chunk)
                .and_then(|()| self.write_all(nonblocking, chunk, &mut done));
            written += done;
            match result {
                Ok(()) => {}
                Err(_) if written > 0 => break,
                Err(error) => return Err(error),
            }
        }
        Ok(written)
    }

    /// Writes all of `bytes`, and counts in `done`.
    fn write_all(&self, nonblocking: bool, bytes: &[u8], done: &mut usize) -> Result<(), Errno> {
        while *done < bytes.len() {
            let rest = bytes.get(*done..).unwrap_or_default();
            let attempt = || {
                self.with(|state| match state.write(rest) {
                    _ if state.hung_up => Some(Err(Errno::EIO)),
                    0 => None,
                    count => Some(Ok(count)),
                })
            };
            let written = match attempt() {
                Some(written) => written,
                None if nonblocking => Err(Errno::EAGAIN),
                None => match wait(&self.writers, None, attempt) {
                    Waited::For(written) => written,
                    Waited::Interrupted | Waited::TimedOut => Err(Errno::ERESTARTSYS),
                },
            };
            *done += written?;
        }
        Ok(())
    }

    /// Waits until all output has gone (`tcdrain(3)`). What a master does not read keeps nobody waiting, as on Linux.
    ///
    /// # Errors
    /// `ERESTARTSYS`.
    pub(super) fn drain(&self) -> Result<(), Errno> {
        if self.master().is_some() {
            return Ok(());
        }
        let gone = || self.with(|state| state.hung_up || state.discipline.output_bytes() == 0);
        match wait(&self.writers, None, || gone().then_some(())) {
            Waited::For(()) => Ok(()),
            Waited::Interrupted | Waited::TimedOut => Err(Errno::ERESTARTSYS),
        }
    }
}

/// Takes input for a read that has `got` bytes already.
fn look(state: &mut super::state::State, got: usize, rest: &mut [u8]) -> Look {
    if let Some(count) = state.read(rest) {
        let settings = state.discipline.settings();
        let enough = got + count >= usize::from(settings.minimum());
        return Look::Got(count, settings.is_canonical() || enough || count == rest.len());
    }
    if state.hung_up {
        return Look::HungUp;
    }
    let settings = state.discipline.settings();
    let tenths = match (settings.minimum(), settings.time()) {
        _ if settings.is_canonical() => None,
        (0, time) => Some(time),
        (_, 0) => None,
        (_, time) => (got > 0).then_some(time),
    };
    Look::Nothing { tenths }
}

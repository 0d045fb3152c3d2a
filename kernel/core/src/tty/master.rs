//! [`MasterFile`]: the other side of a pseudo-terminal (`pty(7)`).

use super::state::{Attributes, State};
use super::terminal::Master;
use super::transfer::{Waited, wait};
use super::{Terminal, master_ioctl, numbers};
use crate::error::Errno;
use crate::syscall::memory::UserMemory;
use crate::vfs::{File, FileOperations, Readiness, Sink, Source, Watchers};
use alloc::sync::Arc;
use alloc::vec::Vec;
use threadbare_tty::OUTPUT_SIZE;

/// The first byte of a packet of data.
const PACKET_DATA: u8 = 0;
/// How many keys are taken from a program at a time.
const CHUNK: usize = 512;

/// What stands behind a descriptor of a master. When it goes, the terminal hangs up.
#[derive(Debug)]
pub(super) struct MasterFile {
    terminal: Arc<Terminal>,
}

impl MasterFile {
    /// A new pseudo-terminal.
    ///
    /// # Errors
    /// `ENOSPC` if there are too many; `ENOMEM`.
    pub(super) fn create(attributes: Attributes) -> Result<Arc<MasterFile>, Errno> {
        let terminal = numbers::create_pair(attributes)?;
        Ok(Arc::new(MasterFile { terminal }))
    }

    fn waiting(&self) -> Result<&Master, Errno> {
        self.terminal.master().ok_or(Errno::EIO)
    }
}

impl Drop for MasterFile {
    fn drop(&mut self) {
        self.terminal.hang_up();
    }
}

/// What a master gets, if there is something: a packet's first byte, and data.
fn take(state: &mut State, into: &mut [u8]) -> Option<usize> {
    let packets = state.packets;
    if state.has_packet() {
        *into.first_mut()? = state.discipline.take_packet().bits();
        return Some(1);
    }
    if !state.discipline.has_output() {
        return None;
    }
    if !packets {
        return Some(state.take_output(into));
    }
    let (first, rest) = into.split_first_mut()?;
    *first = PACKET_DATA;
    Some(1 + state.take_output(rest))
}

impl FileOperations for MasterFile {
    fn read(&self, file: &File, _: u64, sink: &mut dyn Sink) -> Result<usize, Errno> {
        let wanted = sink.remaining().min(OUTPUT_SIZE + 1);
        if wanted == 0 {
            return Ok(0);
        }
        let mut buffer = Vec::new();
        buffer.try_reserve_exact(wanted)?;
        buffer.resize(wanted, 0);
        let mut attempt = || {
            self.terminal.with(|state| match take(state, &mut buffer) {
                Some(count) => Some(Ok(count)),
                None if state.is_deserted() => Some(Err(Errno::EIO)),
                None => None,
            })
        };
        let taken = match attempt() {
            Some(taken) => taken,
            None if file.is_nonblocking() => Err(Errno::EAGAIN),
            None => match wait(&self.waiting()?.readers, None, attempt) {
                Waited::For(taken) => taken,
                Waited::Interrupted | Waited::TimedOut => Err(Errno::ERESTARTSYS),
            },
        };
        let count = taken?;
        sink.put(buffer.get(..count).unwrap_or_default())?;
        Ok(count)
    }

    fn write(&self, file: &File, _: u64, source: &mut dyn Source) -> Result<usize, Errno> {
        let mut written = 0;
        let mut buffer = [0; CHUNK];
        while source.remaining() > 0 {
            let length = source.remaining().min(CHUNK);
            let keys = buffer.get_mut(..length).unwrap_or_default();
            let mut done = 0;
            let result = source
                .take(keys)
                .and_then(|()| self.type_all(file.is_nonblocking(), keys, &mut done));
            written += done;
            match result {
                Ok(()) => {}
                Err(_) if written > 0 => break,
                Err(error) => return Err(error),
            }
        }
        Ok(written)
    }

    fn poll(&self, _: &File) -> Readiness {
        self.terminal.with(|state| {
            let mut ready = Readiness::NONE;
            if state.has_packet() {
                ready = ready | Readiness::READ | Readiness::PRIORITY;
            }
            if state.discipline.has_output() {
                ready = ready | Readiness::READ;
            }
            if state.is_deserted() {
                ready = ready | Readiness::HANG_UP;
            }
            if state.discipline.can_receive() {
                ready = ready | Readiness::WRITE;
            }
            ready
        })
    }

    fn watchers(&self, _: &File) -> Option<&Watchers> {
        self.terminal.master().map(|master| &master.watchers)
    }

    fn ioctl(
        &self,
        file: &File,
        request: u32,
        argument: usize,
        memory: &dyn UserMemory,
    ) -> Result<usize, Errno> {
        let _ = file;
        master_ioctl::serve(&self.terminal, request, argument, memory)
    }
}

impl MasterFile {
    /// Types all of `keys`, and counts in `done`.
    fn type_all(&self, nonblocking: bool, keys: &[u8], done: &mut usize) -> Result<(), Errno> {
        while *done < keys.len() {
            let rest = keys.get(*done..).unwrap_or_default();
            let count = self.terminal.receive(rest);
            *done += count;
            if count > 0 {
                continue;
            }
            if nonblocking {
                return Err(Errno::EAGAIN);
            }
            let room = || {
                self.terminal
                    .with(|state| state.discipline.can_receive())
                    .then_some(())
            };
            match wait(&self.waiting()?.writers, None, room) {
                Waited::For(()) => {}
                Waited::Interrupted | Waited::TimedOut => return Err(Errno::ERESTARTSYS),
            }
        }
        Ok(())
    }
}

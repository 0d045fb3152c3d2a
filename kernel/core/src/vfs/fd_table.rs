//! [`FdTable`]: the numbers by which a process knows its open files.
//!
//! The table itself never drops the last handle of a file: what leaves it is handed to the caller, who drops it
//! once the lock of the table is released (invariant 2 of [`vfs`](super)).

use alloc::sync::Arc;
use alloc::vec::Vec;

use super::File;
use crate::error::Errno;

/// A file descriptor: an open file, and whether `execve(2)` closes it.
#[derive(Clone)]
pub struct Descriptor {
    /// The open file.
    pub file: Arc<File>,
    /// `FD_CLOEXEC`.
    pub close_on_exec: bool,
}

/// The file descriptors of a process.
#[derive(Default)]
pub struct FdTable {
    slots: Vec<Option<Descriptor>>,
    /// No number below this one is free.
    first_free: usize,
}

impl FdTable {
    /// A table with nothing open.
    pub const fn new() -> Self {
        FdTable {
            slots: Vec::new(),
            first_free: 0,
        }
    }

    /// The open file of that number.
    ///
    /// # Errors
    /// `EBADF` if there is none.
    pub fn get(&self, fd: u32) -> Result<&Descriptor, Errno> {
        self.slots
            .get(index(fd))
            .and_then(Option::as_ref)
            .ok_or(Errno::EBADF)
    }

    /// Gives `file` the lowest free number at or above `minimum` and below `limit`.
    ///
    /// # Errors
    /// `EMFILE` if there is none; `ENOMEM`.
    pub fn insert(&mut self, descriptor: Descriptor, minimum: u32, limit: u32) -> Result<u32, Errno> {
        let from = index(minimum).max(self.first_free);
        let free = self
            .slots
            .iter()
            .enumerate()
            .skip(from)
            .find(|(_, slot)| slot.is_none());
        let at = free.map_or(self.slots.len().max(from), |(at, _)| at);
        let fd = u32::try_from(at)
            .ok()
            .filter(|fd| *fd < limit)
            .ok_or(Errno::EMFILE)?;
        *self.slot(fd)? = Some(descriptor);
        if from == self.first_free {
            self.first_free = at + 1;
        }
        Ok(fd)
    }

    /// Gives `file` exactly this number (`dup2(2)`), and returns what had it.
    ///
    /// # Errors
    /// `EBADF` if `fd` is not below `limit`; `ENOMEM`.
    pub fn replace(
        &mut self,
        descriptor: Descriptor,
        fd: u32,
        limit: u32,
    ) -> Result<Option<Descriptor>, Errno> {
        if fd >= limit {
            return Err(Errno::EBADF);
        }
        Ok(self.slot(fd)?.replace(descriptor))
    }

    /// Frees a number, and returns what had it.
    ///
    /// # Errors
    /// `EBADF` if nothing had.
    pub fn remove(&mut self, fd: u32) -> Result<Descriptor, Errno> {
        let removed = self
            .slots
            .get_mut(index(fd))
            .and_then(Option::take)
            .ok_or(Errno::EBADF)?;
        self.first_free = self.first_free.min(index(fd));
        Ok(removed)
    }

    /// Sets or clears `FD_CLOEXEC`.
    ///
    /// # Errors
    /// `EBADF` if nothing has the number.
    pub fn set_close_on_exec(&mut self, fd: u32, close: bool) -> Result<(), Errno> {
        let slot = self
            .slots
            .get_mut(index(fd))
            .and_then(Option::as_mut)
            .ok_or(Errno::EBADF)?;
        slot.close_on_exec = close;
        Ok(())
    }

    /// The lowest number in use at or above `from`, and what has it.
    pub fn next_from(&self, from: u32) -> Option<(u32, &Descriptor)> {
        let (at, slot) = self
            .slots
            .iter()
            .enumerate()
            .skip(index(from))
            .find(|(_, slot)| slot.is_some())?;
        Some((u32::try_from(at).ok()?, slot.as_ref()?))
    }

    /// The lowest number whose file `execve(2)` closes.
    pub fn next_close_on_exec(&self) -> Option<u32> {
        let closes = |slot: &Option<Descriptor>| slot.as_ref().is_some_and(|slot| slot.close_on_exec);
        u32::try_from(self.slots.iter().position(closes)?).ok()
    }

    /// A table with the same open files under the same numbers, for `fork(2)`.
    ///
    /// # Errors
    /// `ENOMEM`.
    pub fn duplicate(&self) -> Result<FdTable, Errno> {
        let mut slots = Vec::new();
        slots.try_reserve_exact(self.slots.len())?;
        slots.extend(self.slots.iter().cloned());
        Ok(FdTable {
            slots,
            first_free: self.first_free,
        })
    }

    fn slot(&mut self, fd: u32) -> Result<&mut Option<Descriptor>, Errno> {
        if index(fd) >= self.slots.len() {
            self.slots.try_reserve(index(fd) + 1 - self.slots.len())?;
            self.slots.resize_with(index(fd) + 1, || None);
        }
        self.slots.get_mut(index(fd)).ok_or(Errno::EBADF)
    }
}

fn index(fd: u32) -> usize {
    fd as usize
}

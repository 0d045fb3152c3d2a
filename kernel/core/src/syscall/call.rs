//! [`Call`]: who calls, and with what.

use super::memory::UserMemory;
use super::table::Function;
use crate::error::Errno;
use crate::mm::CurrentMemory;
use crate::process::{Process, Thread};
use crate::report;
use crate::signal::Restart;
use crate::vfs::File;
use alloc::string::String;
use alloc::sync::Arc;
use threadbare_machine::user::UserContext;
use zerocopy::{FromBytes, Immutable, IntoBytes};

/// A system call that is being served.
#[derive(Debug)]
pub struct Call<'a> {
    /// The thread that calls.
    pub thread: &'a Thread,
    /// Its registers.
    pub context: &'a mut UserContext,
}

/// An argument of type `int`: the low half of its register.
#[expect(
    clippy::cast_possible_truncation,
    reason = "ints are the low halves of their registers"
)]
#[inline]
pub(super) const fn int(argument: usize) -> i32 {
    (argument as u32).cast_signed()
}

/// An argument of type `unsigned int`, likewise.
#[inline]
pub(super) const fn unsigned(argument: usize) -> u32 {
    int(argument).cast_unsigned()
}

impl Call<'_> {
    /// The process that calls.
    pub fn process(&self) -> &Process {
        &self.thread.process
    }

    /// The memory of the program that calls.
    pub fn memory(&self) -> CurrentMemory<'_> {
        CurrentMemory::new(&self.thread.process)
    }

    /// The open file of a descriptor, whatever it was opened for. As on Linux, only the low half of the register counts.
    ///
    /// # Errors
    /// `EBADF` if there is none.
    pub fn file(&self, fd: usize) -> Result<Arc<File>, Errno> {
        Ok(self.process().files.lock().get(fd as u32)?.file.clone())
    }

    /// Reads a value from the program.
    ///
    /// # Errors
    /// `EFAULT`.
    pub fn read<T: FromBytes + IntoBytes>(&self, from: usize) -> Result<T, Errno> {
        let mut value = T::new_zeroed();
        self.memory().read_bytes(from, value.as_mut_bytes())?;
        Ok(value)
    }

    /// Writes a value to the program.
    ///
    /// # Errors
    /// `EFAULT`.
    pub fn write<T: IntoBytes + Immutable>(&self, to: usize, value: &T) -> Result<(), Errno> {
        self.memory().write_bytes(to, value.as_bytes())
    }

    /// Writes a value unless the pointer is null.
    ///
    /// # Errors
    /// `EFAULT`.
    pub fn write_if_wanted<T: IntoBytes + Immutable>(&self, to: usize, value: &T) -> Result<(), Errno> {
        if to == 0 { Ok(()) } else { self.write(to, value) }
    }

    /// Remembers how the wait that is being given up goes on if no handler runs, and returns the error to give it up with.
    pub fn restart_by(&self, function: Function, arguments: [usize; 6]) -> Errno {
        *self.thread.signals.restart.lock() = Some(Restart { function, arguments });
        Errno::ERESTART_RESTARTBLOCK
    }

    /// Notes for the report at the end that `what` is not there, and returns `errno`.
    pub fn missing(&self, what: String, errno: Errno) -> Errno {
        report::missing(self.thread, self.context.registers().cpu.rip, what, errno)
    }
}

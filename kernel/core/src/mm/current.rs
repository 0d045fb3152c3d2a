//! [`CurrentMemory`]: the memory of the process whose thread is running, for system calls.

use super::fault::{FaultError, Touch};
use crate::error::Errno;
use crate::process::{Process, Thread};
use crate::syscall::memory::UserMemory;
use core::ops::Range;
use core::sync::atomic::Ordering;
use threadbare_machine::memory::{Frame, PAGE_SIZE};
use threadbare_machine::paging::USER_END;
use threadbare_machine::user::{self, CopyFault};

/// Access to the memory of the current process. Pages are brought in as the program itself would by touching them.
#[derive(Debug)]
pub struct CurrentMemory<'a> {
    process: &'a Process,
}

impl<'a> CurrentMemory<'a> {
    /// The memory of `process`, which the calling task runs.
    pub fn new(process: &'a Process) -> Self {
        CurrentMemory { process }
    }

    pub(super) fn process(&self) -> &Process {
        self.process
    }

    /// Brings in all pages of a range, as touching them would.
    ///
    /// # Errors
    /// `EFAULT` if one is not there or may not be touched so; `ENOMEM`.
    pub fn bring_in_range(&self, address: usize, length: usize, touch: Touch) -> Result<(), Errno> {
        let end = address.checked_add(length).filter(|&end| end <= USER_END);
        let end = end.ok_or(Errno::EFAULT)?;
        let memory = self.process.memory();
        let mut memory = memory.lock();
        for page in (address & !(PAGE_SIZE - 1)..end).step_by(PAGE_SIZE) {
            memory.fault(page.max(address), touch).map_err(errno)?;
        }
        Ok(())
    }

    /// Copies piece by piece: when the machine meets a page that is not there, the page is brought in and the copy
    /// goes on. `copy` gets the address and the offset to continue at.
    fn resolve(
        &self,
        address: usize,
        length: usize,
        touch: Touch,
        mut copy: impl FnMut(usize, usize) -> Result<(), CopyFault>,
    ) -> Result<(), Errno> {
        match copy(address, 0) {
            Ok(()) => Ok(()),
            Err(fault) => self.resume(address, length, touch, fault, copy),
        }
    }

    /// Goes on with a copy after its first fault.
    #[cold]
    fn resume(
        &self,
        address: usize,
        length: usize,
        touch: Touch,
        first: CopyFault,
        mut copy: impl FnMut(usize, usize) -> Result<(), CopyFault>,
    ) -> Result<(), Errno> {
        if address.checked_add(length).is_none_or(|end| end > USER_END) {
            return Err(Errno::EFAULT);
        }
        let mut done = 0;
        let mut last_attempt = None;
        let mut result = Err(first);
        while let Err(fault) = result {
            done += fault.copied;
            if last_attempt == Some(done) {
                return Err(Errno::EFAULT);
            }
            last_attempt = Some(done);
            count_fault();
            // A copied word may straddle two pages: the fault is about the first byte's page or the last's.
            let first = address + done;
            let last = (first + 7).min(address + length - 1);
            let memory = self.process.memory();
            let mut memory = memory.lock();
            memory.fault(first, touch).map_err(errno)?;
            if first / PAGE_SIZE != last / PAGE_SIZE {
                memory.fault(last, touch).map_err(errno)?;
            }
            drop(memory);
            result = copy(address + done, done);
        }
        Ok(())
    }
}

fn count_fault() {
    if let Some(thread) = Thread::current() {
        thread.faults.fetch_add(1, Ordering::Relaxed);
    }
}

pub(super) fn errno(error: FaultError) -> Errno {
    match error {
        FaultError::OutOfMemory => Errno::ENOMEM,
        _ => Errno::EFAULT,
    }
}

impl UserMemory for CurrentMemory<'_> {
    #[inline]
    fn read_bytes(&self, from: usize, into: &mut [u8]) -> Result<(), Errno> {
        if user::copy_in(from, into).is_ok() {
            return Ok(()); // nearly always: the page is there
        }
        self.resolve(from, into.len(), Touch::Read, |at, done| {
            user::copy_in(at, &mut into[done..])
        })
    }

    fn write_from_page(&self, to: usize, page: &Frame, range: Range<usize>) -> Result<(), Errno> {
        self.resolve(to, range.len(), Touch::Write, |at, done| {
            user::copy_out_of_page(at, page, range.start + done..range.end)
        })
    }

    fn read_into_page(&self, from: usize, page: &Frame, range: Range<usize>) -> Result<(), Errno> {
        self.resolve(from, range.len(), Touch::Read, |at, done| {
            user::copy_into_page(at, page, range.start + done..range.end)
        })
    }

    fn new_page(&self, from: usize, length: usize) -> Result<Frame, Errno> {
        if let Ok(page) = user::copy_into_new_page(from, length)? {
            return Ok(page);
        }
        let page = Frame::zeroed()?;
        self.read_into_page(from, &page, 0..length)?;
        Ok(page)
    }

    #[inline]
    fn write_bytes(&self, to: usize, from: &[u8]) -> Result<(), Errno> {
        if user::copy_out(to, from).is_ok() {
            return Ok(());
        }
        self.resolve(to, from.len(), Touch::Write, |at, done| {
            user::copy_out(at, &from[done..])
        })
    }
}

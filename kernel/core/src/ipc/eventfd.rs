//! [`EventCounter`]: what stands behind a descriptor of `eventfd(2)`.

use super::interrupted;
use crate::error::Errno;
use crate::sched::WaitQueue;
use crate::vfs::{File, FileOperations, OpenFlags, Readiness, Sink, Source, Watchers};
use alloc::sync::Arc;
use linux_raw_sys::general as linux;
use threadbare_machine::sync::SpinLock;

/// The largest value; one more is an overflow.
const MOST: u64 = u64::MAX - 1;

/// The bytes of a value.
const WIDTH: usize = size_of::<u64>();

/// A number that writes add to and reads take.
#[derive(Debug)]
pub struct EventCounter {
    value: SpinLock<u64>,
    /// Reads take one (`EFD_SEMAPHORE`).
    semaphore: bool,
    readers: WaitQueue,
    writers: WaitQueue,
    watchers: Watchers,
}

impl EventCounter {
    /// Opens a new one.
    pub fn open(value: u32, semaphore: bool, flags: OpenFlags) -> Arc<File> {
        let counter = EventCounter {
            value: SpinLock::new(u64::from(value)),
            semaphore,
            readers: WaitQueue::new(),
            writers: WaitQueue::new(),
            watchers: Watchers::new(),
        };
        File::untyped(b"anon_inode:[eventfd]", Arc::new(counter), flags)
    }

    fn take(&self) -> Option<u64> {
        let mut value = self.value.lock();
        let taken = if self.semaphore { (*value).min(1) } else { *value };
        *value -= taken;
        (taken > 0).then_some(taken)
    }

    fn add(&self, more: u64) -> Option<()> {
        let mut value = self.value.lock();
        *value = value.checked_add(more).filter(|sum| *sum <= MOST)?;
        Some(())
    }
}

/// Tries, and waits if there is nothing to do yet.
fn attempt<T>(file: &File, queue: &WaitQueue, mut attempt: impl FnMut() -> Option<T>) -> Result<T, Errno> {
    if file.is_nonblocking() {
        return attempt().ok_or(Errno::EAGAIN);
    }
    queue
        .wait_until(None, interrupted, attempt)
        .ok_or(Errno::ERESTARTSYS)
}

impl FileOperations for EventCounter {
    fn read(&self, file: &File, _: u64, sink: &mut dyn Sink) -> Result<usize, Errno> {
        if sink.remaining() < WIDTH {
            return Err(Errno::EINVAL);
        }
        let value = attempt(file, &self.readers, || self.take())?;
        self.writers.wake_all(); // they may want to add different numbers
        self.watchers.notify(Readiness::WRITE);
        if self.semaphore {
            self.readers.wake_one();
        }
        sink.put(&value.to_ne_bytes())?;
        Ok(WIDTH)
    }

    fn write(&self, file: &File, _: u64, source: &mut dyn Source) -> Result<usize, Errno> {
        if source.remaining() < WIDTH {
            return Err(Errno::EINVAL);
        }
        let mut bytes = [0; WIDTH];
        source.take(&mut bytes)?;
        let more = u64::from_ne_bytes(bytes);
        if more > MOST {
            return Err(Errno::EINVAL);
        }
        attempt(file, &self.writers, || self.add(more))?;
        self.readers.wake_one();
        self.watchers.notify(Readiness::READ);
        Ok(WIDTH)
    }

    fn poll(&self, _: &File) -> Readiness {
        let value = *self.value.lock();
        let readable = if value > 0 { linux::POLLIN } else { 0 };
        let writable = if value < MOST { linux::POLLOUT } else { 0 };
        Readiness::from_bits(readable | writable)
    }

    fn watchers(&self, _: &File) -> Option<&Watchers> {
        Some(&self.watchers)
    }
}

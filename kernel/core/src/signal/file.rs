//! [`SignalFile`]: what stands behind a descriptor of `signalfd(2)`.
//!
//! It reads the signals of whoever reads, not of whoever made it. So a process keeps a list of those that have been made or
//! looked at in it ([`Files`]), and they are told when a signal comes.

use super::{Details, SignalInfo, SignalSet, take};
use crate::error::Errno;
use crate::process::{Process, Thread};
use crate::sched::WaitQueue;
use crate::vfs::{File, FileOperations, OpenFlags, Readiness, Sink, Watchers};
use alloc::sync::{Arc, Weak};
use alloc::vec::Vec;
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use threadbare_machine::sync::SpinLock;

/// The bytes of a `struct signalfd_siginfo`.
const RECORD: usize = 128;

/// Signals that are read.
pub struct SignalFile {
    mask: AtomicU64,
    readers: WaitQueue,
    watchers: Watchers,
    itself: Weak<SignalFile>,
}

/// The signal files that a process has to do with.
#[derive(Default)]
pub(super) struct Files {
    any: AtomicBool,
    files: SpinLock<Vec<Weak<SignalFile>>>,
}

impl Files {
    /// A signal waits for the process or one of its threads.
    #[inline]
    pub(super) fn tell(&self, info: SignalInfo) {
        if self.any.load(Ordering::Relaxed) {
            self.tell_all(info);
        }
    }

    fn tell_all(&self, info: SignalInfo) {
        for file in self.files.lock().iter().filter_map(Weak::upgrade) {
            if file.mask().contains(info.signal) {
                file.changed();
            }
        }
    }

    fn enter(&self, file: &SignalFile) -> Result<(), Errno> {
        let mut files = self.files.lock();
        if files.iter().any(|other| Weak::ptr_eq(other, &file.itself)) {
            return Ok(());
        }
        files.retain(|file| file.strong_count() > 0);
        files.try_reserve(1)?;
        files.push(file.itself.clone());
        self.any.store(true, Ordering::Relaxed);
        Ok(())
    }
}

impl core::fmt::Debug for Files {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Files").finish_non_exhaustive()
    }
}

impl SignalFile {
    /// Opens one for the signals in `mask`, made in `process`.
    ///
    /// # Errors
    /// `ENOMEM`.
    pub fn open(process: &Process, mask: SignalSet, flags: OpenFlags) -> Result<Arc<File>, Errno> {
        let file = Arc::new_cyclic(|itself| SignalFile {
            mask: AtomicU64::new(mask.blockable().bits()),
            readers: WaitQueue::new(),
            watchers: Watchers::new(),
            itself: itself.clone(),
        });
        process.signals.files.enter(&file)?;
        Ok(File::untyped(b"anon_inode:[signalfd]", file, flags))
    }

    /// Reads other signals from now on.
    pub fn set_mask(&self, mask: SignalSet) {
        self.mask.store(mask.blockable().bits(), Ordering::Relaxed);
        self.changed();
    }

    fn mask(&self) -> SignalSet {
        SignalSet::from_bits(self.mask.load(Ordering::Relaxed))
    }

    fn changed(&self) {
        self.readers.wake_all();
        self.watchers.notify(Readiness::READ);
    }
}

impl FileOperations for SignalFile {
    fn read(&self, file: &File, _: u64, sink: &mut dyn Sink) -> Result<usize, Errno> {
        let thread = Thread::current().ok_or(Errno::EINVAL)?;
        let records = sink.remaining() / RECORD;
        if records == 0 {
            return Err(Errno::EINVAL);
        }
        thread.process.signals.files.enter(self)?;
        let next = || take(&thread, self.mask());
        let mut info = if file.is_nonblocking() {
            next().ok_or(Errno::EAGAIN)?
        } else {
            let interrupted = || thread.is_interrupted();
            self.readers
                .wait_until(None, interrupted, next)
                .ok_or(Errno::ERESTARTSYS)?
        };
        let mut read = 0;
        loop {
            sink.put(&record(info))?;
            read += RECORD;
            if read == records * RECORD {
                return Ok(read);
            }
            match next() {
                Some(another) => info = another,
                None => return Ok(read),
            }
        }
    }

    fn poll(&self, _: &File) -> Readiness {
        let Some(thread) = Thread::current() else {
            return Readiness::NONE;
        };
        let signals = &thread.process.signals;
        let entered = signals.files.enter(self);
        let waits = !thread.signals.pending(signals).and(self.mask()).is_empty();
        if waits || entered.is_err() {
            Readiness::READ // without memory to be told, a read says what there is
        } else {
            Readiness::NONE
        }
    }

    fn watchers(&self, _: &File) -> Option<&Watchers> {
        Some(&self.watchers)
    }
}

/// `struct signalfd_siginfo`.
fn record(info: SignalInfo) -> [u8; RECORD] {
    let mut record = [0; RECORD];
    let mut put = |at: usize, bytes: &[u8]| {
        if let Some(place) = record.get_mut(at..at + bytes.len()) {
            place.copy_from_slice(bytes);
        }
    };
    put(0, &u32::from(info.signal.number()).to_le_bytes());
    put(8, &info.code.to_le_bytes());
    let words = info.to_words();
    let [first, second] = [words[2].to_le_bytes(), words[3].to_le_bytes()];
    let value = |put: &mut dyn FnMut(usize, &[u8])| {
        put(44, &second[..4]); // ssi_int
        put(48, &second); // ssi_ptr
    };
    match info.details {
        Details::Sender { .. } => {
            put(12, &first); // ssi_pid, ssi_uid
            value(&mut put);
        }
        Details::Raw { errno, .. } => {
            put(4, &errno.to_le_bytes());
            put(12, &first);
            value(&mut put);
        }
        Details::Timer { id, overrun, .. } => {
            put(24, &id.to_le_bytes());
            put(32, &overrun.to_le_bytes());
            value(&mut put);
        }
        Details::Child {
            status,
            user_ticks,
            system_ticks,
            ..
        } => {
            put(12, &first);
            put(40, &status.to_le_bytes());
            put(56, &user_ticks.to_le_bytes());
            put(64, &system_ticks.to_le_bytes());
        }
        Details::Address(address) => put(72, &address.to_le_bytes()),
    }
    record
}

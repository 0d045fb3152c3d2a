//! What programs asked for and the kernel does not have: each kind once, with its first call site, told at the end.

use crate::error::Errno;
use crate::host;
use crate::mm::Backing;
use crate::process::Thread;
use alloc::string::String;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};
use threadbare_link::{CallSite, GuestMessage, Missing};
use threadbare_machine::memory::PAGE_SIZE;
use threadbare_machine::sync::SpinLock;

/// How many kinds are remembered; a fuzzer asks for more.
const MOST: usize = 64;

struct Record {
    what: String,
    errno: Errno,
    count: u64,
    /// The system call that it is, counted in [`CALLS`].
    call: Option<usize>,
    thread: [u8; 16],
    address: u64,
    module: Vec<u8>,
    file_offset: u64,
}

/// For each number of a system call: 0 until it has been noted as missing, then how often it was asked for.
static CALLS: [AtomicU32; 1024] = [const { AtomicU32::new(0) }; 1024];

/// Notes that the system call `number` is missing, as [`missing`] does; `what` names it the first time.
pub fn missing_call(thread: &Thread, rip: u64, number: usize, what: impl FnOnce() -> String) {
    if missing_call_again(number) {
        return; // a program that goes on asking shall not pay for it
    }
    let counted = CALLS.get(number);
    if let Some(count) = counted {
        count.store(1, Relaxed);
    }
    note(thread, rip, what(), Errno::ENOSYS, counted.map(|_| number));
}

/// Counts that the system call `number` was asked for, if it has been noted as missing.
pub fn missing_call_again(number: usize) -> bool {
    let noted = CALLS.get(number).filter(|count| count.load(Relaxed) != 0);
    noted.is_some_and(|count| count.fetch_add(1, Relaxed) != 0)
}

static RECORDS: SpinLock<Vec<Record>> = SpinLock::new(Vec::new());

/// Notes that `thread`, whose next instruction is at `rip`, asked for `what` and got `errno`. Returns `errno`.
pub fn missing(thread: &Thread, rip: u64, what: String, errno: Errno) -> Errno {
    note(thread, rip, what, errno, None);
    errno
}

fn note(thread: &Thread, rip: u64, what: String, errno: Errno, call: Option<usize>) {
    let full = {
        let mut records = RECORDS.lock();
        if let Some(record) = records.iter_mut().find(|record| record.what == what) {
            record.count += 1;
            return;
        }
        records.len() >= MOST || records.try_reserve(1).is_err()
    };
    if !full {
        let (module, file_offset) = locate(thread, rip);
        let record = Record {
            what,
            errno,
            count: 1,
            call,
            thread: *thread.name.lock(),
            address: rip,
            module,
            file_offset,
        };
        RECORDS.lock().push(record);
    }
}

fn locate(thread: &Thread, rip: u64) -> (Vec<u8>, u64) {
    let memory = thread.process.memory();
    let memory = memory.lock();
    match memory.vma_at(rip as usize) {
        Some((range, vma)) => match &vma.backing {
            Backing::File { place, page, .. } => {
                let path = place.path(&thread.process.fs.root()).unwrap_or_default();
                (path, page * PAGE_SIZE as u64 + (rip - range.start as u64))
            }
            Backing::Anonymous => (Vec::new(), 0),
        },
        None => (Vec::new(), 0),
    }
}

/// Sends all notes to the host.
pub fn send_missing() {
    let records = core::mem::take(&mut *RECORDS.lock());
    for record in &records {
        host::send(&GuestMessage::Missing(Missing {
            what: &record.what,
            errno: record.errno.number(),
            count: record
                .call
                .map_or(record.count, |call| u64::from(CALLS[call].load(Relaxed))),
            thread: record.thread.split(|&byte| byte == 0).next().unwrap_or_default(),
            site: CallSite {
                address: record.address,
                module: &record.module,
                file_offset: record.file_offset,
            },
        }));
    }
}

//! From the call of a thread to the [`Caller`] that the functions here know.

use super::Caller;
use crate::error::Errno;
use crate::process::Thread;
use crate::sched;
use crate::signal::{Signal, SignalInfo, send_to_thread};
use crate::syscall::Call;
use crate::vfs::Timestamp;
use threadbare_machine::time::{self, Nanoseconds};

/// How long to wait before looking again whether a lock is free.
const LOCK_PATIENCE: u64 = 1_000_000;

/// A write would have let a file grow past the limit on file sizes (`getrlimit(2)`).
pub(in crate::syscall) fn tell_of_size_limit(thread: &Thread) {
    send_to_thread(thread, SignalInfo::from_kernel(Signal::SIGXFSZ));
}

/// Runs a system call on behalf of the thread that calls.
pub(in crate::syscall) fn with_caller<T>(
    call: &Call<'_>,
    run: impl FnOnce(&Caller<'_>) -> Result<T, Errno>,
) -> Result<T, Errno> {
    let process = call.process();
    let credentials = process.credentials();
    let limits = *process.limits.lock();
    let wait_for_locks = || {
        if call.thread.is_interrupted() {
            return Err(Errno::ERESTARTSYS);
        }
        // Yielding would keep those with a lower real-time priority from ever giving their lock back.
        sched::park_until(Nanoseconds(time::now().0.saturating_add(LOCK_PATIENCE)));
        Ok(())
    };
    run(&Caller {
        memory: &call.memory(),
        files: &process.files,
        fs: &process.fs,
        credentials: &credentials,
        process: process.pid,
        file_limit: limits.open_files(),
        size_limit: limits.file_size(),
        exceeds_size_limit: &|| tell_of_size_limit(call.thread),
        now: Timestamp::now,
        wait_for_locks: &wait_for_locks,
        missing: &|what| {
            let _ = call.missing(what.into(), Errno::EINVAL);
        },
    })
}

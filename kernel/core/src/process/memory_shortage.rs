//! What happens when a program touches memory that the machine does not have: the largest process is ended.
//!
//! Policy: the process with most pages mapped, the youngest of equals. Ending it is told at once. Whoever needed the page
//! waits until it has gone, and tries again.

use super::table::{ExitStatus, Process};
use super::thread::Thread;
use super::tree;
use crate::host;
use crate::sched;
use crate::signal::Signal;
use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use threadbare_link::LogLevel;
use threadbare_machine::time::{self, Nanoseconds};

/// How long to wait before looking again whether there is memory now.
const PATIENCE: u64 = 1_000_000;

/// Makes room: ends the largest process, or waits for one that is ending. Returns when trying again makes sense, or the
/// calling thread itself is to end.
pub fn make_room(thread: &Thread) {
    let ending = |process: Arc<Process>| process.status().is_some() && !process.is_zombie();
    if !tree::all().any(ending) {
        let sizes = tree::all().filter(|process| !process.is_zombie());
        let largest = sizes.max_by_key(|process| (resident(process), process.pid));
        if let Some(victim) = largest {
            let size = resident(&victim);
            victim.end(ExitStatus::Signaled(Signal::SIGKILL.number())); // before anybody else looks for one
            tell(&victim, size);
        }
    }
    if !thread.is_ending() {
        sched::park_until(Nanoseconds(time::now().0.saturating_add(PATIENCE)));
    }
}

/// The bytes that a process has; 0 if somebody is just changing them, which ends soon.
fn resident(process: &Process) -> usize {
    let memory = process.memory_if_alive();
    let size = memory.and_then(|memory| memory.try_lock().map(|memory| memory.resident()));
    size.unwrap_or(0)
}

fn tell(victim: &Process, size: usize) {
    let name = victim.first_thread_for_report().map(|thread| *thread.name.lock());
    let name = name.unwrap_or_default();
    let name = String::from_utf8_lossy(name.split(|&byte| byte == 0).next().unwrap_or_default());
    let text = format!(
        "out of memory: ended the largest process, {name} (pid {}, {} MiB); give the machine more with --memory",
        victim.pid,
        size >> 20
    );
    host::log(LogLevel::Error, &text);
}

//! The end of threads and processes (`_exit(2)`, `wait(2)`).
//!
//! A thread leaves when its loop has ended; the last one releases what the process had. What remains is a zombie, until
//! the parent has asked.

use super::children::{self, Event};
use super::table::{ExitStatus, Process};
use super::thread::Thread;
use super::{stop, tree};
use crate::signal::{Details, Handler, Signal, SignalInfo, code, send_to_process};
use crate::syscall;
use crate::trace;
use crate::tty;
use crate::vfs::FdTable;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::Ordering;
use linux_raw_sys::general as linux;
use threadbare_machine::sync::SpinLock;
use threadbare_machine::task;

/// Called by the thread itself, as the last thing that it does.
pub(super) fn leave(thread: &Thread) {
    let process = &thread.process;
    syscall::hand_mutexes_on(thread); // they may lie in memory that other processes share
    let alone = process.alive.load(Ordering::Relaxed) == 1;
    if !alone || process.status().is_none() {
        syscall::announce_end(thread); // others may look at the memory that is told
    }
    if trace::is_on() {
        trace::thread_ended(thread, process.last_status.load(Ordering::Relaxed));
    }
    tree::remove_thread(thread.tid());
    *process.last_name.lock() = *thread.name.lock();
    thread.note_leaving();
    process.usage.lock().ended_threads.add(&thread.times());
    if process.alive.fetch_sub(1, Ordering::AcqRel) == 1 {
        bury(process);
    }
    process.left.wake_all();
}

/// Releases what a process has, once its last thread leaves, and tells its parent.
fn bury(process: &Arc<Process>) {
    let last_status = process.last_status.load(Ordering::Relaxed);
    process.end(ExitStatus::Exited(last_status)); // if nothing else has ended it
    process.timers.delete_all();
    process.stop.clear();
    release_memory(process);
    release_files(process);
    if process.session() == process.pid {
        tty::session_ended(process.pid);
    }
    let stopped_groups = if stop::any() {
        tree::groups_left_stopped(process)
    } else {
        Vec::new()
    };
    give_children_away(process);
    for group in stopped_groups {
        for signal in [Signal::SIGHUP, Signal::SIGCONT] {
            tree::send_to_group(group, SignalInfo::from_kernel(signal));
        }
    }
    process.become_zombie();
    match tree::find(process.parent()) {
        None => drop(tree::lock().remove(process.pid)),
        Some(parent) => {
            if let Some(status) = process.status() {
                signal_parent(&parent, process, Event::Ended(status));
            }
            if wants_no_zombies(&parent, process) {
                children::reap(&parent, process);
            }
        }
    }
    process.has_told_parent.store(true, Ordering::Release); // before the parent is looked for: it may be another meanwhile
    if let Some(parent) = tree::find(process.parent()) {
        parent.children.notify();
    }
}

fn release_memory(process: &Process) {
    let memory = process.replace_memory(None);
    if let Some(memory) = &memory {
        let most = memory.lock().most_resident();
        let mut usage = process.usage.lock();
        usage.ended_threads.most_resident = usage.ended_threads.most_resident.max(most);
    }
    task::leave_space();
    drop(memory);
    process.has_own_memory.open();
}

fn release_files(process: &Process) {
    process.fs.leave();
    if process.files.leave() {
        close_each(&process.files, |files| files.next_from(0).map(|(fd, _)| fd));
    }
    syscall::fs::release_locks_of_process(process.pid);
    let _executable = process.executable.lock().take();
}

/// Closes one descriptor after the other, until `next` has none to close.
pub(super) fn close_each(files: &SpinLock<FdTable>, next: impl Fn(&FdTable) -> Option<u32>) {
    loop {
        let mut table = files.lock();
        let Some(fd) = next(&table) else { return };
        let closed = table.remove(fd);
        drop(table);
        drop(closed); // outside of the lock: closing may do anything
    }
}

/// Children go to the nearest ancestor that wants orphans, else to the kernel, which forgets those that have ended.
fn give_children_away(process: &Process) {
    let orphans = process.children.take_all();
    if orphans.is_empty() {
        return;
    }
    let heir = subreaper_above(process);
    let heir_number = heir.as_ref().map_or(tree::INIT, |heir| heir.pid);
    for child in orphans {
        let ended = {
            let mut tree = tree::lock();
            tree.adopt(&child, heir_number);
            let forget = heir.is_none() && child.is_zombie();
            forget.then(|| tree.remove(child.pid))
        };
        drop(ended);
        let signal = Signal::new(usize::from(child.parent_death_signal.load(Ordering::Relaxed)));
        if let Ok(signal) = signal {
            let info =
                SignalInfo::from_process(signal, code::SI_USER, process.pid, process.credentials().uid);
            send_to_process(&child, info);
        }
    }
    if let Some(heir) = heir {
        heir.children.notify();
    }
}

fn subreaper_above(process: &Process) -> Option<Arc<Process>> {
    let mut at = tree::find(process.parent());
    while let Some(ancestor) = at {
        if ancestor.subreaper.load(Ordering::Relaxed) && ancestor.status().is_none() {
            return Some(ancestor);
        }
        at = tree::find(ancestor.parent());
    }
    None
}

/// Whether the parent has said that it will not wait (`sigaction(2)`, SA_NOCLDWAIT).
fn wants_no_zombies(parent: &Process, child: &Process) -> bool {
    let action = parent.signals.action(Signal::SIGCHLD);
    child.exit_signal.load(Ordering::Relaxed) == Signal::SIGCHLD.number()
        && (action.handler() == Handler::Ignore || action.has(linux::SA_NOCLDWAIT))
}

/// Sends the parent the signal for what has happened, and wakes those who wait.
pub(super) fn tell_parent(process: &Process, event: Event) {
    if let Some(parent) = tree::find(process.parent()) {
        signal_parent(&parent, process, event);
        parent.children.notify();
    }
}

fn signal_parent(parent: &Process, process: &Process, event: Event) {
    let number = match event {
        Event::Ended(_) => process.exit_signal.load(Ordering::Relaxed),
        _ => Signal::SIGCHLD.number(),
    };
    let action = parent.signals.action(Signal::SIGCHLD);
    let silent = !matches!(event, Event::Ended(_)) && action.has(linux::SA_NOCLDSTOP);
    if let Ok(signal) = Signal::new(usize::from(number))
        && !silent
    {
        let (code, status) = event.code_and_status();
        let times = process.usage.lock().ended_threads;
        let details = Details::Child {
            pid: process.pid,
            uid: process.credentials().uid,
            status,
            user_ticks: times.user / TICK,
            system_ticks: times.system / TICK,
        };
        send_to_process(
            parent,
            SignalInfo {
                signal,
                code,
                details,
            },
        );
    }
}

/// Nanoseconds in a tick of `times(2)`.
pub(crate) const TICK: u64 = 10_000_000;

//! Sending signals (`kill(2)`, `signal(7)`).
//!
//! A signal for a process is taken by any thread that does not block it: one that does is told, the sender itself if it
//! is one, else the first. Whoever blocks a signal that was meant for it tells the others ([`super::set_mask`]).
//!
//! These functions may be called in interrupts, with no lock held.

use super::{Action, Details, Signal, SignalInfo, SignalSet, pending};
use crate::process::{self, ExitStatus, Process, Thread};
use crate::trace;

/// Sends a signal to a process; `false` if too many wait already.
pub fn send_to_process(process: &Process, info: SignalInfo) -> bool {
    send(process, info, None)
}

/// As [`send_to_process`], where `sender` is the thread that runs.
pub fn send_to_process_from(sender: &Thread, process: &Process, info: SignalInfo) -> bool {
    send(process, info, Some(sender))
}

fn send(process: &Process, info: SignalInfo, sender: Option<&Thread>) -> bool {
    if info.signal == Signal::SIGKILL {
        process.end(ExitStatus::Signaled(info.signal.number()));
        return true;
    }
    cancel_opposites(process, info.signal);
    let signals = &process.signals;
    if signals.ignored().contains(info.signal) && !process.main_thread_blocks(info.signal) {
        trace::tell_ignored(process, &info);
        return true;
    }
    if signals
        .pending
        .push(info, has_room(process, info.signal))
        .is_err()
    {
        return false;
    }
    let sender = sender.filter(|sender| core::ptr::eq(&raw const *sender.process, process));
    if let Some(sender) = sender.filter(|sender| sender.signals.wants(info.signal)) {
        sender.signals.call_attention(); // it runs: nobody needs to be woken
    } else {
        process.wake_one_that(|thread| thread.signals.wants(info.signal));
    }
    signals.files.tell(info);
    true
}

/// Sends a signal to one thread; `false` if too many wait already.
pub fn send_to_thread(thread: &Thread, info: SignalInfo) -> bool {
    let process = &thread.process;
    if info.signal == Signal::SIGKILL {
        process.end(ExitStatus::Signaled(info.signal.number()));
        return true;
    }
    cancel_opposites(process, info.signal);
    let signals = &thread.signals;
    if process.signals.ignored().contains(info.signal) && !signals.mask().contains(info.signal) {
        return true;
    }
    if signals
        .pending
        .push(info, has_room(process, info.signal))
        .is_err()
    {
        return false;
    }
    if signals.wants(info.signal) {
        thread.look();
    }
    process.signals.files.tell(info);
    true
}

/// Whether one more real-time signal may wait for the user of `process` (`RLIMIT_SIGPENDING`).
#[inline]
fn has_room(process: &Process, signal: Signal) -> bool {
    signal.is_real_time() && has_room_for_real_time(process) // others ask for none
}

fn has_room_for_real_time(process: &Process) -> bool {
    let most = process.limits.lock().pending_signals();
    (pending::count_all() as u64) < most || count_for_user(process.credentials().uid) < most
}

/// How many signals wait for the processes of a user. Looking takes a while, but only who comes near the limit is looked at.
fn count_for_user(uid: u32) -> u64 {
    let of_user = process::all().filter(|process| process.credentials().uid == uid);
    let count = |process: &Process| {
        let of_threads = process.fold_threads(0, |sum, thread| sum + thread.signals.pending.count());
        process.signals.pending.count() + of_threads
    };
    of_user.map(|process| count(&process) as u64).sum()
}

/// Stop signals and SIGCONT undo each other where they wait, and SIGCONT continues whatever becomes of it (`signal(7)`).
fn cancel_opposites(process: &Process, signal: Signal) {
    let stops = SignalSet::STOPS.contains(signal);
    if !stops && signal != Signal::SIGCONT {
        return;
    }
    let undone = if stops {
        SignalSet::EMPTY.with(Signal::SIGCONT)
    } else {
        SignalSet::STOPS
    };
    discard(process, undone);
    if !stops {
        process.resume();
    }
}

/// Drops what the timer `timer` of a process has sent, to `thread` if it sends to one.
pub(crate) fn forget_timer(process: &Process, thread: Option<&Thread>, signal: Signal, timer: u32) {
    match thread {
        Some(thread) => thread.signals.pending.discard_timer(signal, timer),
        None => process.signals.pending.discard_timer(signal, timer),
    }
}

/// Takes a signal out of `wanted` that waits for a thread or its process. Called by the thread itself.
pub fn take(thread: &Thread, wanted: SignalSet) -> Option<SignalInfo> {
    let mut taken = thread.signals.take(&thread.process.signals, wanted);
    settle(thread, &mut taken);
    taken
}

/// Lets the timer know that has sent it.
#[inline]
pub(super) fn settle(thread: &Thread, taken: &mut Option<SignalInfo>) {
    if let Some(info) = taken
        && (info.signal == Signal::SIGALRM || matches!(info.details, Details::Timer { .. }))
    {
        thread.process.timers.taken(info);
    }
}

/// Sets what a process does with a signal, and returns what it was. A signal that is ignored from now on is dropped where it
/// waits.
pub fn set_action(process: &Process, signal: Signal, action: Action) -> Action {
    let old = process.signals.set_action(signal, action);
    if process.signals.ignored().contains(signal) {
        discard(process, SignalSet::EMPTY.with(signal));
    }
    old
}

/// Drops signals that wait for a process and its threads.
#[cold]
fn discard(process: &Process, signals: SignalSet) {
    process.signals.pending.discard(signals);
    for thread in process.threads() {
        thread.signals.pending.discard(signals);
    }
}

//! What happens to a thread's signals before it returns to ring 3.

use super::frame;
use super::restart;
use super::state::{Action, Handler};
use super::{DefaultAction, Signal, SignalInfo, SignalSet};
use crate::error::Errno;
use crate::process::{ExitStatus, Thread, may_stop_from_terminal};
use linux_raw_sys::general as linux;
use threadbare_machine::user::UserContext;

/// Delivers what waits and is not blocked: enters a handler, or does the default. Called with the registers as
/// they are when ring 3 goes on, and what the system call returned if it was interrupted: taken when that is settled.
/// Returns early when the process is stopped: to be called again when it goes on.
pub fn deliver_pending(thread: &Thread, context: &mut UserContext, interrupted: &mut Option<Errno>) {
    while !thread.process.is_stopped() {
        let mask = *thread.signals.mask.lock();
        let wanted = SignalSet::from_bits(!mask.bits());
        let Some(info) = thread.signals.take(&thread.process.signals, wanted) else {
            return nothing_left(thread, context, interrupted);
        };
        let action = thread.process.signals.action(info.signal);
        match action.handler {
            Handler::Ignore => {}
            Handler::Default => do_default(thread, info.signal),
            Handler::Function(entry) => {
                if let Some(interrupted) = interrupted.take() {
                    let sa_restart = action.flags & u64::from(linux::SA_RESTART) != 0;
                    restart::before_handler(context, interrupted, sa_restart);
                }
                *thread.signals.restart.lock() = None;
                enter_handler(thread, context, info, action, entry);
                return;
            }
        }
        if thread.is_ending() {
            return;
        }
    }
}

fn nothing_left(thread: &Thread, context: &mut UserContext, interrupted: &mut Option<Errno>) {
    if let Some(interrupted) = interrupted.take() {
        restart::without_handler(context, interrupted);
    }
    thread.signals.restore_mask();
}

fn do_default(thread: &Thread, signal: Signal) {
    match signal.default_action() {
        DefaultAction::Terminate { .. } => thread.process.end(ExitStatus::Signaled(signal.number())),
        DefaultAction::Stop => {
            let from_terminal = signal != Signal::SIGSTOP;
            if !from_terminal || may_stop_from_terminal(&thread.process) {
                thread.process.stop(signal.number());
            }
        }
        DefaultAction::Ignore | DefaultAction::Continue => {}
    }
}

fn enter_handler(thread: &Thread, context: &mut UserContext, info: SignalInfo, action: Action, entry: u64) {
    let mask = *thread.signals.mask.lock();
    let restore = thread.signals.saved_mask.lock().take().unwrap_or(mask);
    if frame::push(thread, context, &info, &action, entry, restore).is_err() {
        // There is no stack to handle it on: as Linux, SIGSEGV that cannot be handled.
        thread.process.end(ExitStatus::Signaled(Signal::SIGSEGV.number()));
        return;
    }
    let mut blocked = mask.union(action.mask);
    if action.flags & u64::from(linux::SA_NODEFER) == 0 {
        blocked = blocked.with(info.signal);
    }
    *thread.signals.mask.lock() = blocked.blockable();
    if action.flags & u64::from(linux::SA_RESETHAND) != 0 {
        thread.process.signals.set_action(info.signal, Action::default());
    }
}

/// Delivers a signal that a fault raised: if the program blocks or ignores it, it ends. Returns whether a handler was
/// entered.
pub fn force(thread: &Thread, context: &mut UserContext, info: SignalInfo) -> bool {
    let action = thread.process.signals.action(info.signal);
    let blocked = thread.signals.mask.lock().contains(info.signal);
    match action.handler {
        Handler::Function(entry) if !blocked => {
            enter_handler(thread, context, info, action, entry);
            true
        }
        _ => false,
    }
}

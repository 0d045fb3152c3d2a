//! What happens to a thread's signals before it returns to ring 3.

use super::state::SS_AUTODISARM;
use super::{Action, AlternateStack, DefaultAction, Handler, Signal, SignalInfo, SignalSet};
use super::{frame, restart, set_mask};
use crate::error::Errno;
use crate::process::{ExitStatus, Thread, may_stop_from_terminal};
use crate::trace;
use linux_raw_sys::general as linux;
use threadbare_machine::user::UserContext;

/// Delivers what waits and is not blocked: enters a handler, or does the default. Called with the registers as
/// they are when ring 3 goes on, and what the system call returned if it was interrupted: taken when that is settled.
/// Returns early when the process is stopped: to be called again when it goes on.
pub fn deliver_pending(thread: &Thread, context: &mut UserContext, interrupted: &mut Option<Errno>) {
    let signals = &thread.signals;
    while !thread.process.is_stopped() {
        let wanted = SignalSet::from_bits(!signals.mask().bits());
        let mut taken = signals.take(&thread.process.signals, wanted);
        super::send::settle(thread, &mut taken);
        let Some(info) = &taken else {
            return nothing_left(thread, context, interrupted);
        };
        if trace::is_on() {
            trace::tell_signal(thread, info);
        }
        let action = thread.process.signals.action(info.signal);
        match action.handler() {
            Handler::Ignore => {}
            Handler::Default => do_default(thread, info.signal),
            Handler::Function(entry) => {
                if let Some(interrupted) = interrupted.take() {
                    if interrupted == Errno::ERESTART_RESTARTBLOCK {
                        *signals.restart.lock() = None;
                    }
                    restart::before_handler(context, interrupted, action.has(linux::SA_RESTART));
                }
                enter_handler(thread, context, info, &action, entry);
                if signals.has_deliverable(&thread.process.signals) {
                    signals.call_attention(); // the next one, before the first instruction of this handler
                }
                return;
            }
        }
        if thread.is_ending() {
            return;
        }
    }
    signals.call_attention(); // to be looked at again when the process goes on
}

fn nothing_left(thread: &Thread, context: &mut UserContext, interrupted: &mut Option<Errno>) {
    if let Some(interrupted) = interrupted.take() {
        restart::without_handler(context, interrupted);
    }
    super::restore_mask(thread);
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

/// Points the registers at the handler. Without a stack to run it on the thread gets SIGSEGV, which may be handled on
/// another stack.
fn enter_handler(thread: &Thread, context: &mut UserContext, info: &SignalInfo, action: &Action, entry: u64) {
    let signals = &thread.signals;
    let mask = signals.mask();
    let restore = signals.take_saved_mask().unwrap_or(mask);
    if frame::push(thread, context, info, action, entry, restore).is_err() {
        set_mask(thread, restore);
        if info.signal == Signal::SIGSEGV
            || !force(thread, context, &SignalInfo::from_kernel(Signal::SIGSEGV))
        {
            thread.process.end(ExitStatus::Signaled(Signal::SIGSEGV.number()));
        }
        return;
    }
    let mut blocked = mask.union(action.mask);
    if !action.has(linux::SA_NODEFER) {
        blocked = blocked.with(info.signal);
    }
    if blocked != mask {
        set_mask(thread, blocked);
    }
    if action.has(linux::SA_RESETHAND) {
        thread.process.signals.set_action(info.signal, action.reset());
    }
    if signals.stack_flags() & SS_AUTODISARM != 0 {
        signals.set_stack(AlternateStack::default());
    }
}

/// Delivers a signal that a fault raised. Returns whether a handler was entered; if the program blocks or ignores the signal,
/// or there is no stack to handle it on, it is to end.
pub fn force(thread: &Thread, context: &mut UserContext, info: &SignalInfo) -> bool {
    if trace::is_on() {
        trace::tell_signal(thread, info);
    }
    let action = thread.process.signals.action(info.signal);
    let blocked = thread.signals.mask().contains(info.signal);
    match action.handler() {
        Handler::Function(entry) if !blocked => {
            enter_handler(thread, context, info, &action, entry);
            !thread.is_ending()
        }
        _ => false,
    }
}

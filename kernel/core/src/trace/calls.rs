//! System calls, signals and ends, told as they happen.

use super::capture::{Part, capture};
use super::{counts, statistics, tells_calls};
use crate::error::Errno;
use crate::host;
use crate::process::{ExitStatus, Process, Thread};
use crate::signal::{Details, SignalInfo};
use alloc::vec::Vec;
use threadbare_link::{GuestMessage, Observed};
use threadbare_machine::time;
use threadbare_machine::user::UserContext;
use threadbare_strace::When;

/// Lets `serve` serve the system call in `context`'s registers, and tells of it.
#[cold]
pub(crate) fn observe(
    thread: &Thread,
    context: &mut UserContext,
    serve: impl FnOnce(&Thread, &mut UserContext) -> Result<(), Errno>,
) -> Result<(), Errno> {
    let registers = context.registers();
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the number is the low half of RAX"
    )]
    let number = registers.rax as u32;
    let arguments = [
        registers.rdi,
        registers.rsi,
        registers.rdx,
        registers.r10,
        registers.r8,
        registers.r9,
    ];
    let before = time::tsc();
    if tells_calls() {
        let parts = capture(thread, number, &arguments, When::Enter, 0);
        tell(Observed::Enter {
            thread: thread.tid(),
            number,
            arguments,
            captured: borrowed(&parts),
        });
    }
    let served = serve(thread, context);
    let result = match served {
        Ok(()) => context.registers().rax.cast_signed(),
        Err(error) => error.result() as i64,
    };
    if tells_calls() {
        let parts = capture(thread, number, &arguments, When::Leave, result);
        tell(Observed::Leave {
            thread: thread.tid(),
            result,
            captured: borrowed(&parts),
        });
    }
    if counts() {
        let failed = (-4095..0).contains(&result);
        statistics::count_call(number, failed, time::tsc().wrapping_sub(before));
    }
    served
}

/// A signal is about to be handled, or to do what it does by default.
pub(crate) fn tell_signal(thread: &Thread, info: &SignalInfo) {
    statistics::count(statistics::Event::Signal);
    if tells_calls() {
        tell_of(thread.tid(), info);
    }
}

/// A signal that `process` ignores was sent to it: strace shows such signals too.
pub(crate) fn tell_ignored(process: &Process, info: &SignalInfo) {
    if tells_calls() {
        tell_of(process.pid, info);
    }
}

fn tell_of(thread: u32, info: &SignalInfo) {
    let (pid, uid, status, times, address) = match info.details {
        Details::Sender { pid, uid, .. } => (pid, uid, 0, [0; 2], 0),
        Details::Child {
            pid,
            uid,
            status,
            user_ticks,
            system_ticks,
        } => (pid, uid, status, [user_ticks, system_ticks], 0),
        Details::Address(address) => (0, 0, 0, [0; 2], address),
        Details::Timer { .. } | Details::Raw { .. } => (0, 0, 0, [0; 2], 0),
    };
    tell(Observed::Signal {
        thread,
        signal: info.signal.number(),
        code: info.code,
        pid,
        uid,
        status: status.cast_signed(),
        times,
        address,
    });
}

/// A thread leaves for good; `own` is its own status, where its process goes on or ends with it.
pub(crate) fn thread_ended(thread: &Thread, own: u8) {
    if counts() {
        statistics::add_switches(thread);
    }
    if tells_calls() {
        let status = match thread.process.status() {
            Some(ExitStatus::Signaled(signal)) => threadbare_link::ExitStatus::Signaled(signal),
            Some(ExitStatus::Exited(status)) => threadbare_link::ExitStatus::Exited(status),
            None => threadbare_link::ExitStatus::Exited(own),
        };
        tell(Observed::End {
            thread: thread.tid(),
            status,
        });
    }
}

fn tell(event: Observed<'_>) {
    host::send(&GuestMessage::Observed(event));
}

fn borrowed(parts: &[Part]) -> Vec<(u8, &[u8])> {
    let mut list = Vec::new();
    if list.try_reserve_exact(parts.len()).is_ok() {
        list.extend(parts.iter().map(|part| (part.slot, part.bytes.as_slice())));
    }
    list
}

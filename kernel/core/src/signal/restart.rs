//! What becomes of a system call that a signal interrupted (`signal(7)`, "Interruption of system calls and library
//! functions by signal handlers").
//!
//! A call that gives up its wait returns one of the kernel's own errors, which no program ever sees: RAX still holds the
//! call's number, and before ring 3 goes on it is known whether a handler runs.
//!
//! | error | for | a handler with `SA_RESTART` runs | another handler | none |
//! |---|---|---|---|---|
//! | `ERESTARTSYS` | most waits: `read`, `wait4`, futexes without a timeout | restarted | `EINTR` | restarted |
//! | `ERESTARTNOINTR` | what must not fail | restarted | restarted | restarted |
//! | `ERESTARTNOHAND` | `select`, `ppoll`, `pause`, `sigsuspend`, sleeping until a time | `EINTR` | `EINTR` | restarted |
//! | `ERESTART_RESTARTBLOCK` | `nanosleep`, `poll`, futexes with a timeout | `EINTR` | `EINTR` | goes on as `restart_syscall(2)` |
//!
//! Restarting is executing the SYSCALL instruction again. For the last row it is executed as `restart_syscall`, which
//! calls what [`Restart`] says: only the rest of the time is waited for.

use crate::error::Errno;
use crate::syscall::{Function, RESTART_SYSCALL};
use threadbare_machine::user::UserContext;

/// The length of the SYSCALL instruction.
const SYSCALL_BYTES: u64 = 2;

/// How an interrupted wait goes on: a system call's function and its arguments, a deadline among them.
#[derive(Clone, Copy, Debug)]
pub struct Restart {
    /// What to call.
    pub function: Function,
    /// With what.
    pub arguments: [usize; 6],
}

/// Whether an error says that a call was interrupted and may be restarted.
pub fn is_restart(error: Errno) -> bool {
    matches!(
        error,
        Errno::ERESTARTSYS | Errno::ERESTARTNOINTR | Errno::ERESTARTNOHAND | Errno::ERESTART_RESTARTBLOCK
    )
}

/// A handler is about to be entered: sets the registers to which it returns.
#[expect(clippy::cast_sign_loss, reason = "RAX holds the negated number")]
pub(super) fn before_handler(context: &mut UserContext, interrupted: Errno, sa_restart: bool) {
    match interrupted {
        Errno::ERESTARTNOINTR => again(context),
        Errno::ERESTARTSYS if sa_restart => again(context),
        _ => context.registers_mut().rax = Errno::EINTR.result() as u64,
    }
}

/// No handler runs: the call is restarted.
pub(super) fn without_handler(context: &mut UserContext, interrupted: Errno) {
    if interrupted == Errno::ERESTART_RESTARTBLOCK {
        context.registers_mut().rax = RESTART_SYSCALL;
    }
    again(context);
}

fn again(context: &mut UserContext) {
    let rip = &mut context.registers_mut().cpu.rip;
    *rip = rip.wrapping_sub(SYSCALL_BYTES);
}

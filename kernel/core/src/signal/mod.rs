//! Signals (`signal(7)`).
//!
//! A signal is sent to a process or to one of its threads and waits there until a thread that does not block it is
//! about to return to ring 3. Then its default happens, or the program's handler is entered: the registers are
//! saved in a frame on the user's stack ([`frame`]) and `rt_sigreturn` takes them back.
//!
//! Invariants:
//! 1. SIGKILL and SIGSTOP are never blocked, ignored or handled.
//! 2. A frame that comes back through `rt_sigreturn` is the program's own data: nothing in it is trusted, see
//!    [`frame`].
//!
//! What becomes of the system call that a signal interrupts: [`restart`].

mod action;
mod deliver;
mod file;
mod frame;
mod info;
mod mask;
mod number;
mod pending;
mod restart;
mod send;
mod state;

pub use action::{Action, Handler};
pub use deliver::{deliver_pending, force};
pub use file::SignalFile;
pub use frame::sigreturn;
pub(crate) use info::code;
pub use info::{Details, SIGINFO_WORDS, SignalInfo};
pub use mask::{restore_mask, set_mask, set_mask_meanwhile};
pub use number::{DefaultAction, Signal, SignalSet};
pub use restart::{Restart, is_restart};
pub(crate) use send::forget_timer;
pub use send::{send_to_process, send_to_process_from, send_to_thread, set_action, take};
pub use state::{AlternateStack, ProcessSignals, ThreadSignals};

//! Holding still: while somebody looks at the stacks of suspended threads, no worker switches to one.
//!
//! Workers pay two stores and a load for it at each switch, and no fence: the fence is the looker's, who has the kernel run one on every
//! processor (`membarrier`). So the pair below is Dekker's, with one side's fence made by the other:
//!
//! ```text
//!   worker                            looker
//!   next.on_processor = true          FROZEN = 1
//!   (fence, by the looker)            membarrier
//!   FROZEN? wait                      thread.on_processor? leave it alone
//! ```
//!
//! Either the worker sees that it has to wait, or the looker sees that the thread runs.
//!
//! Invariants:
//! 1. `on_processor` is true from before a thread is switched to until after its state is saved; it is cleared before anybody can
//!    resume it.
//! 2. While a [`Frozen`] lives, a thread that was seen suspended stays so, and its stack does not change.

#![allow(unsafe_code, reason = "fenced: asks the kernel for a fence")]

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering, compiler_fence};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::control::{Control, State};
use super::os;

/// 1 while somebody looks. Workers sleep on it.
static FROZEN: AtomicU32 = AtomicU32::new(0);
static REGISTERED: AtomicBool = AtomicBool::new(false);
static LOOKING: Mutex<()> = Mutex::new(());

const REGISTER_PRIVATE_EXPEDITED: libc::c_int = 1 << 4;
const PRIVATE_EXPEDITED: libc::c_int = 1 << 3;

fn membarrier(command: libc::c_int) -> bool {
    // SAFETY: a fence, or its announcement.
    unsafe { libc::syscall(libc::SYS_membarrier, command, 0, 0) == 0 }
}

/// Announces to the kernel that fences will be asked for. Without that [`freeze`] finds nobody suspended.
pub(super) fn prepare() {
    let can = !threadbare_context::BATON && membarrier(REGISTER_PRIVATE_EXPEDITED);
    REGISTERED.store(can, Ordering::Release);
}

/// Called by a worker that has marked the thread that it is about to switch to.
#[inline(always)]
pub(super) fn wait_while_frozen() {
    // The processor's fence is the looker's `membarrier`; the compiler has to be told.
    compiler_fence(Ordering::SeqCst);
    if FROZEN.load(Ordering::Relaxed) != 0 {
        wait();
    }
}

#[cold]
#[inline(never)]
fn wait() {
    while FROZEN.load(Ordering::Acquire) != 0 {
        os::futex_wait(&FROZEN, 1, None);
    }
}

/// While it lives, no thread is switched to. Its holder does not switch, and takes no lock that a green thread may hold over a
/// switch.
pub(super) struct Frozen {
    works: bool,
    _one: MutexGuard<'static, ()>,
}

pub(super) fn freeze() -> Frozen {
    let one = LOOKING.lock().unwrap_or_else(PoisonError::into_inner);
    FROZEN.store(1, Ordering::SeqCst);
    Frozen {
        works: REGISTERED.load(Ordering::Acquire) && membarrier(PRIVATE_EXPEDITED),
        _one: one,
    }
}

impl Frozen {
    /// Whether the thread is suspended, has a stack to look at, and will keep it while this lives.
    pub(super) fn holds(&self, control: &Control) -> bool {
        // The state first: its acquire load pairs with the release store of whoever makes a thread of the slot.
        let state = control.state();
        self.works
            && state != State::Free
            && state != State::Running
            && !control.is_fresh()
            && !control.is_on_processor()
    }
}

impl Drop for Frozen {
    fn drop(&mut self) {
        FROZEN.store(0, Ordering::Release);
        os::futex_wake_all(&FROZEN);
    }
}

//! Watching traps of ring 0 from a test.

use crate::trap::TrapFrame;
use core::arch::naked_asm;
use core::cell::UnsafeCell;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Not watching.
const NONE: usize = usize::MAX;

static VECTOR: AtomicUsize = AtomicUsize::new(NONE);
static SKIP: AtomicBool = AtomicBool::new(false);
static SEEN: AtomicUsize = AtomicUsize::new(0);
static FLAGS: AtomicUsize = AtomicUsize::new(0);

/// What was seen: the frame, and its address.
struct Slot(UnsafeCell<Option<(TrapFrame, usize)>>);

// SAFETY: written by the trap and read by the test that caused it, on the only CPU, one after the other.
unsafe impl Sync for Slot {}

static FRAME: Slot = Slot(UnsafeCell::new(None));

/// Called for every trap of ring 0: takes the one that is watched for, and lets it return.
pub(crate) fn observe(frame: &mut TrapFrame) -> bool {
    if VECTOR.load(Ordering::Relaxed) != frame.vector as usize {
        return false;
    }
    // SAFETY: see `Slot`.
    unsafe { *FRAME.0.get() = Some((*frame, core::ptr::from_ref(frame) as usize)) };
    SEEN.fetch_add(1, Ordering::Relaxed);
    FLAGS.store(if crate::irq::enabled() { 0x200 } else { 0 }, Ordering::Relaxed);
    if SKIP.load(Ordering::Relaxed) {
        frame.cpu.rip = just_return as *const () as u64;
    }
    true
}

/// Where a function goes on whose first instructions have faulted: RSP still points at its return address.
#[unsafe(naked)]
unsafe extern "sysv64" fn just_return() {
    naked_asm!("ret")
}

/// Runs `action`, which raises `vector` in ring 0 exactly once by a trap that returns behind the instruction. Gives the
/// frame and where it lay.
pub(super) fn watch(vector: u8, action: impl FnOnce()) -> (TrapFrame, usize) {
    watch_and(vector, false, action)
}

/// Calls `faulty`, a naked function that faults with `vector` before it has changed RSP, and skips the rest of it.
pub(super) fn watch_fault(vector: u8, faulty: unsafe extern "sysv64" fn()) -> (TrapFrame, usize) {
    // SAFETY: the fault is taken by `observe`, which continues at a RET with RSP unchanged.
    watch_and(vector, true, || unsafe { faulty() })
}

fn watch_and(vector: u8, skip: bool, action: impl FnOnce()) -> (TrapFrame, usize) {
    SEEN.store(0, Ordering::Relaxed);
    SKIP.store(skip, Ordering::Relaxed);
    VECTOR.store(usize::from(vector), Ordering::Relaxed);
    action();
    VECTOR.store(NONE, Ordering::Relaxed);
    assert_eq!(
        SEEN.load(Ordering::Relaxed),
        1,
        "vector {vector} was to be raised once"
    );
    // SAFETY: see `Slot`.
    unsafe { (*FRAME.0.get()).expect("a frame was seen") }
}

/// The interrupt flag as the handler of the watched trap found it, at its place in RFLAGS.
pub(super) fn flags_in_handler() -> usize {
    FLAGS.load(Ordering::Relaxed)
}

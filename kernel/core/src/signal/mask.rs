//! Changing what a thread blocks. Called by the thread itself.

use super::SignalSet;
use crate::process::Thread;

/// Blocks exactly `mask`, but for what cannot be blocked.
pub fn set_mask(thread: &Thread, mask: SignalSet) {
    let (signals, process) = (&thread.signals, &thread.process.signals);
    let newly_blocked = mask.minus(signals.mask());
    signals.store_mask(mask);
    if signals.has_deliverable(process) {
        signals.call_attention();
    }
    if !process.pending.set().and(newly_blocked).is_empty() {
        thread.process.wake_threads(); // this thread may have been chosen for a signal that another takes now
    }
}

/// Blocks exactly `mask` until signals have been delivered, or [`restore_mask`].
pub fn set_mask_meanwhile(thread: &Thread, mask: SignalSet) {
    thread.signals.save_mask();
    set_mask(thread, mask);
}

/// Puts the mask back that was there before [`set_mask_meanwhile`], if that is in force.
pub fn restore_mask(thread: &Thread) {
    if let Some(mask) = thread.signals.take_saved_mask() {
        set_mask(thread, mask);
    }
}

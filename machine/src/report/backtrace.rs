//! Walking the chain of frame pointers of the kernel's own code, which is compiled with them.

use crate::boot::is_kernel_text;
use crate::memory::stack;

/// The return addresses of the frames above the one whose saved RBP lies at `frame_pointer`, innermost first.
///
/// Every step checks that the frame lies on a kernel stack and above the one before, so that a broken chain ends the
/// walk and never faults.
pub(super) fn walk(frame_pointer: usize) -> impl Iterator<Item = usize> {
    let mut frame = frame_pointer;
    core::iter::from_fn(move || {
        let on_stack = |address| matches!(stack::describe(address), Some(stack::Place::Inside(_)));
        if !frame.is_multiple_of(8) || !on_stack(frame) || !on_stack(frame + 15) {
            return None;
        }
        // SAFETY: inside a kernel stack. A slot whose stack is not mapped cannot be in a live chain; were one forged
        // in a corrupted stack, the fault would end in the one-line report of a second death.
        let [caller, return_address] = unsafe { *(frame as *const [usize; 2]) };
        let up = caller > frame;
        frame = if up { caller } else { 0 };
        is_kernel_text(return_address).then_some(return_address)
    })
}

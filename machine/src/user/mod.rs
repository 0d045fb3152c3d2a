//! Ring 3 as a call, and the memory of ring 3.
//!
//! [`UserContext::run`] enters ring 3 with the registers in the context and returns when the program traps, with the
//! reason. A kernel thread that serves a program is therefore a plain loop. [`leaf`] calls are answered without.
//!
//! Invariants:
//! 1. While ring 3 runs on a CPU, RSP0 and `user_frame_end` of that CPU point at the end of the frame inside the
//!    context whose `run` is active there, which is borrowed exclusively for that time.
//! 2. The frame that is loaded has user selectors, IF set, IOPL 0, and a user RIP: [`context`] sees to it each time.
//! 3. User memory is touched only by [`copy`], [`atomic`], [`vector`] and [`signal_frame`], between STAC and CLAC, at addresses below
//!    [`USER_END`](crate::paging::USER_END).

mod atomic;
mod context;
pub(crate) mod copy;
pub(crate) mod enter;
pub(crate) mod leaf;
pub(crate) mod registers;
mod signal_frame;
mod vector;

pub use atomic::{compare_exchange_word, load_word};
pub use context::{FaultAccess, Trap, UserContext};
pub use copy::{CopyFault, copy_in, copy_into_new_page, copy_into_page, copy_out, copy_out_of_page};
pub use leaf::{Answer, Leaf, LeafCall, LeafCalls};
pub use registers::{
    fs_base, gs_base, reset_registers, set_fs_base, set_gs_base, vector_components, vector_state_size,
};
pub use signal_frame::{
    CONTEXT_BYTES, CONTEXT_OFFSET, FrameFault, FrameHead, HandlerFrame, INFO_OFFSET, INFO_WORDS,
    ReturnedFrame, SIGNAL_FRAME_BYTES, load_signal_frame, store_signal_frame,
};
pub use vector::{
    VECTOR_STATE_ALIGNMENT, VectorFault, load_vector_state, reset_vector_state, store_vector_state,
    vector_frame_size,
};

//! The line discipline of a terminal, as Linux's `N_TTY` (`termios(3)`, `ioctl_tty(2)`): what becomes of a key before
//! a program reads it, and of a program's byte before it is seen.
//!
//! ```text
//!   keys ──receive()──▶ flow control ▶ signals ▶ translation ▶ editing ──▶ input ──read()──▶ program
//!                                                                 │ echo
//!   screen ◀──take_output()── output queue ◀─────────────────────┴───────── processing ◀──write()── program
//! ```
//!
//! [`LineDiscipline`] is a state machine without a clock, a lock or a device: who waits for input or room, for how long
//! (`VTIME`), and who gets a signal is its owner's business.
//!
//! Invariants:
//! 1. *Bounds.* At most [`INPUT_SIZE`] bytes are held for the program and [`OUTPUT_SIZE`] for the screen. All memory is
//!    had at the start ([`LineDiscipline::new`] may fail); nothing is allocated later.
//! 2. *Order.* Echoes and output leave in the order in which they came to be, and columns are counted in that order.
//! 3. *No byte can break it.* Any bytes, settings and sizes are taken, in any order.
//!
//! What Linux's does is the measure; `tests/linux.rs` compares with a pseudo-terminal of the host, key by key. Where they
//! differ on purpose:
//!
//! - Programs may be [`OUTPUT_ROOM`] bytes ahead of the screen, and echoes beyond that may fill the rest; Linux keeps echoes
//!   apart and forgets the oldest, here the newest are dropped when the queue is full.
//! - Echoes are made when a key is pressed, also while output is stopped; Linux makes them when it goes on, by the settings
//!   of then.
//! - A key that is a flow control character is not looked for ahead of others when the input is full.
//! - `EXTPROC` does nothing. There are no breaks and no parity errors: `PARMRK` only doubles bytes of 0xff.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod character;
mod discipline;
mod echo;
mod edit;
mod input;
mod output;
mod read;
mod receive;
mod settings;
mod speed;
#[cfg(test)]
mod tests;

pub use discipline::{LineDiscipline, OutOfMemory, Packet};
pub use input::SIZE as INPUT_SIZE;
pub use output::{ROOM as OUTPUT_ROOM, SIZE as OUTPUT_SIZE};
pub use receive::{Received, Signal};
pub use settings::Settings;

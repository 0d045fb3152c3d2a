//! Terminals: the machine's console, whose keys and screen are the host's, and pseudo-terminals (`tty(4)`, `pty(7)`).
//!
//! A [`Terminal`] is a line discipline (`threadbare_tty`) that somebody waits for. Programs read and write it as a
//! [`slave`]; on its far side is either the link to the host ([`console`]) or a program with the [`master`].
//!
//! [`session`] knows which terminal controls which session, [`jobs`] what the foreground may and others may not, and
//! [`ioctl`] what else can be asked.
//!
//! Invariants:
//! 1. *One lock.* All that a terminal knows changes under the lock of its state, in [`Terminal::with`], which wakes and
//!    tells, after the lock is released, whoever waits for what has changed.
//! 2. *Order.* Bytes leave for the host while the state is locked, so that two who send cannot overtake each other: the
//!    link's lock is taken under the state's, and never the other way round.
//! 3. *Signals* are sent, and processes looked for, with no lock of a terminal held. The lock of the table of sessions is
//!    taken before that of a state.
//! 4. *A hang-up is for good.* A terminal whose far side is gone does not come back.
//!
//! Deliberately absent: serial lines, virtual consoles, line disciplines beside the one, `TIOCSTI` (refused, as Linux 6.2 does
//! where it is not asked for), `vhangup(2)`, locked settings (`TIOCSLCKTRMIOS`).

mod console;
pub mod devices;
mod ioctl;
mod jobs;
mod master;
mod master_ioctl;
mod numbers;
mod session;
mod settings;
mod slave;
mod state;
mod terminal;
mod transfer;

pub use console::{finish as finish_console, open as open_console, serve as serve_host};
pub use numbers::{Node, inode_of, listed, node};
pub use session::{of_session, session_ended};
pub(crate) use settings::window_bytes;
pub use terminal::Terminal;

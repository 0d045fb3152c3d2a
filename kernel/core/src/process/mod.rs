//! Processes and their threads, and how a program becomes one.
//!
//! A [`Process`] is what its threads share: memory, open files, signals' actions, credentials. A [`Thread`] is a kernel
//! task that runs ring 3 in a loop ([`life`]).
//!
//! Lock order: `memory` (sleeping) before any spin lock; no two spin locks of one process at once, but where a
//! field says so.

mod auxiliary;
mod children;
mod end;
mod exec;
mod fork;
mod life;
mod limits;
mod loader;
mod memory_shortage;
mod own;
mod shared;
mod source;
mod stack;
mod stop;
mod table;
mod thread;
mod tree;
mod usage;

pub use children::{Clones, Event, Found, Wanted, Which, wait};
pub(crate) use end::TICK;
pub use exec::{Failure, From, Program, execute, execute_from};
pub use fork::{Sharing, Start, clone_process, clone_thread, wait_for_own_memory};
pub use life::start_thread;
pub use limits::{Limit, Limits};
pub use memory_shortage::make_room;
pub use own::{unshare_files, unshare_places};
pub use shared::Shared;
pub use source::Tables;
pub use stop::may_stop_from_terminal;
pub use table::{ExitStatus, Memory, Process, first_process};
pub use thread::Thread;
pub use tree::{
    INIT, all, count, find, find_thread, is_orphaned_group, members_of_group, send_to_group, set_group,
    start_session,
};
pub use usage::{Times, Usage};

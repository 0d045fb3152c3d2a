//! epoll (`epoll(7)`).
//!
//! An [`Epoll`] instance has an [`Item`] for each file that it watches. An item is a [`Watcher`](crate::vfs::Watcher) of its
//! file: a notification puts it into the instance's list of those that may be ready, and wakes who waits. Waiting looks at
//! the listed items only, so it costs what has happened, not what is watched.
//!
//! | | after it was reported |
//! |---|---|
//! | level-triggered | is listed again at once; a look that finds it not ready takes it out |
//! | edge-triggered (`EPOLLET`) | is listed by the next notification |
//! | one-shot (`EPOLLONESHOT`) | asks for nothing until `EPOLL_CTL_MOD` |
//!
//! Lock order: items of an instance, then the watchers of a file, then the ready list of an instance, then the watchers
//! of that instance (and so on where instances are nested: [`nesting`] keeps that finite). Files are polled with none of
//! these locks held.

mod instance;
mod item;
mod nesting;
mod ready;

pub use instance::Epoll;
pub use item::{Event, Interest};

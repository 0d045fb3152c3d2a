//! The time between a machine's start and its end: streams in both directions, signals, the clock.
//!
//! One thread, the main one, waits for everything ([`conversation`]) and never blocks on a stream; what may block,
//! the program's standard streams, is read and written by a thread each, started when first needed ([`streams`]).
//! [`terminal`] is the user's, while the program has one of its own. [`protocol`] knows what either side may say; [`end`] tells how it all ended.

mod console;
mod conversation;
pub(crate) mod end;
mod protocol;
mod signals;
mod streams;
pub(crate) mod terminal;

pub(crate) use conversation::{Conversation, Reports};
pub(crate) use signals::Signals;

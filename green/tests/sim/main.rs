//! Deterministic mode: what a seed determines, what is found, and how it is told.

mod attribute;
mod chat;
mod held;
mod network;
mod schedules;
mod time;

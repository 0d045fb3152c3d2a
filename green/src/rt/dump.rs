//! A list of all green threads and what each is doing.

use std::fmt::Write;

use super::control::State;
use super::runtime::Runtime;
use super::{peer, stack};

/// At most this many threads are listed one by one.
const LISTED: usize = 1000;

/// The text of [`runtime::dump`](crate::runtime::dump).
pub(crate) fn dump() -> String {
    let mut text = String::new();
    let Some(runtime) = Runtime::get() else {
        return "threadbare: not started\n".to_owned();
    };
    let mut listed = 0;
    let mut total = 0_usize;
    stack::for_each_used(|control| {
        let state = control.state();
        if state == State::Free {
            return;
        }
        total += 1;
        if listed < LISTED {
            listed += 1;
            text.push_str("  thread ");
            let _ = control.describe(&mut text);
            let _ = match (state, control.worker()) {
                (State::Running, Some(worker)) => writeln!(text, ": running on worker {}", worker.index),
                _ if state.is_outside() && control.object() >= 0 => {
                    writeln!(
                        text,
                        ": {} {}",
                        state.describe(),
                        peer::describe(control.object())
                    )
                }
                _ => writeln!(text, ": {}", state.describe()),
            };
        }
    });
    if total > listed {
        let _ = writeln!(text, "  … and {} more", total - listed);
    }
    let mode = if runtime.is_isolated() {
        "isolated"
    } else {
        "pinned"
    };
    let workers = runtime.worker_count();
    format!("threadbare: {total} green threads, {workers} workers, mode {mode}\n{text}")
}

//! A list of all green threads: what each is doing, what it waits for, and by which calls it came there.

use std::fmt::Write;

use super::control::{Control, State};
use super::runtime::Runtime;
use super::trace::{self, Names};
use super::{peer, stack};

/// At most this many threads are listed one by one.
const LISTED: usize = 1000;

/// Among more than this, calls that are those of the thread before are not repeated.
const FEW: usize = 8;

/// The text of [`runtime::dump`](crate::runtime::dump).
pub(crate) fn dump() -> String {
    let Some(runtime) = Runtime::get() else {
        return "threadbare: not started\n".to_owned();
    };
    let mode = if runtime.is_isolated() {
        "isolated"
    } else {
        "pinned"
    };
    let workers = runtime.worker_count();
    list(
        |_| true,
        |total| format!("threadbare: {total} green threads, {workers} workers, mode {mode}\n"),
    )
}

/// The threads that `worker` runs.
#[cfg(feature = "sim")]
pub(super) fn dump_of(worker: &'static super::worker::Worker) -> String {
    let is_its = |control: &Control| control.worker().is_some_and(|its| std::ptr::eq(its, worker));
    list(is_its, |_| String::new())
}

fn list(is_wanted: impl Fn(&Control) -> bool, head: impl FnOnce(usize) -> String) -> String {
    let mut listed = Vec::new();
    let mut total = 0_usize;
    stack::for_each_used(|control| {
        if control.state() != State::Free && is_wanted(control) {
            total += 1;
            if listed.len() < LISTED {
                listed.push(control);
            }
        }
    });
    let mut text = head(total);
    let traces = trace::capture(&listed);
    let mut names = Names::default();
    let mut before = None;
    for (control, trace) in listed.iter().zip(&traces) {
        text.push_str("  thread ");
        let _ = control.describe(&mut text);
        let _ = writeln!(text, ": {}", activity(control));
        match trace {
            Some(trace) if Some(trace) == before && listed.len() > FEW => {
                text.push_str("      as the thread before\n")
            }
            Some(trace) => names.write(trace, &mut text),
            None => {}
        }
        before = trace.as_ref();
    }
    if total > listed.len() {
        let _ = writeln!(text, "  … and {} more", total - listed.len());
    }
    text
}

/// What it is doing, and with what.
fn activity(control: &Control) -> String {
    let state = control.state();
    let what = state.describe();
    let subject = control.subject();
    match state {
        State::Running => match control.worker() {
            Some(worker) if worker.index < usize::MAX => format!("running on worker {}", worker.index),
            _ => what.to_owned(),
        },
        State::Joining => format!("{what} {subject}"),
        _ if state.is_outside() && state != State::Calling => match i32::try_from(subject) {
            Ok(descriptor) => format!("{what} {}", peer::describe(descriptor)),
            Err(_) => what.to_owned(),
        },
        _ if subject != 0 && state.has_subject() => format!("{what} at {subject:#x}"),
        _ => what.to_owned(),
    }
}

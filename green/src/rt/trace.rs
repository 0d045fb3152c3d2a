//! The calls on the stacks of suspended threads: captured while nobody moves, named afterwards.

#![allow(unsafe_code, reason = "fenced: unwinds stacks that hold still")]

use std::collections::HashMap;
use std::fmt::Write;
use std::sync::Arc;

use super::control::Control;
use super::freeze;

/// Calls captured of each thread, the innermost ones.
pub(super) const DEPTH: usize = 48;

/// Calls printed of each thread.
const SHOWN: usize = 16;

/// Return addresses, innermost first.
pub(super) type Trace = Vec<usize>;

/// The traces of those of `threads` that are suspended.
pub(super) fn capture(threads: &[&'static Control]) -> Vec<Option<Trace>> {
    let frozen = freeze::freeze();
    threads
        .iter()
        .map(|control| frozen.holds(control).then(|| one(control)))
        .collect()
}

#[cfg(not(any(feature = "baton", miri)))]
fn one(control: &'static Control) -> Trace {
    struct Request {
        stack: std::ops::Range<usize>,
        trace: Trace,
    }
    /// # Safety
    /// `request` is the address of a request that nobody else uses.
    unsafe extern "sysv64" fn look(request: usize) {
        // SAFETY: the caller's promise.
        let request = unsafe { &mut *std::ptr::with_exposed_provenance_mut::<Request>(request) };
        // SAFETY: the unsynchronised part is the lookup of symbols, which comes later.
        unsafe {
            backtrace::trace_unsynchronized(|frame| {
                if request.stack.contains(&(frame.sp() as usize)) {
                    // A return address is one too far for a lookup.
                    request.trace.push((frame.ip() as usize).wrapping_sub(1));
                }
                request.trace.len() < DEPTH
            });
        }
    }
    let base = control.stack_base();
    let mut request = Request {
        stack: control.stack_pointer().0..base,
        trace: Vec::with_capacity(DEPTH),
    };
    let address = (&raw mut request).expose_provenance();
    // SAFETY: the caller's `Frozen` holds the thread still (invariant 2 there), and it is not fresh; the request is ours.
    unsafe { threadbare_context::look_at(control.stack_pointer(), look, address) };
    request.trace
}

#[cfg(any(feature = "baton", miri))]
fn one(_control: &'static Control) -> Trace {
    Vec::new()
}

/// Names addresses, each once.
#[derive(Default)]
pub(super) struct Names {
    known: HashMap<usize, Arc<[(String, String)]>>,
}

impl Names {
    /// The functions at an address, innermost first, each with its place.
    fn of(&mut self, address: usize) -> Arc<[(String, String)]> {
        let known = self.known.entry(address).or_insert_with(|| {
            let mut found = Vec::new();
            backtrace::resolve(std::ptr::without_provenance_mut(address), |symbol| {
                let name = symbol.name().map(|name| format!("{name:#}"));
                let place = match (symbol.filename(), symbol.lineno()) {
                    (Some(file), Some(line)) => format!("{}:{line}", file.display()),
                    _ => String::new(),
                };
                found.extend(name.map(|name| (name, place)));
            });
            if found.is_empty() {
                found.push((format!("{address:#x}"), String::new()));
            }
            found.into()
        });
        known.clone()
    }

    /// Writes the user's calls of a trace, a line each: not the engine's below, and not how a thread's closure is called.
    pub(super) fn write(&mut self, trace: &Trace, to: &mut String) {
        let calls: Vec<(String, String)> = trace
            .iter()
            .flat_map(|address| self.of(*address).to_vec())
            .collect();
        let start = calls.iter().position(|(name, _)| !is_engine(name)).unwrap_or(0);
        let calls = &calls[start..];
        let end = calls
            .iter()
            .position(|(name, _)| name.contains("threadbare::thread::builder::"));
        let calls = &calls[..end.unwrap_or(calls.len())];
        let end = calls.iter().rposition(|(name, _)| !is_std_s_start(name));
        let calls = &calls[..end.map_or(calls.len(), |last| last + 1)];
        for (name, place) in calls.iter().take(SHOWN) {
            let at = if place.is_empty() { "" } else { " at " };
            let _ = writeln!(to, "      {name}{at}{place}");
        }
        if calls.len() > SHOWN {
            let _ = writeln!(to, "      … and {} more calls", calls.len() - SHOWN);
        }
    }
}

fn is_engine(name: &str) -> bool {
    [
        "threadbare::rt::",
        "<threadbare::rt::",
        "threadbare_context::",
        "threadbare::sync::raw::",
    ]
    .iter()
    .any(|prefix| name.starts_with(prefix))
}

/// What std calls a closure through.
fn is_std_s_start(name: &str) -> bool {
    [
        "std::panic",
        "core::panic",
        "<core::panic",
        "__rust_try",
        "core::ops::function",
        "<alloc::boxed",
    ]
    .iter()
    .any(|prefix| name.starts_with(prefix))
}

//! Which thread ran when on which worker, for a picture of the scheduling (feature `trace`).
//!
//! Each worker keeps its latest slices; one slice is the time from one switch to the next. Each switch reads the clock once, which
//! costs more than the switch: this is for looking, not for production.

use std::collections::VecDeque;
use std::fmt::Write;
use std::sync::atomic::Ordering;

use super::control::{Control, State};
use super::runtime::Runtime;
use super::spin::Spin;
use super::timer::{self, Tick};

/// Slices that a worker keeps.
const KEPT: usize = 1 << 16;

struct Slice {
    control: &'static Control,
    id: u64,
    start: Tick,
    end: Tick,
    /// What the thread did next.
    then: State,
}

#[derive(Default)]
struct Track {
    slices: VecDeque<Slice>,
    since: Tick,
}

/// The latest slices of one worker.
pub(super) struct Timeline(Spin<Track>);

impl Timeline {
    pub(super) fn new() -> Timeline {
        Timeline(Spin::new(Track::default()))
    }

    /// The worker changes from `former`, if it ran a thread, to another or to none.
    pub(super) fn switch(&self, former: Option<&'static Control>) {
        let now = timer::now();
        let mut track = self.0.lock();
        if let Some(control) = former {
            if track.slices.len() == KEPT {
                track.slices.pop_front();
            }
            let slice = Slice {
                control,
                id: control.id.load(Ordering::Relaxed),
                start: track.since,
                end: now,
                then: control.state(),
            };
            track.slices.push_back(slice);
        }
        track.since = now;
    }
}

/// All slices as JSON in Chrome's trace event format, which Perfetto and `chrome://tracing` show.
pub(crate) fn to_json() -> String {
    let mut events = Vec::new();
    for worker in Runtime::get().into_iter().flat_map(Runtime::workers) {
        let index = worker.index;
        events.push(format!(
            r#"{{"ph":"M","name":"thread_name","pid":1,"tid":{index},"args":{{"name":"worker {index}"}}}}"#
        ));
        let track = worker.timeline.0.lock();
        events.extend(track.slices.iter().map(|slice| event(slice, index)));
    }
    format!("{{\"traceEvents\":[\n{}\n]}}\n", events.join(",\n"))
}

fn event(slice: &Slice, worker: usize) -> String {
    let mut name = String::new();
    if slice.control.id.load(Ordering::Relaxed) == slice.id {
        let _ = slice.control.describe(&mut name);
    } else {
        let _ = write!(name, "thread {}", slice.id);
    }
    let then = match slice.then {
        State::Running => "ended",
        other => other.describe(),
    };
    format!(
        r#"{{"ph":"X","name":{},"pid":1,"tid":{worker},"ts":{},"dur":{},"args":{{"then":"{then}"}}}}"#,
        quoted(&name),
        microseconds(slice.start),
        microseconds(slice.end - slice.start),
    )
}

fn microseconds(nanoseconds: Tick) -> String {
    format!("{}.{:03}", nanoseconds / 1000, nanoseconds % 1000)
}

/// A string of JSON (RFC 8259, section 7).
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            '\0'..=' ' if character != ' ' => {
                let _ = write!(quoted, "\\u{:04x}", u32::from(character));
            }
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

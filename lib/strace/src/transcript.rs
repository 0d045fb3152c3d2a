//! [`Transcript`]: what happened, line by line.

use crate::format::{self, Call};
use crate::{errno, signature};
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write;

/// In which column results begin.
const RESULT_COLUMN: usize = 39;

/// Bytes of a program's memory that belong to a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Captured<'a> {
    /// Whose: the number of an argument, or [`CONTENT`](crate::CONTENT) and more.
    pub slot: u8,
    /// What was there.
    pub bytes: &'a [u8],
}

/// A thread enters the kernel.
#[derive(Clone, Copy, Debug)]
pub struct Enter<'a> {
    /// The number of the thread.
    pub thread: u32,
    /// The number of the call.
    pub number: u32,
    /// Its arguments.
    pub arguments: [u64; 6],
    /// What they point to.
    pub captured: &'a [Captured<'a>],
}

/// A thread leaves the kernel.
#[derive(Clone, Copy, Debug)]
pub struct Leave<'a> {
    /// The number of the thread.
    pub thread: u32,
    /// What the call returns: a negated error from -4095 on.
    pub result: i64,
    /// What the kernel wrote.
    pub captured: &'a [Captured<'a>],
}

/// A signal is delivered (`siginfo_t`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SignalInfo {
    /// `si_signo`
    pub signal: u8,
    /// `si_code`
    pub code: i32,
    /// `si_pid`
    pub pid: u32,
    /// `si_uid`
    pub uid: u32,
    /// `si_status` of a child.
    pub status: i32,
    /// `si_utime` and `si_stime` of a child, in ticks.
    pub times: [u64; 2],
    /// `si_addr` of a fault.
    pub address: u64,
}

/// How a thread ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Death {
    /// With this status.
    Exited(u8),
    /// By this signal.
    Killed(u8),
}

/// A call that has not returned yet.
struct Pending {
    number: u32,
    arguments: [u64; 6],
    captured: Vec<(u8, Vec<u8>)>,
    /// The first argument that is not on the line yet.
    next: usize,
    /// The call's line was ended to make room for another thread's.
    interrupted: bool,
    /// Signals that came meanwhile: they are handled when it returns.
    signals: Vec<SignalInfo>,
}

/// Turns events, in their order, into text.
#[derive(Default)]
pub struct Transcript {
    pending: BTreeMap<u32, Pending>,
    /// The threads that have been seen and have not ended.
    alive: Vec<u32>,
    /// The thread whose call is on the unfinished last line, and how long that is.
    line: Option<(u32, usize)>,
}

impl Transcript {
    /// Nothing has happened.
    pub fn new() -> Self {
        Transcript::default()
    }

    /// A call begins: what is known of it before it does anything.
    pub fn enter(&mut self, event: &Enter<'_>) -> String {
        let mut text = self.begin(event.thread);
        let call = Call {
            number: event.number,
            arguments: &event.arguments,
            captured: event.captured,
            result: None,
        };
        let start = text.len();
        let _ = write!(text, "{}(", name(event.number));
        let next = format::arguments(&call, 0, &mut text);
        let column = text.len() - start.min(text.rfind('\n').map_or(0, |at| at + 1));
        self.line = Some((event.thread, column));
        let captured = event.captured.iter();
        let pending = Pending {
            number: event.number,
            arguments: event.arguments,
            captured: captured.map(|part| (part.slot, part.bytes.to_vec())).collect(),
            next,
            interrupted: false,
            signals: Vec::new(),
        };
        self.pending.insert(event.thread, pending);
        text
    }

    /// The call of a thread returns.
    pub fn leave(&mut self, event: &Leave<'_>) -> String {
        let Some(pending) = self.pending.remove(&event.thread) else {
            return String::new();
        };
        let (mut text, mut column) = match self.line {
            Some((thread, column)) if thread == event.thread => (String::new(), column),
            _ => (self.begin(event.thread), 0),
        };
        let start = text.rfind('\n').map_or(0, |at| at + 1);
        if pending.interrupted {
            let _ = write!(text, "<... {} resumed>", name(pending.number));
        }
        let before = pending.captured.iter();
        let mut captured: Vec<Captured<'_>> = before
            .map(|(slot, bytes)| Captured { slot: *slot, bytes })
            .collect();
        captured.extend_from_slice(event.captured);
        let call = Call {
            number: pending.number,
            arguments: &pending.arguments,
            captured: &captured,
            result: Some(event.result),
        };
        format::arguments(&call, pending.next, &mut text);
        text.push(')');
        column += text.len() - start;
        for _ in column..RESULT_COLUMN {
            text.push(' ');
        }
        let _ = writeln!(text, " = {}", format::result(&call));
        self.line = None;
        for signal in &pending.signals {
            text += &self.signal(event.thread, signal);
        }
        text
    }

    /// A signal is about to be handled, to do what it does by default, or to be ignored. While its thread is in a call, it
    /// comes after it.
    pub fn signal(&mut self, thread: u32, info: &SignalInfo) -> String {
        if let Some(pending) = self.pending.get_mut(&thread) {
            pending.signals.push(*info);
            return String::new();
        }
        let mut text = self.begin(thread);
        let _ = writeln!(text, "--- {} ---", format::signal_info(info));
        text
    }

    /// A thread is gone.
    pub fn end(&mut self, thread: u32, death: Death) -> String {
        let mut text = String::new();
        // A call during which the thread ends never returns.
        if let Some(pending) = self.pending.remove(&thread) {
            if self.line.is_some_and(|(other, _)| other == thread) {
                let never = signature(pending.number).is_some_and(|row| row.outcome == crate::Outcome::Never);
                text.push_str(if never { ")" } else { " <unfinished ...>)" });
                let column = self.line.map_or(0, |(_, column)| column) + text.len();
                for _ in column..RESULT_COLUMN {
                    text.push(' ');
                }
                text.push_str(" = ?\n");
                self.line = None;
            } else {
                text = self.begin(thread);
                let name = name(pending.number);
                let _ = writeln!(text, "<... {name} resumed>) = ?");
            }
            for signal in &pending.signals {
                text += &self.signal(thread, signal);
            }
        }
        text += &self.begin(thread);
        let _ = match death {
            Death::Exited(status) => writeln!(text, "+++ exited with {status} +++"),
            Death::Killed(signal) => writeln!(
                text,
                "+++ killed by {} +++",
                format::signal_name(u64::from(signal))
            ),
        };
        self.alive.retain(|other| *other != thread);
        text
    }

    /// What was begun and will not be finished, when everything ends.
    pub fn finish(&mut self) -> String {
        match self.line.take() {
            Some(_) => String::from(" <unfinished ...>\n"),
            None => String::new(),
        }
    }

    /// The beginning of a line of `thread`'s, after the end of an unfinished one.
    fn begin(&mut self, thread: u32) -> String {
        let mut text = self.finish_line();
        if !self.alive.contains(&thread) {
            self.alive.push(thread);
        }
        if self.alive.len() > 1 {
            let _ = write!(text, "[pid {thread:5}] ");
        }
        text
    }

    fn finish_line(&mut self) -> String {
        let Some((other, _)) = self.line.take() else {
            return String::new();
        };
        if let Some(pending) = self.pending.get_mut(&other) {
            pending.interrupted = true;
        }
        String::from(" <unfinished ...>\n")
    }
}

fn name(number: u32) -> String {
    match signature(number) {
        Some(row) => String::from(row.name),
        None => format!("syscall_{number:#x}"),
    }
}

/// The text of an error, for results.
pub(crate) fn error(number: u64) -> String {
    if let Some((name, text)) = errno::restart(number) {
        return format!("? {name} ({text})");
    }
    match (errno::name(number), errno::text(number)) {
        (Some(name), Some(text)) => format!("-1 {name} ({text})"),
        _ => format!("-1 (errno {number})"),
    }
}

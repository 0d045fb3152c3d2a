//! The listing of system calls: what a thread did, as `strace(1)` shows it.

use crate::failure::{Context, Failure};
use std::{
    cell::RefCell,
    fs::File,
    io::{BufWriter, Write},
    path::Path,
};
use threadbare_link::{ExitStatus, Observed};
use threadbare_strace::{Captured, Death, Enter, Leave, SignalInfo, Transcript};

/// A listing, on standard error or in a file.
pub(crate) struct Listing {
    transcript: RefCell<Transcript>,
    file: Option<RefCell<BufWriter<File>>>,
}

impl Listing {
    /// Begins one in `path`, or on standard error for `-`.
    pub(crate) fn open(path: &Path) -> Result<Self, Failure> {
        let file = if path == Path::new("-") {
            None
        } else {
            let file = File::create(path).context(|| format!("cannot write {}", path.display()))?;
            Some(RefCell::new(BufWriter::new(file)))
        };
        Ok(Self {
            transcript: RefCell::new(Transcript::new()),
            file,
        })
    }

    /// Adds an event; returns the text that is for standard error.
    pub(crate) fn add(&self, event: &Observed<'_>) -> Option<String> {
        let text = text(&mut self.transcript.borrow_mut(), event);
        match &self.file {
            None => Some(text),
            Some(file) => {
                // A full disk must not end the program.
                let _ = file.borrow_mut().write_all(text.as_bytes());
                None
            }
        }
    }
}

fn text(transcript: &mut Transcript, event: &Observed<'_>) -> String {
    match event {
        Observed::Enter {
            thread,
            number,
            arguments,
            captured,
        } => transcript.enter(&Enter {
            thread: *thread,
            number: *number,
            arguments: *arguments,
            captured: &parts(captured),
        }),
        Observed::Leave {
            thread,
            result,
            captured,
        } => transcript.leave(&Leave {
            thread: *thread,
            result: *result,
            captured: &parts(captured),
        }),
        Observed::Signal {
            thread,
            signal,
            code,
            pid,
            uid,
            status,
            times,
            address,
        } => {
            let info = SignalInfo {
                signal: *signal,
                code: *code,
                pid: *pid,
                uid: *uid,
                status: *status,
                times: *times,
                address: *address,
            };
            transcript.signal(*thread, &info)
        }
        Observed::End { thread, status } => {
            let death = match status {
                ExitStatus::Exited(status) => Death::Exited(*status),
                ExitStatus::Signaled(signal) => Death::Killed(*signal),
            };
            transcript.end(*thread, death)
        }
    }
}

fn parts<'a>(captured: &[(u8, &'a [u8])]) -> Vec<Captured<'a>> {
    captured
        .iter()
        .map(|&(slot, bytes)| Captured { slot, bytes })
        .collect()
}

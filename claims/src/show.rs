//! How a run tells what it saw: lines on standard output, the same that kernel tests in a VM print on the console.
//!
//! ```text
//!   seen WHAT = VALUE          a value
//!   picture NAME | TITLE       a picture of memory begins; `end` ends it
//!   point NAME | 0xADDRESS     a value with a name: an arrow at the row of that address, a name for a cell of that value
//!   column TITLE               another column of rows begins
//!   row WHERE | 0xVALUE | TEXT a cell: where it is (an address or a register), what it holds, what that means
//!   test claims::RUN ... ok    the verdict; or FAILED, with the demand that was not met
//! ```

use std::fmt::Display;

/// What a run saw, so far, and what it missed.
#[derive(Default)]
pub(crate) struct Show {
    unmet: Vec<String>,
}

impl Show {
    /// Prints a value that was observed.
    pub(crate) fn seen(&mut self, what: &str, value: impl Display) {
        println!("seen {what} = {value}");
    }

    /// Prints an address or a register.
    pub(crate) fn hex(&mut self, what: &str, value: u64) {
        self.seen(what, format_args!("{value:#x}"));
    }

    /// Prints bytes as they lie in memory, the lowest address first.
    pub(crate) fn bytes(&mut self, what: &str, bytes: &[u8]) {
        let list: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        self.seen(what, list.join(" "));
    }

    /// What the claim demands of the values that were seen.
    pub(crate) fn demand(&mut self, what: &str, met: bool) {
        if !met {
            self.unmet.push(what.to_owned());
        }
    }

    /// Prints the verdict: whether every demand was met.
    pub(crate) fn verdict(&self, run: &str) -> bool {
        match self.unmet.first() {
            None => println!("test claims::{run} ... ok"),
            Some(first) => println!("test claims::{run} ... FAILED: {first}"),
        }
        self.unmet.is_empty()
    }
}

/// A picture of memory that is being printed; it ends when it is dropped.
pub(crate) struct Picture;

impl Picture {
    /// Begins the picture `name`.
    pub(crate) fn begin(name: &str, title: &str) -> Picture {
        println!("picture {name} | {title}");
        Picture
    }

    /// Gives `value` a name.
    pub(crate) fn point(&self, name: &str, value: u64) {
        println!("point {name} | {value:#x}");
    }

    /// Begins another column.
    pub(crate) fn column(&self, title: &str) {
        println!("column {title}");
    }

    /// A word of memory.
    pub(crate) fn word(&self, address: u64, value: u64, text: &str) {
        println!("row {address:#x} | {value:#x} | {text}");
    }

    /// A word whose value does not matter.
    pub(crate) fn unknown(&self, address: u64, text: &str) {
        println!("row {address:#x} | - | {text}");
    }

    /// A register.
    pub(crate) fn register(&self, name: &str, value: u64, text: &str) {
        println!("row {name} | {value:#x} | {text}");
    }
}

impl Drop for Picture {
    fn drop(&mut self) {
        println!("end");
    }
}

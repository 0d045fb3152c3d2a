//! Printing what was seen.

use crate::io::CrashConsole;
use core::fmt::{Display, Write};

/// Prints a value.
pub(super) fn seen(what: impl Display, value: impl Display) {
    let _ = writeln!(CrashConsole, "seen {what} = {value}");
}

/// Prints a value, in hexadecimal.
pub(super) fn seen_hex(what: impl Display, value: u64) {
    seen(what, format_args!("{value:#x}"));
}

/// A picture of memory, printed row by row; dropping it ends it.
pub(super) struct Picture(());

impl Picture {
    /// Begins a picture.
    pub(super) fn new(name: &str, title: impl Display) -> Picture {
        let _ = writeln!(CrashConsole, "picture {name} | {title}");
        Picture(())
    }

    /// Names a value. Where it is a row's address, an arrow points at the row.
    pub(super) fn point(&self, name: &str, value: u64) -> &Self {
        let _ = writeln!(CrashConsole, "point {name} | {value:#x}");
        self
    }

    /// Begins another column.
    pub(super) fn column(&self, title: impl Display) -> &Self {
        let _ = writeln!(CrashConsole, "column {title}");
        self
    }

    /// A word of memory; the highest address comes first.
    pub(super) fn row(&self, address: u64, value: u64, label: impl Display) -> &Self {
        let _ = writeln!(CrashConsole, "row {address:#x} | {value:#x} | {label}");
        self
    }

    /// A word whose value differs from run to run and means nothing here.
    pub(super) fn row_of_whatever(&self, address: u64, label: impl Display) -> &Self {
        let _ = writeln!(CrashConsole, "row {address:#x} | - | {label}");
        self
    }
}

impl Drop for Picture {
    fn drop(&mut self) {
        let _ = CrashConsole.write_str("end\n");
    }
}

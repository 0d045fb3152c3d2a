//! Arguments and results as text.

mod structure;
mod text;

use crate::signature::{Kind, Outcome, RESULT, Structure, When, signature};
use crate::transcript::{Captured, SignalInfo, error};
use crate::{CONTENT, SHOWN, flags};
use alloc::format;
use alloc::string::String;
use core::fmt::Write;
use text::{quoted, strings};

pub use structure::signal_name;

/// A call, as far as it is known.
pub(crate) struct Call<'a> {
    pub(crate) number: u32,
    pub(crate) arguments: &'a [u64; 6],
    pub(crate) captured: &'a [Captured<'a>],
    /// `None` before it returns.
    pub(crate) result: Option<i64>,
}

impl<'a> Call<'a> {
    /// What is at the address that is argument `slot`.
    fn bytes(&self, slot: usize) -> Option<&'a [u8]> {
        let part = self.captured.iter().find(|part| usize::from(part.slot) == slot)?;
        Some(part.bytes)
    }

    fn argument(&self, slot: usize) -> u64 {
        self.arguments.get(slot).copied().unwrap_or(0)
    }

    /// How many elements or bytes argument `index` says that there are.
    fn count(&self, index: u8) -> u64 {
        if index == RESULT {
            self.result.map_or(0, |result| result.max(0).cast_unsigned())
        } else {
            self.argument(usize::from(index))
        }
    }

    fn failed(&self) -> bool {
        self.result.is_some_and(|result| (-4095..0).contains(&result))
    }
}

/// Appends the arguments from number `from` on, as far as they are known, and returns the number of the first one that is not.
pub(crate) fn arguments(call: &Call<'_>, from: usize, text: &mut String) -> usize {
    const UNKNOWN: &[Kind] = &[Kind::Hex; 6];
    let kinds = signature(call.number).map_or(UNKNOWN, |row| row.arguments);
    for (slot, kind) in kinds.iter().enumerate().skip(from) {
        if slot > from || slot > 0 && from == 0 {
            text.push_str(", ");
        }
        if call.result.is_none() && kind.when() == When::Leave {
            return slot;
        }
        let (part, is_last) = argument(call, *kind, slot);
        text.push_str(&part);
        if is_last {
            return kinds.len();
        }
    }
    kinds.len()
}

/// One argument, and whether those after it are not there.
fn argument(call: &Call<'_>, kind: Kind, slot: usize) -> (String, bool) {
    let value = call.argument(slot);
    let text = match kind {
        Kind::OpenFlags => {
            let creates = value & 0o100 != 0 || value & 0o20200000 == 0o20200000;
            return (flags::OPEN.show(low(value)), !creates);
        }
        Kind::Command => {
            let alone = matches!(low(value), 1 | 3 | 9 | 1032 | 1034);
            return (flags::FCNTL.show(low(value)), alone);
        }
        Kind::CloneFlags => return (clone(call), true),
        _ => plain(call, kind, slot, value),
    };
    (text, false)
}

fn plain(call: &Call<'_>, kind: Kind, slot: usize, value: u64) -> String {
    match kind {
        Kind::Int | Kind::Fd => format!("{}", int(value)),
        Kind::Directory if int(value) == -100 => String::from("AT_FDCWD"),
        Kind::Directory => format!("{}", int(value)),
        Kind::Long => format!("{}", value.cast_signed()),
        Kind::Unsigned => format!("{value}"),
        Kind::Hex if value == 0 => String::from("0"),
        Kind::Hex => format!("{value:#x}"),
        Kind::Mode => mode(value),
        Kind::Flags(set) => set.show(low(value)),
        Kind::Request => flags::REQUEST.show(low(value)),
        Kind::Signal => signal_name(value),
        Kind::Path => call
            .bytes(slot)
            .map_or_else(|| pointer(value), |bytes| quoted(bytes, usize::MAX, true)),
        Kind::Text => call
            .bytes(slot)
            .map_or_else(|| pointer(value), |bytes| quoted(bytes, SHOWN, true)),
        Kind::Data { length } => {
            let whole = call.count(length);
            data(call, slot, value, whole)
        }
        Kind::Filled if call.failed() => pointer(value),
        Kind::Filled => data(call, slot, value, call.count(RESULT)),
        Kind::One(Structure::Opaque, _) => pointer(value),
        Kind::One(_, When::Leave) if call.failed() => pointer(value),
        Kind::One(kind, _) => structure_at(call, slot, value, kind),
        Kind::Many {
            structure,
            count,
            when,
        } => match when {
            When::Leave if call.failed() => pointer(value),
            _ if structure == Structure::Vector => vectors(call, slot, value, count),
            _ => many(call, slot, value, structure, count),
        },
        Kind::Strings => call.bytes(slot).map_or_else(|| pointer(value), strings),
        Kind::Variables => variables(call, slot, value),
        _ => pointer(value),
    }
}

/// An address.
pub(crate) fn pointer(value: u64) -> String {
    if value == 0 {
        String::from("NULL")
    } else {
        format!("{value:#x}")
    }
}

fn low(value: u64) -> u64 {
    value & 0xffff_ffff
}

/// The low half of a register as the `int` that it is.
fn int(value: u64) -> i32 {
    u32::try_from(low(value)).unwrap_or(0).cast_signed()
}

fn mode(value: u64) -> String {
    format!("0{:02o}", low(value))
}

fn data(call: &Call<'_>, slot: usize, value: u64, whole: u64) -> String {
    let Some(bytes) = call.bytes(slot) else {
        return if value != 0 && whole == 0 {
            String::from("\"\"")
        } else {
            pointer(value)
        };
    };
    let whole = usize::try_from(whole).unwrap_or(usize::MAX);
    let bytes = bytes.get(..bytes.len().min(whole)).unwrap_or(bytes);
    match signature(call.number).map_or("", |row| row.name) {
        "getcwd" => quoted(bytes, SHOWN, true),
        "getrandom" => text::hexadecimal(bytes, SHOWN),
        _ => quoted(bytes, SHOWN, false),
    }
}

fn structure_at(call: &Call<'_>, slot: usize, value: u64, kind: Structure) -> String {
    let bytes = call.bytes(slot);
    bytes
        .and_then(|bytes| structure::show(kind, bytes))
        .unwrap_or_else(|| pointer(value))
}

fn many(call: &Call<'_>, slot: usize, value: u64, kind: Structure, count: u8) -> String {
    let Some(bytes) = call.bytes(slot) else {
        return if value != 0 && call.count(count) == 0 {
            String::from("[]")
        } else {
            pointer(value)
        };
    };
    let mut text = String::from("[");
    for (index, element) in bytes.chunks_exact(kind.size()).enumerate() {
        if index > 0 {
            text.push_str(", ");
        }
        text.push_str(&structure::show(kind, element).unwrap_or_default());
    }
    if call.count(count) > (bytes.len() / kind.size()) as u64 {
        text.push_str(", ...");
    }
    text.push(']');
    text
}

fn vectors(call: &Call<'_>, slot: usize, value: u64, count: u8) -> String {
    let Some(bytes) = call.bytes(slot) else {
        return pointer(value);
    };
    let mut text = String::from("[");
    let mut left = call
        .result
        .filter(|_| !call.failed())
        .map(|result| result.max(0).cast_unsigned());
    for (index, element) in bytes.chunks_exact(16).enumerate() {
        if index > 0 {
            text.push_str(", ");
        }
        let (base, length) = (structure::word(element, 0), structure::word(element, 8));
        // A read fills one after the other.
        let filled = left.map_or(length, |left| left.min(length));
        left = left.map(|left| left - filled);
        let content = call.bytes(usize::from(CONTENT) + index);
        let content = content.map_or_else(
            || pointer(base),
            |bytes| {
                let filled = usize::try_from(filled).unwrap_or(usize::MAX);
                quoted(
                    bytes.get(..bytes.len().min(filled)).unwrap_or(bytes),
                    SHOWN,
                    false,
                )
            },
        );
        let _ = write!(text, "{{iov_base={content}, iov_len={length}}}");
    }
    if call.count(count) > (bytes.len() / 16) as u64 {
        text.push_str(", ...");
    }
    text.push(']');
    text
}

fn variables(call: &Call<'_>, slot: usize, value: u64) -> String {
    match call.bytes(slot) {
        Some(words) => {
            let count = words.chunks_exact(8).count();
            let s = if count == 1 { "" } else { "s" };
            format!("{} /* {count} var{s} */", pointer(value))
        }
        None => pointer(value),
    }
}

fn clone(call: &Call<'_>) -> String {
    let [set, stack, parent, child, tls, _] = *call.arguments;
    let mut text = format!("child_stack={}, flags={}", pointer(stack), flags::CLONE.show(set));
    if set & 0x10_0000 != 0 {
        let _ = write!(text, ", parent_tid={}", pointer(parent));
    }
    if set & 0x8_0000 != 0 {
        let _ = write!(text, ", tls={}", pointer(tls));
    }
    if set & 0x120_0000 != 0 {
        let _ = write!(text, ", child_tidptr={}", pointer(child));
    }
    text
}

/// What a call returned.
pub(crate) fn result(call: &Call<'_>) -> String {
    let result = call.result.unwrap_or(0);
    let row = signature(call.number);
    let outcome = row.map_or(Outcome::Number, |row| row.outcome);
    if (-4095..0).contains(&result) {
        return error(result.unsigned_abs());
    }
    let name = row.map_or("", |row| row.name);
    match outcome {
        Outcome::Never => String::from("?"),
        Outcome::Hex => format!("{:#x}", result),
        Outcome::Octal => mode(result.cast_unsigned()),
        Outcome::Number if result == 0 && matches!(name, "poll" | "ppoll" | "select" | "pselect6") => {
            String::from("0 (Timeout)")
        }
        Outcome::Number if call.argument(1) == 3 && name == "fcntl" => {
            format!(
                "{:#x} (flags {})",
                result,
                flags::OPEN.show(result.cast_unsigned())
            )
        }
        Outcome::Number if matches!(name, "poll" | "ppoll") => format!("{result}{}", answers(call)),
        Outcome::Number => format!("{result}"),
    }
}

/// Which descriptors are ready, and for what.
fn answers(call: &Call<'_>) -> String {
    let Some(polled) = call.bytes(usize::from(CONTENT)) else {
        return String::new();
    };
    let mut text = String::from(" ([");
    let ready = polled.chunks_exact(8).filter_map(structure::answer);
    for (index, answer) in ready.enumerate() {
        if index > 0 {
            text.push_str(", ");
        }
        text.push_str(&answer);
    }
    text.push_str("])");
    text
}

/// A `siginfo_t`.
pub(crate) fn signal_info(info: &SignalInfo) -> String {
    structure::signal_info(info)
}

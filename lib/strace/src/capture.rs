//! Which bytes of a program's memory belong to a call.

use crate::signature::{Kind, RESULT, Structure, When, signature};
use crate::{CONTENT, SHOWN};

/// The longest path that is captured.
const PATH: usize = 4096;
/// The most elements of an array that are captured.
const ELEMENTS: usize = 16;

/// A piece of memory that an argument points to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Capture {
    /// The number of the argument.
    pub argument: u8,
    /// Under which number it is handed on: that of the argument, or [`CONTENT`].
    pub slot: u8,
    /// When it means something.
    pub when: When,
    /// How much it is.
    pub extent: Extent,
}

/// How much is captured.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Extent {
    /// Up to a NUL, or so many bytes; the NUL is captured with it.
    String(usize),
    /// So many bytes.
    Bytes(usize),
    /// So many bytes of the result, or fewer.
    Result(usize),
    /// As many elements of this size as the result says, but not more than that.
    Elements(usize, usize),
    /// An array of pointers up to a null one, and the strings that they point to: all after one another, each with its NUL
    /// if it is not too long.
    Strings(usize),
    /// So many words up to a zero: only their number is wanted.
    Words(usize),
    /// An array of so many `iovec`s, and what they point to, up to so many bytes of each, in the slots from [`CONTENT`] on.
    Vectors {
        /// How many elements.
        count: usize,
        /// How much of each.
        content: usize,
    },
}

/// What to capture for a call with these arguments.
pub fn captures(number: u32, arguments: &[u64; 6]) -> impl Iterator<Item = Capture> {
    let kinds = signature(number).map_or(&[][..], |signature| signature.arguments);
    let arguments = *arguments;
    let one = move |(slot, kind): (usize, &Kind)| {
        let extent = extent(*kind, slot, &arguments)?;
        let address = arguments.get(slot).copied().unwrap_or(0);
        (address != 0).then(|| Capture {
            argument: u8::try_from(slot).unwrap_or(u8::MAX),
            slot: u8::try_from(slot).unwrap_or(CONTENT),
            when: kind.when(),
            extent,
        })
    };
    kinds
        .iter()
        .enumerate()
        .filter_map(one)
        .flat_map(|capture| [Some(capture), answer(&capture, kinds)])
        .flatten()
}

/// Descriptors are polled in an array that also takes the answers.
fn answer(capture: &Capture, kinds: &[Kind]) -> Option<Capture> {
    let polls = matches!(
        kinds.get(usize::from(capture.slot)),
        Some(Kind::Many {
            structure: Structure::Poll,
            ..
        })
    );
    polls.then_some(Capture {
        slot: CONTENT,
        when: When::Leave,
        ..*capture
    })
}

fn extent(kind: Kind, slot: usize, arguments: &[u64; 6]) -> Option<Extent> {
    let argument = |index: u8| {
        let value = arguments.get(usize::from(index)).copied().unwrap_or(0);
        usize::try_from(value).unwrap_or(usize::MAX)
    };
    let next = || argument(u8::try_from(slot + 1).unwrap_or(u8::MAX));
    Some(match kind {
        Kind::Path => Extent::String(PATH),
        Kind::Text => Extent::String(SHOWN + 1),
        // One more than is shown, so that it is known whether there is more.
        Kind::Data { length } => Extent::Bytes(argument(length).min(SHOWN + 1)),
        Kind::Filled => Extent::Result(SHOWN + 1),
        Kind::One(Structure::Opaque, _) => return None,
        Kind::One(Structure::Address, _) => Extent::Bytes(next().min(Structure::Address.size())),
        Kind::One(structure, _) => Extent::Bytes(structure.size()),
        Kind::Many {
            structure: Structure::Vector,
            count,
            ..
        } => Extent::Vectors {
            count: argument(count).min(ELEMENTS),
            content: SHOWN + 1,
        },
        Kind::Many {
            structure,
            count: RESULT,
            ..
        } => Extent::Elements(structure.size(), ELEMENTS),
        Kind::Many { structure, count, .. } => {
            Extent::Bytes(argument(count).min(ELEMENTS) * structure.size())
        }
        Kind::Strings => Extent::Strings(ELEMENTS * 2),
        Kind::Variables => Extent::Words(4096),
        _ => return None,
    })
}

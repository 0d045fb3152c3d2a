//! [`Names`]: the names in a directory, found by hash.
//!
//! A tree of hashes and not a table of them: the table of a large directory would have to lie in one piece. Names with the same hash
//! are chained.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::collections::btree_map;
use alloc::sync::Arc;

use threadbare_kernel::vfs::Name;

use crate::node::Node;

/// The names in a directory.
#[derive(Default)]
pub(crate) struct Names {
    by_hash: BTreeMap<u64, Entry>,
    count: usize,
}

/// A name, and what has it.
pub(crate) struct Entry {
    pub(crate) name: Name,
    /// Where listings show it.
    pub(crate) position: u64,
    pub(crate) node: Arc<Node>,
    /// Others of the same hash.
    next: Option<Box<Entry>>,
}

impl Entry {
    pub(crate) fn new(name: Name, position: u64, node: Arc<Node>) -> Entry {
        Entry {
            name,
            position,
            node,
            next: None,
        }
    }

    fn find(&self, name: &[u8]) -> Option<&Entry> {
        let mut at = self;
        while !is_same(&at.name, name) {
            at = at.next.as_deref()?;
        }
        Some(at)
    }

    fn find_mut(&mut self, name: &[u8]) -> Option<&mut Entry> {
        let mut at = self;
        while !is_same(&at.name, name) {
            at = at.next.as_deref_mut()?;
        }
        Some(at)
    }
}

impl Names {
    pub(crate) const fn new() -> Names {
        Names {
            by_hash: BTreeMap::new(),
            count: 0,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.count
    }

    pub(crate) fn get(&self, name: &[u8]) -> Option<&Entry> {
        self.by_hash.get(&hash(name))?.find(name)
    }

    pub(crate) fn get_mut(&mut self, name: &[u8]) -> Option<&mut Entry> {
        self.by_hash.get_mut(&hash(name))?.find_mut(name)
    }

    /// Adds an entry whose name is not there yet.
    pub(crate) fn insert(&mut self, entry: Entry) {
        self.insert_by(hash(&entry.name), entry);
    }

    fn insert_by(&mut self, hash: u64, entry: Entry) {
        self.count += 1;
        match self.by_hash.entry(hash) {
            btree_map::Entry::Vacant(place) => _ = place.insert(entry),
            btree_map::Entry::Occupied(mut first) => {
                let first = first.get_mut();
                let second = first.next.replace(Box::new(entry));
                if let Some(entry) = &mut first.next {
                    entry.next = second;
                }
            }
        }
    }

    pub(crate) fn remove(&mut self, name: &[u8]) -> Option<Entry> {
        self.remove_by(hash(name), name)
    }

    fn remove_by(&mut self, hash: u64, name: &[u8]) -> Option<Entry> {
        let btree_map::Entry::Occupied(mut first) = self.by_hash.entry(hash) else {
            return None;
        };
        let removed = if is_same(&first.get().name, name) {
            match first.get_mut().next.take() {
                Some(second) => first.insert(*second),
                None => first.remove(),
            }
        } else {
            unlink(first.get_mut(), name)?
        };
        self.count -= 1;
        Some(removed)
    }

    /// What has names here, with all of the names gone.
    pub(crate) fn into_nodes(self) -> impl Iterator<Item = Arc<Node>> {
        self.by_hash.into_values().flat_map(|entry| {
            let mut at = Some(Box::new(entry));
            core::iter::from_fn(move || {
                let entry = *at.take()?;
                at = entry.next;
                Some(entry.node)
            })
        })
    }
}

/// Takes an entry out of the chain behind `at`.
fn unlink(mut at: &mut Entry, name: &[u8]) -> Option<Entry> {
    while at.next.as_ref().is_some_and(|next| !is_same(&next.name, name)) {
        at = at.next.as_deref_mut()?;
    }
    let mut removed = *at.next.take()?;
    at.next = removed.next.take();
    Some(removed)
}

/// Words multiplied together. Whoever makes names with equal hashes slows down nobody but himself.
fn hash(name: &[u8]) -> u64 {
    let (words, rest) = name.as_chunks();
    let whole = words.iter().fold(name.len() as u64, |hash, word| {
        mix(hash, u64::from_le_bytes(*word))
    });
    mix(whole, up_to_seven(rest))
}

/// Whether both are the same, by the words that [`hash`] looked at: most names are too short for a call to pay.
fn is_same(one: &[u8], other: &[u8]) -> bool {
    let ((words, rest), (other_words, other_rest)) = (one.as_chunks::<8>(), other.as_chunks::<8>());
    one.len() == other.len()
        && words.iter().zip(other_words).all(|(word, other)| word == other)
        && up_to_seven(rest) == up_to_seven(other_rest)
}

fn mix(hash: u64, word: u64) -> u64 {
    (hash.rotate_left(5) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// Fewer than eight bytes as a number; different ones of the same length are different numbers.
fn up_to_seven(bytes: &[u8]) -> u64 {
    let half = |bytes: &[u8; 4]| u64::from(u32::from_le_bytes(*bytes));
    match (bytes.first_chunk(), bytes.last_chunk()) {
        (Some(low), Some(high)) => half(low) | half(high) << 32,
        _ => bytes
            .iter()
            .fold(0, |number, byte| number << 8 | u64::from(*byte)),
    }
}

#[cfg(test)]
mod tests;

//! Which instances watch which: no cycles, and no deep chains.
//!
//! A notification climbs from instance to instance, and looking at one looks at those below; both recurse. So, as on
//! Linux, a chain has at most [`DEEPEST`] instances, and none leads back to itself (`ELOOP`).

use crate::error::Errno;
use alloc::vec::Vec;
use threadbare_machine::sync::SpinLock;

/// The most instances in a chain (`EP_MAX_NESTS`, and the one at its end).
const DEEPEST: usize = 5;

/// The number of an instance.
pub(super) type Number = u64;

/// Who watches whom. Short: hardly any program nests instances.
static EDGES: SpinLock<Edges> = SpinLock::new(Edges(Vec::new()));

#[derive(Default)]
struct Edges(Vec<(Number, Number)>);

/// Notes that `above` watches `below`.
///
/// # Errors
/// `ELOOP` if that makes a cycle or too deep a chain, and nothing is noted; `ENOMEM`.
pub(super) fn connect(above: Number, below: Number) -> Result<(), Errno> {
    EDGES.lock().connect(above, below)
}

/// Notes that it does no longer.
pub(super) fn disconnect(above: Number, below: Number) {
    EDGES.lock().disconnect(above, below);
}

/// Forgets an instance.
pub(super) fn forget(number: Number) {
    let mut edges = EDGES.lock();
    if !edges.0.is_empty() {
        edges.0.retain(|edge| edge.0 != number && edge.1 != number);
    }
}

impl Edges {
    fn connect(&mut self, above: Number, below: Number) -> Result<(), Errno> {
        let up = self.height(above, |edge, at| (edge.1 == at).then_some(edge.0), DEEPEST);
        let down = self.height(below, |edge, at| (edge.0 == at).then_some(edge.1), DEEPEST);
        // What is reached from below and is above closes a circle, whose height is without end.
        if up + down > DEEPEST || self.reaches(below, above, DEEPEST) {
            return Err(Errno::ELOOP);
        }
        self.0.try_reserve(1)?;
        self.0.push((above, below));
        Ok(())
    }

    fn disconnect(&mut self, above: Number, below: Number) {
        if let Some(at) = self.0.iter().position(|&edge| edge == (above, below)) {
            self.0.swap_remove(at);
        }
    }

    /// How many instances the longest chain from `at` has, looking at most `limit` far.
    fn height(
        &self,
        at: Number,
        step: impl Fn(&(Number, Number), Number) -> Option<Number> + Copy,
        limit: usize,
    ) -> usize {
        if limit == 0 {
            return 1;
        }
        let next = self.0.iter().filter_map(|edge| step(edge, at));
        1 + next
            .map(|next| self.height(next, step, limit - 1))
            .max()
            .unwrap_or(0)
    }

    fn reaches(&self, from: Number, to: Number, limit: usize) -> bool {
        from == to
            || (limit > 0
                && self
                    .0
                    .iter()
                    .any(|edge| edge.0 == from && self.reaches(edge.1, to, limit - 1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_has_at_most_five() {
        let mut edges = Edges::default();
        for number in 1..5 {
            edges.connect(number, number + 1).unwrap();
        }
        assert_eq!(edges.connect(5, 6), Err(Errno::ELOOP));
        assert_eq!(edges.connect(0, 1), Err(Errno::ELOOP));
        edges.disconnect(2, 3);
        edges.connect(5, 6).unwrap();
        assert_eq!(
            edges.connect(2, 3),
            Err(Errno::ELOOP),
            "joined, they are too long"
        );
    }

    #[test]
    fn no_chain_leads_back() {
        let mut edges = Edges::default();
        edges.connect(1, 2).unwrap();
        edges.connect(2, 3).unwrap();
        assert_eq!(edges.connect(3, 1), Err(Errno::ELOOP));
        assert_eq!(edges.connect(2, 1), Err(Errno::ELOOP));
        edges.connect(1, 3).unwrap();
    }
}

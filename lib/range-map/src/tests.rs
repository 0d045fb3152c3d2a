use super::*;
use proptest::prelude::*;
use std::ops::Range;
use std::vec;
use std::vec::Vec;

/// Like a file mapping: a kind, and an offset that goes on with the addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Mapping {
    kind: u8,
    offset: usize,
}

impl Piece for Mapping {
    fn cut(&mut self, distance: usize) -> Self {
        Mapping {
            kind: self.kind,
            offset: self.offset + distance,
        }
    }

    fn joins(&self, distance: usize, next: &Self) -> bool {
        self.kind == next.kind && self.offset + distance == next.offset
    }
}

const fn mapping(kind: u8, offset: usize) -> Mapping {
    Mapping { kind, offset }
}

fn contents(map: &RangeMap<Mapping>) -> Vec<(Range<usize>, Mapping)> {
    map.iter().map(|(range, value)| (range, *value)).collect()
}

fn with(ranges: &[(Range<usize>, Mapping)]) -> RangeMap<Mapping> {
    let mut map = RangeMap::new();
    for (range, value) in ranges {
        map.insert(range.clone(), *value).unwrap();
    }
    map
}

#[test]
fn an_address_is_found_in_its_range_only() {
    let mut map = with(&[(10..20, mapping(1, 0)), (30..40, mapping(2, 0))]);
    assert_eq!(map.get(9), None);
    assert_eq!(map.get(10), Some((10..20, &mapping(1, 0))));
    assert_eq!(map.get(19), Some((10..20, &mapping(1, 0))));
    assert_eq!(map.get_mut(20), None);
    assert_eq!(map.next_from(11), Some((30..40, &mapping(2, 0))));
    assert_eq!(map.total(), 20);
}

#[test]
fn a_taken_or_empty_range_is_refused() {
    let mut map = with(&[(10..20, mapping(1, 0))]);
    for range in [0..11, 19..30, 12..13, 10..20, 0..50, 5..5] {
        assert_eq!(map.insert(range, mapping(2, 0)), Err(mapping(2, 0)));
    }
    assert_eq!(contents(&map), [(10..20, mapping(1, 0))]);
}

#[test]
fn neighbours_that_go_on_are_merged() {
    let map = with(&[
        (10..20, mapping(1, 0)),
        (30..40, mapping(1, 20)),
        (20..30, mapping(1, 10)),
    ]);
    assert_eq!(contents(&map), [(10..40, mapping(1, 0))]);
    let map = with(&[(10..20, mapping(1, 0)), (20..30, mapping(1, 0))]);
    assert_eq!(map.len(), 2);
}

#[test]
fn removal_cuts_and_hands_out() {
    let mut map = with(&[(10..20, mapping(1, 0)), (20..30, mapping(2, 5))]);
    let mut removed = vec![];
    map.remove(15..25, |range, value| removed.push((range, value)));
    assert_eq!(removed, [(15..20, mapping(1, 5)), (20..25, mapping(2, 5))]);
    assert_eq!(
        contents(&map),
        [(10..15, mapping(1, 0)), (25..30, mapping(2, 10))]
    );
}

#[test]
fn a_change_and_its_reverse_leave_no_trace() {
    let mut map = with(&[(10..40, mapping(1, 0))]);
    map.update(20..30, |_, value| value.kind = 2);
    assert_eq!(
        contents(&map),
        [
            (10..20, mapping(1, 0)),
            (20..30, mapping(2, 10)),
            (30..40, mapping(1, 20))
        ]
    );
    map.update(20..30, |_, value| value.kind = 1);
    assert_eq!(contents(&map), [(10..40, mapping(1, 0))]);
}

#[test]
fn gaps_are_found_from_either_side() {
    let map = with(&[
        (100..200, mapping(1, 0)),
        (232..300, mapping(1, 0)),
        (900..1000, mapping(1, 0)),
    ]);
    assert_eq!(map.highest_gap(0..1000, 50, 1), Some(850));
    assert_eq!(map.highest_gap(0..1000, 50, 64), Some(832));
    assert_eq!(map.highest_gap(0..1000, 601, 1), None);
    assert_eq!(map.highest_gap(0..310, 32, 8), Some(200));
    assert_eq!(map.lowest_gap(0..1000, 50, 1), Some(0));
    assert_eq!(map.lowest_gap(60..1000, 50, 1), Some(300));
    assert_eq!(map.lowest_gap(150..1000, 30, 1), Some(200));
    assert_eq!(map.highest_gap(0..usize::MAX, usize::MAX, 1), None);
    assert_eq!(
        RangeMap::<Mapping>::new().highest_gap(0..usize::MAX, usize::MAX, 1),
        Some(0)
    );
    assert_eq!(map.highest_gap(0..1000, 0, 1), None);
    assert_eq!(map.lowest_gap(0..1000, 1, 3), None);
}

#[test]
fn the_highest_addresses_can_be_used() {
    let mut map = with(&[(usize::MAX - 10..usize::MAX, mapping(1, 0))]);
    map.remove(usize::MAX - 1..usize::MAX, |_, _| ());
    assert_eq!(
        map.get(usize::MAX - 2).map(|(range, _)| range.end),
        Some(usize::MAX - 1)
    );
    assert!(map.is_free(usize::MAX - 1..usize::MAX));
}

/// How many addresses the model knows.
const ADDRESSES: usize = 48;

#[derive(Clone, Debug)]
enum Change {
    Insert(Range<usize>, Mapping),
    Overwrite(Range<usize>, Mapping),
    Remove(Range<usize>),
    Recolour(Range<usize>, u8),
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let range = (0..ADDRESSES, 0..ADDRESSES).prop_map(|(a, b)| a.min(b)..a.max(b));
    // Few kinds, and offsets that follow the addresses, so that merging is common.
    let value = (0..2_u8, 0..2_usize).prop_map(|(kind, shift)| mapping(kind, shift));
    let placed = (range.clone(), value)
        .prop_map(|(range, value)| (range.clone(), mapping(value.kind, value.offset + range.start)));
    prop::collection::vec(
        prop_oneof![
            placed
                .clone()
                .prop_map(|(range, value)| Change::Insert(range, value)),
            placed.prop_map(|(range, value)| Change::Overwrite(range, value)),
            range.clone().prop_map(Change::Remove),
            (range, 0..2_u8).prop_map(|(range, kind)| Change::Recolour(range, kind)),
        ],
        1..40,
    )
}

/// The same changes, address by address. The reference for invariant 3.
struct Model {
    cells: [Option<Mapping>; ADDRESSES],
}

impl Model {
    fn put(&mut self, range: Range<usize>, value: Mapping) {
        for address in range.clone() {
            self.cells[address] = Some(mapping(value.kind, value.offset + (address - range.start)));
        }
    }

    fn apply(&mut self, change: Change) {
        match change {
            Change::Insert(range, value) => {
                if self.cells[range.clone()].iter().all(Option::is_none) {
                    self.put(range, value);
                }
            }
            Change::Overwrite(range, value) => self.put(range, value),
            Change::Remove(range) => self.cells[range].fill(None),
            Change::Recolour(range, kind) => {
                self.cells[range]
                    .iter_mut()
                    .flatten()
                    .for_each(|cell| cell.kind = kind);
            }
        }
    }

    fn free(&self, range: Range<usize>) -> bool {
        self.cells[range].iter().all(Option::is_none)
    }
}

fn apply(map: &mut RangeMap<Mapping>, change: Change) {
    let before = contents(map);
    match change {
        Change::Insert(range, value) => drop(map.insert(range, value)),
        Change::Overwrite(range, value) => map.overwrite(range, value, |_, _| ()),
        Change::Remove(range) => {
            let mut removed = vec![];
            map.remove(range.clone(), |piece, value| removed.push((piece, value)));
            for (piece, value) in removed {
                assert!(range.start <= piece.start && piece.end <= range.end);
                let (old, whole) = before.iter().find(|(old, _)| old.contains(&piece.start)).unwrap();
                assert_eq!(value.offset, whole.offset + (piece.start - old.start));
            }
        }
        Change::Recolour(range, kind) => map.update(range.clone(), |piece, value| {
            assert!(range.start <= piece.start && piece.end <= range.end);
            value.kind = kind;
        }),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn ranges_behave_as_addresses_do(changes in changes(), query in (0..ADDRESSES, 0..ADDRESSES), size in 1..9_usize, shift in 0..4_u32) {
        let (mut map, mut model) = (RangeMap::new(), Model { cells: [None; ADDRESSES] });
        for change in changes {
            apply(&mut map, change.clone());
            model.apply(change);
        }
        for address in 0..ADDRESSES {
            let found = map.get(address).map(|(range, value)| mapping(value.kind, value.offset + (address - range.start)));
            prop_assert_eq!(found, model.cells[address]);
        }
        let ranges = contents(&map);
        prop_assert!(ranges.iter().all(|(range, _)| !range.is_empty()));
        for pair in ranges.windows(2) {
            prop_assert!(pair[0].0.end <= pair[1].0.start);
        }

        let within = query.0.min(query.1)..query.0.max(query.1);
        let overlapping: Vec<_> = map.overlapping(within.clone()).map(|(range, _)| range).collect();
        let expected: Vec<_> = ranges.iter().map(|(range, _)| range.clone())
            .filter(|range| !within.is_empty() && range.start < within.end && within.start < range.end).collect();
        prop_assert_eq!(overlapping, expected);
        prop_assert_eq!(map.is_free(within.clone()), model.free(within.clone()));
        prop_assert_eq!(map.covers(within.clone()), model.cells[within.clone()].iter().all(Option::is_some));

        let alignment = 1 << shift;
        let mut starts = (within.start..(within.end + 1).saturating_sub(size))
            .filter(|start| start % alignment == 0 && model.free(*start..start + size));
        let lowest = starts.next();
        let highest = starts.next_back().or(lowest);
        prop_assert_eq!(map.lowest_gap(within.clone(), size, alignment), lowest);
        prop_assert_eq!(map.highest_gap(within, size, alignment), highest);
    }

    #[test]
    fn what_is_inserted_piecemeal_becomes_one(cuts in prop::collection::btree_set(1..63_usize, 0..20), order: u64) {
        let mut borders: Vec<_> = core::iter::once(0).chain(cuts).chain([64]).collect();
        borders.dedup();
        let mut pieces: Vec<_> = borders.windows(2).map(|pair| pair[0]..pair[1]).collect();
        let mut map = RangeMap::new();
        let mut order = order;
        while !pieces.is_empty() {
            let index = usize::try_from(order % pieces.len() as u64).unwrap();
            order = order.rotate_right(5);
            let piece = pieces.swap_remove(index);
            map.insert(piece.clone(), mapping(1, piece.start)).unwrap();
        }
        prop_assert_eq!(contents(&map), vec![(0..64, mapping(1, 0))]);
    }
}

use std::prelude::v1::*;

use super::{Entry, Names, hash, is_same, up_to_seven};
use crate::RamFs;
use crate::tests::clock;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::format;
use threadbare_kernel::vfs::Name;

fn entry(name: &[u8], position: u64) -> Entry {
    Entry::new(
        Name::copy(name).unwrap(),
        position,
        RamFs::new(clock).root.clone(),
    )
}

#[test]
fn short_tails_differ_as_numbers() {
    let tails: [&[u8]; 8] = [b"", b"a", b"ab", b"ba", b"abc", b"abcd", b"abcde", b"abcdefg"];
    let numbers: Vec<u64> = tails.map(up_to_seven).to_vec();
    for (index, number) in numbers.iter().enumerate() {
        assert!(!numbers[..index].contains(number), "{index}");
    }
    assert_ne!(hash(b"a"), hash(b"\0a"), "the length counts");
}

proptest! {
    #[test]
    fn only_equal_names_are_the_same(one in "[ab]{0,20}", other in "[ab]{0,20}", same: bool) {
        let other = if same { &one } else { &other };
        assert_eq!(is_same(one.as_bytes(), other.as_bytes()), one == *other);
    }

    #[test]
    fn names_are_found_until_they_are_removed(steps: Vec<(u8, bool)>) {
        let (mut names, mut model) = (Names::new(), BTreeMap::new());
        for (position, (number, adds)) in (0..).zip(steps) {
            let name = format!("{number:0width$}", width = usize::from(number) % 30).into_bytes();
            if adds && !model.contains_key(&name) {
                let _ = model.insert(name.clone(), position);
                names.insert(entry(&name, position));
            } else if !adds {
                assert_eq!(names.remove(&name).map(|entry| entry.position), model.remove(&name));
            }
            assert_eq!(names.len(), model.len());
        }
        for (name, position) in &model {
            assert_eq!(names.get(name).map(|entry| entry.position), Some(*position));
        }
        assert_eq!(names.into_nodes().count(), model.len());
    }

    #[test]
    fn names_of_the_same_hash_are_told_apart(removed in prop::sample::subsequence(vec![0_u64, 1, 2, 3, 4], 0..=5).prop_shuffle()) {
        const SAME: u64 = 7;
        let mut names = Names::new();
        for number in 0..5 {
            names.insert_by(SAME, entry(&[b'a' + number], number.into()));
        }
        for number in &removed {
            let name = [b'a' + u8::try_from(*number).unwrap()];
            assert_eq!(names.remove_by(SAME, &name).map(|entry| entry.position), Some(*number));
            assert!(names.remove_by(SAME, &name).is_none());
        }
        assert_eq!(names.len(), 5 - removed.len());
        for number in (0..5).filter(|number| !removed.contains(number)) {
            let name = [b'a' + u8::try_from(number).unwrap()];
            let first = &names.by_hash[&SAME];
            assert_eq!(first.find(&name).map(|entry| entry.position), Some(number));
        }
        assert_eq!(names.into_nodes().count(), 5 - removed.len());
    }
}

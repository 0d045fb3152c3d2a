use super::{Buddy, Entry, ORDERS};
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::vec;
use std::vec::Vec;

#[test]
fn a_range_of_any_shape_is_handed_out_unit_by_unit_and_comes_back_whole() {
    let mut entries = vec![Entry::default(); 5000];
    let mut buddy = Buddy::new(&mut entries);
    buddy.add(3, 4999);
    assert_eq!(buddy.free(), 4996);
    let mut taken = BTreeSet::new();
    while let Some(unit) = buddy.allocate(0) {
        assert!((3..4999).contains(&unit) && taken.insert(unit));
    }
    assert_eq!(taken.len(), 4996);
    for unit in taken {
        buddy.release(unit, 0);
    }
    let largest = buddy
        .allocate(ORDERS - 1)
        .expect("freed units merge to the largest blocks");
    assert!(largest.is_multiple_of(1024));
}

#[test]
#[should_panic(expected = "free already")]
fn a_double_free_is_refused() {
    let mut entries = vec![Entry::default(); 64];
    let mut buddy = Buddy::new(&mut entries);
    buddy.add(0, 64);
    let block = buddy.allocate(6).unwrap();
    buddy.release(block, 6);
    buddy.release(block, 6);
}

proptest! {
    #[test]
    fn blocks_handed_out_never_overlap(steps in prop::collection::vec((0usize..5, any::<bool>(), any::<prop::sample::Index>()), 1..400)) {
        let mut entries = vec![Entry::default(); 777];
        let mut buddy = Buddy::new(&mut entries);
        buddy.add(1, 777);
        let mut held: Vec<(usize, usize)> = Vec::new();
        for (order, take, which) in steps {
            if take || held.is_empty() {
                if let Some(block) = buddy.allocate(order) {
                    prop_assert!(block % (1 << order) == 0 && block >= 1 && block + (1 << order) <= 777);
                    prop_assert!(held.iter().all(|&(b, o)| block + (1 << order) <= b || b + (1 << o) <= block));
                    held.push((block, order));
                }
            } else {
                let (block, order) = held.swap_remove(which.index(held.len()));
                buddy.release(block, order);
            }
            prop_assert_eq!(buddy.free(), 776 - held.iter().map(|&(_, o)| 1usize << o).sum::<usize>());
        }
    }
}

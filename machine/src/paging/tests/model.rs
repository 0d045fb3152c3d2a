//! Two spaces against a model of them: for each page a byte and whether it may be written.

use super::super::*;
use super::RW;
use crate::memory::{Frame, LARGE_SIZE, LargeFrame, PAGE_SIZE};
use core::ops::Range;
use std::collections::BTreeMap;
use std::vec::Vec;

/// Where things happen: around the borders of last-level tables and of groups, and between tables that are far apart.
const PLACES: [usize; 4] = [0x1f_0000, 0x20_0000, 0x5f_8000, 0x4000_0000 - 0x8000];
const SPAN: usize = 24;
/// All that is mapped is below.
const END: usize = 0x8000_0000;

/// Numbers without a pattern (a linear congruential generator).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.0 >> 33) as usize % bound
    }

    /// Pages near one of the places, or in one time of four whole large ones.
    fn range(&mut self) -> Range<usize> {
        if self.below(4) == 0 {
            let place = PLACES[self.below(PLACES.len())] / LARGE_SIZE * LARGE_SIZE;
            return place..place + LARGE_SIZE * (1 + self.below(2));
        }
        let first = self.page();
        first..first + (1 + self.below(SPAN)) * PAGE_SIZE
    }

    fn page(&mut self) -> usize {
        PLACES[self.below(PLACES.len())] + self.below(SPAN) * PAGE_SIZE
    }
}

#[derive(Default)]
struct Model(BTreeMap<usize, (u8, bool)>);

impl Model {
    fn remove(&mut self, range: Range<usize>) -> Vec<(usize, (u8, bool))> {
        let found: Vec<_> = self.0.range(range).map(|(&page, &what)| (page, what)).collect();
        for (page, _) in &found {
            self.0.remove(page);
        }
        found
    }
}

fn fresh(byte: u8) -> Frame {
    let frame = Frame::zeroed().unwrap();
    frame.write(0, &[byte]);
    frame
}

/// Writes as a program does: where that is not allowed by the entry but by the space, the page becomes its own first.
fn write(space: &mut UserSpace, page: usize, byte: u8) -> bool {
    let mut cursor = space.cursor(page);
    if !cursor.access().write && !cursor.copy_on_write().unwrap() {
        return false;
    }
    cursor.mapping().unwrap().frame.write(0, &[byte]);
    true
}

fn check(space: &mut UserSpace, model: &Model) {
    assert_eq!(space.held(), model.0.len());
    let mut cursor = space.cursor(0);
    for (&page, &(byte, _)) in &model.0 {
        assert!(cursor.seek_held(END), "{page:#x} is missing");
        assert_eq!(cursor.page(), page);
        let mut found = [0];
        cursor.mapping().unwrap().frame.read(0, &mut found);
        assert_eq!(found[0], byte, "{page:#x}");
        cursor.advance();
    }
    assert!(!cursor.seek_held(END), "{:#x} is too much", cursor.page());
}

#[test]
fn two_spaces_are_what_a_model_says_whatever_is_done_to_them() {
    let mut numbers = Numbers(1);
    let mut spaces = [UserSpace::new().unwrap(), UserSpace::new().unwrap()];
    let mut models = [Model::default(), Model::default()];
    for step in 0..2000 {
        let at = numbers.below(2);
        let (space, model) = (&mut spaces[at], &mut models[at]);
        let byte = numbers.below(256) as u8;
        match numbers.below(9) {
            8 => {
                let first = numbers.page() / LARGE_SIZE * LARGE_SIZE;
                let mut cursor = space.cursor(first + numbers.below(512) * PAGE_SIZE);
                let vacant = model.0.range(first..first + LARGE_SIZE).next().is_none();
                assert_eq!(cursor.is_vacant_large(), vacant);
                if vacant {
                    cursor.map_large(LargeFrame::zeroed().unwrap(), RW).unwrap();
                    let pages = (first..first + LARGE_SIZE).step_by(PAGE_SIZE);
                    model.0.extend(pages.map(|page| (page, (0, true))));
                }
            }
            0..3 => {
                let page = numbers.page();
                space.map(page, fresh(byte), RW).unwrap();
                model.0.insert(page, (byte, true));
            }
            3 => {
                let page = numbers.page();
                let may = model.0.get(&page).is_some_and(|&(_, may)| may);
                assert_eq!(write(space, page, byte), may, "{page:#x}");
                model
                    .0
                    .entry(page)
                    .and_modify(|what| what.0 = if may { byte } else { what.0 });
            }
            4 => {
                let range = numbers.range();
                space.unmap(range.clone());
                model.remove(range);
            }
            5 => {
                let range = numbers.range();
                space.clear(range.clone());
                model.remove(range);
            }
            6 => {
                let (range, to) = (numbers.range(), 0x7000_0000 + numbers.below(SPAN) * PAGE_SIZE);
                space.unmap(to..to + range.len());
                model.remove(to..to + range.len());
                space.relocate(range.clone(), to).unwrap();
                for (page, what) in model.remove(range.clone()) {
                    // What was shared may not be written where it is then, until the mapping's owner says so.
                    model.0.insert(to + (page - range.start), what);
                }
                let moved = to..to + range.len();
                space.protect(moved.clone(), Access::READ, |_| true);
                for (_, what) in model.0.range_mut(moved) {
                    what.1 = false;
                }
            }
            _ => {
                let range = numbers.range();
                let (first, second) = spaces.split_at_mut(1);
                let (from, to) = if at == 0 {
                    (&mut first[0], &mut second[0])
                } else {
                    (&mut second[0], &mut first[0])
                };
                to.unmap(range.clone());
                from.share(to, range.clone(), true).unwrap();
                models[1 - at].remove(range.clone());
                let copied: Vec<_> = models[at]
                    .0
                    .range(range)
                    .map(|(&page, &what)| (page, what))
                    .collect();
                models[1 - at].0.extend(copied);
            }
        }
        if step % 16 == 0 {
            for (space, model) in spaces.iter_mut().zip(&models) {
                check(space, model);
            }
        }
    }
}

#[test]
fn a_space_that_goes_gives_back_each_frame_that_it_held_or_shared() {
    let mut numbers = Numbers(2);
    let mut frames = Vec::new();
    let [mut space, mut copy] = [UserSpace::new().unwrap(), UserSpace::new().unwrap()];
    for _ in 0..100 {
        frames.push(fresh(0));
        space
            .map(numbers.page(), frames[frames.len() - 1].clone(), RW)
            .unwrap();
    }
    space.share(&mut copy, 0..END, true).unwrap();
    assert_eq!(copy.held(), space.held());
    drop(space);
    assert_eq!(
        frames.iter().filter(|frame| frame.is_shared()).count(),
        copy.held()
    );
    drop(copy);
    assert!(frames.iter().all(|frame| !frame.is_shared()));
}

/// What 512 handles of single frames would hold, in one.
fn large_with(bytes: Range<u8>) -> (UserSpace, usize) {
    let first = 0x4000_0000 - LARGE_SIZE;
    let mut space = UserSpace::new().unwrap();
    space
        .cursor(first)
        .map_large(LargeFrame::zeroed().unwrap(), RW)
        .unwrap();
    for byte in bytes {
        assert!(write(&mut space, first + usize::from(byte) * PAGE_SIZE, byte));
    }
    (space, first)
}

#[test]
fn a_part_of_a_large_page_that_goes_leaves_the_rest() {
    let (mut space, first) = large_with(0..8);
    space.unmap(first + 2 * PAGE_SIZE..first + 4 * PAGE_SIZE);
    assert_eq!(space.held(), 510);
    assert!(space.lookup(first + 3 * PAGE_SIZE).is_none());
    for page in [1, 4] {
        let mut byte = [0];
        let mapping = space.lookup(first + page * PAGE_SIZE).unwrap();
        mapping.frame.read(0, &mut byte);
        assert_eq!(usize::from(byte[0]), page);
        assert_eq!(mapping.access, RW);
    }
}

#[test]
fn a_shared_large_page_is_copied_page_by_page_and_whole_again_when_the_other_has_gone() {
    let (mut space, first) = large_with(0..4);
    let mut copy = UserSpace::new().unwrap();
    space.share(&mut copy, 0..END, true).unwrap();
    assert_eq!(copy.held(), 512);
    assert!(write(&mut copy, first + PAGE_SIZE, 77));
    let mut byte = [0];
    space.lookup(first + PAGE_SIZE).unwrap().frame.read(0, &mut byte);
    assert_eq!(byte[0], 1);
    drop(copy);
    assert!(write(&mut space, first, 9));
    assert!(
        !space.cursor(first + 5 * PAGE_SIZE).copy_on_write().unwrap(),
        "all of it may be written"
    );
    assert!(space.cursor(first + 5 * PAGE_SIZE).access().write);
}

#[test]
fn rights_change_for_a_large_page_and_for_parts_of_it() {
    let (mut space, first) = large_with(0..1);
    space.protect(first..first + LARGE_SIZE, Access::NONE, |_| true);
    assert_eq!(space.lookup(first).unwrap().access, Access::NONE);
    assert_eq!(space.held(), 512);
    space.protect(first..first + LARGE_SIZE, RW, |_| true);
    space.protect(first..first + PAGE_SIZE, Access::READ, |_| true);
    assert_eq!(space.lookup(first).unwrap().access, Access::READ);
    assert_eq!(space.lookup(first + PAGE_SIZE).unwrap().access, RW);
}

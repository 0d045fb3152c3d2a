//! Two spaces against a model of them: for each page a byte and whether it may be written.

use super::super::*;
use super::RW;
use crate::memory::{Frame, PAGE_SIZE};
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

    fn range(&mut self) -> Range<usize> {
        let first = PLACES[self.below(PLACES.len())] + self.below(SPAN) * PAGE_SIZE;
        first..first + (1 + self.below(SPAN)) * PAGE_SIZE
    }

    fn page(&mut self) -> usize {
        self.range().start
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
    for step in 0..6000 {
        let at = numbers.below(2);
        let (space, model) = (&mut spaces[at], &mut models[at]);
        let byte = numbers.below(256) as u8;
        match numbers.below(8) {
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

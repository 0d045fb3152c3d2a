mod model;

use super::*;
use crate::memory::{Frame, PAGE_SIZE};

pub(super) const RW: Access = Access {
    read: true,
    write: true,
    execute: false,
};

fn frame_with(byte: u8) -> Frame {
    let frame = Frame::zeroed().unwrap();
    frame.write(0, &[byte]);
    frame
}

fn first_byte(space: &mut UserSpace, page: usize) -> Option<u8> {
    space.lookup(page).map(|mapping| {
        let mut byte = [0];
        mapping.frame.read(0, &mut byte);
        byte[0]
    })
}

#[test]
fn what_is_mapped_is_found_and_what_is_unmapped_is_freed() {
    let mut space = UserSpace::new().unwrap();
    let frame = frame_with(7);
    space.map(0x40_0000, frame.clone(), RW).unwrap();
    assert_eq!(first_byte(&mut space, 0x40_0000), Some(7));
    assert_eq!(first_byte(&mut space, 0x40_1000), None);
    assert!(frame.is_shared());
    space.unmap(0..USER_END);
    assert!(!frame.is_shared());
    assert_eq!(first_byte(&mut space, 0x40_0000), None);
}

#[test]
fn dropping_a_space_frees_all_that_it_maps() {
    let frame = frame_with(1);
    let mut space = UserSpace::new().unwrap();
    for page in [
        0,
        0x1000,
        0x20_0000,
        0x4000_0000,
        0x80_0000_0000,
        USER_END - PAGE_SIZE,
    ] {
        space.map(page, frame.clone(), Access::READ).unwrap();
    }
    let handle = space.handle();
    drop(space);
    assert!(frame.is_shared(), "a handle keeps the space");
    drop(handle);
    assert!(!frame.is_shared());
}

#[test]
fn a_page_that_may_not_be_read_keeps_its_frame() {
    let mut space = UserSpace::new().unwrap();
    space.map(0x1000, frame_with(9), RW).unwrap();
    space.protect(0..0x10_0000, Access::NONE, |_| true);
    assert_eq!(space.lookup(0x1000).unwrap().access, Access::NONE);
    space.protect(0..0x10_0000, RW, |_| true);
    assert_eq!(space.lookup(0x1000).unwrap().access, RW);
    assert_eq!(first_byte(&mut space, 0x1000), Some(9));
}

#[test]
fn relocating_moves_frames_and_rights() {
    let mut space = UserSpace::new().unwrap();
    for (at, byte) in [(0x1ff_e000, 1), (0x200_0000, 2)] {
        space.map(at, frame_with(byte), RW).unwrap();
    }
    space.relocate(0x1ff_e000..0x200_1000, 0x7000_0000).unwrap();
    assert_eq!(first_byte(&mut space, 0x1ff_e000), None);
    assert_eq!(first_byte(&mut space, 0x7000_0000), Some(1));
    assert_eq!(first_byte(&mut space, 0x7000_1000), None);
    assert_eq!(first_byte(&mut space, 0x7000_2000), Some(2));
}

//! Pages of 2 MiB, as the CPU sees them through its translations.

use super::Test;
use crate::memory::{LARGE_SIZE, LargeFrame, PAGE_SIZE, usage};
use crate::paging::{Access, UserSpace};
use crate::task;
use crate::user;

pub(super) const TESTS: &[Test] = &[
    Test::new("a_large_page_is_one_until_a_part_of_it_changes", parts_change),
    Test::new(
        "a_large_page_that_a_copy_shares_is_copied_when_written",
        shared_until_written,
    ),
    Test::new("an_empty_table_makes_room_for_a_large_page", replaces_a_table),
    Test::new("the_memory_of_large_pages_comes_back", memory_comes_back),
];

const AT: usize = 0x4000_0000;
const RW: Access = Access {
    read: true,
    write: true,
    execute: false,
};

fn map(space: &mut UserSpace) {
    let frame = LargeFrame::zeroed().expect("2 MiB together");
    space.cursor(AT).map_large(frame, RW).expect("memory for tables");
}

fn page(number: usize) -> usize {
    AT + number * PAGE_SIZE
}

fn byte_at(address: usize) -> Option<u8> {
    let mut byte = [0];
    user::copy_in(address, &mut byte).ok().map(|()| byte[0])
}

fn write(address: usize, byte: u8) -> bool {
    user::copy_out(address, &[byte]).is_ok()
}

fn large() -> UserSpace {
    let mut space = UserSpace::new().expect("memory for a space");
    task::set_space(space.handle());
    map(&mut space);
    space
}

fn parts_change() {
    let mut space = large();
    assert!((0..512).all(|number| write(page(number), number as u8)));
    assert_eq!(byte_at(AT + LARGE_SIZE), None, "nothing is mapped behind it");
    space.unmap(page(3)..page(5));
    space.protect(page(9)..page(10), Access::READ, |_| true);
    assert_eq!([3, 4].map(|number| byte_at(page(number))), [None, None]);
    assert!(!write(page(9), 1), "it is read-only");
    assert_eq!(
        [2, 5, 9, 255].map(|number| byte_at(page(number))),
        [2, 5, 9, 255].map(Some)
    );
    assert!(write(page(10), 77));
    space.unmap(AT..AT + LARGE_SIZE);
    assert!((0..512).all(|number| byte_at(page(number)).is_none()));
}

fn shared_until_written() {
    let mut space = large();
    assert!(write(page(7), 1));
    let mut copy = UserSpace::new().expect("memory for a space");
    space
        .share(&mut copy, AT..AT + LARGE_SIZE, true)
        .expect("memory for tables");
    assert!(!write(page(7), 2), "it is shared");
    assert_eq!(space.cursor(page(7)).copy_on_write(), Ok(true));
    assert!(write(page(7), 2) && !write(page(8), 2));
    task::set_space(copy.handle());
    assert_eq!(byte_at(page(7)), Some(1), "the copy keeps what was there");
    drop(space);
    assert_eq!(copy.cursor(page(8)).copy_on_write(), Ok(true));
    assert!(write(page(8), 3));
}

fn replaces_a_table() {
    let mut space = large();
    for _ in 0..3 {
        assert!(write(page(1), 1));
        space.unmap(page(1)..page(2));
        space.clear(AT..AT + LARGE_SIZE);
        assert_eq!(byte_at(page(2)), None);
        map(&mut space);
        assert_eq!([1, 2].map(|number| byte_at(page(number))), [Some(0); 2]);
    }
}

fn memory_comes_back() {
    let cycle = || {
        let mut space = large();
        assert!(write(page(1), 1));
        let mut copy = UserSpace::new().expect("memory for a space");
        space
            .share(&mut copy, AT..AT + LARGE_SIZE, true)
            .expect("memory for tables");
        space.unmap(page(1)..page(2));
        drop(copy);
        task::set_space(UserSpace::new().expect("memory for a space").handle());
    };
    (0..40).for_each(|_| cycle()); // the tables that are kept are there
    let before = usage().free;
    (0..40).for_each(|_| cycle());
    assert_eq!(usage().free, before);
}

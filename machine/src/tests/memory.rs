//! The kernel's own memory: rights, protections, allocation.

use super::Test;
use super::observe::watch_fault;
use crate::cpu::{control, features};
use crate::memory::{Frame, usage};
use crate::paging::{Access, UserSpace};
use crate::task;
use crate::trap::vector;
use crate::user;
use alloc::vec::Vec;
use core::arch::naked_asm;

pub(super) const TESTS: &[Test] = &[
    Test::new("kernel_code_cannot_be_written", code_is_read_only),
    Test::new("kernel_data_cannot_be_executed", data_is_not_executable),
    Test::new("read_only_data_cannot_be_written", rodata_is_read_only),
    Test::new("the_first_page_is_not_mapped", null_page),
    Test::new("ring_0_cannot_read_user_memory_outside_a_copy", smap),
    Test::new("ring_0_cannot_execute_user_memory", smep),
    Test::new("a_copy_from_an_unmapped_page_stops_there", copies_stop),
    Test::new("address_spaces_alternate", spaces_alternate),
    Test::new(
        "a_space_that_changes_while_another_is_loaded_shows_it",
        left_space_changes,
    ),
    Test::new("a_new_space_shows_nothing_of_an_old_one", new_space_is_empty),
    Test::new("heap_memory_comes_back", heap_comes_back),
];

#[unsafe(naked)]
unsafe extern "sysv64" fn write_to_code() {
    naked_asm!("lea rax, [rip]", "mov byte ptr [rax], 0x90", "ret")
}

fn code_is_read_only() {
    let (frame, _) = watch_fault(vector::PAGE_FAULT, write_to_code);
    assert_eq!(frame.error_code, 3, "a write to a page that is present");
}

static mut DATA: [u8; 16] = [0xc3; 16];

#[unsafe(naked)]
unsafe extern "sysv64" fn jump_to_data() {
    naked_asm!("lea rax, [rip + {data}]", "jmp rax", data = sym DATA)
}

fn data_is_not_executable() {
    let (frame, _) = watch_fault(vector::PAGE_FAULT, jump_to_data);
    assert_eq!(
        frame.error_code, 0x11,
        "an instruction fetch from a page that is present"
    );
}

static CONSTANT: [u8; 16] = [7; 16];

#[unsafe(naked)]
unsafe extern "sysv64" fn write_to_rodata() {
    naked_asm!("lea rax, [rip + {constant}]", "mov byte ptr [rax], 1", "ret", constant = sym CONSTANT)
}

fn rodata_is_read_only() {
    let (frame, _) = watch_fault(vector::PAGE_FAULT, write_to_rodata);
    assert_eq!(frame.error_code, 3);
    assert_eq!(CONSTANT[0], 7);
}

#[unsafe(naked)]
unsafe extern "sysv64" fn read_null() {
    naked_asm!("xor eax, eax", "mov rax, [rax]", "ret")
}

fn null_page() {
    let (frame, _) = watch_fault(vector::PAGE_FAULT, read_null);
    assert_eq!((frame.error_code, control::cr2()), (0, 0));
}

/// A user page with a RET in it, in the running task's space, at this address.
const USER_PAGE: usize = 0x40_0000;

/// What a copy from `USER_PAGE` of the loaded space brings.
fn first_byte() -> Option<u8> {
    let mut byte = [0];
    user::copy_in(USER_PAGE, &mut byte).ok().map(|()| byte[0])
}

fn space_with(byte: u8) -> UserSpace {
    let mut space = UserSpace::new().expect("memory for a space");
    map_byte(&mut space, byte);
    space
}

fn map_byte(space: &mut UserSpace, byte: u8) {
    let frame = Frame::zeroed().expect("memory for a page");
    frame.write(0, &[byte]);
    space
        .map(USER_PAGE, frame, Access::READ)
        .expect("memory for tables");
}

/// More spaces than the CPU keeps translations of, so that they displace each other.
fn spaces_alternate() {
    let spaces: Vec<_> = (1..=16).map(space_with).collect();
    for round in 0..64 {
        let at = round * 5 % 16;
        task::set_space(spaces[at].handle());
        assert_eq!(first_byte(), Some(u8::try_from(at + 1).expect("below 17")));
    }
}

fn left_space_changes() {
    let (mut one, other) = (space_with(1), space_with(2));
    for byte in 3..20 {
        task::set_space(one.handle());
        assert!(first_byte().is_some(), "it was mapped");
        task::set_space(other.handle());
        one.unmap(USER_PAGE..USER_PAGE + 4096);
        task::set_space(one.handle());
        assert_eq!(
            first_byte(),
            None,
            "it was unmapped while another space was loaded"
        );
        task::set_space(other.handle());
        assert_eq!(first_byte(), Some(2));
        map_byte(&mut one, byte);
        task::set_space(one.handle());
        assert_eq!(first_byte(), Some(byte));
    }
}

fn new_space_is_empty() {
    for byte in 0..20 {
        let space = space_with(byte);
        task::set_space(space.handle());
        assert_eq!(first_byte(), Some(byte));
        drop(space);
        // The task still holds the space: this one displaces it, and may get its table's memory next time.
        let empty = UserSpace::new().expect("memory for a space");
        task::set_space(empty.handle());
        assert_eq!(first_byte(), None, "nothing is mapped in a new space");
    }
}

fn with_user_page(action: impl FnOnce()) {
    let mut space = UserSpace::new().expect("memory for a space");
    let frame = Frame::zeroed().expect("memory for a page");
    frame.write(0, &[0xc3, 1, 2, 3]);
    space
        .map(
            USER_PAGE,
            frame,
            Access {
                read: true,
                write: true,
                execute: true,
            },
        )
        .expect("memory for tables");
    task::set_space(space.handle());
    action();
}

#[unsafe(naked)]
unsafe extern "sysv64" fn read_user() {
    naked_asm!("mov eax, 0x400000", "mov rax, [rax]", "ret")
}

fn smap() {
    if !features().smap {
        return;
    }
    with_user_page(|| {
        let (frame, _) = watch_fault(vector::PAGE_FAULT, read_user);
        assert_eq!(frame.error_code, 1, "a read by ring 0 of a page that is present");
        let mut bytes = [0; 4];
        user::copy_in(USER_PAGE, &mut bytes).expect("a copy may");
        assert_eq!(bytes, [0xc3, 1, 2, 3]);
    });
}

#[unsafe(naked)]
unsafe extern "sysv64" fn jump_to_user() {
    naked_asm!("mov eax, 0x400000", "jmp rax")
}

fn smep() {
    if !features().smep {
        return;
    }
    with_user_page(|| {
        let (frame, _) = watch_fault(vector::PAGE_FAULT, jump_to_user);
        assert_eq!(frame.error_code, 0x11);
    });
}

fn copies_stop() {
    with_user_page(|| {
        let mut bytes = [0; 64];
        let fault = user::copy_in(USER_PAGE + 4096 - 20, &mut bytes).expect_err("the next page is not there");
        assert!(
            (16..=20).contains(&fault.copied),
            "all whole words before the end: {fault:?}"
        );
        assert!(user::copy_out(USER_PAGE - 8, &[1; 8]).is_err());
        assert!(
            user::copy_in(usize::MAX - 8, &mut bytes).is_err(),
            "a range that wraps"
        );
        assert!(
            user::copy_in(0xffff_8000_0000_0000, &mut bytes).is_err(),
            "the kernel's half"
        );
        user::copy_out(USER_PAGE + 100, b"written").expect("inside");
        let mut back = [0; 7];
        user::copy_in(USER_PAGE + 100, &mut back).expect("inside");
        assert_eq!(&back, b"written");
    });
}

fn heap_comes_back() {
    let before = usage().free;
    for size in [1, 16, 100, 2000, 5000, 100_000] {
        let blocks: Vec<Vec<u8>> = (0..50).map(|index| alloc::vec![index; size]).collect();
        assert!(
            blocks
                .iter()
                .zip(0..)
                .all(|(block, index)| block.iter().all(|&byte| byte == index))
        );
    }
    let kept = before.saturating_sub(usage().free);
    assert!(
        kept <= 13,
        "at most a spare slab for each class stays: {kept} frames"
    );
}

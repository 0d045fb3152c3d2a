//! CR3, page tables, and the cache of what was found there (SDM 3A, 2.5, 5.5 and 5.10).

use super::see::{seen, seen_hex};
use super::testpage::{GLOBAL, OwnFrame, PRESENT, TestPage};
use crate::cpu::control::cr3;
use crate::cpu::features;
use crate::memory::{Frame, PhysAddr, direct};
use crate::paging::{Access, UserSpace};
use crate::task;
use crate::tests::Test;
use crate::user;
use core::arch::asm;

pub(crate) const TESTS: &[Test] = &[
    Test::new("claims::switch.cr3", walk),
    Test::new("claims::switch.tlb", stale),
    Test::new("claims::switch.invlpg", by_the_kernel),
];

const ADDRESS: u64 = 0x000f_ffff_ffff_f000;

fn walk() {
    let page = TestPage::new();
    page.frame().write(0x5eed);
    let address = page.address();
    seen_hex("address", address);
    let mut table = cr3() & ADDRESS;
    seen_hex("CR3", cr3());
    for (level, name) in [
        "page table",
        "page directory",
        "page-directory-pointer table",
        "PML4",
    ]
    .iter()
    .enumerate()
    .rev()
    {
        let index = address >> (12 + 9 * level) & 511;
        // SAFETY: a live table, by the direct map; only read.
        let entry = unsafe { direct::<u64>(PhysAddr(table)).add(index as usize).read_volatile() };
        seen(
            format_args!("{name} at physical {table:#x}, entry {index}"),
            format_args!("{entry:#x}"),
        );
        assert!(entry & PRESENT != 0);
        table = entry & ADDRESS;
    }
    // SAFETY: the page's frame; only read.
    let physical = unsafe { direct::<u64>(PhysAddr(table)).read_volatile() };
    let virtual_one = page.read();
    seen_hex(format_args!("the word at physical address {table:#x}"), physical);
    seen_hex(
        format_args!("the word at virtual address {address:#x}"),
        virtual_one,
    );
    assert_eq!(table, page.frame().address());
    assert_eq!((physical, virtual_one), (0x5eed, 0x5eed));
}

/// Writes CR3 with what it holds.
fn reload_cr3() {
    // SAFETY: the same table: only cached translations are dropped.
    unsafe { asm!("mov {0}, cr3", "mov cr3, {0}", out(reg) _, options(nostack, preserves_flags)) }
}

/// Clears and sets CR4.PGE, which drops global translations as well (SDM 3A, 5.10.4.1).
fn toggle_global_pages() {
    const PGE: u64 = 1 << 7;
    // SAFETY: the CPU has the bit (its caller looked); only cached translations are dropped.
    unsafe {
        let cr4: u64;
        asm!("mov {}, cr4", out(reg) cr4, options(nomem, nostack, preserves_flags));
        asm!("mov cr4, {}", in(reg) cr4 & !PGE, options(nostack, preserves_flags));
        asm!("mov cr4, {}", in(reg) cr4, options(nostack, preserves_flags));
    }
}

fn stale() {
    let page = TestPage::new();
    let second = OwnFrame::new();
    page.frame().write(0xaaaa);
    second.write(0xbbbb);
    let entry = page.entry();
    let first = entry.read();
    let to_second = first & !ADDRESS | second.address();
    let read = |what: &str| {
        let value = page.read();
        seen_hex(what, value);
        value
    };
    let before = read("the page, mapped to a frame with 0xaaaa");
    entry.write(to_second);
    let unflushed = read("the entry now names a frame with 0xbbbb; the page");
    reload_cr3();
    let after_cr3 = read("after a write to CR3");
    entry.write(first);
    let unflushed_again = read("the entry names the first frame again; the page");
    page.invalidate();
    let after_invlpg = read("after INVLPG");
    entry.write(first | GLOBAL);
    page.invalidate();
    read("the page, mapped as a global one");
    entry.write(to_second | GLOBAL);
    reload_cr3();
    let global = read("the entry changed, and CR3 written (CPUs keep global translations; QEMU drops them)");
    if features().global_pages {
        toggle_global_pages();
    }
    page.invalidate();
    let in_the_end = read("after CR4.PGE was cleared and set");
    seen("the CPU has process-context identifiers", features().pcid);
    entry.write(first);
    page.invalidate();
    assert_eq!(
        (before, unflushed),
        (0xaaaa, 0xaaaa),
        "the TLB does not know of the change"
    );
    assert_eq!((after_cr3, unflushed_again), (0xbbbb, 0xbbbb));
    assert_eq!((after_invlpg, in_the_end), (0xaaaa, 0xbbbb));
    assert!(matches!(global, 0xaaaa | 0xbbbb));
}

fn by_the_kernel() {
    const PAGE: usize = 0x40_0000;
    let frame = |byte: u8| {
        let frame = Frame::zeroed().expect("memory for a page");
        frame.write(0, &[byte]);
        frame
    };
    let read = || {
        let mut byte = [0];
        user::copy_in(PAGE, &mut byte).ok().map(|()| byte[0])
    };
    let mut space = UserSpace::new().expect("memory for a space");
    space
        .map(PAGE, frame(1), Access::READ)
        .expect("memory for tables");
    task::set_space(space.handle());
    let first = read();
    space
        .map(PAGE, frame(2), Access::READ)
        .expect("memory for tables");
    let second = read();
    space.unmap(PAGE..PAGE + 4096);
    let third = read();
    seen("a page of the loaded space", format_args!("{first:?}"));
    seen(
        "mapped to another frame by the kernel, which uses INVLPG",
        format_args!("{second:?}"),
    );
    seen("unmapped by the kernel", format_args!("{third:?}"));
    assert_eq!((first, second, third), (Some(1), Some(2), None));
}

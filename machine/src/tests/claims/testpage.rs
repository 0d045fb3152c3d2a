//! A page of kernel memory whose entry in the page tables tests may change.

use crate::memory::frames::{self, For};
use crate::memory::{PhysAddr, direct};
use crate::paging::kernel;
use core::arch::asm;

/// A page of the stack region that no stack ever gets to: the last one of the region's first top-level entry, which is
/// there from boot on.
const PAGE: usize = 0xffff_c07f_ffff_f000;

/// Bits of an entry (SDM 3A, table 5-20).
pub(super) const PRESENT: u64 = 1;
pub(super) const WRITABLE: u64 = 2;
pub(super) const ACCESSED: u64 = 1 << 5;
pub(super) const GLOBAL: u64 = 1 << 8;
pub(super) const NO_EXECUTE: u64 = 1 << 63;

/// The page, mapped to a frame of its own while this lives. There is one.
pub(super) struct TestPage {
    frame: OwnFrame,
}

/// A frame of the test's own.
pub(super) struct OwnFrame(PhysAddr);

/// An entry of a page table.
#[derive(Clone, Copy)]
pub(super) struct EntryAt(*mut u64);

impl EntryAt {
    /// An entry.
    ///
    /// # Safety
    /// 1. It is one, of a live table, and changing it takes nothing away that is in use.
    pub(super) unsafe fn new(entry: *mut u64) -> EntryAt {
        EntryAt(entry)
    }

    /// Where it lies.
    pub(super) fn address(self) -> u64 {
        self.0 as u64
    }

    pub(super) fn read(self) -> u64 {
        // SAFETY: a live table's entry, by `new`.
        unsafe { self.0.read_volatile() }
    }

    pub(super) fn write(self, value: u64) {
        // SAFETY: as `read`; nothing that is in use depends on it.
        unsafe { self.0.write_volatile(value) }
    }
}

impl TestPage {
    /// The page, mapped writable and not global.
    pub(super) fn new() -> TestPage {
        let page = TestPage {
            frame: OwnFrame::new(),
        };
        page.entry()
            .write(page.frame.address() | PRESENT | WRITABLE | NO_EXECUTE);
        page.invalidate();
        page
    }

    pub(super) fn address(&self) -> u64 {
        PAGE as u64
    }

    pub(super) fn frame(&self) -> &OwnFrame {
        &self.frame
    }

    /// Its entry in the page tables.
    pub(super) fn entry(&self) -> EntryAt {
        // SAFETY: the tables of the kernel's half; nobody else uses this page.
        unsafe { EntryAt::new(kernel::stack_entry(PAGE).expect("memory for tables")) }
    }

    /// INVLPG.
    pub(super) fn invalidate(&self) {
        // SAFETY: drops a cached translation.
        unsafe { asm!("invlpg [{}]", in(reg) PAGE, options(nostack, preserves_flags)) }
    }

    /// The first word, through the translation that the CPU has or finds.
    pub(super) fn read(&self) -> u64 {
        // SAFETY: the page is mapped while tests read it, or the CPU still has its translation.
        unsafe { (PAGE as *const u64).read_volatile() }
    }
}

impl Drop for TestPage {
    fn drop(&mut self) {
        self.entry().write(0);
        self.invalidate();
    }
}

impl OwnFrame {
    /// A frame of zeroes.
    pub(super) fn new() -> OwnFrame {
        let frame = PhysAddr::of_frame(frames::allocate(0, For::Program).expect("memory for a page"));
        // SAFETY: the frame is new and ours.
        unsafe { direct::<[u8; 4096]>(frame).write_bytes(0, 1) };
        OwnFrame(frame)
    }

    /// Its physical address.
    pub(super) fn address(&self) -> u64 {
        self.0.0
    }

    /// Writes its first word, by the direct map.
    pub(super) fn write(&self, value: u64) {
        // SAFETY: ours.
        unsafe { direct::<u64>(self.0).write_volatile(value) }
    }
}

impl Drop for OwnFrame {
    fn drop(&mut self) {
        // SAFETY: allocated by `new`; its test has unmapped it and dropped the translation.
        unsafe { frames::release(self.0.frame_number(), 0) }
    }
}

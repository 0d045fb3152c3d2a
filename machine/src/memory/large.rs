//! [`LargeFrame`]: the memory of a page of 2 MiB.

use super::frames::{self, For};
use super::{Frame, OutOfMemory, PAGE_SIZE, PhysAddr, copy, direct};
use core::mem::ManuallyDrop;
use core::ops::Range;
use core::sync::atomic::{Ordering, fence};

/// How many frames a large one has.
pub(crate) const FRAMES: usize = 512;
const ORDER: usize = 9;

/// Bytes in a large frame.
pub const LARGE_SIZE: usize = FRAMES * PAGE_SIZE;

/// 2 MiB of consecutive memory, aligned to that, to be mapped as one page. It is one count of each of its 512 frames and
/// nothing besides, so that it can be shared, taken apart and given back by frames.
#[derive(Debug)]
pub struct LargeFrame {
    first: usize,
}

impl LargeFrame {
    /// New memory, all zeroes, which are written at once: that takes as long as for 512 pages.
    ///
    /// # Errors
    /// No 512 consecutive frames are free but for the kernel's reserve.
    pub fn zeroed() -> Result<LargeFrame, OutOfMemory> {
        let first = frames::allocate(ORDER, For::Program).ok_or(OutOfMemory)?;
        for number in first..first + FRAMES {
            // SAFETY: the frames are new: nobody else knows them, and the direct map has them writable.
            unsafe { copy::zero_page(direct(PhysAddr::of_frame(number))) };
            frames::count(number).store(1, Ordering::Relaxed);
        }
        Ok(LargeFrame { first })
    }

    /// Whether another handle or mapping shares any of the frames.
    pub fn is_shared(&self) -> bool {
        is_shared(self.first)
    }

    fn numbers(&self) -> Range<usize> {
        self.first..self.first + FRAMES
    }

    /// Makes another handle and gives it up, but not its counts: for a second page-table entry.
    pub(crate) fn count_again(first: usize) {
        (first..first + FRAMES).for_each(Frame::count_again);
    }

    /// Gives up the handle but not its counts: the caller keeps the number of the first, in a page-table entry, or all of
    /// them, in 512.
    pub(crate) fn into_number(self) -> usize {
        ManuallyDrop::new(self).first
    }

    /// The handle whose counts [`LargeFrame::into_number`] left behind.
    ///
    /// # Safety
    /// 1. `first` came from `into_number`, and none of the 512 counts has been used since.
    pub(crate) unsafe fn from_number(first: usize) -> LargeFrame {
        LargeFrame { first }
    }
}

/// Whether one of the 512 frames from `first` on has another count.
pub(crate) fn is_shared(first: usize) -> bool {
    (first..first + FRAMES).any(|number| frames::count(number).load(Ordering::Acquire) > 1)
}

impl Drop for LargeFrame {
    fn drop(&mut self) {
        if self.is_shared() {
            for number in self.numbers() {
                // SAFETY: this handle's count of the frame, given up once.
                drop(unsafe { Frame::from_number(number) });
            }
        } else {
            fence(Ordering::Acquire); // as in the drop of a `Frame`
            // SAFETY: each count is this handle's, so there is no other handle and no mapping, and none can come to be; with
            // one CPU nobody gives one up meanwhile either. They came together from `allocate`, or were never free since.
            unsafe { frames::release(self.first, ORDER) };
        }
    }
}

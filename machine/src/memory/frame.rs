//! [`Frame`]: a counted handle of one page that ring 3 may share.

use super::frames::{self, For};
use super::{PAGE_SIZE, PhysAddr, copy, direct};
use core::mem::ManuallyDrop;
use core::sync::atomic::{AtomicUsize, Ordering, fence};

/// There is no frame left but the kernel's reserve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutOfMemory;

/// The frames of the initial RAM disk: `[start, end)`. They are never counted, never written, never freed.
static IMAGE_START: AtomicUsize = AtomicUsize::new(0);
static IMAGE_END: AtomicUsize = AtomicUsize::new(0);

/// One page of memory, shared by counting, whose bytes ring 3 may change while it is mapped there.
///
/// Cloning shares the page; the last drop frees it. A frame of the initial RAM disk ([`Frame::of_image`]) is read-only
/// for ever and costs no count.
#[derive(Debug, PartialEq, Eq)]
pub struct Frame {
    number: usize,
}

impl Frame {
    /// A new page of zeroes.
    pub fn zeroed() -> Result<Frame, OutOfMemory> {
        let frame = Frame::unwritten()?;
        // SAFETY: the frame is new: nobody else knows it, and the direct map has it writable.
        unsafe { copy::zero_page(frame.pointer()) };
        Ok(frame)
    }

    /// A new page with the same bytes.
    pub fn duplicate(&self) -> Result<Frame, OutOfMemory> {
        let frame = Frame::unwritten()?;
        // SAFETY: two different whole pages; the new one is known to nobody else.
        unsafe { copy::bytes(frame.pointer(), self.pointer(), PAGE_SIZE) };
        Ok(frame)
    }

    /// A new page whose first `length` bytes `fill` writes through the pointer that it is given; the rest is zeroes.
    /// Nothing is left of what the page held before, for `fill` says whether it has written all of them: if not, there is
    /// no page.
    pub(crate) fn filled<E>(
        length: usize,
        fill: impl FnOnce(*mut u8) -> Result<(), E>,
    ) -> Result<Result<Frame, E>, OutOfMemory> {
        assert!(length <= PAGE_SIZE, "more than a page");
        let frame = Frame::unwritten()?;
        if let Err(error) = fill(frame.pointer()) {
            return Ok(Err(error));
        }
        // SAFETY: the rest of a frame that nobody else knows, which the direct map has writable.
        unsafe { copy::zero(frame.pointer().add(length), PAGE_SIZE - length) };
        Ok(Ok(frame))
    }

    /// A new page with whatever it held before: not handed out of this module, so that nothing leaks.
    fn unwritten() -> Result<Frame, OutOfMemory> {
        let number = frames::allocate(0, For::Program).ok_or(OutOfMemory)?;
        frames::count(number).store(1, Ordering::Relaxed);
        Ok(Frame { number })
    }

    /// The page of the initial RAM disk that begins exactly at `bytes`; `None` when `bytes` is not a whole aligned
    /// page of it.
    pub fn of_image(bytes: &'static [u8]) -> Option<Frame> {
        let base = direct::<u8>(PhysAddr(0)) as usize;
        let number = (bytes.as_ptr() as usize).checked_sub(base)? / PAGE_SIZE;
        let whole = (bytes.as_ptr() as usize).is_multiple_of(PAGE_SIZE) && bytes.len() >= PAGE_SIZE;
        (whole && is_image(number)).then(|| Frame { number }) // not `then_some`: a handle that is made is dropped
    }

    /// Copies bytes out of the page, from `offset` on.
    ///
    /// # Panics
    /// When the range leaves the page.
    pub fn read(&self, offset: usize, into: &mut [u8]) {
        assert!(
            offset <= PAGE_SIZE && into.len() <= PAGE_SIZE - offset,
            "read past the page"
        );
        // SAFETY: inside the page, which this handle keeps alive; `into` is the private side.
        unsafe { copy::bytes(into.as_mut_ptr(), self.pointer().add(offset), into.len()) }
    }

    /// Copies bytes into the page, from `offset` on.
    ///
    /// # Panics
    /// When the range leaves the page, or the page is read-only for ever.
    pub fn write(&self, offset: usize, from: &[u8]) {
        assert!(
            offset <= PAGE_SIZE && from.len() <= PAGE_SIZE - offset,
            "write past the page"
        );
        assert!(
            !self.is_read_only(),
            "a page of the initial RAM disk is read-only"
        );
        // SAFETY: as `read`, and writable: only image frames are not.
        unsafe { copy::bytes(self.pointer().add(offset), from.as_ptr(), from.len()) }
    }

    /// Whether the page may never be written: it belongs to the initial RAM disk.
    pub fn is_read_only(&self) -> bool {
        is_image(self.number)
    }

    /// Whether another handle, or another mapping, shares this page. Image pages always count as shared.
    pub fn is_shared(&self) -> bool {
        self.is_read_only() || frames::count(self.number).load(Ordering::Acquire) > 1
    }

    /// Makes another handle of a page that is counted and gives it up, but not its count: for a second page-table entry.
    ///
    /// # Panics
    /// When it has two thousand million already.
    #[inline]
    pub(crate) fn count_again(number: usize) {
        let before = frames::count(number).fetch_add(1, Ordering::Relaxed);
        assert!(before < u32::MAX / 2, "a page is shared too often");
    }

    /// Gives up the handle but not its count: the caller keeps the number, in a page-table entry.
    pub(crate) fn into_number(self) -> usize {
        ManuallyDrop::new(self).number
    }

    /// The handle whose count [`Frame::into_number`] left behind.
    ///
    /// # Safety
    /// 1. `number` came from `into_number`, once for each call of this function.
    pub(crate) unsafe fn from_number(number: usize) -> Frame {
        Frame { number }
    }

    /// The page in the direct map, for copies in assembly only.
    pub(crate) fn pointer(&self) -> *mut u8 {
        direct(PhysAddr::of_frame(self.number))
    }
}

impl Clone for Frame {
    fn clone(&self) -> Frame {
        if !self.is_read_only() {
            Frame::count_again(self.number);
        }
        Frame { number: self.number }
    }
}

impl Drop for Frame {
    fn drop(&mut self) {
        // Release pairs with the fence: what others did with the page happens before it is freed.
        if !self.is_read_only() && frames::count(self.number).fetch_sub(1, Ordering::Release) == 1 {
            fence(Ordering::Acquire);
            // SAFETY: the last handle is gone, and mappings hold handles: whoever unmaps flushes the TLB before
            // dropping the handle (invariant 2 of `paging`).
            unsafe { frames::release(self.number, 0) };
        }
    }
}

fn is_image(number: usize) -> bool {
    (IMAGE_START.load(Ordering::Relaxed)..IMAGE_END.load(Ordering::Relaxed)).contains(&number)
}

/// Tells where the initial RAM disk lies, in frames.
///
/// # Safety
/// 1. Called before the first [`Frame`] exists; the range is never in the allocator and never written.
pub(crate) unsafe fn set_image(start: usize, end: usize) {
    IMAGE_START.store(start, Ordering::Relaxed);
    IMAGE_END.store(end, Ordering::Relaxed);
}

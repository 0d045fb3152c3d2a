//! [`Data`]: the bytes of a regular file.
//!
//! Below lies the part of the initial RAM disk that the file began as, above it the pages that were written since. A
//! page that is in neither is a hole and reads as zeroes.

use alloc::collections::BTreeMap;
use core::ops::Range;

use linux_raw_sys::general::F_SEAL_SEAL;
use threadbare_kernel::error::Errno;
use threadbare_kernel::vfs::PageUse;
use threadbare_machine::memory::{Frame, PAGE_SIZE};

/// The largest size: the largest offset that a program can name.
pub(crate) const SIZE_LIMIT: u64 = i64::MAX as u64;

const PAGE: u64 = PAGE_SIZE as u64;

/// The bytes of a regular file. The owner holds a lock around every call, so none of them copies more than a page.
pub(crate) struct Data {
    size: u64,
    /// What the archive has of the file, cut to what a shorter size has left of it.
    image: &'static [u8],
    /// By number. They hide the image.
    pages: BTreeMap<u64, Page>,
    seals: u32,
}

/// A page of the file's own.
struct Page {
    frame: Frame,
    /// Something was written, or it was mapped: `lseek(2)` says so. Otherwise it was only asked for (`fallocate(2)`).
    is_data: bool,
}

/// Where some bytes of a file are.
pub(crate) enum Piece {
    /// In the initial RAM disk.
    Image(&'static [u8]),
    /// In a page, from this offset on.
    Page(Frame, Range<usize>),
    /// Nowhere: so many zeroes.
    Zeroes(usize),
}

impl Data {
    pub(crate) const fn empty() -> Data {
        Data::of_image(&[])
    }

    pub(crate) const fn of_image(image: &'static [u8]) -> Data {
        Data::new(image, false)
    }

    /// The bytes of a file that takes seals, or that is sealed against them.
    pub(crate) const fn new(image: &'static [u8], sealable: bool) -> Data {
        let seals = if sealable { 0 } else { F_SEAL_SEAL };
        Data {
            size: image.len() as u64,
            image,
            pages: BTreeMap::new(),
            seals,
        }
    }

    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    pub(crate) fn seals(&self) -> u32 {
        self.seals
    }

    pub(crate) fn add_seals(&mut self, seals: u32) {
        self.seals |= seals;
    }

    pub(crate) fn withdraw_seals(&mut self, seals: u32) {
        self.seals &= !seals;
    }

    /// How many units of 512 bytes it takes.
    pub(crate) fn blocks(&self) -> u64 {
        let image = (self.image.len() as u64).div_ceil(PAGE);
        let pages = if image == 0 {
            self.pages.len()
        } else {
            self.pages.range(image..).count()
        };
        (image + pages as u64) * (PAGE / 512)
    }

    /// Where at most `length` bytes from `offset` on are; `None` at or past the end.
    pub(crate) fn piece(&self, offset: u64, length: usize) -> Option<Piece> {
        let left = usize::try_from(self.size.checked_sub(offset)?).unwrap_or(usize::MAX);
        let length = length.min(left);
        if left == 0 {
            return None;
        }
        if self.pages.is_empty()
            && let Some(rest) = at(self.image, offset).filter(|rest| !rest.is_empty())
        {
            return Some(Piece::Image(rest.get(..length).unwrap_or(rest)));
        }
        let (index, within) = split(offset);
        let length = length.min(PAGE_SIZE - within);
        Some(match (self.pages.get(&index), at(self.image, offset)) {
            (Some(page), _) => Piece::Page(page.frame.clone(), within..within + length),
            (None, Some(rest)) if !rest.is_empty() => Piece::Image(rest.get(..length).unwrap_or(rest)),
            (None, _) => Piece::Zeroes(length),
        })
    }

    /// A page to be mapped.
    pub(crate) fn page(&mut self, index: u64, page_use: PageUse) -> Result<Frame, Errno> {
        let offset = index
            .checked_mul(PAGE)
            .filter(|offset| *offset < self.size)
            .ok_or(Errno::EFAULT)?;
        if page_use == PageUse::Private
            && !self.pages.contains_key(&index)
            && let Some(frame) = at(self.image, offset).and_then(Frame::of_image)
        {
            return Ok(frame);
        }
        self.own_page(index)
    }

    /// Shows the pages that [`page`](Self::page) would give without making any.
    pub(crate) fn pages_in_memory(
        &self,
        range: Range<u64>,
        page_use: PageUse,
        show: &mut dyn FnMut(u64, Frame),
    ) {
        let range = range.start..range.end.min(self.size.div_ceil(PAGE));
        if range.is_empty() {
            return;
        }
        if page_use == PageUse::Private && !self.image.is_empty() {
            let in_image = |index: &u64| !self.pages.contains_key(index);
            for index in range.clone().filter(in_image) {
                if let Some(frame) = at(self.image, index * PAGE).and_then(Frame::of_image) {
                    show(index, frame);
                }
            }
        }
        for (index, page) in self.pages.range(range) {
            show(*index, page.frame.clone());
        }
    }

    /// A page to be written: the file's own, not the archive's.
    pub(crate) fn own_page(&mut self, index: u64) -> Result<Frame, Errno> {
        if let Some(page) = self.pages.get_mut(&index) {
            page.is_data = true;
            return Ok(page.frame.clone());
        }
        self.add_page(index, true)
    }

    /// Makes sure that there is a page to be written. As with tmpfs, a page that is asked for twice counts as data.
    pub(crate) fn reserve_page(&mut self, index: u64) -> Result<(), Errno> {
        if let Some(page) = self.pages.get_mut(&index) {
            page.is_data = true;
            return Ok(());
        }
        self.add_page(index, self.is_in_image(index)).map(drop)
    }

    fn add_page(&mut self, index: u64, is_data: bool) -> Result<Frame, Errno> {
        let frame = Frame::zeroed()?;
        if let Some(image) = index.checked_mul(PAGE).and_then(|offset| at(self.image, offset)) {
            frame.write(0, image.get(..PAGE_SIZE).unwrap_or(image));
        }
        let _ = self.pages.insert(
            index,
            Page {
                frame: frame.clone(),
                is_data,
            },
        );
        Ok(frame)
    }

    /// Whether the archive has some of a page.
    fn is_in_image(&self, index: u64) -> bool {
        index < (self.image.len() as u64).div_ceil(PAGE)
    }

    /// Makes the file reach at least to `end`.
    pub(crate) fn extend(&mut self, end: u64) {
        self.size = self.size.max(end);
    }

    /// Sets the size; what a longer one adds is zero (invariant 5 of the crate).
    pub(crate) fn truncate(&mut self, size: u64) -> impl Sized + use<> {
        let removed = if size < self.size {
            self.cut(size)
        } else {
            BTreeMap::new()
        };
        self.size = size;
        removed
    }

    /// Forgets what lies at and after `size`, and hands the pages out to be dropped elsewhere.
    fn cut(&mut self, size: u64) -> BTreeMap<u64, Page> {
        if let Some(rest) = usize::try_from(size).ok().and_then(|size| self.image.get(..size)) {
            self.image = rest;
        }
        let (last, within) = split(size);
        if within > 0
            && let Some(page) = self.pages.get(&last)
        {
            zero(&page.frame, within..PAGE_SIZE);
        }
        self.pages.split_off(&size.div_ceil(PAGE))
    }

    /// The first page at or after `index` that is not a hole.
    pub(crate) fn next_page(&self, index: u64) -> Option<u64> {
        if self.is_in_image(index) {
            return Some(index);
        }
        Some(*self.pages.range(index..).next()?.0)
    }

    /// Zeroes a range within one page. A whole page that the archive does not have becomes a hole, and is handed out to
    /// be dropped elsewhere.
    pub(crate) fn punch_page(&mut self, index: u64, range: Range<usize>) -> Result<Option<Frame>, Errno> {
        let has_image = self.is_in_image(index);
        if range.len() == PAGE_SIZE && !has_image {
            return Ok(self.pages.remove(&index).map(|page| page.frame));
        }
        if has_image || self.pages.contains_key(&index) {
            zero(&self.own_page(index)?, range);
        }
        Ok(None)
    }

    /// Zeroes what a failed write has left past the end in a page (invariant 5 of the crate).
    pub(crate) fn zero_past_end(&self, index: u64) {
        let start = self.size.saturating_sub(index.saturating_mul(PAGE));
        if let Some(page) = self.pages.get(&index)
            && let Some(start) = usize::try_from(start).ok().filter(|start| *start < PAGE_SIZE)
        {
            zero(&page.frame, start..PAGE_SIZE);
        }
    }

    /// The first offset at or after `from`, below the size, that has data or that has none.
    pub(crate) fn seek_extent(&self, from: u64, data: bool) -> Option<u64> {
        if from >= self.size {
            return None;
        }
        let own_data = |index: u64| self.pages.get(&index).is_some_and(|page| page.is_data);
        let has_data = |index: u64| self.is_in_image(index) || own_data(index);
        let (first, _) = split(from);
        if has_data(first) == data {
            return Some(from);
        }
        let index = if data {
            *self.pages.range(first..).find(|(_, page)| page.is_data)?.0
        } else {
            let after = first.max((self.image.len() as u64).div_ceil(PAGE));
            let run = self.pages.range(after..).zip(after..);
            let run = run.take_while(|((index, page), expected)| *index == expected && page.is_data);
            after + run.count() as u64
        };
        let offset = index.checked_mul(PAGE)?;
        // The end of a file counts as a hole.
        if data {
            (offset < self.size).then_some(offset)
        } else {
            Some(offset.min(self.size))
        }
    }
}

/// The number of the page that holds a byte, and where in it.
pub(crate) fn split(offset: u64) -> (u64, usize) {
    (offset / PAGE, (offset % PAGE) as usize)
}

/// What lies from `offset` on.
fn at(image: &'static [u8], offset: u64) -> Option<&'static [u8]> {
    image.get(usize::try_from(offset).ok()?..)
}

fn zero(page: &Frame, range: Range<usize>) {
    static ZEROES: [u8; PAGE_SIZE] = [0; PAGE_SIZE];
    page.write(range.start, ZEROES.get(..range.len()).unwrap_or_default());
}

//! Regular files: reading, writing, cutting, mapping.

use core::ops::Range;

use linux_raw_sys::general::{F_SEAL_FUTURE_WRITE, F_SEAL_GROW, F_SEAL_SEAL, F_SEAL_SHRINK, F_SEAL_WRITE};
use threadbare_kernel::error::Errno;
use threadbare_kernel::vfs::{Contents, File, FileOperations, Offsets, PageUse, Sink, Source, Timestamp};
use threadbare_machine::memory::{self, Frame, PAGE_SIZE};
use threadbare_machine::sync::SpinLock;

use crate::data::{Data, Piece, SIZE_LIMIT, split};
use crate::node::{Content, Node};

const PAGE: u64 = PAGE_SIZE as u64;

/// How old the time of the last read gets before it is set although nothing was written since, in seconds
/// (`mount(2)`, `MS_RELATIME`).
const ACCESS_TIME_AGE: i64 = 24 * 60 * 60;

impl Node {
    fn data(&self) -> Result<&SpinLock<Data>, Errno> {
        match &self.content {
            Content::Regular(data) => Ok(data),
            _ => Err(Errno::EINVAL),
        }
    }

    /// Writes what `source` has for one page, and returns how much that was.
    fn write_page(&self, offset: u64, source: &mut dyn Source) -> Result<usize, Errno> {
        let (index, within) = split(offset);
        let length = source.remaining().min(PAGE_SIZE - within);
        let end = offset
            .checked_add(length as u64)
            .filter(|end| *end <= SIZE_LIMIT)
            .ok_or(Errno::EFBIG)?;
        let page = {
            let mut data = self.data()?.lock();
            check_seals(&data, F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)?;
            if end > data.size() {
                check_seals(&data, F_SEAL_GROW)?;
            }
            data.own_page(index)?
        };
        let taken = source.take_into_page(&page, within..within + length);
        let mut data = self.data()?.lock();
        match taken {
            Ok(()) => data.extend(end),
            Err(_) => data.zero_past_end(index),
        }
        taken.map(|()| length)
    }
}

impl FileOperations for Node {
    fn offsets(&self) -> Offsets {
        Offsets::Bytes
    }

    fn read(&self, file: &File, offset: u64, sink: &mut dyn Sink) -> Result<usize, Errno> {
        let mut done = 0;
        while sink.remaining() > 0 {
            let at = offset.saturating_add(done as u64);
            let Some(piece) = self.data()?.lock().piece(at, sink.remaining()) else {
                break;
            };
            let (length, result) = match piece {
                Piece::Image(bytes) => (bytes.len(), sink.put(bytes)),
                Piece::Page(page, range) => (range.len(), sink.put_page(&page, range)),
                Piece::Zeroes(count) => (count, sink.put_zeroes(count)),
            };
            match result {
                Ok(()) => done += length,
                Err(errno) if done == 0 => return Err(errno),
                Err(_) => break,
            }
        }
        if !file.flags().has(linux_raw_sys::general::O_NOATIME) {
            self.accessed(self.shared.now());
        }
        Ok(done)
    }

    fn write(&self, _: &File, offset: u64, source: &mut dyn Source) -> Result<usize, Errno> {
        let mut done = 0;
        while source.remaining() > 0 {
            match self.write_page(offset.saturating_add(done as u64), source) {
                Ok(length) => done += length,
                Err(errno) if done == 0 => return Err(errno),
                Err(_) => break,
            }
        }
        self.touch();
        Ok(done)
    }
}

impl Contents for Node {
    fn size(&self) -> u64 {
        self.data().map_or(0, |data| data.lock().size())
    }

    fn page(&self, index: u64, page_use: PageUse) -> Result<Frame, Errno> {
        self.data()?.lock().page(index, page_use)
    }

    fn pages_in_memory(&self, range: Range<u64>, page_use: PageUse, show: &mut dyn FnMut(u64, Frame)) {
        if let Ok(data) = self.data() {
            data.lock().pages_in_memory(range, page_use, show);
        }
    }

    fn truncate(&self, size: u64) -> Result<(), Errno> {
        if size > SIZE_LIMIT {
            return Err(Errno::EFBIG);
        }
        let removed = {
            let mut data = self.data()?.lock();
            if size < data.size() {
                check_seals(&data, F_SEAL_SHRINK)?;
            } else if size > data.size() {
                check_seals(&data, F_SEAL_GROW)?;
            }
            data.truncate(size)
        };
        drop(removed);
        self.touch();
        Ok(())
    }

    fn allocate(&self, range: Range<u64>) -> Result<(), Errno> {
        if range.end > SIZE_LIMIT {
            return Err(Errno::EFBIG);
        }
        let pages = range.start / PAGE..range.end.div_ceil(PAGE);
        if pages.end.saturating_sub(pages.start) > memory::usage().free as u64 {
            return Err(Errno::ENOSPC);
        }
        for index in pages {
            self.data()?
                .lock()
                .reserve_page(index)
                .map_err(|_| Errno::ENOSPC)?;
        }
        Ok(())
    }

    fn punch(&self, range: Range<u64>) -> Result<(), Errno> {
        let data = self.data()?;
        check_seals(&data.lock(), F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)?;
        let mut next = range.start / PAGE;
        loop {
            // What comes back is dropped after the lock.
            let _removed = {
                let mut data = data.lock();
                let Some(index) = data
                    .next_page(next)
                    .filter(|index| *index < range.end.div_ceil(PAGE))
                else {
                    break;
                };
                next = index + 1;
                data.punch_page(index, within_page(&range, index))?
            };
        }
        self.touch();
        Ok(())
    }

    fn seek_extent(&self, from: u64, data: bool) -> Option<u64> {
        self.data().ok()?.lock().seek_extent(from, data)
    }

    fn seals(&self) -> Option<u32> {
        Some(self.data().ok()?.lock().seals())
    }

    fn add_seals(&self, seals: u32) -> Result<(), Errno> {
        let mut data = self.data()?.lock();
        check_seals(&data, F_SEAL_SEAL)?;
        data.add_seals(seals);
        Ok(())
    }

    fn withdraw_seals(&self, seals: u32) {
        if let Ok(data) = self.data() {
            data.lock().withdraw_seals(seals);
        }
    }

    fn accessed(&self, now: Timestamp) {
        let mut attributes = self.attributes.lock();
        let newest = attributes.modified.max(attributes.changed);
        if attributes.accessed <= newest
            || now.seconds.saturating_sub(attributes.accessed.seconds) >= ACCESS_TIME_AGE
        {
            attributes.accessed = now;
        }
    }
}

/// The part of a range that lies in a page, in bytes from its beginning.
fn within_page(range: &Range<u64>, index: u64) -> Range<usize> {
    let within = |offset: u64| {
        let offset = offset.saturating_sub(index.saturating_mul(PAGE));
        usize::try_from(offset).map_or(PAGE_SIZE, |offset| offset.min(PAGE_SIZE))
    };
    within(range.start)..within(range.end)
}

fn check_seals(data: &Data, seals: u32) -> Result<(), Errno> {
    if data.seals() & seals == 0 {
        Ok(())
    } else {
        Err(Errno::EPERM)
    }
}

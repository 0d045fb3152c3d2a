//! Standard streams that are regular files on the host: with a size, and with offsets to read from and write at.
//!
//! The host's descriptor has one position, and reads and writes happen there. So whoever reads or writes elsewhere moves it
//! first. When the machine ends it is left where the program left its own: `(threadbare run head -n 1; cat) < file` goes on
//! after the first line.
//!
//! Pages of such a file cannot be had: it cannot be mapped, truncated or executed. Its size is what it was at the start, or as
//! far as it was read or written since.
//!
//! Invariants:
//! 1. `position` is where the host's descriptor stands once all that it was told is done. It changes only under `moving`.
//! 2. Whoever holds `moving` waits for nothing but the host: user memory is touched before or after.

use super::link::{CHANGED, send};
use super::streams::{CHUNK, ask, make_room, raise_broken_pipe, send_from, take_input};
use crate::error::Errno;
use crate::sched::Mutex;
use crate::vfs::{
    Anonymous, AttributeChange, File, FileOperations, FileType, Inode, Metadata, Name, Offsets, OpenFlags,
    Sink, SliceSource, Source, Timestamp,
};
use alloc::format;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicU64, Ordering};
use linux_raw_sys::general as linux;
use threadbare_link::{GuestMessage, HostFile, OutputStream};
use threadbare_machine::sync::SpinLock;

/// What can be done with a standard stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    /// Reading.
    Input,
    /// Writing.
    Output(OutputStream),
}

/// A regular file of the host.
struct Regular {
    direction: Direction,
    attributes: Arc<Anonymous>,
    modified: Timestamp,
    size: AtomicU64,
    position: AtomicU64,
    moving: Mutex<()>,
    appends: bool,
}

/// The open files of the streams, for their positions at the end.
static OPENED: SpinLock<Vec<(Arc<File>, Arc<Regular>)>> = SpinLock::new(Vec::new());

/// Opens a stream as the host says.
///
/// # Errors
/// `ENOMEM`.
pub(super) fn open(direction: Direction, facts: &HostFile) -> Result<Arc<File>, Errno> {
    let modified = Timestamp::from_nanoseconds(facts.modified_ns);
    let regular = Arc::new(Regular {
        direction,
        attributes: Anonymous::new(FileType::Regular, u32::from(facts.permissions), modified),
        modified,
        size: AtomicU64::new(facts.size),
        position: AtomicU64::new(facts.position),
        moving: Mutex::new(()),
        appends: facts.appends,
    });
    let access = match direction {
        Direction::Input => linux::O_RDONLY,
        Direction::Output(_) if facts.appends => linux::O_WRONLY | linux::O_APPEND,
        Direction::Output(_) => linux::O_WRONLY,
    };
    let label = Name::copy(format!("file:[{}]", regular.attributes.number()).as_bytes())?;
    let file = File::anonymous(
        regular.clone(),
        label,
        regular.clone(),
        OpenFlags::internal(access),
    );
    file.set_offset(facts.position);
    let mut opened = OPENED.lock();
    opened.try_reserve(1)?;
    opened.push((file.clone(), regular));
    Ok(file)
}

/// Moves the host's descriptors to where the program's are, at the end.
pub(super) fn leave_positions() {
    let opened = core::mem::take(&mut *OPENED.lock());
    for (file, regular) in opened {
        if !regular.appends {
            regular.move_to(file.offset());
        }
    }
}

impl Regular {
    /// Moves the host's descriptor, if it is elsewhere. At the end, or with `moving` held.
    fn move_to(&self, offset: u64) {
        if self.position.swap(offset, Ordering::Relaxed) == offset {
            return;
        }
        send(&match self.direction {
            Direction::Input => GuestMessage::SeekInput { offset },
            Direction::Output(stream) => GuestMessage::SeekOutput { stream, offset },
        });
    }

    /// Bytes have been seen up to here.
    fn reaches(&self, end: u64) {
        self.position.store(end, Ordering::Relaxed);
        self.size.fetch_max(end, Ordering::Relaxed);
    }

    /// Up to `most` bytes at `offset`; none at the end. The host's file does not keep anybody waiting, so no signal does
    /// interrupt this.
    fn read_piece(&self, offset: u64, most: usize) -> Result<Vec<u8>, Errno> {
        let _moving = self.moving.lock();
        self.move_to(offset);
        ask(most);
        let bytes = CHANGED.wait(|| take_input(most))?;
        if !bytes.is_empty() {
            self.reaches(offset.saturating_add(bytes.len() as u64));
        }
        Ok(bytes)
    }

    fn write_piece(&self, stream: OutputStream, offset: u64, data: &[u8]) -> Result<(), Errno> {
        let _moving = self.moving.lock();
        make_room(stream, data.len(), false)?;
        if !self.appends {
            self.move_to(offset);
        }
        send_from(stream, data.len(), &mut SliceSource::new(data))?;
        self.reaches(offset.saturating_add(data.len() as u64));
        Ok(())
    }
}

impl Inode for Regular {
    fn kind(&self) -> FileType {
        FileType::Regular
    }

    fn number(&self) -> u64 {
        self.attributes.number()
    }

    fn metadata(&self) -> Metadata {
        let size = self.size.load(Ordering::Relaxed);
        Metadata {
            size,
            blocks: size.div_ceil(512),
            modified: self.modified,
            ..self.attributes.metadata()
        }
    }

    fn change(&self, change: &AttributeChange) -> Result<(), Errno> {
        self.attributes.change(change)
    }

    fn open(self: Arc<Self>, flags: OpenFlags) -> Result<Arc<dyn FileOperations>, Errno> {
        let refused = match self.direction {
            Direction::Input => flags.writable(),
            Direction::Output(_) => flags.readable(),
        };
        if refused { Err(Errno::EACCES) } else { Ok(self) }
    }
}

impl FileOperations for Regular {
    fn offsets(&self) -> Offsets {
        Offsets::Bytes
    }

    fn read(&self, _: &File, offset: u64, sink: &mut dyn Sink) -> Result<usize, Errno> {
        let total = sink.remaining();
        let mut done = 0;
        while done < total {
            let piece = self
                .read_piece(offset.saturating_add(done as u64), (total - done).min(CHUNK))
                .and_then(|bytes| sink.put(&bytes).map(|()| bytes.len()));
            match piece {
                Ok(0) => break,
                Ok(count) => done += count,
                Err(_) if done > 0 => break,
                Err(error) => return Err(error),
            }
        }
        Ok(done)
    }

    fn write(&self, _: &File, offset: u64, source: &mut dyn Source) -> Result<usize, Errno> {
        let Direction::Output(stream) = self.direction else {
            return Err(Errno::EBADF);
        };
        let total = source.remaining();
        let mut done = 0;
        let mut data = Vec::new();
        data.try_reserve_exact(total.min(CHUNK))?;
        while done < total {
            data.resize((total - done).min(CHUNK), 0);
            let sent = source
                .take(&mut data)
                .and_then(|()| self.write_piece(stream, offset.saturating_add(done as u64), &data));
            match sent {
                Ok(()) => done += data.len(),
                Err(_) if done > 0 => break,
                Err(error) => {
                    if error == Errno::EPIPE {
                        raise_broken_pipe();
                    }
                    return Err(error);
                }
            }
        }
        Ok(done)
    }
}

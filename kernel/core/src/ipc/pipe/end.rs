//! [`End`]: an open end of a pipe, and how it comes about (`pipe(2)`, `fifo(7)`).

use super::state::{DEFAULT_SLOTS, MAX_SIZE, Pipe, State};
use crate::error::Errno;
use crate::ipc::interrupted;
use crate::syscall::memory::UserMemory;
use crate::vfs::{
    Anonymous, AttributeChange, Capability, Credentials, File, FileOperations, FileType, Inode, Metadata,
    Name, OpenFlags, Readiness, Sink, Source, Timestamp, Watchers,
};
use alloc::format;
use alloc::sync::Arc;
use linux_raw_sys::general as linux;
use linux_raw_sys::ioctl::FIONREAD;
use threadbare_machine::memory::PAGE_SIZE;

/// What stands behind a descriptor of a pipe.
#[derive(Debug)]
pub struct End {
    pub(super) pipe: Arc<Pipe>,
    pub(super) reads: bool,
    pub(super) writes: bool,
    /// A FIFO opened for reading before anybody wrote does not hang up until somebody has: so often had it been opened
    /// for writing then.
    hangs_up_after: Option<u32>,
}

/// Whether the pipes of this user are not counted.
pub(super) fn is_privileged(credentials: &Credentials) -> bool {
    credentials.can(Capability::SysResource) || credentials.can(Capability::SysAdmin)
}

/// Makes a pipe; gives its reading and its writing end.
///
/// # Errors
/// `ENOMEM`.
pub fn create(flags: OpenFlags, credentials: &Credentials) -> Result<[Arc<File>; 2], Errno> {
    let pipe = Arc::new(Pipe::new(is_privileged(credentials))?);
    let attributes = Anonymous::owned(
        FileType::Fifo,
        0o600,
        credentials.fs_uid,
        credentials.fs_gid,
        Timestamp::now(),
    );
    let label = Name::copy(format!("pipe:[{}]", attributes.number()).as_bytes())?;
    let inode = Arc::new(PipeInode {
        attributes,
        pipe: pipe.clone(),
    });
    let end = |access| {
        let flags = OpenFlags::internal(flags.bits() | access);
        let (operations, _) = End::join(&pipe, flags);
        File::anonymous(inode.clone(), label.clone(), Arc::new(operations), flags)
    };
    Ok([end(linux::O_RDONLY), end(linux::O_WRONLY)])
}

/// The file behind a pipe without a name: `/proc/<pid>/fd` lets it be opened again.
struct PipeInode {
    attributes: Arc<Anonymous>,
    pipe: Arc<Pipe>,
}

impl Inode for PipeInode {
    fn kind(&self) -> FileType {
        FileType::Fifo
    }

    fn metadata(&self) -> Metadata {
        self.attributes.metadata()
    }

    fn change(&self, change: &AttributeChange) -> Result<(), Errno> {
        self.attributes.change(change)
    }

    fn open(self: Arc<Self>, flags: OpenFlags) -> Result<Arc<dyn FileOperations>, Errno> {
        let (end, _) = End::join(&self.pipe, flags);
        Ok(Arc::new(end))
    }
}

/// Those on the other side of an end.
struct Partners {
    /// How many have ever come.
    opens: u32,
    /// Whether one is there.
    here: bool,
}

impl Partners {
    fn of(state: &State, writes: bool) -> Partners {
        let (opens, there) = if writes {
            (state.reader_opens, state.readers)
        } else {
            (state.writer_opens, state.writers)
        };
        Partners {
            opens,
            here: there != 0,
        }
    }
}

impl End {
    /// Opens a pipe, whoever else has it open; what it finds on the other side belongs to the same moment: who comes after counts
    /// this one as there, and may be gone before this task runs again.
    fn join(pipe: &Arc<Pipe>, flags: OpenFlags) -> (End, Partners) {
        let (reads, writes) = (flags.readable(), flags.writable());
        let mut state = pipe.state();
        if reads {
            state.readers = state.readers.saturating_add(1);
            state.reader_opens = state.reader_opens.wrapping_add(1);
        }
        if writes {
            state.writers = state.writers.saturating_add(1);
            state.writer_opens = state.writer_opens.wrapping_add(1);
        }
        let partners = Partners::of(&state, writes);
        drop(state);
        pipe.openers.wake_all();
        let end = End {
            pipe: pipe.clone(),
            reads,
            writes,
            hangs_up_after: None,
        };
        (end, partners)
    }

    /// Opens a FIFO: who only reads waits for a writer, and the other way round (`fifo(7)`).
    ///
    /// # Errors
    /// `ENXIO` for a writer that would have to wait with `O_NONBLOCK`; `ERESTARTSYS`.
    pub(in crate::ipc) fn open_fifo(pipe: &Arc<Pipe>, flags: OpenFlags) -> Result<End, Errno> {
        let nonblocking = flags.has(linux::O_NONBLOCK);
        if flags.writable() && !flags.readable() && nonblocking && pipe.state().readers == 0 {
            return Err(Errno::ENXIO);
        }
        let (mut end, before) = End::join(pipe, flags);
        if end.reads == end.writes || before.here {
            return Ok(end);
        }
        if nonblocking {
            end.hangs_up_after = Some(before.opens);
            return Ok(end);
        }
        let came = || (Partners::of(&pipe.state(), end.writes).opens != before.opens).then_some(());
        pipe.openers
            .wait_until(None, interrupted, came)
            .ok_or(Errno::ERESTARTSYS)?;
        Ok(end)
    }
}

impl Drop for End {
    fn drop(&mut self) {
        let mut state = self.pipe.state();
        state.readers -= u32::from(self.reads);
        state.writers -= u32::from(self.writes);
        let last = (self.reads && state.readers == 0) || (self.writes && state.writers == 0);
        drop(state);
        if last {
            self.pipe.wake_everybody();
        }
    }
}

impl FileOperations for End {
    fn read(&self, file: &File, _: u64, sink: &mut dyn Sink) -> Result<usize, Errno> {
        self.pipe.read(file.is_nonblocking(), sink)
    }

    fn write(&self, file: &File, _: u64, source: &mut dyn Source) -> Result<usize, Errno> {
        let flags = file.flags();
        self.pipe
            .write(flags.has(linux::O_NONBLOCK), flags.has(linux::O_DIRECT), source)
    }

    fn poll(&self, _: &File) -> Readiness {
        let state = self.pipe.state();
        let mut ready = Readiness::NONE;
        if self.reads {
            if !state.ring.is_empty() {
                ready = ready | Readiness::READ;
            }
            if state.writers == 0 && self.hangs_up_after != Some(state.writer_opens) {
                ready = ready | Readiness::HANG_UP;
            }
        }
        if self.writes {
            if !state.ring.is_full() {
                ready = ready | Readiness::WRITE;
            }
            if state.readers == 0 {
                ready = ready | Readiness::ERROR;
            }
        }
        ready
    }

    fn watchers(&self, _: &File) -> Option<&Watchers> {
        Some(&self.pipe.watchers)
    }

    fn ioctl(
        &self,
        _: &File,
        request: u32,
        argument: usize,
        memory: &dyn UserMemory,
    ) -> Result<usize, Errno> {
        if request != FIONREAD {
            return Err(Errno::ENOTTY);
        }
        let bytes = self.pipe.state().ring.bytes();
        memory.write(argument, &i32::try_from(bytes).unwrap_or(i32::MAX))?;
        Ok(0)
    }

    fn pipe_size(&self) -> Option<usize> {
        Some(self.pipe.state().ring.slots() * PAGE_SIZE)
    }

    fn set_pipe_size(&self, size: usize, privileged: bool) -> Result<usize, Errno> {
        const MOST: usize = 1 << 31;
        if size > MOST {
            return Err(Errno::EINVAL);
        }
        let size = size.max(PAGE_SIZE).next_power_of_two();
        let slots = size / PAGE_SIZE;
        self.pipe.resize(slots, size <= MAX_SIZE || privileged)?;
        Ok(size)
    }
}

const _: () = assert!(DEFAULT_SLOTS * PAGE_SIZE == 65536, "pipe(7)");

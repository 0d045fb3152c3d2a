//! [`Slave`]: an open terminal, as programs read and write it.

use super::{Terminal, ioctl, numbers, session};
use crate::error::Errno;
use crate::process::Thread;
use crate::syscall::memory::UserMemory;
use crate::vfs::{
    Capability, Credentials, File, FileOperations, FsContext, Name, OpenFlags, Readiness, Resolver, Sink,
    Source, SymlinkPolicy, Watchers,
};
use alloc::format;
use alloc::sync::Arc;

/// What stands behind a descriptor of a terminal.
#[derive(Debug)]
pub(super) struct Slave {
    terminal: Arc<Terminal>,
}

impl Slave {
    /// Opens a terminal.
    ///
    /// # Errors
    /// `EIO` if its far side is gone or has not unlocked it; `EBUSY` if somebody wants it for himself.
    pub(super) fn open(terminal: &Arc<Terminal>, flags: OpenFlags) -> Result<Arc<Slave>, Errno> {
        let caller = Thread::current();
        let privileged = caller.is_none_or(|thread| thread.process.credentials().can(Capability::SysAdmin));
        terminal.with(|state| {
            if state.hung_up || state.locked {
                return Err(Errno::EIO);
            }
            if state.exclusive && state.slaves > 0 && !privileged {
                return Err(Errno::EBUSY);
            }
            state.slaves += 1;
            state.was_opened = true;
            Ok(())
        })?;
        session::opened(terminal, flags);
        Ok(Arc::new(Slave {
            terminal: terminal.clone(),
        }))
    }
}

/// Opens a terminal as it lies in `/dev/pts`, or without a path where that is not mounted.
///
/// # Errors
/// As [`Slave::open`], and `ENOMEM`.
pub(super) fn open_file(
    terminal: &Arc<Terminal>,
    fs: &FsContext,
    credentials: &Credentials,
    flags: OpenFlags,
) -> Result<Arc<File>, Errno> {
    let operations = Slave::open(terminal, flags)?;
    let path = format!("/dev/pts/{}", terminal.number);
    let found =
        Resolver::new(fs, credentials).lookup(|| Ok(fs.root()), path.as_bytes(), SymlinkPolicy::Follow);
    match found {
        Ok(place) if place.inode().metadata().node == terminal.device() => {
            Ok(File::new(place, operations, flags))
        }
        _ => {
            let inode = numbers::node(terminal.number)?;
            let label = Name::copy(path.as_bytes())?;
            Ok(File::anonymous(inode, label, operations, flags))
        }
    }
}

impl Drop for Slave {
    fn drop(&mut self) {
        self.terminal.with(|state| {
            state.slaves = state.slaves.saturating_sub(1);
            if state.slaves == 0 {
                state.exclusive = false;
                state.changes.output = true; // the master finds nobody
            }
        });
    }
}

impl FileOperations for Slave {
    fn read(&self, file: &File, _: u64, sink: &mut dyn Sink) -> Result<usize, Errno> {
        self.terminal.read(file.is_nonblocking(), sink)
    }

    fn write(&self, file: &File, _: u64, source: &mut dyn Source) -> Result<usize, Errno> {
        self.terminal.write(file.is_nonblocking(), source)
    }

    fn poll(&self, _: &File) -> Readiness {
        self.terminal.with(|state| {
            if state.hung_up {
                return Readiness::READ | Readiness::WRITE | Readiness::HANG_UP | Readiness::ERROR;
            }
            let settings = state.discipline.settings();
            let minimum = if settings.time() == 0 {
                settings.minimum()
            } else {
                1
            };
            let mut ready = Readiness::NONE;
            if state.discipline.has_input(usize::from(minimum)) {
                ready = ready | Readiness::READ;
            }
            if state.discipline.can_write() {
                ready = ready | Readiness::WRITE;
            }
            ready
        })
    }

    fn watchers(&self, _: &File) -> Option<&Watchers> {
        Some(&self.terminal.watchers)
    }

    fn ioctl(
        &self,
        file: &File,
        request: u32,
        argument: usize,
        memory: &dyn UserMemory,
    ) -> Result<usize, Errno> {
        ioctl::serve(&self.terminal, file, request, argument, memory)
    }
}

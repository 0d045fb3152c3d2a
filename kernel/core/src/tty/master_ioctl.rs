//! What a program may ask of the master of a pseudo-terminal (`ioctl_tty(2)`, "Pseudoterminal ioctls").

use super::ioctl::{flush, put, put_count};
use super::{Terminal, jobs, settings, slave};
use crate::error::Errno;
use crate::process::Thread;
use crate::signal::Signal;
use crate::syscall::memory::UserMemory;
use crate::vfs::{Descriptor, OpenFlags};
use alloc::sync::Arc;
use linux_raw_sys::{general as linux, ioctl};

/// Serves an `ioctl` on a master.
///
/// # Errors
/// As the man page says; `ENOTTY` for what masters do not have.
pub(super) fn serve(
    terminal: &Arc<Terminal>,
    request: u32,
    argument: usize,
    memory: &dyn UserMemory,
) -> Result<usize, Errno> {
    match request {
        ioctl::TIOCGPTN => put(memory, argument, terminal.number),
        ioctl::TIOCSPTLCK => {
            let locked = memory.read::<u32>(argument)? != 0;
            terminal.with(|state| state.locked = locked);
            Ok(0)
        }
        ioctl::TIOCGPTLCK => put(memory, argument, u32::from(terminal.with(|state| state.locked))),
        ioctl::TIOCPKT => {
            let packets = memory.read::<u32>(argument)? != 0;
            terminal.with(|state| {
                state.packets = packets;
                let _old = state.discipline.take_packet();
            });
            Ok(0)
        }
        ioctl::TIOCGPKT => put(memory, argument, u32::from(terminal.with(|state| state.packets))),
        ioctl::TIOCGPTPEER => open_peer(terminal, argument),
        ioctl::TIOCSIG => send(terminal, argument),
        ioctl::TIOCGPGRP => put(memory, argument, terminal.with(|state| state.group).unwrap_or(0)),
        ioctl::TIOCGSID => {
            let session = terminal.with(|state| state.session);
            put(memory, argument, session.ok_or(Errno::ENOTTY)?)
        }
        ioctl::FIONREAD => put_count(
            memory,
            argument,
            terminal.with(|state| state.discipline.output_bytes()),
        ),
        ioctl::TIOCOUTQ => put(memory, argument, 0),
        ioctl::TIOCSTI => Err(Errno::EIO),
        ioctl::TCSBRK | ioctl::TCSBRKP => Ok(0),
        ioctl::TCFLSH => flush(terminal, argument, true),
        _ => settings::serve(terminal, request, argument, memory),
    }
}

/// Opens the slave without its name (`TIOCGPTPEER`).
fn open_peer(terminal: &Arc<Terminal>, flags: usize) -> Result<usize, Errno> {
    let thread = Thread::current().ok_or(Errno::EIO)?;
    let process = &thread.process;
    let flags = OpenFlags::new(u32::try_from(flags).map_err(|_| Errno::EINVAL)?)?;
    let file = slave::open_file(terminal, &process.fs, &process.credentials(), flags)?;
    let limit = process.limits.lock().open_files();
    let close_on_exec = flags.has(linux::O_CLOEXEC);
    let fd = process
        .files
        .lock()
        .insert(Descriptor { file, close_on_exec }, 0, limit)?;
    Ok(fd as usize)
}

/// Sends a signal to the foreground of the slave (`TIOCSIG`).
fn send(terminal: &Terminal, number: usize) -> Result<usize, Errno> {
    let signal = Signal::new(number)?;
    jobs::signal_foreground(terminal, signal);
    Ok(0)
}

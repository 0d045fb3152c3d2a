//! What a program may ask of a terminal (`ioctl_tty(2)`).

use super::{Terminal, jobs, session, settings};
use crate::error::Errno;
use crate::process::{self, Process, Thread};
use crate::signal::Signal;
use crate::syscall::memory::UserMemory;
use crate::vfs::File;
use alloc::sync::Arc;
use linux_raw_sys::{general as linux, ioctl};

/// Serves an `ioctl` on a slave.
///
/// # Errors
/// As the man page says; `ENOTTY` for what terminals do not have; `EIO` after a hang-up.
pub(super) fn serve(
    terminal: &Arc<Terminal>,
    file: &File,
    request: u32,
    argument: usize,
    memory: &dyn UserMemory,
) -> Result<usize, Errno> {
    if terminal.with(|state| state.hung_up) {
        return Err(if request == ioctl::TIOCSPGRP {
            Errno::ENOTTY
        } else {
            Errno::EIO
        });
    }
    if changes(request) {
        let checked = jobs::check_foreground(terminal, Signal::SIGTTOU);
        if request == ioctl::TIOCSPGRP && checked == Err(Errno::EIO) {
            return Err(Errno::ENOTTY);
        }
        checked?;
    }
    let thread = Thread::current().ok_or(Errno::ENOTTY)?;
    let caller = &thread.process;
    match request {
        ioctl::TIOCSCTTY => {
            session::set_controlling(terminal, caller, file.flags().readable(), argument == 1).map(|()| 0)
        }
        ioctl::TIOCNOTTY => session::give_up(terminal, caller).map(|()| 0),
        ioctl::TIOCGPGRP => {
            let group = own(terminal, caller)?.1;
            put(memory, argument, group.unwrap_or(0))
        }
        ioctl::TIOCSPGRP => set_foreground(terminal, caller, memory.read(argument)?),
        ioctl::TIOCGSID => {
            let session = own(terminal, caller)?.0;
            put(memory, argument, session.ok_or(Errno::ENOTTY)?)
        }
        ioctl::TIOCEXCL => set_exclusive(terminal, true),
        ioctl::TIOCNXCL => set_exclusive(terminal, false),
        ioctl::TIOCGEXCL => put(
            memory,
            argument,
            u32::from(terminal.with(|state| state.exclusive)),
        ),
        ioctl::TIOCSTI => Err(Errno::EIO),
        ioctl::FIONREAD => put_count(
            memory,
            argument,
            terminal.with(|state| state.discipline.input_bytes()),
        ),
        ioctl::TIOCOUTQ => {
            // As on Linux, what a master has not read counts as gone.
            let waits = |state: &mut super::state::State| state.discipline.output_bytes();
            let count = if terminal.master().is_some() {
                0
            } else {
                terminal.with(waits)
            };
            put_count(memory, argument, count)
        }
        // A break means nothing here; waiting for the output does.
        ioctl::TCSBRK | ioctl::TCSBRKP | ioctl::TIOCSBRK => terminal.drain().map(|()| 0),
        ioctl::TIOCCBRK => Ok(0),
        ioctl::TCXONC => suspend(terminal, argument),
        ioctl::TCFLSH => flush(terminal, argument, false),
        _ => settings::serve(terminal, request, argument, memory),
    }
}

fn set_exclusive(terminal: &Terminal, exclusive: bool) -> Result<usize, Errno> {
    terminal.with(|state| state.exclusive = exclusive);
    Ok(0)
}

/// Whether only the foreground may ask for it.
fn changes(request: u32) -> bool {
    matches!(
        request,
        ioctl::TIOCSPGRP
            | ioctl::TCSBRK
            | ioctl::TCSBRKP
            | ioctl::TIOCSBRK
            | ioctl::TIOCCBRK
            | ioctl::TCXONC
            | ioctl::TCFLSH
            | ioctl::TIOCSETD
    ) || settings::changes(request)
}

/// Session and foreground of the caller's own terminal.
fn own(terminal: &Terminal, caller: &Process) -> Result<(Option<u32>, Option<u32>), Errno> {
    let (session, group) = terminal.with(|state| (state.session, state.group));
    if session == Some(caller.session()) {
        Ok((session, group))
    } else {
        Err(Errno::ENOTTY)
    }
}

/// `tcsetpgrp(3)`.
fn set_foreground(terminal: &Terminal, caller: &Process, group: i32) -> Result<usize, Errno> {
    let group = u32::try_from(group).map_err(|_| Errno::EINVAL)?;
    own(terminal, caller)?;
    let member = process::members_of_group(group).next().ok_or(Errno::ESRCH)?;
    if member.session() != caller.session() {
        return Err(Errno::EPERM);
    }
    terminal.with(|state| {
        // It may have been given up meanwhile.
        let still = state.session == Some(caller.session());
        if still {
            state.group = Some(group);
        }
        still.then_some(0).ok_or(Errno::ENOTTY)
    })
}

/// `tcflow(3)`.
fn suspend(terminal: &Terminal, action: usize) -> Result<usize, Errno> {
    let action = u32::try_from(action).map_err(|_| Errno::EINVAL)?;
    terminal.with(|state| {
        match action {
            linux::TCOOFF => state.discipline.suspend_output(true),
            linux::TCOON => state.discipline.suspend_output(false),
            linux::TCIOFF => state.discipline.send_urgently(linux::VSTOP),
            linux::TCION => state.discipline.send_urgently(linux::VSTART),
            _ => return Err(Errno::EINVAL),
        }
        state.changes.output = true;
        state.changes.room = true;
        Ok(0)
    })
}

/// `tcflush(3)`. To a master, input is what the slave wrote.
pub(super) fn flush(terminal: &Terminal, which: usize, to_master: bool) -> Result<usize, Errno> {
    let (input, output) = match u32::try_from(which).map_err(|_| Errno::EINVAL)? {
        linux::TCIFLUSH => (true, false),
        linux::TCOFLUSH => (false, true),
        linux::TCIOFLUSH => (true, true),
        _ => return Err(Errno::EINVAL),
    };
    let (input, output) = if to_master {
        (output, input)
    } else {
        (input, output)
    };
    terminal.with(|state| {
        if input {
            state.discipline.flush_input();
            state.changes.key_room = true;
        }
        if output {
            state.discipline.flush_output();
            state.changes.room = true;
        }
        state.changes.output = true;
        Ok(0)
    })
}

pub(super) fn put(memory: &dyn UserMemory, at: usize, value: u32) -> Result<usize, Errno> {
    memory.write(at, &value).map(|()| 0)
}

pub(super) fn put_count(memory: &dyn UserMemory, at: usize, count: usize) -> Result<usize, Errno> {
    put(memory, at, u32::try_from(count).unwrap_or(u32::MAX))
}

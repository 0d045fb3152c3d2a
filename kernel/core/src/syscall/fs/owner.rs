//! Who is told by a signal when a file becomes ready (`fcntl(2)`, "Managing signals").

use crate::syscall::call::int;
use alloc::sync::Arc;
use linux_raw_sys::general as linux;
use zerocopy::{FromBytes, Immutable, IntoBytes};

use super::Caller;
use crate::error::Errno;
use crate::ipc::{Owner, Told};
use crate::process;
use crate::signal::Signal;
use crate::vfs::File;

/// `struct f_owner_ex`
#[derive(Clone, Copy, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
struct OwnerEx {
    kind: u32,
    number: i32,
}

impl OwnerEx {
    fn of(owner: &Owner) -> OwnerEx {
        let (kind, number) = match owner {
            Owner::Nobody => (linux::F_OWNER_PID, 0),
            Owner::Thread(thread) => (
                linux::F_OWNER_TID,
                thread.upgrade().map_or(0, |thread| thread.tid()),
            ),
            Owner::Process(process) => (
                linux::F_OWNER_PID,
                process.upgrade().map_or(0, |process| process.pid),
            ),
            Owner::Group(group) => (linux::F_OWNER_PGRP, *group),
        };
        OwnerEx {
            kind,
            number: number.cast_signed(),
        }
    }

    /// Who it means now.
    fn find(self) -> Result<Owner, Errno> {
        let number = u32::try_from(self.number).map_err(|_| Errno::EINVAL)?;
        let known = matches!(
            self.kind,
            linux::F_OWNER_TID | linux::F_OWNER_PID | linux::F_OWNER_PGRP
        );
        if !known {
            return Err(Errno::EINVAL);
        }
        if number == 0 {
            return Ok(Owner::Nobody);
        }
        match self.kind {
            linux::F_OWNER_TID => {
                process::find_thread(number).map(|thread| Owner::Thread(Arc::downgrade(&thread)))
            }
            linux::F_OWNER_PID => {
                process::find(number).map(|process| Owner::Process(Arc::downgrade(&process)))
            }
            _ => process::members_of_group(number)
                .next()
                .map(|_| Owner::Group(number)),
        }
        .ok_or(Errno::ESRCH)
    }
}

/// The commands about owners and signals; `None` for others.
pub(super) fn fcntl(
    caller: &Caller<'_>,
    file: &File,
    command: u32,
    argument: usize,
) -> Option<Result<usize, Errno>> {
    Some(match command {
        linux::F_SETOWN => set(caller, file, of_int(argument)),
        linux::F_SETOWN_EX => caller
            .memory
            .read(argument)
            .and_then(|owner| set(caller, file, Ok(owner))),
        linux::F_GETOWN => Ok(get(file)),
        linux::F_GETOWN_EX => {
            let owner = file.told().map(|told| told.owner()).unwrap_or_default();
            caller.memory.write(argument, &OwnerEx::of(&owner)).map(|()| 0)
        }
        linux::F_SETSIG => set_signal(file, argument),
        linux::F_GETSIG => {
            let signal = file.told().and_then(|told| told.signal());
            Ok(signal.map_or(0, |signal| signal.number().into()))
        }
        _ => return None,
    })
}

/// As `F_SETOWN` has it: a group is negative.
fn of_int(argument: usize) -> Result<OwnerEx, Errno> {
    let number = int(argument);
    let kind = if number < 0 {
        linux::F_OWNER_PGRP
    } else {
        linux::F_OWNER_PID
    };
    let number = number.checked_abs().ok_or(Errno::EINVAL)?;
    Ok(OwnerEx { kind, number })
}

fn set(caller: &Caller<'_>, file: &File, owner: Result<OwnerEx, Errno>) -> Result<usize, Errno> {
    let owner = owner?.find()?;
    file.make_told()
        .set_owner(owner, Arc::new(caller.credentials.clone()));
    Ok(0)
}

/// Negative for a group; small numbers are told from errors by programs.
fn get(file: &File) -> usize {
    let owner = file.told().map(|told| told.owner()).unwrap_or_default();
    let OwnerEx { kind, number } = OwnerEx::of(&owner);
    let number = if kind == linux::F_OWNER_PGRP {
        -number
    } else {
        number
    };
    isize::try_from(number).unwrap_or_default().cast_unsigned()
}

fn set_signal(file: &File, argument: usize) -> Result<usize, Errno> {
    let signal = match argument {
        0 => None,
        number => Some(Signal::new(number)?),
    };
    file.make_told().set_signal(signal);
    Ok(0)
}

/// Sets or clears `O_ASYNC`, if it is not so already.
///
/// # Errors
/// `ENOTTY` where nobody can be told; `ENOMEM`.
pub(super) fn switch(file: &File, fd: u32, on: bool) -> Result<(), Errno> {
    let flags = file.flags().bits();
    if (flags & linux::FASYNC != 0) == on {
        return Ok(());
    }
    if !Told::is_for(file) {
        return Err(Errno::ENOTTY);
    }
    file.make_told().switch(file, fd, on)?;
    file.set_flags(if on {
        flags | linux::FASYNC
    } else {
        flags & !linux::FASYNC
    });
    Ok(())
}

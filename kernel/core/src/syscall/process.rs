//! The end of processes and threads, `execve`, and what a thread tells about itself.

use super::Call;
use super::memory::UserMemory;
use crate::error::Errno;
use crate::process::{ExitStatus, Program, execute};
use alloc::format;
use alloc::vec::Vec;
use core::sync::atomic::Ordering;
use threadbare_machine::user;

/// `exit_group(2)`.
pub(super) fn exit_group(call: &mut Call<'_>, [status, ..]: [usize; 6]) -> Result<usize, Errno> {
    call.process().end(ExitStatus::Exited(status.to_le_bytes()[0]));
    Ok(0)
}

/// `exit(2)`: ends the thread; with the last one the process ends.
pub(super) fn exit(call: &mut Call<'_>, [status, ..]: [usize; 6]) -> Result<usize, Errno> {
    call.thread.exit();
    let others = call.process().threads().iter().any(|thread| !thread.is_ending());
    if !others {
        call.process().end(ExitStatus::Exited(status.to_le_bytes()[0]));
    }
    Ok(0)
}

/// `execve(2)`.
pub(super) fn execve(
    call: &mut Call<'_>,
    [path, arguments, environment, ..]: [usize; 6],
) -> Result<usize, Errno> {
    let memory: &dyn UserMemory = &call.memory();
    let program = Program {
        path: memory.read_path(path)?,
        arguments: read_strings(memory, arguments)?,
        environment: read_strings(memory, environment)?,
    };
    match execute(call.thread, program) {
        Ok(context) => {
            *call.context = context;
            Ok(0)
        }
        Err(failure) => Err(failure.errno),
    }
}

/// A null-terminated array of pointers to strings; a null array is an empty one, as on Linux.
fn read_strings(memory: &dyn UserMemory, array: usize) -> Result<Vec<Vec<u8>>, Errno> {
    const LONGEST: usize = 32 * 4096;
    const TOTAL: usize = 2 << 20;
    let mut strings = Vec::new();
    let mut total = 0;
    if array == 0 {
        return Ok(strings);
    }
    let mut at = array;
    loop {
        let mut pointer = [0; 8];
        memory.read_bytes(at, &mut pointer)?;
        let pointer = usize::from_le_bytes(pointer);
        if pointer == 0 {
            break;
        }
        let string = memory.read_string(pointer, LONGEST)?.ok_or(Errno::E2BIG)?;
        total += string.len() + 9;
        if total > TOTAL {
            return Err(Errno::E2BIG);
        }
        strings.try_reserve(1)?;
        strings.push(string);
        at = at.checked_add(8).ok_or(Errno::EFAULT)?;
    }
    Ok(strings)
}

/// `set_tid_address(2)`.
pub(super) fn set_tid_address(call: &mut Call<'_>, [address, ..]: [usize; 6]) -> Result<usize, Errno> {
    call.thread.clear_child_tid.store(address, Ordering::Relaxed);
    Ok(call.thread.tid as usize)
}

/// `set_robust_list(2)`.
pub(super) fn set_robust_list(call: &mut Call<'_>, [head, length, ..]: [usize; 6]) -> Result<usize, Errno> {
    const HEAD_BYTES: usize = 24;
    if length != HEAD_BYTES {
        return Err(Errno::EINVAL);
    }
    call.thread.robust_list.store(head, Ordering::Relaxed);
    Ok(0)
}

/// `arch_prctl(2)`.
pub(super) fn arch_prctl(call: &mut Call<'_>, [code, argument, ..]: [usize; 6]) -> Result<usize, Errno> {
    const ARCH_SET_GS: usize = 0x1001;
    const ARCH_SET_FS: usize = 0x1002;
    const ARCH_GET_FS: usize = 0x1003;
    const ARCH_GET_GS: usize = 0x1004;
    /// Asked by glibc 2.28 to 2.39 at start; "not supported" is the usual answer.
    const ARCH_CET_STATUS: usize = 0x3001;
    let set = |done: bool| if done { Ok(0) } else { Err(Errno::EPERM) };
    match code {
        ARCH_SET_FS => set(user::set_fs_base(argument as u64)),
        ARCH_SET_GS => set(user::set_gs_base(argument as u64)),
        ARCH_GET_FS => call.write(argument, &user::fs_base()).map(|()| 0),
        ARCH_GET_GS => call.write(argument, &user::gs_base()).map(|()| 0),
        ARCH_CET_STATUS => Err(Errno::EINVAL),
        unknown => Err(call.missing(format!("arch_prctl({unknown:#x})"), Errno::EINVAL)),
    }
}

/// `wait4(2)` and `waitid(2)` in a process that cannot have children yet.
pub(super) fn no_children(_: &mut Call<'_>, _: [usize; 6]) -> Result<usize, Errno> {
    Err(Errno::ECHILD)
}

//! New threads: `clone(2)` and `clone3(2)`. New processes are not there yet.

use super::Call;
use crate::error::Errno;
use crate::process::start_cloned;
use alloc::format;
use linux_raw_sys::general as linux;
use zerocopy::{FromBytes, Immutable, IntoBytes};

/// What every thread shares with its process. With any of it missing a new process is meant.
const THREAD: u64 =
    (linux::CLONE_VM | linux::CLONE_FS | linux::CLONE_FILES | linux::CLONE_SIGHAND | linux::CLONE_THREAD)
        as u64;
/// What may be asked for besides. `CLONE_DETACHED` is ignored, as on Linux; there are no System V semaphores to undo.
const OPTIONS: u64 = (linux::CLONE_SYSVSEM
    | linux::CLONE_SETTLS
    | linux::CLONE_PARENT_SETTID
    | linux::CLONE_CHILD_SETTID
    | linux::CLONE_CHILD_CLEARTID
    | linux::CLONE_DETACHED) as u64;

/// `struct clone_args`, as far as it has meant something from the beginning.
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
struct Arguments {
    flags: u64,
    pidfd: u64,
    child_tid: u64,
    parent_tid: u64,
    exit_signal: u64,
    stack: u64,
    stack_size: u64,
    tls: u64,
}

/// `clone(2)`: the stack pointer is given, not the stack.
pub(super) fn clone(
    call: &mut Call<'_>,
    [flags, stack, parent_tid, child_tid, tls, _]: [usize; 6],
) -> Result<usize, Errno> {
    /// The signal that the parent gets lies in the low byte.
    const SIGNAL: u64 = 0xff;
    let arguments = Arguments {
        flags: flags as u64 & !SIGNAL,
        exit_signal: flags as u64 & SIGNAL,
        stack: stack as u64,
        parent_tid: parent_tid as u64,
        child_tid: child_tid as u64,
        tls: tls as u64,
        ..Arguments::default()
    };
    create(call, &arguments)
}

/// `clone3(2)`.
pub(super) fn clone3(call: &mut Call<'_>, [arguments, size, ..]: [usize; 6]) -> Result<usize, Errno> {
    const PAGE: usize = 4096;
    if size < size_of::<Arguments>() {
        return Err(Errno::EINVAL);
    }
    if size > PAGE {
        return Err(Errno::E2BIG);
    }
    let mut given = call.read::<Arguments>(arguments)?;
    for at in (size_of::<Arguments>()..size).step_by(8) {
        if call.read::<u64>(arguments.wrapping_add(at))? != 0 {
            return Err(Errno::E2BIG); // something that this kernel does not know
        }
    }
    if (given.stack == 0) != (given.stack_size == 0) {
        return Err(Errno::EINVAL);
    }
    given.stack = given.stack.checked_add(given.stack_size).ok_or(Errno::EINVAL)?;
    create(call, &given)
}

fn create(call: &mut Call<'_>, given: &Arguments) -> Result<usize, Errno> {
    let flag = |bit: u32| given.flags & u64::from(bit) != 0;
    if flag(linux::CLONE_THREAD) && !flag(linux::CLONE_SIGHAND)
        || flag(linux::CLONE_SIGHAND) && !flag(linux::CLONE_VM)
    {
        return Err(Errno::EINVAL);
    }
    if given.flags & THREAD != THREAD {
        return Err(call.missing(
            "a new process (fork, vfork, clone without CLONE_THREAD)".into(),
            Errno::ENOSYS,
        ));
    }
    let unknown = given.flags & !(THREAD | OPTIONS);
    if unknown != 0 {
        return Err(call.missing(format!("clone({unknown:#x})"), Errno::EINVAL));
    }
    let mut context = call.context.clone();
    let registers = context.registers_mut();
    registers.rax = 0;
    if given.stack != 0 {
        registers.cpu.rsp = given.stack;
    }
    let tls = flag(linux::CLONE_SETTLS).then_some(given.tls);
    if tls.is_some_and(|tls| tls >= threadbare_machine::paging::USER_END as u64) {
        return Err(Errno::EPERM);
    }
    let tid = call.process().next_tid();
    // Both are written before the child runs, in the memory that they share.
    if flag(linux::CLONE_PARENT_SETTID) {
        call.write(given.parent_tid as usize, &tid)?;
    }
    if flag(linux::CLONE_CHILD_SETTID) {
        call.write(given.child_tid as usize, &tid)?;
    }
    let clear = if flag(linux::CLONE_CHILD_CLEARTID) {
        given.child_tid as usize
    } else {
        0
    };
    start_cloned(call.thread, tid, context, tls, clear).map_err(|_| Errno::EAGAIN)?;
    Ok(tid as usize)
}

//! New threads and processes: `clone(2)`, `clone3(2)`, `fork(2)`, `vfork(2)`.
//!
//! Left out, and named when asked for: namespaces (`CLONE_NEW…`), `CLONE_INTO_CGROUP`, a process that shares only its
//! signal handlers (`CLONE_SIGHAND` without `CLONE_THREAD`), a thread that does not share all of `CLONE_VM`, `CLONE_FS`,
//! `CLONE_FILES` and `CLONE_SIGHAND`.

use super::{Call, pidfd};
use crate::error::Errno;
use crate::process::{Sharing, Start, clone_process, clone_thread, wait_for_own_memory};
use alloc::format;
use linux_raw_sys::general as linux;
use threadbare_machine::paging::USER_END;
use zerocopy::{FromBytes, Immutable, IntoBytes};

/// What every thread shares with its process.
const THREAD: u64 =
    (linux::CLONE_VM | linux::CLONE_FS | linux::CLONE_FILES | linux::CLONE_SIGHAND | linux::CLONE_THREAD)
        as u64;
/// What a process may share, and how it may begin.
const PROCESS: u64 = (linux::CLONE_VM
    | linux::CLONE_FS
    | linux::CLONE_FILES
    | linux::CLONE_VFORK
    | linux::CLONE_PARENT
    | linux::CLONE_PIDFD) as u64
    | CLEAR_SIGHAND;
/// `CLONE_CLEAR_SIGHAND`, of `clone3` alone.
const CLEAR_SIGHAND: u64 = 1 << 32;
/// What may be asked for besides. `CLONE_DETACHED` is ignored, as on Linux; there are no System V semaphores to undo, no
/// tracers and no I/O contexts.
const OPTIONS: u64 = (linux::CLONE_SYSVSEM
    | linux::CLONE_SETTLS
    | linux::CLONE_PARENT_SETTID
    | linux::CLONE_CHILD_SETTID
    | linux::CLONE_CHILD_CLEARTID
    | linux::CLONE_DETACHED
    | linux::CLONE_UNTRACED
    | linux::CLONE_PTRACE
    | linux::CLONE_IO) as u64;

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
    let flags_alone = flags as u64 & !SIGNAL;
    let arguments = Arguments {
        // With `CLONE_PIDFD` the descriptor goes where the thread's number would.
        pidfd: parent_tid as u64,
        flags: flags_alone,
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
        || flag(linux::CLONE_SIGHAND) && given.flags & CLEAR_SIGHAND != 0
        || flag(linux::CLONE_PIDFD) && flag(linux::CLONE_DETACHED)
        || given.exit_signal > 64
    {
        return Err(Errno::EINVAL);
    }
    if given.tls >= USER_END as u64 && flag(linux::CLONE_SETTLS) {
        return Err(Errno::EPERM);
    }
    let is_thread = flag(linux::CLONE_THREAD);
    let known = if is_thread {
        THREAD | OPTIONS
    } else {
        PROCESS | OPTIONS
    };
    let unknown = given.flags & !known;
    if unknown != 0 || is_thread && given.flags & THREAD != THREAD {
        return Err(call.missing(format!("clone({:#x})", given.flags), Errno::EINVAL));
    }
    if is_thread {
        new_thread(call, given)
    } else {
        new_process(call, given)
    }
}

/// How the new thread begins: with the registers of the caller, 0 as the result.
fn start(call: &Call<'_>, given: &Arguments) -> Start {
    let flag = |bit: u32| given.flags & u64::from(bit) != 0;
    let mut context = call.context.clone();
    let registers = context.registers_mut();
    registers.rax = 0;
    if given.stack != 0 {
        registers.cpu.rsp = given.stack;
    }
    let child_tid = |bit: u32| if flag(bit) { given.child_tid as usize } else { 0 };
    Start {
        context,
        fs_base: flag(linux::CLONE_SETTLS).then_some(given.tls),
        set_child_tid: child_tid(linux::CLONE_CHILD_SETTID),
        clear_child_tid: child_tid(linux::CLONE_CHILD_CLEARTID),
    }
}

fn new_thread(call: &mut Call<'_>, given: &Arguments) -> Result<usize, Errno> {
    let start = start(call, given);
    let tid = clone_thread(call.thread, start, |tid| tell_parent(call, given, tid))?;
    Ok(tid as usize)
}

fn new_process(call: &mut Call<'_>, given: &Arguments) -> Result<usize, Errno> {
    let flag = |bit: u32| given.flags & u64::from(bit) != 0;
    let sharing = Sharing {
        memory: flag(linux::CLONE_VM),
        files: flag(linux::CLONE_FILES),
        fs: flag(linux::CLONE_FS),
        parent: flag(linux::CLONE_PARENT),
        handlers: given.flags & CLEAR_SIGHAND == 0,
    };
    let start = start(call, given);
    let exit_signal = given.exit_signal.to_le_bytes()[0];
    let child = clone_process(call.thread, start, sharing, exit_signal, |child| {
        tell_parent(call, given, child.pid)?;
        if flag(linux::CLONE_PIDFD) {
            let fd = pidfd::open(call, child.clone(), false)?;
            call.write(given.pidfd as usize, &u32::try_from(fd).unwrap_or(u32::MAX))?;
        }
        Ok(())
    })?;
    if flag(linux::CLONE_VFORK) {
        wait_for_own_memory(call.thread, &child);
    }
    Ok(child.pid as usize)
}

fn tell_parent(call: &Call<'_>, given: &Arguments, number: u32) -> Result<(), Errno> {
    if given.flags & u64::from(linux::CLONE_PARENT_SETTID) != 0 {
        call.write(given.parent_tid as usize, &number)?;
    }
    Ok(())
}

/// `fork(2)`, the old system call.
pub(super) fn fork(call: &mut Call<'_>, _: [usize; 6]) -> Result<usize, Errno> {
    let arguments = Arguments {
        exit_signal: u64::from(linux::SIGCHLD),
        ..Arguments::default()
    };
    create(call, &arguments)
}

/// `vfork(2)`: the caller waits until the child, which uses its memory, has executed a program or ended.
pub(super) fn vfork(call: &mut Call<'_>, _: [usize; 6]) -> Result<usize, Errno> {
    let arguments = Arguments {
        flags: u64::from(linux::CLONE_VM | linux::CLONE_VFORK),
        exit_signal: u64::from(linux::SIGCHLD),
        ..Arguments::default()
    };
    create(call, &arguments)
}

//! From numbers to functions.

use super::{
    Call, adjtimex, capabilities, epoll, eventfd, futex, identity, io, kill, mapping, names, nice, pidfd,
    pipe, poll, process, relations, sched, sched_attributes, select, shared_memory, signalfd, signals,
    sockets, system, threads, timerfd, timers, times, unshare, usage, users, wait,
};
use crate::error::Errno;
use crate::mm::memory_is_scarce;
use crate::process::Thread;
use crate::signal;
use crate::trace;
use alloc::format;
use core::sync::atomic::Ordering;
use linux_raw_sys::general as nr;
use threadbare_machine::user::UserContext;

/// What serves a call.
pub type Function = fn(&mut Call<'_>, [usize; 6]) -> Result<usize, Errno>;

macro_rules! table {
    ($($number:ident => $function:path,)*) => {
        /// The function of a call, and its name.
        const fn find(number: u32) -> Option<(&'static str, Function)> {
            Some(match number {
                $(nr::$number => (stringify!($number), $function as Function),)*
                _ => return super::fs::served(number),
            })
        }
    };
}

table! {
    __NR_mmap => mapping::mmap,
    __NR_munmap => mapping::munmap,
    __NR_mprotect => mapping::mprotect,
    __NR_mremap => mapping::mremap,
    __NR_pkey_alloc => mapping::pkey_alloc,
    __NR_pkey_free => mapping::pkey_free,
    __NR_pkey_mprotect => mapping::pkey_mprotect,
    __NR_brk => mapping::brk,
    __NR_madvise => mapping::madvise,
    __NR_msync => mapping::msync,
    __NR_shmget => shared_memory::shmget,
    __NR_shmat => shared_memory::shmat,
    __NR_shmdt => shared_memory::shmdt,
    __NR_shmctl => shared_memory::shmctl,
    __NR_mlock => mapping::mlock,
    __NR_mlock2 => mapping::mlock,
    __NR_munlock => mapping::mlock,
    __NR_mincore => mapping::mincore,
    __NR_getpid => identity::getpid,
    __NR_gettid => identity::gettid,
    __NR_getppid => relations::getppid,
    __NR_getpgid => relations::getpgid,
    __NR_getpgrp => relations::getpgrp,
    __NR_getsid => relations::getsid,
    __NR_setsid => relations::setsid,
    __NR_setpgid => relations::setpgid,
    __NR_getuid => users::getuid,
    __NR_geteuid => users::geteuid,
    __NR_getgid => users::getgid,
    __NR_getegid => users::getegid,
    __NR_getresuid => users::getresuid,
    __NR_getresgid => users::getresgid,
    __NR_setuid => users::setuid,
    __NR_setgid => users::setgid,
    __NR_setreuid => users::setreuid,
    __NR_setregid => users::setregid,
    __NR_setresuid => users::setresuid,
    __NR_setresgid => users::setresgid,
    __NR_setfsuid => users::setfsuid,
    __NR_setfsgid => users::setfsgid,
    __NR_getgroups => users::getgroups,
    __NR_setgroups => users::setgroups,
    __NR_prlimit64 => identity::prlimit64,
    __NR_getrlimit => identity::getrlimit,
    __NR_setrlimit => identity::setrlimit,
    __NR_prctl => identity::prctl,
    __NR_uname => identity::uname,
    __NR_capget => capabilities::capget,
    __NR_capset => capabilities::capset,
    __NR_exit => process::exit,
    __NR_exit_group => process::exit_group,
    __NR_execve => process::execve,
    __NR_execveat => process::execveat,
    __NR_clone => threads::clone,
    __NR_clone3 => threads::clone3,
    __NR_set_tid_address => process::set_tid_address,
    __NR_set_robust_list => futex::set_robust_list,
    __NR_get_robust_list => futex::get_robust_list,
    __NR_arch_prctl => process::arch_prctl,
    __NR_fork => threads::fork,
    __NR_vfork => threads::vfork,
    __NR_wait4 => wait::wait4,
    __NR_waitid => wait::waitid,
    __NR_pidfd_open => pidfd::pidfd_open,
    __NR_pidfd_getfd => pidfd::pidfd_getfd,
    __NR_unshare => unshare::unshare,
    __NR_rt_sigaction => signals::rt_sigaction,
    __NR_rt_sigprocmask => signals::rt_sigprocmask,
    __NR_rt_sigpending => signals::rt_sigpending,
    __NR_rt_sigsuspend => signals::rt_sigsuspend,
    __NR_rt_sigtimedwait => signals::rt_sigtimedwait,
    __NR_rt_sigreturn => signals::rt_sigreturn,
    __NR_rt_sigqueueinfo => kill::rt_sigqueueinfo,
    __NR_rt_tgsigqueueinfo => kill::rt_tgsigqueueinfo,
    __NR_pidfd_send_signal => kill::pidfd_send_signal,
    __NR_pause => signals::pause,
    __NR_restart_syscall => signals::restart_syscall,
    __NR_signalfd => signalfd::signalfd,
    __NR_signalfd4 => signalfd::signalfd4,
    __NR_sigaltstack => signals::sigaltstack,
    __NR_kill => kill::kill,
    __NR_tkill => kill::tkill,
    __NR_tgkill => kill::tgkill,
    __NR_clock_gettime => times::clock_gettime,
    __NR_clock_getres => times::clock_getres,
    __NR_clock_nanosleep => times::clock_nanosleep,
    __NR_clock_settime => times::clock_settime,
    __NR_settimeofday => times::settimeofday,
    __NR_adjtimex => adjtimex::adjtimex,
    __NR_clock_adjtime => adjtimex::clock_adjtime,
    __NR_getitimer => timers::getitimer,
    __NR_setitimer => timers::setitimer,
    __NR_alarm => timers::alarm,
    __NR_timer_create => timers::timer_create,
    __NR_timer_settime => timers::timer_settime,
    __NR_timer_gettime => timers::timer_gettime,
    __NR_timer_getoverrun => timers::timer_getoverrun,
    __NR_timer_delete => timers::timer_delete,
    __NR_timerfd_create => timerfd::timerfd_create,
    __NR_timerfd_settime => timerfd::timerfd_settime,
    __NR_timerfd_gettime => timerfd::timerfd_gettime,
    __NR_nanosleep => times::nanosleep,
    __NR_gettimeofday => times::gettimeofday,
    __NR_time => times::time,
    __NR_times => usage::times,
    __NR_getrusage => usage::getrusage,
    __NR_socket => sockets::socket,
    __NR_socketpair => sockets::socketpair,
    __NR_bind => sockets::bind,
    __NR_listen => sockets::listen,
    __NR_accept => sockets::accept,
    __NR_accept4 => sockets::accept4,
    __NR_connect => sockets::connect,
    __NR_shutdown => sockets::shutdown,
    __NR_getsockname => sockets::getsockname,
    __NR_getpeername => sockets::getpeername,
    __NR_sendto => sockets::sendto,
    __NR_recvfrom => sockets::recvfrom,
    __NR_sendmsg => sockets::sendmsg,
    __NR_recvmsg => sockets::recvmsg,
    __NR_sendmmsg => sockets::sendmmsg,
    __NR_recvmmsg => sockets::recvmmsg,
    __NR_getsockopt => sockets::getsockopt,
    __NR_setsockopt => sockets::setsockopt,
    __NR_sysinfo => system::sysinfo,
    __NR_getrandom => system::getrandom,
    __NR_sched_yield => sched::sched_yield,
    __NR_sched_getaffinity => sched::getaffinity,
    __NR_sched_setaffinity => sched::setaffinity,
    __NR_sched_getscheduler => sched::getscheduler,
    __NR_sched_setscheduler => sched::setscheduler,
    __NR_sched_getparam => sched::getparam,
    __NR_sched_setparam => sched::setparam,
    __NR_sched_get_priority_max => sched::priority_max,
    __NR_sched_get_priority_min => sched::priority_min,
    __NR_sched_rr_get_interval => sched::rr_get_interval,
    __NR_sched_setattr => sched_attributes::setattr,
    __NR_sched_getattr => sched_attributes::getattr,
    __NR_getpriority => nice::getpriority,
    __NR_setpriority => nice::setpriority,
    __NR_getcpu => system::getcpu,
    __NR_membarrier => system::membarrier,
    __NR_futex => futex::futex,
    __NR_futex_waitv => futex::futex_waitv,
    __NR_read => io::read,
    __NR_write => io::write,
    __NR_pipe => pipe::pipe,
    __NR_pipe2 => pipe::pipe2,
    __NR_eventfd => eventfd::eventfd,
    __NR_eventfd2 => eventfd::eventfd2,
    __NR_epoll_create => epoll::epoll_create,
    __NR_epoll_create1 => epoll::epoll_create1,
    __NR_epoll_ctl => epoll::epoll_ctl,
    __NR_epoll_wait => epoll::epoll_wait,
    __NR_epoll_pwait => epoll::epoll_pwait,
    __NR_epoll_pwait2 => epoll::epoll_pwait2,
    __NR_poll => poll::poll,
    __NR_ppoll => poll::ppoll,
    __NR_select => select::select,
    __NR_pselect6 => select::pselect6,
}

/// A call that is served.
#[derive(Clone, Copy)]
struct Row {
    function: Function,
    name: &'static str,
    /// Served even when only the kernel's reserve is left.
    gives_memory_back: bool,
}

/// No call that is served has such a number, or a larger one.
pub(super) const NUMBERS: u32 = 512;

/// Whether there is such a call.
pub(super) const fn is_served(number: u32) -> bool {
    find(number).is_some()
}

/// All calls by number, made when the kernel is compiled: serving one is one load and one call.
static TABLE: [Option<Row>; NUMBERS as usize] = {
    let mut table = [None; NUMBERS as usize];
    let mut number: u32 = 0;
    while number < NUMBERS {
        if let Some((name, function)) = find(number) {
            table[number as usize] = Some(Row {
                function,
                name,
                gives_memory_back: gives_memory_back(number),
            });
        }
        number += 1;
    }
    table
};

fn row(number: usize) -> Option<&'static Row> {
    TABLE.get(number)?.as_ref()
}

/// The name of a system call that the kernel has, for reports.
pub fn name(number: usize) -> &'static str {
    row(number).map_or("not implemented", |row| {
        row.name.strip_prefix("__NR_").unwrap_or(row.name)
    })
}

/// Serves the system call in `context`'s registers and puts its result into RAX.
///
/// # Errors
/// The call was interrupted: one of the errors of [`signal::is_restart`], RAX is untouched, and delivering signals decides
/// what becomes of the call.
#[inline]
pub fn serve(thread: &Thread, context: &mut UserContext) -> Result<(), Errno> {
    if trace::is_on() {
        return trace::observe(thread, context, dispatch);
    }
    dispatch(thread, context)
}

#[inline]
fn dispatch(thread: &Thread, context: &mut UserContext) -> Result<(), Errno> {
    let registers = context.registers();
    #[expect(
        clippy::cast_possible_truncation,
        reason = "as on Linux, the number is the low half of RAX"
    )]
    let number = registers.rax as u32 as usize;
    let arguments = [
        registers.rdi as usize,
        registers.rsi as usize,
        registers.rdx as usize,
        registers.r10 as usize,
        registers.r8 as usize,
        registers.r9 as usize,
    ];
    thread.system_call.store(number, Ordering::Relaxed);
    let mut call = Call { thread, context };
    let result = match row(number) {
        Some(row) if memory_is_scarce() && is_refused(row) => Err(Errno::ENOMEM),
        Some(row) => (row.function)(&mut call, arguments),
        None => Err(not_implemented(&call, number)),
    };
    thread.system_call.store(usize::MAX, Ordering::Relaxed);
    match result {
        Ok(value) => context.set_result(value as u64),
        Err(error) => return fail(context, error),
    }
    Ok(())
}

/// Whether a call is not served while only the kernel's reserve is left.
#[cold]
fn is_refused(row: &Row) -> bool {
    !row.gives_memory_back
}

#[cold]
fn fail(context: &mut UserContext, error: Errno) -> Result<(), Errno> {
    if signal::is_restart(error) {
        return Err(error);
    }
    context.set_result(error.result().cast_unsigned() as u64);
    Ok(())
}

/// The calls that are served even when only the kernel's reserve is left: those by which a program ends, gives memory
/// back, or tells what has happened. All others might make the kernel allocate.
const fn gives_memory_back(number: u32) -> bool {
    matches!(
        number,
        nr::__NR_exit
            | nr::__NR_exit_group
            | nr::__NR_munmap
            | nr::__NR_madvise
            | nr::__NR_brk
            | nr::__NR_close
            | nr::__NR_unlink
            | nr::__NR_unlinkat
            | nr::__NR_rmdir
            | nr::__NR_ftruncate
            | nr::__NR_write
            | nr::__NR_writev
            | nr::__NR_futex
            | nr::__NR_rt_sigreturn
            | nr::__NR_rt_sigprocmask
            | nr::__NR_rt_sigaction
            | nr::__NR_tgkill
            | nr::__NR_kill
    )
}

/// Calls that are known to be asked for by programs that go on happily without, or that 64-bit Linux has as little: not worth a
/// report.
fn is_optional(number: usize) -> bool {
    u32::try_from(number).is_ok_and(|number| {
        matches!(
            number,
            nr::__NR_rseq | nr::__NR_get_thread_area | nr::__NR_set_thread_area
        )
    })
}

fn not_implemented(call: &Call<'_>, number: usize) -> Errno {
    if is_optional(number) {
        return Errno::ENOSYS;
    }
    let what = || names::known(number).map_or_else(|| format!("system call {number}"), Into::into);
    crate::report::missing_call(call.thread, call.context.registers().cpu.rip, number, what);
    Errno::ENOSYS
}

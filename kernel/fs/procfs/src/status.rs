//! `/proc/<pid>/{stat,statm,status,limits}`: the state of a process.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write;

use threadbare_kernel::error::Errno;
use threadbare_kernel::vfs::proc_source::{Limit, ProcessInfo, TaskState};

use crate::maps::append_escaped;
use crate::process::Task;

const PAGE: u64 = 4096;

/// Nanoseconds in a clock tick (`sysconf(_SC_CLK_TCK)` is 100).
pub(crate) const TICK: u64 = 10_000_000;

fn letter(state: TaskState) -> char {
    match state {
        TaskState::Running => 'R',
        TaskState::Sleeping => 'S',
        TaskState::Stopped => 'T',
        TaskState::Zombie => 'Z',
    }
}

/// `/proc/<pid>/stat`: the fields in the order of `proc_pid_stat(5)`.
pub(crate) fn stat(task: &Task) -> Result<Vec<u8>, Errno> {
    let info = task.source.process(task.pid)?;
    let [pending, blocked, ignored, caught] = info.signals;
    let mut text = format!("{} (", task.tid).into_bytes();
    text.extend_from_slice(&task.source.thread_name(task.pid, task.tid)?);
    let rest = format!(
        ") {state} {parent} {group} {session} {terminal} {foreground} 4194304 {faults} {of_children} 0 0 {user} {system} 0 0 20 0 {threads} 0 {started} \
         {mapped} {resident} 18446744073709551615 1 1 {stack} 0 0 {pending} {blocked} {ignored} {caught} 0 0 0 17 0 0 0 \
         0 0 0 0 0 0 0 0 0 0 0\n",
        state = letter(info.state),
        parent = info.parent,
        group = info.group,
        session = info.session,
        terminal = info.terminal.map_or(0, |(device, _)| device.encode()),
        foreground = info.terminal.map_or(-1, |(_, group)| i64::from(group)),
        faults = info.faults[0],
        of_children = info.faults[1],
        user = info.user_time / TICK,
        system = info.system_time / TICK,
        threads = info.threads,
        started = info.started / TICK,
        mapped = info.mapped,
        resident = info.resident / PAGE,
        stack = info.stack_start,
    );
    text.extend_from_slice(rest.as_bytes());
    Ok(text)
}

/// `/proc/<pid>/statm`: total, resident, shared, text, lib, data, dirty, in pages.
pub(crate) fn statm(task: &Task) -> Result<Vec<u8>, Errno> {
    let info = task.source.process(task.pid)?;
    let (mut shared, mut text, mut data) = (0, 0, 0);
    for mapping in task.source.mappings(task.pid)? {
        let pages = mapping.range.len() as u64 / PAGE;
        shared += if mapping.file.is_some() { pages } else { 0 };
        text += if mapping.execute { pages } else { 0 };
        data += if mapping.write && !mapping.shared {
            pages
        } else {
            0
        };
    }
    let resident = info.resident / PAGE;
    let shared = shared.min(resident);
    Ok(format!("{} {resident} {shared} {text} 0 {data} 0\n", info.mapped / PAGE).into_bytes())
}

/// `/proc/<pid>/status`
pub(crate) fn status(task: &Task) -> Result<Vec<u8>, Errno> {
    let info = task.source.process(task.pid)?;
    let mut text = b"Name:\t".to_vec();
    append_escaped(&mut text, &task.source.thread_name(task.pid, task.tid)?, b"\n\\")?;
    let cpus = task.source.cpus().len();
    text.extend_from_slice(describe(task, &info, cpus).as_bytes());
    Ok(text)
}

fn describe(task: &Task, info: &ProcessInfo, cpus: usize) -> String {
    let state = match info.state {
        TaskState::Running => "R (running)",
        TaskState::Sleeping => "S (sleeping)",
        TaskState::Stopped => "T (stopped)",
        TaskState::Zombie => "Z (zombie)",
    };
    let four = |ids: [u32; 4]| {
        let [real, effective, saved, file_system] = ids;
        format!("{real}\t{effective}\t{saved}\t{file_system}")
    };
    let groups: String = info.groups.iter().map(|group| format!("{group} ")).collect();
    let [inheritable, permitted, effective, bounding, ambient] = info.capabilities;
    let [pending, blocked, ignored, caught] = info.signals;
    let (mapped, resident) = (info.mapped / 1024, info.resident / 1024);
    let mask = u64::MAX
        .checked_shr(64_u32.saturating_sub(u32::try_from(cpus).unwrap_or(64)))
        .unwrap_or(u64::MAX);
    let last = cpus.saturating_sub(1);
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = write!(
        text,
        "\nUmask:\t{umask:04o}\nState:\t{state}\nTgid:\t{pid}\nNgid:\t0\nPid:\t{tid}\nPPid:\t{parent}\nTracerPid:\t0\n\
         Uid:\t{uids}\nGid:\t{gids}\nFDSize:\t{slots}\nGroups:\t{groups}\nNStgid:\t{pid}\nNSpid:\t{tid}\nNSpgid:\t{group}\n\
         NSsid:\t{session}\nVmPeak:\t{mapped:8} kB\nVmSize:\t{mapped:8} kB\nVmLck:\t       0 kB\nVmPin:\t       0 kB\n\
         VmHWM:\t{resident:8} kB\nVmRSS:\t{resident:8} kB\nThreads:\t{threads}\nSigQ:\t0/0\n\
         SigPnd:\t0000000000000000\nShdPnd:\t{pending:016x}\nSigBlk:\t{blocked:016x}\nSigIgn:\t{ignored:016x}\n\
         SigCgt:\t{caught:016x}\nCapInh:\t{inheritable:016x}\nCapPrm:\t{permitted:016x}\nCapEff:\t{effective:016x}\n\
         CapBnd:\t{bounding:016x}\nCapAmb:\t{ambient:016x}\nNoNewPrivs:\t{kept}\nSeccomp:\t0\nCpus_allowed:\t{mask:x}\n\
         Cpus_allowed_list:\t0{range}\nMems_allowed:\t1\nMems_allowed_list:\t0\nvoluntary_ctxt_switches:\t0\n\
         nonvoluntary_ctxt_switches:\t0\n",
        umask = info.umask,
        pid = task.pid,
        tid = task.tid,
        parent = info.parent,
        uids = four(info.uids),
        gids = four(info.gids),
        slots = info.descriptor_slots,
        group = info.group,
        session = info.session,
        threads = info.threads,
        kept = u8::from(info.no_new_privileges),
        range = if last == 0 {
            String::new()
        } else {
            format!("-{last}")
        },
    );
    text
}

/// The limits in the order of their numbers, with the units of their values.
const LIMITS: [(&str, &str); 16] = [
    ("Max cpu time", "seconds"),
    ("Max file size", "bytes"),
    ("Max data size", "bytes"),
    ("Max stack size", "bytes"),
    ("Max core file size", "bytes"),
    ("Max resident set", "bytes"),
    ("Max processes", "processes"),
    ("Max open files", "files"),
    ("Max locked memory", "bytes"),
    ("Max address space", "bytes"),
    ("Max file locks", "locks"),
    ("Max pending signals", "signals"),
    ("Max msgqueue size", "bytes"),
    ("Max nice priority", ""),
    ("Max realtime priority", ""),
    ("Max realtime timeout", "us"),
];

/// `/proc/<pid>/limits`
pub(crate) fn limits(task: &Task) -> Result<Vec<u8>, Errno> {
    let limits: [Limit; 16] = task.source.limits(task.pid)?;
    let mut text = format!(
        "{:<25} {:<20} {:<20} {:<10}\n",
        "Limit", "Soft Limit", "Hard Limit", "Units"
    );
    let value = |limit: u64| {
        if limit == u64::MAX {
            String::from("unlimited")
        } else {
            format!("{limit}")
        }
    };
    for ((name, unit), (soft, hard)) in LIMITS.into_iter().zip(limits) {
        // The three priorities have no unit, and then no column for it.
        let unit = if unit.is_empty() {
            String::new()
        } else {
            format!("{unit:<10}")
        };
        let _ = writeln!(text, "{name:<25} {:<20} {:<20} {unit}", value(soft), value(hard));
    }
    Ok(text.into_bytes())
}

//! Files about the system: `/proc/{cpuinfo,meminfo,stat,…}` and `/proc/sys`.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write;

use threadbare_kernel::error::Errno;
use threadbare_kernel::vfs::proc_source::TaskState;
use threadbare_machine::memory;

use crate::file_system::Source;
use crate::status::TICK;

type Text = Result<Vec<u8>, Errno>;

const SECOND: u64 = 1_000_000_000;

fn line(text: String) -> Text {
    let mut text = text.into_bytes();
    text.push(b'\n');
    Ok(text)
}

/// `/proc/cmdline`: there is nothing that a program could make of the real one.
pub(crate) fn cmdline(_: &Source) -> Text {
    line(String::new())
}

/// `/proc/cpuinfo`
pub(crate) fn cpuinfo(source: &Source) -> Text {
    let mut text = String::new();
    for (number, cpu) in source.cpus().iter().enumerate() {
        let (family, model, stepping) = cpu.signature;
        let (mhz, rest) = (cpu.frequency / 1_000_000, cpu.frequency % 1_000_000 / 1000);
        let _ = write!(
            text,
            "processor\t: {number}\nvendor_id\t: {}\ncpu family\t: {family}\nmodel\t\t: {model}\nmodel name\t: {}\n\
             stepping\t: {stepping}\ncpu MHz\t\t: {mhz}.{rest:03}\nphysical id\t: 0\nsiblings\t: {}\ncore id\t\t: {number}\n\
             cpu cores\t: {}\napicid\t\t: {number}\nfpu\t\t: yes\nfpu_exception\t: yes\nwp\t\t: yes\nflags\t\t: {}\n\
             clflush size\t: 64\ncache_alignment\t: 64\naddress sizes\t: 46 bits physical, 48 bits virtual\n\n",
            cpu.vendor,
            cpu.model,
            source.cpus().len(),
            source.cpus().len(),
            cpu.flags,
        );
    }
    Ok(text.into_bytes())
}

/// `/proc/filesystems`
pub(crate) fn filesystems(_: &Source) -> Text {
    Ok(b"nodev\tsysfs\nnodev\ttmpfs\nnodev\tproc\nnodev\tdevtmpfs\n".to_vec())
}

/// `/proc/loadavg`: what runs now stands for the averages.
pub(crate) fn loadavg(source: &Source) -> Text {
    let processes = source.processes();
    let infos = || processes.iter().filter_map(|pid| source.process(*pid).ok());
    let running = infos().filter(|info| info.state == TaskState::Running).count();
    let threads: u32 = infos().map(|info| info.threads).sum();
    let newest = processes.last().copied().unwrap_or_default();
    line(format!("0.00 0.00 0.00 {running}/{threads} {newest}"))
}

/// `/proc/meminfo`
pub(crate) fn meminfo(_: &Source) -> Text {
    let usage = memory::usage();
    let kilobytes = |pages: usize| pages.saturating_mul(memory::PAGE_SIZE / 1024);
    let total = kilobytes(usage.total);
    let free = kilobytes(usage.free);
    let available = kilobytes(usage.free.saturating_sub(usage.reserve));
    let mut text = String::new();
    for (name, value) in [
        ("MemTotal:", total),
        ("MemFree:", free),
        ("MemAvailable:", available),
        ("Buffers:", 0),
        ("Cached:", 0),
        ("SwapCached:", 0),
        ("Active:", total.saturating_sub(free)),
        ("Inactive:", 0),
        ("SwapTotal:", 0),
        ("SwapFree:", 0),
        ("Dirty:", 0),
        ("Writeback:", 0),
        ("AnonPages:", 0),
        ("Mapped:", 0),
        ("Shmem:", 0),
        ("Slab:", 0),
        ("SReclaimable:", 0),
        ("SUnreclaim:", 0),
        ("PageTables:", 0),
        ("CommitLimit:", total),
        ("Committed_AS:", total.saturating_sub(free)),
        ("AnonHugePages:", 0),
        ("Hugepagesize:", 2048),
    ] {
        let _ = writeln!(text, "{name:<15} {value:8} kB");
    }
    Ok(text.into_bytes())
}

/// `/proc/stat`
pub(crate) fn stat(source: &Source) -> Text {
    let (uptime, idle) = source.uptime();
    let processes = source.processes();
    let cpus = source.cpus().len() as u64;
    let mut spent = (0_u64, 0_u64);
    let mut running = 0;
    for info in processes.iter().filter_map(|pid| source.process(*pid).ok()) {
        spent = (
            spent.0.saturating_add(info.user_time),
            spent.1.saturating_add(info.system_time),
        );
        running += u32::from(info.state == TaskState::Running);
    }
    let mut text = format!(
        "cpu  {} 0 {} {} 0 0 0 0 0 0\n",
        spent.0 / TICK,
        spent.1 / TICK,
        idle / TICK
    );
    for cpu in 0..cpus {
        let _ = writeln!(
            text,
            "cpu{cpu} {} 0 {} {} 0 0 0 0 0 0",
            spent.0 / TICK / cpus,
            spent.1 / TICK / cpus,
            idle / TICK / cpus
        );
    }
    let newest = processes.last().copied().unwrap_or_default();
    let boot = source.boot_time().seconds;
    let _ = uptime;
    let _ = write!(
        text,
        "intr 0\nctxt 0\nbtime {boot}\nprocesses {newest}\nprocs_running {running}\nprocs_blocked 0\nsoftirq 0\n"
    );
    Ok(text.into_bytes())
}

/// `/proc/uptime`
pub(crate) fn uptime(source: &Source) -> Text {
    let (uptime, idle) = source.uptime();
    let hundredths = |time: u64| format!("{}.{:02}", time / SECOND, time % SECOND / TICK);
    line(format!("{} {}", hundredths(uptime), hundredths(idle)))
}

/// `/proc/version`
pub(crate) fn version(source: &Source) -> Text {
    let (_, release, version) = source.identity();
    line(format!("Linux version {release} (threadbare) (rustc) {version}"))
}

/// `/proc/sys/kernel/hostname`
pub(crate) fn hostname(source: &Source) -> Text {
    let (mut name, _, _) = source.identity();
    name.push(b'\n');
    Ok(name)
}

/// `/proc/sys/kernel/ostype`
pub(crate) fn ostype(_: &Source) -> Text {
    line("Linux".into())
}

/// `/proc/sys/kernel/osrelease`
pub(crate) fn osrelease(source: &Source) -> Text {
    line(source.identity().1.into())
}

/// `/proc/sys/kernel/version`
pub(crate) fn sys_version(source: &Source) -> Text {
    line(source.identity().2.into())
}

/// `/proc/sys/kernel/pid_max`
pub(crate) fn pid_max(_: &Source) -> Text {
    line("4194304".into())
}

/// `/proc/sys/kernel/threads-max`: as many as kernel stacks fit into half of the memory.
pub(crate) fn threads_max(_: &Source) -> Text {
    line(format!("{}", (memory::usage().total / 16).max(20)))
}

/// `/proc/sys/kernel/ngroups_max`
pub(crate) fn ngroups_max(_: &Source) -> Text {
    line("65536".into())
}

/// `/proc/sys/kernel/random/boot_id`: a random UUID (RFC 9562, version 4).
pub(crate) fn boot_id(source: &Source) -> Text {
    let mut id = u128::from_be_bytes(source.boot_id());
    id = id & !(0xf << 76) | 4 << 76;
    id = id & !(0b11 << 62) | 0b10 << 62;
    let digits = format!("{id:032x}");
    let part = |range: core::ops::Range<usize>| digits.get(range).unwrap_or_default();
    line(format!(
        "{}-{}-{}-{}-{}",
        part(0..8),
        part(8..12),
        part(12..16),
        part(16..20),
        part(20..32)
    ))
}

/// `/proc/sys/fs/file-max`
pub(crate) fn file_max(_: &Source) -> Text {
    line(format!("{}", i64::MAX))
}

/// `/proc/sys/fs/nr_open`
pub(crate) fn nr_open(_: &Source) -> Text {
    line("1048576".into())
}

/// `/proc/sys/fs/pipe-max-size`
pub(crate) fn pipe_max_size(_: &Source) -> Text {
    line("1048576".into())
}

/// `/proc/sys/fs/pipe-user-pages-hard`: there is no such limit.
pub(crate) fn pipe_user_pages_hard(_: &Source) -> Text {
    line("0".into())
}

/// `/proc/sys/fs/pipe-user-pages-soft`: beyond it the pipes of unprivileged users are smaller.
pub(crate) fn pipe_user_pages_soft(_: &Source) -> Text {
    line("16384".into())
}

/// `/proc/sys/vm/overcommit_memory`: pages are found when they are touched, and mappings are not counted against them.
pub(crate) fn overcommit_memory(_: &Source) -> Text {
    line("1".into())
}

/// `/proc/sys/vm/max_map_count`
pub(crate) fn max_map_count(_: &Source) -> Text {
    line("65530".into())
}

/// `/proc/sys/vm/mmap_min_addr`
pub(crate) fn mmap_min_addr(_: &Source) -> Text {
    line("65536".into())
}

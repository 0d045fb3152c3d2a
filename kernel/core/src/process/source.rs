//! What `/proc` shows of processes and the machine.

use super::table::Process;
use super::thread::Thread;
use super::tree;
use crate::error::Errno;
use crate::mm::{Backing, Layout, Range2};
use crate::signal::{Handler, Signal, SignalSet};
use crate::vfs::proc_source::{CpuInfo, Limit, MappingInfo, ProcSource, ProcessInfo, TaskState};
use crate::vfs::{CapabilitySet, File, Namespace, Place, Timestamp};
use crate::{clock, random, system, tty};
use alloc::string::ToString;
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;
use core::sync::atomic::Ordering;
use threadbare_machine::cpu;
use threadbare_machine::memory::PAGE_SIZE;
use threadbare_machine::sync::Once;

/// The kernel's tables, as [`ProcSource`].
#[derive(Debug)]
pub struct Tables;

/// The longest argument or environment block that is shown.
const BLOCK_MOST: usize = 2 << 20;

fn find(pid: u32) -> Result<Arc<Process>, Errno> {
    tree::find(pid).ok_or(Errno::ENOENT)
}

fn thread(pid: u32, tid: u32) -> Result<Arc<Thread>, Errno> {
    find(pid)?
        .threads()
        .find(|thread| thread.tid() == tid)
        .ok_or(Errno::ENOENT)
}

/// A piece of a process' memory; empty if it has none any more, cut where it cannot be read.
fn block(pid: u32, choose: impl FnOnce(&Layout) -> Range2) -> Result<Vec<u8>, Errno> {
    let Some(memory) = find(pid)?.memory_if_alive() else {
        return Ok(Vec::new());
    };
    let mut memory = memory.lock();
    let Range2 { start, end } = choose(&memory.layout);
    let length = end.saturating_sub(start).min(BLOCK_MOST);
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(length)?;
    bytes.resize(length, 0);
    let read = memory.read(start, &mut bytes);
    bytes.truncate(read);
    Ok(bytes)
}

/// A set of the signals whose handler `matches`.
fn signals_with(process: &Process, matches: impl Fn(Handler) -> bool) -> u64 {
    let all = (1..=Signal::COUNT).filter_map(|number| Signal::new(number).ok());
    let chosen = all.filter(|&signal| matches(process.signals.action(signal).handler()));
    chosen.fold(SignalSet::EMPTY, SignalSet::with).bits()
}

/// What `ps` shows of a process: whether its first thread runs, as far as one can tell from outside.
fn state_of(process: &Process) -> TaskState {
    let current = Thread::current().is_some_and(|thread| thread.process.pid == process.pid);
    if process.is_zombie() {
        TaskState::Zombie
    } else if process.is_stopped() {
        TaskState::Stopped
    } else if current {
        TaskState::Running
    } else {
        TaskState::Sleeping
    }
}

impl ProcSource for Tables {
    fn current(&self) -> Option<(u32, u32)> {
        Thread::current().map(|thread| (thread.process.pid, thread.tid()))
    }

    fn processes(&self) -> Vec<u32> {
        tree::all().map(|process| process.pid).collect()
    }

    fn process(&self, pid: u32) -> Result<ProcessInfo, Errno> {
        let process = find(pid)?;
        let main = thread(pid, pid).ok();
        let name = self.thread_name(pid, pid)?;
        let credentials = process.credentials();
        let sets = &credentials.capabilities;
        let (mapped, resident, stack_start) = match process.memory_if_alive() {
            Some(memory) => {
                let memory = memory.lock();
                let start = memory.layout.arguments.start;
                (
                    memory.mapped_bytes() as u64,
                    memory.resident() as u64,
                    start as u64,
                )
            }
            None => (0, 0, 0),
        };
        let (pending, mask) = match &main {
            Some(main) => (main.signals.pending(&process.signals), main.signals.mask()),
            None => (SignalSet::EMPTY, SignalSet::EMPTY),
        };
        let times = process.own_times();
        Ok(ProcessInfo {
            pid,
            parent: process.parent(),
            group: process.group(),
            session: process.session(),
            terminal: tty::of_session(process.session())
                .and_then(|terminal| Some((terminal.device(), terminal.foreground()?))),
            name,
            state: state_of(&process),
            uids: [
                credentials.uid,
                credentials.euid,
                credentials.suid,
                credentials.fs_uid,
            ],
            gids: [
                credentials.gid,
                credentials.egid,
                credentials.sgid,
                credentials.fs_gid,
            ],
            groups: credentials.groups.to_vec(),
            capabilities: [
                sets.inheritable,
                sets.permitted,
                sets.effective,
                sets.bounding,
                sets.ambient,
            ]
            .map(CapabilitySet::bits),
            no_new_privileges: process.no_new_privileges.load(Ordering::Relaxed),
            threads: u32::try_from(process.threads().count()).unwrap_or(u32::MAX),
            started: process.started,
            faults: [times.faults, process.usage.lock().children.faults],
            user_time: times.user,
            system_time: times.system,
            mapped,
            resident,
            descriptor_slots: process.limits.lock().open_files(),
            umask: process.fs.umask(),
            signals: [
                pending.bits(),
                mask.bits(),
                signals_with(&process, |handler| handler == Handler::Ignore),
                signals_with(&process, |handler| matches!(handler, Handler::Function(_))),
            ],
            stack_start,
        })
    }

    fn threads(&self, pid: u32) -> Result<Vec<u32>, Errno> {
        let process = find(pid)?;
        if process.is_zombie() {
            return Ok(vec![pid]);
        }
        let mut numbers: Vec<u32> = process.threads().map(|thread| thread.tid()).collect();
        numbers.sort_unstable();
        Ok(numbers)
    }

    fn thread_name(&self, pid: u32, tid: u32) -> Result<Vec<u8>, Errno> {
        let name = match thread(pid, tid) {
            Ok(thread) => *thread.name.lock(),
            Err(_) => *find(pid)?.last_name.lock(),
        };
        Ok(name.split(|&byte| byte == 0).next().unwrap_or_default().to_vec())
    }

    fn mappings(&self, pid: u32) -> Result<Vec<MappingInfo>, Errno> {
        let mut all = Vec::new();
        let Some(memory) = find(pid)?.memory_if_alive() else {
            return Ok(all);
        };
        let memory = memory.lock();
        for (range, vma) in memory.vmas() {
            let file = match &vma.backing {
                Backing::File { place, page, .. } => Some((place.clone(), page * PAGE_SIZE as u64)),
                Backing::Anonymous => None,
            };
            all.try_reserve(1)?;
            all.push(MappingInfo {
                range,
                read: vma.access.read,
                write: vma.access.write,
                execute: vma.access.execute,
                shared: vma.shared,
                file,
                label: vma.label,
            });
        }
        Ok(all)
    }

    fn arguments(&self, pid: u32) -> Result<Vec<u8>, Errno> {
        block(pid, |layout| layout.arguments)
    }

    fn environment(&self, pid: u32) -> Result<Vec<u8>, Errno> {
        block(pid, |layout| layout.environment)
    }

    fn auxiliary(&self, pid: u32) -> Result<Vec<u64>, Errno> {
        Ok(find(pid)?.auxiliary.lock().to_vec())
    }

    fn executable(&self, pid: u32) -> Result<Place, Errno> {
        let process = find(pid)?;
        let executable = process.executable.lock();
        executable
            .as_ref()
            .map(|executed| executed.place().clone())
            .ok_or(Errno::ENOENT)
    }

    fn root(&self, pid: u32) -> Result<Place, Errno> {
        Ok(find(pid)?.fs.root())
    }

    fn working_directory(&self, pid: u32) -> Result<Place, Errno> {
        Ok(find(pid)?.fs.working_directory())
    }

    fn namespace(&self, pid: u32) -> Result<Arc<Namespace>, Errno> {
        Ok(find(pid)?.fs.namespace().clone())
    }

    fn next_descriptor(&self, pid: u32, from: u32) -> Result<Option<u32>, Errno> {
        Ok(find(pid)?.files.lock().next_from(from).map(|(fd, _)| fd))
    }

    fn descriptor(&self, pid: u32, fd: u32) -> Result<Arc<File>, Errno> {
        let process = find(pid)?;
        let files = process.files.lock();
        files
            .get(fd)
            .map(|descriptor| descriptor.file.clone())
            .map_err(|_| Errno::ENOENT)
    }

    fn limits(&self, pid: u32) -> Result<[Limit; 16], Errno> {
        let limits = *find(pid)?.limits.lock();
        let mut all = [(u64::MAX, u64::MAX); 16];
        for (resource, place) in all.iter_mut().enumerate() {
            let limit = limits.get(resource)?;
            *place = (limit.soft, limit.hard);
        }
        Ok(all)
    }

    fn cpus(&self) -> Vec<CpuInfo> {
        let identity = cpu::identity();
        vec![CpuInfo {
            vendor: identity.vendor(),
            model: identity.model(),
            signature: (identity.family, identity.model_number, identity.stepping),
            frequency: 0,
            flags: "fpu tsc msr pae cx8 apic cmov pat mmx fxsr sse sse2 syscall nx lm".to_string(),
        }]
    }

    fn uptime(&self) -> (u64, u64) {
        (clock::monotonic(), 0)
    }

    fn boot_time(&self) -> Timestamp {
        let at = clock::realtime().saturating_sub(clock::monotonic());
        Timestamp::from_nanoseconds(at)
    }

    fn identity(&self) -> (Vec<u8>, &'static str, &'static str) {
        (system::hostname(), system::RELEASE, system::VERSION)
    }

    fn boot_id(&self) -> [u8; 16] {
        static ID: Once<[u8; 16]> = Once::new();
        *ID.get_or_init(|| {
            let mut id = [0; 16];
            random::fill(&mut id);
            id
        })
    }
}

//! What processes have used (`getrusage(2)`).

use super::table::Process;
use super::thread::Thread;
use core::sync::atomic::Ordering;

/// What threads have used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Times {
    /// Nanoseconds in ring 3.
    pub user: u64,
    /// Nanoseconds in the kernel.
    pub system: u64,
    /// How often they gave the CPU up, to wait.
    pub voluntary_switches: u64,
    /// How often it was taken from them.
    pub involuntary_switches: u64,
    /// Page faults that were served, all from memory (`ru_minflt`): nothing is ever read from a disk.
    pub faults: u64,
    /// The most bytes of memory that one of the processes had.
    pub most_resident: u64,
}

/// What a process has used.
#[derive(Clone, Copy, Debug, Default)]
pub struct Usage {
    /// Its threads that have ended.
    pub ended_threads: Times,
    /// The children that it has waited for, with theirs.
    pub children: Times,
}

impl Times {
    /// Adds what others have used.
    pub fn add(&mut self, other: &Times) {
        self.user = self.user.saturating_add(other.user);
        self.system = self.system.saturating_add(other.system);
        self.voluntary_switches = self.voluntary_switches.saturating_add(other.voluntary_switches);
        self.involuntary_switches = self
            .involuntary_switches
            .saturating_add(other.involuntary_switches);
        self.faults = self.faults.saturating_add(other.faults);
        self.most_resident = self.most_resident.max(other.most_resident);
    }
}

impl Thread {
    /// What it has used.
    pub fn times(&self) -> Times {
        let time = self.scheduling.cpu_time();
        let (voluntary_switches, involuntary_switches) = self.scheduling.switches();
        Times {
            user: time.user,
            system: time.system,
            voluntary_switches,
            involuntary_switches,
            faults: self.faults.load(Ordering::Relaxed),
            ..Times::default()
        }
    }
}

impl Process {
    /// What its threads have used, those that live and those that have ended.
    pub fn own_times(&self) -> Times {
        let mut times = self.usage.lock().ended_threads;
        for thread in self.threads().filter(|thread| thread.has_not_left()) {
            times.add(&thread.times());
        }
        if let Some(memory) = self.memory_if_alive() {
            times.most_resident = times.most_resident.max(memory.lock().most_resident());
        }
        times
    }

    /// What it and the children that it has waited for have used.
    pub(super) fn times_with_children(&self) -> Times {
        let mut times = self.own_times();
        let children = self.usage.lock().children;
        times.add(&children);
        times
    }
}

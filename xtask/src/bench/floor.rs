//! The floor: a bare image that does nothing. What it costs is QEMU's.

use super::contestant::Contestant;
use super::programs::Programs;
use crate::vm::qemu::{ORDERLY, Qemu};
use std::process::{Command, Output};

pub(super) struct Floor<'a>(pub(super) &'a Programs);

impl Floor<'_> {
    fn machine(&self, memory_mib: u32, icount: bool) -> Command {
        let machine = Qemu {
            machine: "microvm,acpi=off",
            cpu: "max",
            memory_mib,
            icount: icount.then_some(0),
        };
        machine.boot(&self.0.floor, "")
    }
}

impl Contestant for Floor<'_> {
    fn name(&self) -> &str {
        "bare image"
    }

    fn run_true(&self, memory_mib: u32) -> Command {
        self.machine(memory_mib, false)
    }

    fn succeeded(&self, output: &Output) -> bool {
        output.status.code() == Some(ORDERLY)
    }

    fn stamp(&self) -> Command {
        self.machine(64, true)
    }

    /// It prints 16 hexadecimal digits and nothing else.
    fn read_stamp(&self, output: &str) -> Option<u64> {
        u64::from_str_radix(output.trim(), 16).ok()
    }
}

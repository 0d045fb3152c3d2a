//! The rival of `bench boot`: Debian's kernel with the best treatment that an unchanged kernel can have.
//!
//! The machine without firmware work, an initial RAM disk with nothing but the programs, a first process of 20
//! instructions, a quiet console. ACPI stays on: without its tables this kernel hangs in one of ten boots on this machine.

use super::contestant::Contestant;
use super::debian::DebianKernel;
use super::initrd::{self, Content};
use super::programs::Programs;
use crate::vm::qemu::{ORDERLY, Qemu};
use anyhow::Result;
use std::path::PathBuf;
use std::process::{Command, Output};

pub(super) struct Debian {
    name: String,
    kernel: PathBuf,
    initrd: PathBuf,
}

impl Debian {
    /// Fetches and unpacks the kernel, once, and packs the initial RAM disk.
    pub(super) fn prepare(programs: &Programs) -> Result<Self> {
        let kernel = DebianKernel::fetch(&programs.folder)?;
        let files = [
            ("bin/busybox", Content::Copy(&programs.busybox)),
            ("init", Content::Copy(&programs.init)),
            ("stamp", Content::Copy(&programs.stamp)),
        ];
        Ok(Self {
            name: format!("Linux {}", kernel.version),
            initrd: initrd::pack(&programs.folder, "initrd", &programs.busybox, &["bin"], &files)?,
            kernel: kernel.image,
        })
    }

    fn machine(&self, memory_mib: u32, icount: bool, more: &str) -> Command {
        let machine = Qemu {
            machine: "microvm",
            cpu: "max",
            memory_mib,
            icount: icount.then_some(0),
        };
        let command_line = format!("console=ttyS0 quiet panic=-1 nokaslr {more}");
        let mut qemu = machine.boot(&self.kernel, &command_line);
        qemu.arg("-initrd").arg(&self.initrd);
        qemu
    }
}

impl Contestant for Debian {
    fn name(&self) -> &str {
        &self.name
    }

    fn run_true(&self, memory_mib: u32) -> Command {
        self.machine(memory_mib, false, "")
    }

    fn succeeded(&self, output: &Output) -> bool {
        output.status.code() == Some(ORDERLY)
    }

    fn stamp(&self) -> Command {
        self.machine(256, true, "rdinit=/stamp")
    }
}

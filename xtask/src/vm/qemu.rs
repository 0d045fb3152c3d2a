//! QEMU's command line, for every machine that is not started by `threadbare run`.

use std::path::Path;
use std::process::Command;

/// What QEMU returns for value 0x10 of the exit device: an orderly end.
pub(crate) const ORDERLY: i32 = 0x10 * 2 + 1;

/// A machine: COM1 on standard output, an exit device at port 0xf4, and nothing that it does not need.
#[derive(Clone, Copy)]
pub(crate) struct Qemu<'a> {
    /// QEMU's machine, with its options.
    pub(crate) machine: &'a str,
    /// The processor, with what is added to it and taken from it.
    pub(crate) cpu: &'a str,
    pub(crate) memory_mib: u32,
    /// Time is counted in executed instructions: each takes 2 to the power of this many nanoseconds. Without it time is the host's.
    pub(crate) icount: Option<u8>,
}

impl Qemu<'_> {
    /// The command that boots `kernel` with this command line.
    pub(crate) fn boot(&self, kernel: &Path, command_line: &str) -> Command {
        let mut qemu = Command::new("qemu-system-x86_64");
        qemu.args(["-M", self.machine, "-cpu", self.cpu])
            .args(["-m", &self.memory_mib.to_string()])
            .args(["-nodefaults", "-no-user-config", "-no-reboot"])
            .args(["-display", "none", "-monitor", "none", "-serial", "stdio"])
            .args(["-device", "isa-debug-exit,iobase=0xf4,iosize=4"]);
        if let Some(shift) = self.icount {
            qemu.args(["-accel", "tcg,thread=single"])
                .args([
                    "-icount",
                    &format!("shift={shift},sleep=off,align=off"),
                    "-seed",
                    "1",
                ])
                .args(["-rtc", "base=2024-01-01T00:00:00,clock=vm"]);
        } else {
            qemu.args(["-accel", "tcg"]);
        }
        qemu.arg("-kernel").arg(kernel).args(["-append", command_line]);
        qemu
    }
}

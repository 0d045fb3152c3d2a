//! The kernels of the race, as commands that run the program.

use super::super::debian::DebianKernel;
use super::super::initrd::{self, Content};
use super::costs::Program;
use crate::vm::qemu::Qemu;
use crate::{packages, process};
use anyhow::Result;
use std::path::{Path, PathBuf};
use std::process::Command;

const CPU: &str = "max,-erms,-fsrm";
const MEMORY_MIB: u32 = 1024;

/// A kernel.
pub(super) trait Contestant {
    /// For messages, and for what is kept of it.
    fn name(&self) -> String;

    /// The command that runs the program with these arguments in a machine.
    fn run(&self, icount: bool, arguments: &[String]) -> Result<Command>;
}

/// Debian's kernel.
pub(super) struct Linux<'a> {
    kernel: &'a DebianKernel,
    program: &'a Program,
    folder: &'a Path,
    tuned: bool,
    busybox: PathBuf,
}

impl<'a> Linux<'a> {
    pub(super) fn new(
        kernel: &'a DebianKernel,
        program: &'a Program,
        folder: &'a Path,
        tuned: bool,
    ) -> Result<Self> {
        let busybox = PathBuf::from("/bin/busybox");
        packages::ensure("a static busybox", &["busybox-static"], || busybox.exists())?;
        Ok(Linux {
            kernel,
            program,
            folder,
            tuned,
            busybox,
        })
    }

    fn command_line(&self) -> String {
        let fair = "console=ttyS0 quiet panic=-1 nokaslr norandmaps";
        let tuning = "mitigations=off init_on_alloc=0 hardened_usercopy=off lsm= audit=0 apparmor=0 cgroup_disable=memory";
        format!("{fair} {}", if self.tuned { tuning } else { "" })
    }
}

impl Contestant for Linux<'_> {
    fn name(&self) -> String {
        let tuned = if self.tuned { "tuned" } else { "stock" };
        format!("linux-{}-{tuned}", self.kernel.version)
    }

    /// The archive is made anew each time: the script in it carries the arguments.
    fn run(&self, icount: bool, arguments: &[String]) -> Result<Command> {
        let script = format!(
            "#!/bin/busybox sh\n\
             for fs in proc:proc devtmpfs:dev tmpfs:tmp; do /bin/busybox mount -t ${{fs%:*}} none /${{fs#*:}}; done\n\
             /costs {} </dev/null\n\
             /bin/busybox reboot -f\n",
            arguments.join(" ")
        );
        let files = [
            ("bin/busybox", Content::Copy(&self.busybox)),
            ("costs", Content::Copy(&self.program.path)),
            ("init", Content::Text(script)),
        ];
        let folders = ["bin", "dev", "proc", "tmp"];
        let initrd = initrd::pack(self.folder, "costs-initrd", &self.busybox, &folders, &files)?;
        let machine = Qemu {
            machine: "microvm",
            cpu: CPU,
            memory_mib: MEMORY_MIB,
            icount: icount.then_some(0),
        };
        let mut qemu = machine.boot(&self.kernel.image, &self.command_line());
        qemu.arg("-initrd").arg(initrd);
        Ok(qemu)
    }
}

/// This project's kernel, started by its command as anybody starts it.
pub(super) struct Threadbare {
    pub(super) command: PathBuf,
    pub(super) program: PathBuf,
}

impl Threadbare {
    /// The command without the program's arguments, and with more words for QEMU.
    pub(super) fn machine(&self, icount: bool, qemu: &[String]) -> Command {
        let mut command = Command::new(&self.command);
        command.args(["run", "--accel", "tcg", "--memory", &format!("{MEMORY_MIB}M")]);
        if icount {
            command.arg("--icount");
        }
        for word in ["-cpu", CPU].into_iter().chain(qemu.iter().map(String::as_str)) {
            command.arg(format!("--qemu={word}"));
        }
        command.arg("--").arg(&self.program);
        command
    }
}

impl Contestant for Threadbare {
    fn name(&self) -> String {
        "threadbare".to_owned()
    }

    fn run(&self, icount: bool, arguments: &[String]) -> Result<Command> {
        let mut command = self.machine(icount, &[]);
        command.args(arguments);
        Ok(command)
    }
}

/// What identifies a run of a contestant that cannot differ from the last one: bytes of the program, and the arguments.
pub(super) fn fingerprint(program: &Path, arguments: &[String]) -> Result<String> {
    let sum = process::output(Command::new("sha256sum").arg(program))?;
    let words = arguments.join(" ");
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for byte in sum.bytes().take(64).chain(words.bytes()) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
    }
    Ok(format!("{hash:016x}"))
}

//! QEMU: where it is, and the words that make it the machine that the kernel expects.

use crate::{
    arguments::{Accelerator, Model},
    failure::Failure,
};
use std::{
    env,
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
};

const PROGRAM: &str = "qemu-system-x86_64";

/// The wall clock of a run whose time is its instructions, as QEMU and as the kernel want it.
pub(crate) const ICOUNT_EPOCH: &str = "2024-01-01T00:00:00";
pub(crate) const ICOUNT_EPOCH_NS: u64 = 1_704_067_200_000_000_000;

/// Finds QEMU in PATH.
pub(crate) fn find() -> Result<PathBuf, Failure> {
    let path = env::var_os("PATH").unwrap_or_default();
    let is_executable = |file: &PathBuf| rustix::fs::access(file, rustix::fs::Access::EXEC_OK).is_ok();
    env::split_paths(&path)
        .map(|directory| directory.join(PROGRAM))
        .find(is_executable)
        .ok_or_else(|| {
            let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
            let how = install_command(&release);
            Failure::runner(format!("{PROGRAM} is not installed; this installs it:\n  {how}"))
        })
}

/// The line that installs QEMU on a system with this `os-release(5)`.
fn install_command(release: &str) -> &'static str {
    let value = |key: &str| {
        let line = release
            .lines()
            .find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
        line.unwrap_or_default().trim_matches('"').to_owned()
    };
    let family = format!("{} {}", value("ID"), value("ID_LIKE"));
    let is = |names: &[&str]| family.split_whitespace().any(|name| names.contains(&name));
    if is(&["fedora", "rhel", "centos"]) {
        "sudo dnf install qemu-system-x86-core"
    } else if is(&["arch"]) {
        "sudo pacman -S qemu-system-x86"
    } else if is(&["alpine"]) {
        "sudo apk add qemu-system-x86_64"
    } else if is(&["suse", "opensuse"]) {
        "sudo zypper install qemu-x86"
    } else {
        "sudo apt-get install qemu-system-x86"
    }
}

/// What the machine shall be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Machine {
    pub(crate) model: Model,
    /// Not `Auto`.
    pub(crate) accelerator: Accelerator,
    pub(crate) memory: u64,
    pub(crate) cpus: u16,
    pub(crate) icount: bool,
}

/// What QEMU inherits, by the paths and numbers under which it knows it.
#[derive(Debug)]
pub(crate) struct Inherited {
    pub(crate) kernel: String,
    pub(crate) initrd: String,
    pub(crate) link_fd: i32,
    pub(crate) gate: String,
}

/// QEMU's arguments.
pub(crate) fn arguments(machine: &Machine, inherited: &Inherited) -> Vec<String> {
    let mut arguments = Vec::with_capacity(48);
    let mut add = |words: &[&str]| arguments.extend(words.iter().map(|word| (*word).to_owned()));
    add(&[
        "-nodefaults",
        "-no-user-config",
        "-display",
        "none",
        "-monitor",
        "none",
        "-no-reboot",
    ]);
    add(&[
        "-m",
        &format!("size={}K", machine.memory / 1024),
        "-smp",
        &machine.cpus.to_string(),
    ]);
    match machine.accelerator {
        Accelerator::Kvm => add(&["-accel", "kvm", "-cpu", "host"]),
        _ if machine.icount => add(&["-accel", "tcg,thread=single", "-cpu", "max"]),
        _ => add(&["-accel", "tcg", "-cpu", "max"]),
    }
    if machine.icount {
        let clock = format!("base={ICOUNT_EPOCH},clock=vm");
        add(&[
            "-icount",
            "shift=0,sleep=off,align=off",
            "-rtc",
            &clock,
            "-seed",
            "1",
        ]);
    }
    add(&[
        "-chardev",
        "stdio,id=console,signal=off",
        "-serial",
        "chardev:console",
    ]);
    add(&["-chardev", &format!("socket,id=link,fd={}", inherited.link_fd)]);
    match machine.model {
        Model::Microvm => {
            // No option ROMs: they would only boot from disks and networks.
            add(&["-M", "microvm,acpi=off,x-option-roms=off"]);
            add(&[
                "-device",
                "virtio-serial-device,max_ports=1",
                "-device",
                "virtconsole,chardev=link",
            ]);
        }
        Model::Q35 => add(&["-M", "q35", "-serial", "chardev:link"]),
    }
    add(&["-device", "isa-debug-exit,iobase=0xf4,iosize=4"]);
    add(&[
        "-kernel",
        &inherited.kernel,
        "-initrd",
        &inherited.initrd,
        "-readconfig",
        &inherited.gate,
    ]);
    arguments
}

/// Whether `path` is QEMU: for messages about what could not be started.
pub(crate) fn name(path: &Path) -> &OsStr {
    path.file_name().unwrap_or(path.as_os_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(model: Model, accelerator: Accelerator, icount: bool) -> String {
        let machine = Machine {
            model,
            accelerator,
            memory: 256 << 20,
            cpus: 2,
            icount,
        };
        let inherited = Inherited {
            kernel: "/proc/self/fd/5".into(),
            initrd: "/proc/self/fd/6".into(),
            link_fd: 7,
            gate: "/proc/self/fd/8".into(),
        };
        arguments(&machine, &inherited).join(" ")
    }

    #[test]
    fn a_microvm_has_the_link_as_a_virtio_console() {
        let words = words(Model::Microvm, Accelerator::Tcg, false);
        for part in [
            "-M microvm,acpi=off",
            "-m size=262144K -smp 2",
            "-accel tcg -cpu max",
            "socket,id=link,fd=7",
            "virtconsole,chardev=link",
            "-kernel /proc/self/fd/5 -initrd /proc/self/fd/6 -readconfig /proc/self/fd/8",
        ] {
            assert!(words.contains(part), "{part} is not in {words}");
        }
    }

    #[test]
    fn a_pc_has_the_link_as_its_second_serial_port() {
        let words = words(Model::Q35, Accelerator::Kvm, false);
        let (first, second) = (
            words.find("-serial chardev:console"),
            words.find("-serial chardev:link"),
        );
        assert!(first.is_some() && first < second, "{words}");
        assert!(words.contains("-accel kvm -cpu host"));
    }

    #[test]
    fn counting_instructions_takes_one_thread_and_the_machines_own_clock() {
        let words = words(Model::Microvm, Accelerator::Tcg, true);
        assert!(words.contains("-accel tcg,thread=single"));
        assert!(
            words.contains(
                "-icount shift=0,sleep=off,align=off -rtc base=2024-01-01T00:00:00,clock=vm -seed 1"
            )
        );
    }

    #[test]
    fn the_line_to_install_it_is_that_of_the_distribution() {
        assert!(install_command("ID=debian\n").contains("apt-get install qemu-system-x86"));
        assert!(install_command("ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\n").contains("dnf"));
        assert!(install_command("ID=manjaro\nID_LIKE=arch\n").contains("pacman"));
        assert!(install_command("").contains("apt-get"));
    }
}

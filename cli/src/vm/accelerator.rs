//! Which accelerator makes the machine's processor.
//!
//! That `/dev/kvm` opens and gives a virtual machine says little. There are hosts where it refuses the registers that
//! QEMU sets, and hosts where it works but interprets the kernel's instructions one by one, a thousand times slower
//! than QEMU's own translation (kvm_pvm, inside virtual machines without nested virtualisation). So:
//!
//! 1. Without `kvm_intel` or `kvm_amd` there is no hardware behind `/dev/kvm`: software.
//! 2. Otherwise QEMU itself is tried once, on a tiny program that counts ([`probe`]). What came of it is remembered
//!    for as long as host kernel, boot and QEMU stay the same.

use super::probe;
use crate::arguments::Accelerator;
use std::{
    env,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

/// What is used, and why: for `--verbose`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Choice {
    pub(crate) accelerator: Accelerator,
    pub(crate) reason: String,
}

/// Chooses for `qemu`, as `asked`.
pub(crate) fn choose(asked: Accelerator, icount: bool, qemu: &Path) -> Choice {
    let (accelerator, reason) = match asked {
        _ if icount => (
            Accelerator::Tcg,
            "counting instructions needs software emulation".to_owned(),
        ),
        Accelerator::Auto => match hardware(Path::new("/")).and_then(|()| tried(qemu)) {
            Ok(()) => (Accelerator::Kvm, "hardware virtualisation works".to_owned()),
            Err(obstacle) => (Accelerator::Tcg, obstacle),
        },
        explicit => (explicit, "as asked".to_owned()),
    };
    Choice { accelerator, reason }
}

/// Whether there is hardware virtualisation that this user may use, on a host whose root is `root`.
fn hardware(root: &Path) -> Result<(), String> {
    let kvm = fs::File::options()
        .read(true)
        .write(true)
        .open(root.join("dev/kvm"));
    kvm.map_err(|error| format!("/dev/kvm cannot be opened: {error}"))?;
    let has_module = ["kvm_intel", "kvm_amd"]
        .iter()
        .any(|module| root.join("sys/module").join(module).exists());
    if has_module {
        Ok(())
    } else {
        Err("/dev/kvm has no hardware virtualisation behind it".to_owned())
    }
}

/// Whether QEMU with KVM runs the probe, now or, on the same host, earlier.
fn tried(qemu: &Path) -> Result<(), String> {
    let failed = || "hardware virtualisation was tried and does not work at full speed".to_owned();
    let memory = Memory::new(qemu);
    if let Some(works) = memory.as_ref().and_then(Memory::recall) {
        return works.then_some(()).ok_or_else(failed);
    }
    let works = probe::works(qemu);
    if let Some(memory) = memory {
        memory.keep(works);
    }
    works.then_some(()).ok_or_else(failed)
}

/// The result of an earlier probe, in the user's cache directory.
struct Memory {
    file: PathBuf,
    /// What must be the same for the result to hold.
    key: String,
}

impl Memory {
    fn new(qemu: &Path) -> Option<Self> {
        let directory = env::var_os("XDG_CACHE_HOME")
            .map(PathBuf::from)
            .or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".cache")))
            .filter(|path| path.is_absolute())?;
        let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
        let modified = qemu.metadata().ok()?.modified().ok()?;
        let modified = modified.duration_since(std::time::UNIX_EPOCH).ok()?.as_nanos();
        let key = format!("{} {} {modified}", boot.trim(), qemu.display());
        Some(Self {
            file: directory.join("threadbare/kvm"),
            key,
        })
    }

    fn recall(&self) -> Option<bool> {
        let text = fs::read_to_string(&self.file).ok()?;
        match text.strip_prefix(&self.key)?.trim() {
            "works" => Some(true),
            "fails" => Some(false),
            _ => None,
        }
    }

    /// A result that cannot be kept is found again next time.
    fn keep(&self, works: bool) {
        let mut text = self.key.clone();
        let _ = writeln!(text, " {}", if works { "works" } else { "fails" });
        if let Some(directory) = self.file.parent() {
            let _ = fs::create_dir_all(directory).and_then(|()| fs::write(&self.file, text));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_device_or_a_processors_module_there_is_no_hardware() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path();
        assert!(hardware(root).unwrap_err().contains("cannot be opened"));
        fs::create_dir_all(root.join("dev")).unwrap();
        fs::write(root.join("dev/kvm"), "").unwrap();
        fs::create_dir_all(root.join("sys/module/kvm_pvm")).unwrap();
        assert!(hardware(root).unwrap_err().contains("no hardware"));
        fs::create_dir_all(root.join("sys/module/kvm_amd")).unwrap();
        assert_eq!(hardware(root), Ok(()));
    }

    #[test]
    fn a_result_is_remembered_for_its_key_only() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("threadbare/kvm");
        let memory = Memory {
            file: file.clone(),
            key: "boot1 /usr/bin/qemu 7".into(),
        };
        assert_eq!(memory.recall(), None);
        memory.keep(false);
        assert_eq!(memory.recall(), Some(false));
        memory.keep(true);
        assert_eq!(memory.recall(), Some(true));
        let other = Memory {
            file,
            key: "boot2 /usr/bin/qemu 7".into(),
        };
        assert_eq!(other.recall(), None);
    }

    #[test]
    fn what_is_asked_for_is_used() {
        let choose = |asked, icount| choose(asked, icount, Path::new("/nonexistent")).accelerator;
        assert_eq!(choose(Accelerator::Kvm, false), Accelerator::Kvm);
        assert_eq!(choose(Accelerator::Tcg, false), Accelerator::Tcg);
        assert_eq!(choose(Accelerator::Kvm, true), Accelerator::Tcg);
    }
}

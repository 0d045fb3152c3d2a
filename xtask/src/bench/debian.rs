//! Debian's kernel for virtual machines, as shipped: `linux-image-cloud-amd64`, fetched and unpacked, not installed.
//!
//! It gets the best treatment that an unchanged kernel can have: the machine without firmware work, an initial RAM disk
//! with nothing but the programs, a first process of 20 instructions, a quiet console. ACPI stays on: without its tables
//! this kernel hangs in one of ten boots on this machine.

use super::contestant::{Contestant, ORDERLY, qemu};
use super::programs::Programs;
use crate::process;
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

const PACKAGE: &str = "linux-image-cloud-amd64";

pub(super) struct Debian {
    name: String,
    kernel: PathBuf,
    initrd: PathBuf,
}

impl Debian {
    /// Fetches and unpacks the kernel, once, and packs the initial RAM disk.
    pub(super) fn prepare(programs: &Programs) -> Result<Self> {
        let unpacked = programs.folder.join("debian");
        let kernel = match kernel(&unpacked) {
            Some(kernel) => kernel,
            None => {
                fetch(&programs.folder, &unpacked)?;
                kernel(&unpacked).with_context(|| format!("{PACKAGE} holds no kernel"))?
            }
        };
        let version = kernel
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .replace("vmlinuz-", "");
        Ok(Self {
            name: format!("Linux {version}"),
            initrd: pack(programs)?,
            kernel,
        })
    }

    fn machine(&self, memory_mib: u32, icount: bool, more: &str) -> Command {
        let mut qemu = qemu("microvm", &self.kernel, memory_mib, icount);
        qemu.arg("-initrd").arg(&self.initrd);
        qemu.args(["-append", &format!("console=ttyS0 quiet panic=-1 nokaslr {more}")]);
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

fn kernel(unpacked: &Path) -> Option<PathBuf> {
    let files = unpacked.join("boot").read_dir().ok()?;
    files
        .flatten()
        .map(|file| file.path())
        .find(|path| path.to_string_lossy().contains("/vmlinuz-"))
}

/// The package of that name only depends on the one that holds the kernel.
fn fetch(folder: &Path, unpacked: &Path) -> Result<()> {
    eprintln!("xtask: fetching {PACKAGE}");
    let depends = process::output(Command::new("apt-cache").args(["depends", PACKAGE]))?;
    let package = depends
        .lines()
        .find_map(|line| line.trim().strip_prefix("Depends: linux-image-"));
    let Some(package) = package else {
        bail!("apt knows no {PACKAGE}: try apt-get update")
    };
    let package = format!("linux-image-{package}");
    process::run(
        Command::new("apt-get")
            .current_dir(folder)
            .args(["download", "--quiet", &package]),
    )?;
    let files = folder.read_dir()?.flatten().map(|file| file.path());
    let is_archive = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "deb");
    let archive = files
        .filter(is_archive)
        .max()
        .context("apt-get downloaded nothing")?;
    process::run(
        Command::new("dpkg-deb")
            .arg("--extract")
            .arg(archive)
            .arg(unpacked),
    )
}

fn pack(programs: &Programs) -> Result<PathBuf> {
    let (tree, archive) = (
        programs.folder.join("initrd"),
        programs.folder.join("initrd.cpio"),
    );
    fs::create_dir_all(tree.join("bin"))?;
    for (from, to) in [
        (&programs.busybox, "bin/busybox"),
        (&programs.init, "init"),
        (&programs.stamp, "stamp"),
    ] {
        fs::copy(from, tree.join(to)).with_context(|| format!("cannot pack {}", from.display()))?;
    }
    let mut cpio = Command::new(&programs.busybox);
    cpio.args(["cpio", "-o", "-H", "newc", "-F"])
        .arg(&archive)
        .current_dir(&tree)
        .stderr(Stdio::null());
    let mut names = cpio
        .stdin(Stdio::piped())
        .spawn()
        .context("cannot start busybox cpio")?;
    let mut pipe = names.stdin.take().context("stdin is piped")?;
    std::io::Write::write_all(&mut pipe, b"bin\nbin/busybox\ninit\nstamp\n")?;
    drop(pipe);
    if !names.wait()?.success() {
        bail!("busybox cpio failed");
    }
    Ok(archive)
}

//! Debian's kernel for virtual machines, as shipped: `linux-image-cloud-amd64`, fetched and unpacked, not installed.

use crate::process;
use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::process::Command;

const PACKAGE: &str = "linux-image-cloud-amd64";

pub(super) struct DebianKernel {
    /// As `uname -r` says it.
    pub(super) version: String,
    pub(super) image: PathBuf,
}

impl DebianKernel {
    /// Fetches and unpacks it into `folder`, once.
    pub(super) fn fetch(folder: &Path) -> Result<Self> {
        let unpacked = folder.join("debian");
        let image = match find(&unpacked) {
            Some(image) => image,
            None => {
                download(folder, &unpacked)?;
                find(&unpacked).with_context(|| format!("{PACKAGE} holds no kernel"))?
            }
        };
        let file = image.file_name().unwrap_or_default().to_string_lossy();
        Ok(Self {
            version: file.replace("vmlinuz-", ""),
            image,
        })
    }
}

fn find(unpacked: &Path) -> Option<PathBuf> {
    let files = unpacked.join("boot").read_dir().ok()?;
    files
        .flatten()
        .map(|file| file.path())
        .find(|path| path.to_string_lossy().contains("/vmlinuz-"))
}

/// The package of that name only depends on the one that holds the kernel.
fn download(folder: &Path, unpacked: &Path) -> Result<()> {
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

//! The initial RAM disk of the rival kernel: an uncompressed cpio archive of a few files.

use anyhow::{Context, Result, bail};
use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A file in it.
pub(super) enum Content<'a> {
    Copy(&'a Path),
    /// A script, executable.
    Text(String),
}

/// Packs `files`, by their paths without a leading slash, and empty `folders` into `name.cpio` in `target`.
pub(super) fn pack(
    target: &Path,
    name: &str,
    busybox: &Path,
    folders: &[&str],
    files: &[(&str, Content<'_>)],
) -> Result<PathBuf> {
    let (tree, archive) = (target.join(name), target.join(format!("{name}.cpio")));
    let mut names = String::new();
    for folder in folders {
        fs::create_dir_all(tree.join(folder))?;
        names += &format!("{folder}\n");
    }
    for (path, content) in files {
        let file = tree.join(path);
        match content {
            Content::Copy(from) => {
                fs::copy(from, &file).with_context(|| format!("cannot pack {}", from.display()))?;
            }
            Content::Text(text) => {
                fs::write(&file, text)?;
                fs::set_permissions(&file, fs::Permissions::from_mode(0o755))?;
            }
        }
        names += &format!("{path}\n");
    }
    write(&tree, &archive, busybox, &names)?;
    Ok(archive)
}

fn write(tree: &Path, archive: &Path, busybox: &Path, names: &str) -> Result<()> {
    let mut cpio = Command::new(busybox)
        .args(["cpio", "-o", "-H", "newc", "-F"])
        .arg(archive)
        .current_dir(tree)
        .stderr(Stdio::null())
        .stdin(Stdio::piped())
        .spawn()
        .context("cannot start busybox cpio")?;
    let mut pipe = cpio.stdin.take().context("stdin is piped")?;
    pipe.write_all(names.as_bytes())?;
    drop(pipe);
    if !cpio.wait()?.success() {
        bail!("busybox cpio failed");
    }
    Ok(())
}

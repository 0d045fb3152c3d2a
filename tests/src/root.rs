//! Root file systems unpacked from Debian's packages, made when a test asks for one.
//!
//! A root has the programs and the libraries that they depend on, as the release of this machine has them, but nothing that
//! packages do when they are configured. It is kept in `target/` for the next run, and is never written to by a test:
//! inside it is the machine's own copy, and on Linux `/tmp` is a fresh tmpfs.
//!
//! No privilege is needed: apt resolves against an empty list of installed packages, and tar unpacks.

use crate::target;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

/// What every root has.
const BASE: [&str; 12] = [
    "base-files",
    "bash",
    "busybox-static",
    "coreutils",
    "dash",
    "diffutils",
    "findutils",
    "grep",
    "gzip",
    "mawk",
    "sed",
    "tar",
];

/// What no program needs.
const LEFT_OUT: [&str; 6] = ["doc", "info", "lintian", "locale", "man", "doc-base"];

/// A folder with a shell, the basic tools and `packages`, under a name of its own.
///
/// # Panics
/// When it cannot be made: with apt's word for it.
#[must_use]
pub fn debian(name: &str, packages: &[&str]) -> PathBuf {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _guard = ONE_AT_A_TIME
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    let roots = target().join("roots");
    let (root, stamp) = (roots.join(name), roots.join(format!("{name}.packages")));
    let wanted = packages.join(" ");
    if fs::read_to_string(&stamp).is_ok_and(|made| made == wanted) {
        return root;
    }
    let archives = roots.join("archives");
    fs::create_dir_all(archives.join("partial")).expect("target/ is writable");
    let files = download(&roots, &archives, packages);
    let _ = fs::remove_dir_all(&root);
    prepare(&root);
    for file in files {
        unpack(&archives.join(file), &root);
    }
    fs::write(&stamp, wanted).expect("target/ is writable");
    root
}

/// Downloads `packages` and all that they depend on; returns the files' names.
fn download(roots: &Path, archives: &Path, packages: &[&str]) -> Vec<String> {
    fs::write(roots.join("nothing-installed"), "").expect("target/ is writable");
    let lists = roots.join("lists");
    let own_lists = format!("Dir::State::lists={}", lists.display());
    // The package lists of this machine may be missing or old: fetch new ones only when they do not serve.
    if !lists.exists() {
        if let Ok(files) = install(roots, archives, &[], packages) {
            return files;
        }
        fs::create_dir_all(lists.join("partial")).expect("target/ is writable");
    }
    let _ = apt(&["-o", &own_lists, "-o", "Debug::NoLocking=true", "update"]);
    match install(roots, archives, &["-o", &own_lists], packages) {
        Ok(files) => files,
        Err(error) => panic!("cannot download {packages:?}:\n{error}"),
    }
}

fn install(
    roots: &Path,
    archives: &Path,
    options: &[&str],
    packages: &[&str],
) -> Result<Vec<String>, String> {
    let status = format!("Dir::State::status={}", roots.join("nothing-installed").display());
    let folder = format!("Dir::Cache::archives={}", archives.display());
    let cache = ["-o", "Dir::Cache::pkgcache=", "-o", "Dir::Cache::srcpkgcache="];
    let quiet = ["-qq", "--yes", "--no-install-recommends"];
    let common = [
        options,
        &cache,
        &quiet,
        &["-o", &status, "-o", &folder, "-o", "Debug::NoLocking=true"],
    ]
    .concat();
    let all = [&["install"], BASE.as_slice(), packages].concat();
    // The names of the files, before they are there: `'URL' FILE SIZE HASH`.
    let empty = format!("Dir::Cache::archives={}", roots.display());
    let names = apt(&[&common, &["-o", &empty, "--print-uris"][..], &all].concat())?;
    apt(&[&common, &["--download-only"][..], &all].concat())?;
    let file = |line: &str| line.split_whitespace().nth(1).map(str::to_owned);
    Ok(names
        .lines()
        .filter(|line| line.starts_with('\''))
        .filter_map(file)
        .collect())
}

fn apt(arguments: &[&str]) -> Result<String, String> {
    let output = Command::new("apt-get").args(arguments).output();
    let output = output.map_err(|error| format!("apt-get: {error}"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(String::from_utf8_lossy(&output.stderr).into_owned())
}

/// An empty root with `/bin` and `/usr/bin` being one, as on every Debian that is installed.
fn prepare(root: &Path) {
    for folder in [
        "usr/bin",
        "usr/sbin",
        "usr/lib",
        "usr/lib64",
        "dev",
        "proc",
        "sys",
        "tmp",
        "etc",
    ] {
        fs::create_dir_all(root.join(folder)).expect("target/ is writable");
    }
    for name in ["bin", "sbin", "lib", "lib64"] {
        symlink(format!("usr/{name}"), root.join(name)).expect("the root is fresh");
    }
    for (name, text) in [
        ("passwd", "root:x:0:0:root:/root:/bin/sh\n"),
        ("group", "root:x:0:\n"),
    ] {
        fs::write(root.join("etc").join(name), text).expect("the root is fresh");
    }
    symlink("mawk", root.join("usr/bin/awk")).expect("the root is fresh");
}

fn unpack(archive: &Path, root: &Path) {
    let mut script = String::from(
        "dpkg-deb --fsys-tarfile \"$0\" | tar -x -C \"$1\" --no-same-owner --keep-directory-symlink",
    );
    for name in LEFT_OUT {
        script += &format!(" --exclude=./usr/share/{name}");
    }
    let status = Command::new("sh")
        .args(["-c", &script])
        .args([archive, root])
        .status();
    assert!(
        status.as_ref().is_ok_and(std::process::ExitStatus::success),
        "cannot unpack {}: {status:?}",
        archive.display()
    );
}

//! The choice, remembered: `target/kernel/toolchain` holds the name of the way and the folder of the active toolchain
//! with the time of its last change. Another toolchain, or a component added to this one, makes it void.

use super::{ALL, Toolchain, active};
use crate::workspace;
use std::fs;
use std::path::PathBuf;
use std::time::UNIX_EPOCH;

/// The way taken last time, if nothing has changed since.
pub(super) fn read() -> Option<Toolchain> {
    let text = fs::read_to_string(file()).ok()?;
    let (name, fingerprint) = text.split_once('\n')?;
    let remembered = ALL.into_iter().find(|toolchain| toolchain.name() == name)?;
    (fingerprint == self::fingerprint()?).then_some(remembered)
}

/// Remembers `chosen`. Failing to only costs time.
pub(super) fn write(chosen: Toolchain) {
    if let Some(fingerprint) = fingerprint() {
        let _ = fs::create_dir_all(workspace::kernel_target());
        let _ = fs::write(file(), format!("{}\n{fingerprint}", chosen.name()));
    }
}

fn file() -> PathBuf {
    workspace::kernel_target().join("toolchain")
}

fn fingerprint() -> Option<String> {
    let folder = active::sysroot().ok()?.join("lib/rustlib");
    let changed = folder
        .metadata()
        .ok()?
        .modified()
        .ok()?
        .duration_since(UNIX_EPOCH)
        .ok()?;
    Some(format!("{} {}", folder.display(), changed.as_nanos()))
}

//! What cargo knows about the workspace and everything it depends on.

use crate::{process, workspace};
use anyhow::{Context, Result};
use serde_json::Value;
use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The answer of `cargo metadata`.
pub(super) struct Metadata(Value);

/// A crate of the workspace.
pub(super) struct Member {
    pub(super) name: String,
    /// Its folder, from the root of the workspace: `kernel/core`.
    pub(super) folder: String,
    /// The root file of each library and binary.
    pub(super) roots: Vec<PathBuf>,
    /// Folders of the workspace's crates that it depends on in what it ships: tests may use what they like.
    pub(super) knows: Vec<String>,
}

pub(super) fn read() -> Result<Metadata> {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo
        .current_dir(workspace::root())
        .args(["metadata", "--format-version", "1", "--quiet"]);
    let text = process::output(&mut cargo)?;
    Ok(Metadata(
        serde_json::from_str(&text).context("cargo metadata printed no JSON")?,
    ))
}

impl Metadata {
    /// The crates of the workspace, in the order of their folders.
    pub(super) fn members(&self) -> Vec<Member> {
        let local = self.packages().filter(|package| package["source"].is_null());
        let mut members: Vec<Member> = local.map(member).collect();
        members.sort_by(|a, b| a.folder.cmp(&b.folder));
        members
    }

    /// Every package, the workspace's own and what they depend on.
    pub(super) fn packages(&self) -> impl Iterator<Item = &Value> {
        self.0["packages"].as_array().into_iter().flatten()
    }
}

fn member(package: &Value) -> Member {
    let manifest = Path::new(text(package, "manifest_path"));
    let targets = package["targets"].as_array().into_iter().flatten();
    let shipped = targets.filter(|target| {
        let kinds = target["kind"].as_array().into_iter().flatten();
        kinds
            .filter_map(Value::as_str)
            .any(|kind| kind == "lib" || kind == "bin" || kind == "proc-macro")
    });
    let dependencies = package["dependencies"].as_array().into_iter().flatten();
    let shipped_dependencies = dependencies.filter(|dependency| dependency["kind"] != "dev");
    Member {
        name: text(package, "name").to_owned(),
        folder: folder(manifest.parent().unwrap_or(manifest)),
        roots: shipped
            .map(|target| PathBuf::from(text(target, "src_path")))
            .collect(),
        knows: shipped_dependencies
            .filter_map(|d| d["path"].as_str())
            .map(|path| folder(Path::new(path)))
            .collect(),
    }
}

/// `path` from the root of the workspace.
fn folder(path: &Path) -> String {
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    path.strip_prefix(workspace::root())
        .unwrap_or(&path)
        .display()
        .to_string()
}

/// The string in field `name`, empty where there is none.
pub(super) fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

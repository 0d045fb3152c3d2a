//! Who may know whom: a crate's dependencies point down the layers only.

use super::Report;
use super::metadata::Member;

/// A layer: the folders in it, and the folders that its crates may depend on. `x/*` is any crate under `x/`.
/// The first line that names a crate's folder is its line.
const LAYERS: [(&str, &[&str]); 12] = [
    ("context", &[]),
    ("lib/*", &["lib/*"]),
    ("machine", &["context", "lib/*"]),
    ("kernel/core", &["machine", "lib/*"]),
    ("kernel/fs/*", &["kernel/core", "machine", "lib/*"]),
    ("kernel/drivers/*", &["kernel/core", "machine", "lib/*"]),
    ("kernel/image", &["kernel/*", "machine", "lib/*"]),
    ("green/*", &[]),
    ("green", &["context", "green/*"]),
    ("cli", &["lib/*"]),
    ("claims", &["context"]),
    // The tools and the end-to-end tests see the product from outside.
    ("*", &[]),
];

pub(super) fn check(crates: &[Member], report: &mut Report) {
    for member in crates {
        let allowed = allowed(&member.folder);
        for known in &member.knows {
            if !allowed.iter().any(|pattern| matches(pattern, known)) {
                report.findings.push(format!(
                    "{} must not know {known} ({})",
                    member.folder, member.name
                ));
            }
        }
    }
}

fn allowed(folder: &str) -> &'static [&'static str] {
    let line = LAYERS.iter().find(|(pattern, _)| matches(pattern, folder));
    line.map_or(&[], |(_, allowed)| allowed)
}

fn matches(pattern: &str, folder: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(prefix) => folder.starts_with(prefix),
        None => folder == pattern,
    }
}

#[cfg(test)]
mod tests {
    use super::{allowed, matches};

    #[test]
    fn a_star_stands_for_any_crate_below_the_folder_but_not_for_the_folder() {
        assert!(matches("lib/*", "lib/buddy"));
        assert!(!matches("green/*", "green"));
        assert!(matches("*", "xtask"));
    }

    #[test]
    fn file_systems_see_the_core_and_not_each_other() {
        let allowed = allowed("kernel/fs/ext4");
        assert!(!allowed.iter().any(|pattern| matches(pattern, "kernel/fs/initrd")));
        assert!(
            !allowed
                .iter()
                .any(|pattern| matches(pattern, "kernel/drivers/serial"))
        );
    }
}

//! What every Linux program expects to be there.

use super::{
    collect,
    tree::{Node, Tree},
    view::View,
};
use std::path::Path;

/// Files of the host that C libraries read.
const FILES: [&str; 6] = [
    "/etc/passwd",
    "/etc/group",
    "/etc/hosts",
    "/etc/nsswitch.conf",
    "/etc/localtime",
    "/etc/ld.so.cache",
];

/// Directories that the kernel or programs put something into.
const DIRECTORIES: [(&str, u32); 5] = [
    ("/dev", 0o755),
    ("/proc", 0o555),
    ("/root", 0o700),
    ("/sys", 0o555),
    ("/tmp", 0o1777),
];

/// Takes the few files of the host that C libraries read, as far as it has them.
pub(crate) fn files(tree: &mut Tree, view: &View) {
    for file in FILES {
        // What is not there is not missed.
        let _ = collect::path(tree, view, Path::new(file));
    }
}

/// Makes the directories, where they are not there yet.
pub(crate) fn directories(tree: &mut Tree, working_directory: &Path) {
    for (path, permissions) in DIRECTORIES {
        tree.insert_if_absent(Path::new(path), Node::directory(permissions));
    }
    tree.insert_if_absent(working_directory, Node::directory(0o755));
}

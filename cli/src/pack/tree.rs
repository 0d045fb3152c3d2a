//! What goes into the archive.
//!
//! # Invariants
//!
//! 1. Keys are paths inside the machine without the leading slash, without `.` and `..`; the root's key is empty.
//! 2. Every key's parent is there and is a directory: [`Tree::insert`] adds what is missing.
//! 3. Keys ascend bytewise, so parents come before their children.

use std::{
    collections::BTreeMap,
    ffi::OsStr,
    fs::Metadata,
    os::unix::{
        ffi::OsStrExt,
        fs::{FileTypeExt, MetadataExt},
    },
    path::{Component, Path, PathBuf},
};

pub(crate) const DIRECTORY: u32 = 0o040_000;
pub(crate) const REGULAR: u32 = 0o100_000;

/// A file system to be.
#[derive(Debug)]
pub(crate) struct Tree {
    nodes: BTreeMap<Vec<u8>, Node>,
}

/// One file of any kind.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Node {
    /// Type and permissions, as in `st_mode`.
    pub(crate) mode: u32,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    /// Seconds since 1970.
    pub(crate) modified: u32,
    /// The nanoseconds of that time.
    pub(crate) modified_nanoseconds: u32,
    pub(crate) content: Content,
    /// Device and inode on the host, of a file that has more names than one there.
    pub(crate) identity: Option<(u64, u64)>,
}

/// What a file consists of.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Content {
    /// Its type says all: directories and named pipes.
    Nothing,
    /// The bytes of a file on the host, which had this length.
    File { host: PathBuf, length: u64 },
    /// These bytes.
    Bytes(Vec<u8>),
    /// A symbolic link to this.
    Link(Vec<u8>),
    /// Major and minor number.
    Device(u32, u32),
}

impl Node {
    /// A directory of root's.
    pub(crate) fn directory(permissions: u32) -> Self {
        Self::new(DIRECTORY | permissions, Content::Nothing)
    }

    /// A regular file of root's.
    #[cfg(test)]
    pub(crate) fn bytes(permissions: u32, bytes: &[u8]) -> Self {
        Self::new(REGULAR | permissions, Content::Bytes(bytes.to_vec()))
    }

    fn new(mode: u32, content: Content) -> Self {
        Self {
            mode,
            uid: 0,
            gid: 0,
            modified: 0,
            modified_nanoseconds: 0,
            content,
            identity: None,
        }
    }

    /// What is at `host`, whose `lstat` is `metadata`; `None` for a socket, which means nothing without its process.
    pub(crate) fn of_host(host: &Path, metadata: &Metadata) -> std::io::Result<Option<Self>> {
        let kind = metadata.file_type();
        let content = if kind.is_symlink() {
            Content::Link(host.read_link()?.into_os_string().into_encoded_bytes())
        } else if kind.is_file() {
            Content::File {
                host: host.to_owned(),
                length: metadata.len(),
            }
        } else if kind.is_block_device() || kind.is_char_device() {
            Content::Device(
                rustix::fs::major(metadata.rdev()),
                rustix::fs::minor(metadata.rdev()),
            )
        } else if kind.is_socket() {
            return Ok(None);
        } else {
            Content::Nothing
        };
        let shared = kind.is_file() && metadata.nlink() > 1;
        Ok(Some(Self {
            mode: metadata.mode(),
            uid: metadata.uid(),
            gid: metadata.gid(),
            modified: u32::try_from(metadata.mtime().max(0)).unwrap_or(u32::MAX),
            modified_nanoseconds: u32::try_from(metadata.mtime_nsec()).unwrap_or(0),
            content,
            identity: shared.then(|| (metadata.dev(), metadata.ino())),
        }))
    }

    pub(crate) fn is_directory(&self) -> bool {
        self.mode & 0o170_000 == DIRECTORY
    }
}

impl Tree {
    /// A file system with nothing but its root.
    pub(crate) fn new() -> Self {
        Self {
            nodes: BTreeMap::from([(Vec::new(), Node::directory(0o755))]),
        }
    }

    /// Puts `node` at `path`, instead of what was there. Missing parents become directories of root's.
    pub(crate) fn insert(&mut self, path: &Path, node: Node) {
        let key = key(path);
        for end in key
            .iter()
            .enumerate()
            .filter(|(_, byte)| **byte == b'/')
            .map(|(index, _)| index)
        {
            match self.nodes.get_mut(&key[..end]) {
                Some(parent) if parent.is_directory() => {}
                // Reachable only by a volume laid over a file: what is asked for last wins.
                Some(parent) => *parent = Node::directory(0o755),
                None => {
                    self.nodes.insert(key[..end].to_vec(), Node::directory(0o755));
                }
            }
        }
        self.nodes.insert(key, node);
    }

    /// Puts `node` at `path` unless something is there.
    pub(crate) fn insert_if_absent(&mut self, path: &Path, node: Node) {
        if !self.contains(path) {
            self.insert(path, node);
        }
    }

    /// Removes `path` and all below it.
    pub(crate) fn remove(&mut self, path: &Path) {
        let key = key(path);
        let mut below = key.clone();
        below.push(b'/');
        self.nodes
            .retain(|other, _| *other != key && !other.starts_with(&below));
    }

    pub(crate) fn contains(&self, path: &Path) -> bool {
        self.nodes.contains_key(&key(path))
    }

    pub(crate) fn get(&self, path: &Path) -> Option<&Node> {
        self.nodes.get(&key(path))
    }

    /// All files, parents first, by their keys.
    pub(crate) fn nodes(&self) -> impl Iterator<Item = (&[u8], &Node)> {
        self.nodes.iter().map(|(key, node)| (key.as_slice(), node))
    }

    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// The file on the host that a path inside the machine, without symbolic links, stands for.
    pub(crate) fn host_file(&self, path: &[u8]) -> Option<&Path> {
        match &self.get(Path::new(OsStr::from_bytes(path)))?.content {
            Content::File { host, .. } => Some(host),
            _ => None,
        }
    }
}

/// The key of an absolute path (invariant 1). `..` is dropped with what precedes it, as at a path without symbolic
/// links.
fn key(path: &Path) -> Vec<u8> {
    let mut parts: Vec<&[u8]> = Vec::new();
    for component in path.components() {
        match component {
            Component::Normal(part) => parts.push(part.as_bytes()),
            Component::ParentDir => {
                parts.pop();
            }
            Component::Prefix(_) | Component::RootDir | Component::CurDir => {}
        }
    }
    parts.join(&b'/')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(tree: &Tree) -> Vec<String> {
        tree.nodes()
            .map(|(key, _)| String::from_utf8_lossy(key).into_owned())
            .collect()
    }

    #[test]
    fn parents_come_first_and_are_made() {
        let mut tree = Tree::new();
        for path in ["/a/b/c", "/a-b", "/a.b/./x/../d"] {
            tree.insert(Path::new(path), Node::bytes(0o644, b""));
        }
        assert_eq!(keys(&tree), ["", "a", "a-b", "a.b", "a.b/d", "a/b", "a/b/c"]);
        assert!(tree.get(Path::new("/a/b")).unwrap().is_directory());
    }

    #[test]
    fn a_file_in_the_way_of_a_volume_gives_way() {
        let mut tree = Tree::new();
        tree.insert(Path::new("/a"), Node::bytes(0o644, b""));
        tree.insert(Path::new("/a/b"), Node::bytes(0o644, b""));
        assert!(tree.get(Path::new("/a")).unwrap().is_directory());
    }

    #[test]
    fn removing_takes_what_is_below_and_nothing_beside() {
        let mut tree = Tree::new();
        for path in ["/a/b", "/ab", "/a-"] {
            tree.insert(Path::new(path), Node::directory(0o755));
        }
        tree.remove(Path::new("/a"));
        assert_eq!(keys(&tree), ["", "a-", "ab"]);
    }

    #[test]
    fn no_path_climbs_above_the_root() {
        assert_eq!(key(Path::new("/../../etc/x/../passwd")), b"etc/passwd");
    }
}

//! The file system that an archive describes, in place: names, link targets and data stay where the archive has them.

use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;

use threadbare_cpio::{Entry, Error};
use threadbare_kernel::error::Errno;
use threadbare_kernel::vfs::{DeviceNumber, FileType, Name, NewInode, NewKind, Timestamp};
use threadbare_machine::sync::SpinLock;

use crate::data::Data;
use crate::node::{Content, Node};
use crate::{Clock, RamFs};

impl RamFs {
    /// The file system that these entries describe. Directories that the archive does not mention before what lies in
    /// them belong to the superuser; of several entries of one name the last counts.
    ///
    /// # Errors
    /// The error of the first entry that cannot be read.
    pub fn from_archive(
        entries: impl IntoIterator<Item = Result<Entry<'static>, Error>>,
        clock: Clock,
    ) -> Result<Arc<RamFs>, Error> {
        let file_system = RamFs::new(clock);
        let mut builder = Builder {
            root: &file_system,
            path: Vec::new(),
            linked: BTreeMap::new(),
        };
        for entry in entries {
            builder.add(&entry?);
        }
        drop(builder);
        Ok(file_system)
    }
}

struct Builder<'a> {
    root: &'a RamFs,
    /// The directories above the last entry, outermost first, without the root. Archives are sorted, so that the next
    /// entry's parent is nearly always among them.
    path: Vec<(&'static [u8], Arc<Node>)>,
    /// Files with several names, by device and inode number in the archive.
    linked: BTreeMap<((u32, u32), u32), Arc<Node>>,
}

impl Builder<'_> {
    fn add(&mut self, entry: &Entry<'static>) {
        let mut path = entry.name;
        while let [b'/', rest @ ..] | [b'.', b'/', rest @ ..] | [rest @ .., b'/'] = path {
            path = rest;
        }
        let Some(kind) = FileType::from_mode(entry.mode) else {
            return;
        };
        if path.is_empty() || path == b"." {
            return if kind == FileType::Directory {
                describe(&self.root.root, entry)
            };
        }
        let (parent, name) = match path.iter().rposition(|byte| *byte == b'/') {
            None => (&[][..], path),
            Some(at) => (
                path.get(..at).unwrap_or_default(),
                path.get(at + 1..).unwrap_or_default(),
            ),
        };
        let Ok(directory) = self.directory(parent) else {
            return;
        };
        if let Ok(node) = self.put(&directory, name, kind, entry)
            && kind == FileType::Directory
        {
            self.path.push((path, node));
        }
    }

    /// The directory of that path, made if need be.
    fn directory(&mut self, path: &'static [u8]) -> Result<Arc<Node>, Errno> {
        while let Some((top, node)) = self.path.last() {
            if *top == path {
                return Ok(node.clone());
            }
            let _ = self.path.pop();
        }
        let mut at = self.root.root.clone();
        for name in path
            .split(|byte| *byte == b'/')
            .filter(|name| !name.is_empty() && *name != b".")
        {
            at = match at.find(name) {
                Ok(node) => node,
                Err(_) => {
                    let new = NewInode {
                        kind: NewKind::Directory,
                        permissions: 0o755,
                        uid: 0,
                        gid: 0,
                    };
                    let node = Node::create(&self.root.shared, &new, Content::of(&new.kind));
                    at.insert(static_name(name)?, node.clone())?;
                    node
                }
            };
        }
        Ok(at)
    }

    fn put(
        &mut self,
        directory: &Arc<Node>,
        name: &'static [u8],
        kind: FileType,
        entry: &Entry<'static>,
    ) -> Result<Arc<Node>, Errno> {
        let name = static_name(name)?;
        if let Ok(old) = directory.find(&name) {
            if old.is_directory() && kind == FileType::Directory {
                describe(&old, entry);
                return Ok(old);
            }
            if old.is_directory() {
                old.retire()?;
                directory.add_links(-1);
            } else {
                old.add_links(-1);
            }
            let _ = directory.entries()?.lock().take(&name);
        }
        let key = (entry.device, entry.inode);
        let shares = entry.links > 1 && kind != FileType::Directory;
        if shares && let Some(node) = self.linked.get(&key) {
            // Which of the names comes with the data is up to who wrote the archive.
            if let Content::Regular(data) = &node.content
                && !entry.data.is_empty()
            {
                *data.lock() = Data::of_image(entry.data);
            }
            directory.insert(name, node.clone())?;
            node.add_links(1);
            return Ok(node.clone());
        }
        let node = self.node(kind, entry);
        directory.insert(name, node.clone())?;
        if shares {
            let _ = self.linked.insert(key, node.clone());
        }
        Ok(node)
    }

    fn node(&self, kind: FileType, entry: &Entry<'static>) -> Arc<Node> {
        let number = DeviceNumber::new(entry.node.0, entry.node.1);
        let content = match kind {
            FileType::Regular => Content::Regular(SpinLock::new(Data::of_image(entry.data))),
            FileType::Directory => Content::of(&NewKind::Directory),
            FileType::Symlink => Content::Symlink(Name::Static(entry.data)),
            _ => Content::Special(kind, number),
        };
        // The kind is in `content`; `new` only carries the rest.
        let new = NewInode {
            kind: NewKind::Regular,
            permissions: entry.mode,
            uid: entry.uid,
            gid: entry.gid,
        };
        Node::at(&self.root.shared, &new, content, modified(entry))
    }
}

/// Names of the archive are used in place, if they are short enough for a name.
fn static_name(name: &'static [u8]) -> Result<Name, Errno> {
    if name.len() > Name::MAX || name.is_empty() || name == b"." || name == b".." {
        return Err(Errno::EINVAL);
    }
    Ok(Name::Static(name))
}

fn modified(entry: &Entry<'_>) -> Timestamp {
    Timestamp {
        seconds: i64::from(entry.modified),
        nanoseconds: entry.modified_nanoseconds,
    }
}

/// Gives a directory the attributes that an entry says.
fn describe(node: &Arc<Node>, entry: &Entry<'_>) {
    let time = modified(entry);
    let mut attributes = node.attributes.lock();
    attributes.permissions = entry.mode & 0o7777;
    attributes.uid = entry.uid;
    attributes.gid = entry.gid;
    (attributes.accessed, attributes.modified, attributes.changed) = (time, time, time);
}

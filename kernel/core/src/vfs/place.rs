//! [`Place`]: a position in the tree, and its path.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ptr;

use super::{FileType, Inode, Mount, Name, Namespace};
use crate::error::Errno;

/// A file, the mount through which it was reached, and the name if it is no directory.
#[derive(Clone)]
pub struct Place {
    /// `None` for files without a path.
    mount: Option<Arc<Mount>>,
    inode: Arc<dyn Inode>,
    origin: Origin,
}

/// How a place is called.
#[derive(Clone)]
enum Origin {
    /// A directory knows its own name.
    Directory,
    /// The name in a directory by which another file was reached.
    Entry { directory: Arc<dyn Inode>, name: Name },
    /// What to show of a file without a path.
    Label(Name),
}

/// Whether both are the same allocation, as the root of a file system and what is open always are.
pub(crate) fn same_inode(a: &Arc<dyn Inode>, b: &Arc<dyn Inode>) -> bool {
    ptr::addr_eq(Arc::as_ptr(a), Arc::as_ptr(b))
}

impl Place {
    pub(super) fn root_of(mount: Arc<Mount>) -> Place {
        Place {
            inode: mount.root.clone(),
            mount: Some(mount),
            origin: Origin::Directory,
        }
    }

    pub(crate) fn anonymous(inode: Arc<dyn Inode>, label: Name) -> Place {
        Place {
            mount: None,
            inode,
            origin: Origin::Label(label),
        }
    }

    /// Goes to `inode`, of this kind, which this directory has under `name`. Mounts are not looked at.
    ///
    /// # Errors
    /// `ENOMEM`; nothing has changed then.
    pub(super) fn descend(
        &mut self,
        inode: Arc<dyn Inode>,
        kind: FileType,
        name: &[u8],
    ) -> Result<(), Errno> {
        if kind == FileType::Directory {
            self.inode = inode;
            self.origin = Origin::Directory;
        } else {
            let name = Name::copy(name)?;
            let directory = core::mem::replace(&mut self.inode, inode);
            self.origin = Origin::Entry { directory, name };
        }
        Ok(())
    }

    /// The place of `inode`, which this directory has under `name`. Mounts are not looked at.
    pub(super) fn child(&self, inode: Arc<dyn Inode>, name: &[u8]) -> Result<Place, Errno> {
        let origin = match inode.directory() {
            Some(_) => Origin::Directory,
            None => Origin::Entry {
                directory: self.inode.clone(),
                name: Name::copy(name)?,
            },
        };
        Ok(Place {
            mount: self.mount.clone(),
            inode,
            origin,
        })
    }

    /// The file.
    pub fn inode(&self) -> &Arc<dyn Inode> {
        &self.inode
    }

    /// The mount through which it was reached; `None` for files without a path.
    pub fn mount(&self) -> Option<&Arc<Mount>> {
        self.mount.as_ref()
    }

    /// Whether both are the same file reached through the same mount.
    pub fn is_same(&self, other: &Place) -> bool {
        self.is_on_same_mount(other) && self.inode.number() == other.inode.number()
    }

    /// Whether both were reached through the same mount: links and renames go no further (`EXDEV`).
    pub fn is_on_same_mount(&self, other: &Place) -> bool {
        match (&self.mount, &other.mount) {
            (Some(own), Some(other)) => Arc::ptr_eq(own, other),
            _ => false,
        }
    }

    /// Whether it is the root of a mount.
    pub fn is_mount_root(&self) -> bool {
        self.mount()
            .is_some_and(|mount| same_inode(&mount.root, &self.inode))
    }

    /// Whether the file has lost its last name.
    pub fn is_removed(&self) -> bool {
        match (self.mount(), self.inode.directory()) {
            (Some(mount), Some(directory)) => {
                directory.parent().is_none() && !same_inode(&mount.root, &self.inode)
            }
            (Some(_), None) => self.inode.metadata().links == 0,
            (None, _) => false,
        }
    }

    /// The directory above this one, which is never above `root`.
    ///
    /// # Errors
    /// `ENOENT` if this one has been removed.
    pub(super) fn above(&self, root: &Place, namespace: &Namespace) -> Result<Place, Errno> {
        let mut at = self.clone();
        while !at.is_same(root) {
            match at.step_up()? {
                Step::Out(on) => at = on,
                Step::Up(parent, _) => return Ok(namespace.cross(parent)),
                Step::Top => break,
            }
        }
        Ok(at)
    }

    /// The path from `root`. What cannot be reached from there begins with `(unreachable)`, as `getcwd(2)` has it, and
    /// what has lost its last name ends in ` (deleted)`.
    ///
    /// # Errors
    /// `ENOMEM`; `ENOENT` if a directory above this place has been removed.
    pub fn path(&self, root: &Place) -> Result<Vec<u8>, Errno> {
        let mut path = Path(Vec::new());
        if let Origin::Label(label) = &self.origin {
            path.append(label)?;
            return Ok(path.0);
        }
        let mut names = Vec::new();
        let mut at = self.clone();
        while !at.is_same(root) {
            match at.step_up()? {
                Step::Out(on) => at = on,
                Step::Up(parent, name) => {
                    names.try_reserve(1)?;
                    names.push(name);
                    at = parent;
                }
                Step::Top => {
                    path.append(b"(unreachable)")?;
                    break;
                }
            }
        }
        for name in names.iter().rev() {
            path.append(b"/")?;
            path.append(name)?;
        }
        if names.is_empty() {
            path.append(b"/")?;
        }
        if self.is_removed() {
            path.append(b" (deleted)")?;
        }
        Ok(path.0)
    }

    fn step_up(&self) -> Result<Step, Errno> {
        let parent = |inode| Place {
            mount: self.mount.clone(),
            inode,
            origin: Origin::Directory,
        };
        if let Origin::Entry { directory, name } = &self.origin {
            return Ok(Step::Up(parent(directory.clone()), name.clone()));
        }
        match self.mount() {
            Some(mount) if same_inode(&mount.root, &self.inode) => {
                Ok(mount.on.clone().map_or(Step::Top, Step::Out))
            }
            _ => {
                let directory = self.inode.directory().ok_or(Errno::ENOENT)?;
                let name = directory.name().ok_or(Errno::ENOENT)?;
                Ok(Step::Up(parent(directory.parent().ok_or(Errno::ENOENT)?), name))
            }
        }
    }
}

/// One step towards the root.
enum Step {
    /// To the directory that has this place under that name.
    Up(Place, Name),
    /// From the root of a mount to what it covers.
    Out(Place),
    /// There is nothing above.
    Top,
}

/// A path being put together.
struct Path(Vec<u8>);

impl Path {
    fn append(&mut self, bytes: &[u8]) -> Result<(), Errno> {
        self.0.try_reserve(bytes.len())?;
        self.0.extend_from_slice(bytes);
        Ok(())
    }
}

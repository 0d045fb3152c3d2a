//! Directories: names, in the order of their creation.

use alloc::collections::BTreeMap;
use alloc::sync::{Arc, Weak};
use alloc::vec::Vec;
use core::any::Any;

use threadbare_kernel::error::Errno;
use threadbare_kernel::vfs::{
    Directory, DirectoryEntry, FileType, Inode, Name, NewInode, NewKind, RenameMode,
};
use threadbare_machine::sync::{SpinGuard, SpinLock};

use crate::names::{Entry, Names};
use crate::node::{Content, Node};

/// How many names a file may have.
const LINK_LIMIT: u32 = u32::MAX / 2;

/// The names in a directory, and its own.
pub(crate) struct Entries {
    by_name: Names,
    /// What listings show, by position.
    order: BTreeMap<u64, Listed>,
    next_position: u64,
    /// Where the directory itself is; `None` for the root, and once it has been removed.
    link: Option<(Weak<Node>, Name)>,
    removed: bool,
}

/// What a listing shows of a name: nothing of it ever changes while the node has the name.
struct Listed {
    name: Name,
    inode: u64,
    kind: FileType,
}

impl Listed {
    fn new(name: Name, node: &Node) -> Listed {
        Listed {
            name,
            inode: node.number,
            kind: node.kind(),
        }
    }
}

impl Entries {
    pub(crate) const fn new() -> Entries {
        Entries {
            by_name: Names::new(),
            order: BTreeMap::new(),
            next_position: 1,
            link: None,
            removed: false,
        }
    }

    /// What `st_size` says: as tmpfs, 20 for every name, and `.` and `..`.
    pub(crate) fn size(&self) -> u64 {
        (self.by_name.len() as u64 + 2) * 20
    }

    pub(crate) fn get(&self, name: &[u8]) -> Option<Arc<Node>> {
        self.by_name.get(name).map(|entry| entry.node.clone())
    }

    /// Puts a node under a name, at the end of the order, in place of what had it.
    pub(crate) fn put(&mut self, name: Name, node: Arc<Node>) -> Option<Arc<Node>> {
        if let Some(entry) = self.by_name.get_mut(&name) {
            let _ = self.order.insert(entry.position, Listed::new(name, &node));
            return Some(core::mem::replace(&mut entry.node, node));
        }
        let position = self.next_position;
        self.next_position += 1;
        let _ = self.order.insert(position, Listed::new(name.clone(), &node));
        self.by_name.insert(Entry::new(name, position, node));
        None
    }

    pub(crate) fn take(&mut self, name: &[u8]) -> Option<Arc<Node>> {
        let entry = self.by_name.remove(name)?;
        let _ = self.order.remove(&entry.position);
        Some(entry.node)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.by_name.len() == 0
    }

    /// Says where the directory itself is now.
    pub(crate) fn set_link(&mut self, link: Option<(Weak<Node>, Name)>) -> Option<(Weak<Node>, Name)> {
        core::mem::replace(&mut self.link, link)
    }

    pub(crate) fn set_removed(&mut self) {
        self.removed = true;
    }
}

impl Drop for Node {
    /// Takes the tree below apart step by step: recursion could need more stack than there is.
    fn drop(&mut self) {
        let Content::Directory(entries) = &self.content else {
            return;
        };
        let mut trees = Vec::from([core::mem::take(&mut entries.lock().by_name)]);
        while let Some(tree) = trees.pop() {
            for node in tree.into_nodes().filter_map(Arc::into_inner) {
                if let Content::Directory(entries) = &node.content {
                    trees.push(core::mem::take(&mut entries.lock().by_name));
                }
            }
        }
    }
}

impl Node {
    /// The names in it.
    pub(crate) fn entries(&self) -> Result<&SpinLock<Entries>, Errno> {
        match &self.content {
            Content::Directory(entries) => Ok(entries),
            _ => Err(Errno::ENOTDIR),
        }
    }

    /// The names in it, to be changed: fails once the directory has been removed.
    pub(crate) fn live_entries(&self) -> Result<SpinGuard<'_, Entries>, Errno> {
        let entries = self.entries()?.lock();
        if entries.removed {
            Err(Errno::ENOENT)
        } else {
            Ok(entries)
        }
    }

    /// Puts a node under a name that is free, and leaves all time stamps. The caller holds the lock of the tree, or is
    /// the only one to know it.
    pub(crate) fn insert(&self, name: Name, node: Arc<Node>) -> Result<(), Errno> {
        {
            let mut entries = self.live_entries()?;
            if entries.by_name.get(&name).is_some() {
                return Err(Errno::EEXIST);
            }
            let _ = entries.put(name.clone(), node.clone());
        }
        if let Content::Directory(below) = &node.content {
            let _ = below.lock().set_link(Some((self.this.clone(), name)));
            self.add_links(1);
        }
        Ok(())
    }

    /// The node of that name.
    pub(crate) fn find(&self, name: &[u8]) -> Result<Arc<Node>, Errno> {
        self.entries()?.lock().get(name).ok_or(Errno::ENOENT)
    }

    /// The directory that holds this one.
    pub(crate) fn parent_node(&self) -> Option<Arc<Node>> {
        self.entries().ok()?.lock().link.as_ref()?.0.upgrade()
    }
}

/// The node behind an inode of this crate.
pub(crate) fn node_of(inode: &Arc<dyn Inode>) -> Option<Arc<Node>> {
    let inode: &dyn Inode = &**inode;
    let any: &dyn Any = inode;
    any.downcast_ref::<Node>()?.this.upgrade()
}

impl Directory for Node {
    fn lookup(&self, name: &[u8]) -> Result<Arc<dyn Inode>, Errno> {
        Ok(self.find(name)?)
    }

    fn list(&self, from: u64, emit: &mut dyn FnMut(&DirectoryEntry<'_>) -> bool) -> Result<(), Errno> {
        let entries = self.entries()?.lock();
        for (position, listed) in entries.order.range(from.saturating_add(1)..) {
            if !emit(&DirectoryEntry {
                next: *position,
                inode: listed.inode,
                kind: listed.kind,
                name: &listed.name,
            }) {
                break;
            }
        }
        Ok(())
    }

    fn parent(&self) -> Option<Arc<dyn Inode>> {
        self.parent_node().map(|node| -> Arc<dyn Inode> { node })
    }

    fn name(&self) -> Option<Name> {
        Some(self.entries().ok()?.lock().link.as_ref()?.1.clone())
    }

    fn create(&self, name: &[u8], new: &NewInode<'_>) -> Result<Arc<dyn Inode>, Errno> {
        let node = Node::create(&self.shared, new, Content::of(&new.kind));
        let name = Name::copy(name)?;
        let _tree = self.shared.tree.lock();
        self.insert(name, node.clone())?;
        self.touch();
        Ok(node)
    }

    fn create_unnamed(&self, new: &NewInode<'_>) -> Result<Arc<dyn Inode>, Errno> {
        let new = NewInode {
            kind: NewKind::Regular,
            ..new.clone()
        };
        let node = Node::create(&self.shared, &new, Content::of(&new.kind));
        {
            let mut attributes = node.attributes.lock();
            attributes.links = 0;
        }
        Ok(node)
    }

    fn link(&self, name: &[u8], inode: &Arc<dyn Inode>) -> Result<(), Errno> {
        let node = node_of(inode)
            .filter(|node| Arc::ptr_eq(&node.shared, &self.shared))
            .ok_or(Errno::EXDEV)?;
        let name = Name::copy(name)?;
        if node.is_directory() {
            return Err(Errno::EPERM);
        }
        let _tree = self.shared.tree.lock();
        if node.attributes.lock().links >= LINK_LIMIT {
            return Err(Errno::EMLINK);
        }
        self.insert(name, node.clone())?;
        node.add_links(1);
        node.touch_attributes();
        self.touch();
        Ok(())
    }

    fn unlink(&self, name: &[u8]) -> Result<(), Errno> {
        let removed = {
            let _tree = self.shared.tree.lock();
            let node = self.find(name)?;
            if node.is_directory() {
                return Err(Errno::EISDIR);
            }
            self.entries()?.lock().take(name)
        };
        if let Some(node) = removed {
            node.add_links(-1);
            node.touch_attributes();
            self.touch();
        }
        Ok(())
    }

    fn remove_directory(&self, name: &[u8]) -> Result<(), Errno> {
        let _removed = {
            let _tree = self.shared.tree.lock();
            let node = self.find(name)?;
            node.retire()?;
            self.add_links(-1);
            self.entries()?.lock().take(name)
        };
        self.touch();
        Ok(())
    }

    fn rename(&self, name: &[u8], to: &dyn Inode, to_name: &[u8], mode: RenameMode) -> Result<(), Errno> {
        let to: &dyn Any = to;
        let to = to
            .downcast_ref::<Node>()
            .filter(|to| Arc::ptr_eq(&to.shared, &self.shared));
        self.rename_to(name, to.ok_or(Errno::EXDEV)?, to_name, mode)
    }
}

impl Node {
    /// Takes an empty directory out of use (invariant 4). The caller holds the lock of the tree.
    pub(crate) fn retire(&self) -> Result<(), Errno> {
        let old = {
            let mut entries = self.entries()?.lock();
            if !entries.is_empty() {
                return Err(Errno::ENOTEMPTY);
            }
            entries.set_removed();
            entries.set_link(None)
        };
        drop(old);
        self.add_links(-2);
        Ok(())
    }
}

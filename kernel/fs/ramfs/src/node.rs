//! [`Node`]: an inode, whatever its type.

use alloc::sync::{Arc, Weak};

use core::sync::atomic::AtomicUsize;
use threadbare_kernel::error::Errno;
use threadbare_kernel::vfs::{
    AttributeChange, Contents, DeviceNumber, Directory, FileOperations, FileType, Inode, LinkTarget,
    Metadata, Name, NewInode, NewKind, OpenFlags, Timestamp, devices,
};
use threadbare_machine::sync::SpinLock;

use crate::Shared;
use crate::data::Data;
use crate::directory::Entries;

/// An inode.
pub(crate) struct Node {
    pub(crate) shared: Arc<Shared>,
    /// Itself, for what keeps a handle of its directory.
    pub(crate) this: Weak<Node>,
    pub(crate) number: u64,
    pub(crate) attributes: SpinLock<Attributes>,
    pub(crate) content: Content,
    writers: AtomicUsize,
}

/// What only one type of file has.
pub(crate) enum Content {
    Regular(SpinLock<Data>),
    Directory(SpinLock<Entries>),
    /// The target.
    Symlink(Name),
    /// A pipe, a socket or a device.
    Special(FileType, DeviceNumber),
}

/// What `stat(2)` tells and can change.
#[derive(Clone, Copy)]
pub(crate) struct Attributes {
    pub(crate) permissions: u32,
    pub(crate) links: u32,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    pub(crate) accessed: Timestamp,
    pub(crate) modified: Timestamp,
    pub(crate) changed: Timestamp,
    pub(crate) created: Timestamp,
}

impl Content {
    /// The content of a new file.
    pub(crate) fn of(kind: &NewKind<'_>) -> Content {
        let no_device = DeviceNumber::default();
        match *kind {
            NewKind::Regular => Content::Regular(SpinLock::new(Data::empty())),
            NewKind::Directory => Content::Directory(SpinLock::new(Entries::new())),
            NewKind::Symlink(target) => Content::Symlink(Name::Shared(Arc::from(target))),
            NewKind::Fifo => Content::Special(FileType::Fifo, no_device),
            NewKind::Socket => Content::Special(FileType::Socket, no_device),
            NewKind::CharacterDevice(number) => Content::Special(FileType::CharacterDevice, number),
            NewKind::BlockDevice(number) => Content::Special(FileType::BlockDevice, number),
        }
    }
}

impl Node {
    /// A new file, not yet in any directory, with the links that it will have with one name.
    pub(crate) fn create(shared: &Arc<Shared>, new: &NewInode<'_>, content: Content) -> Arc<Node> {
        let now = shared.now();
        Node::at(shared, new, content, now)
    }

    /// As [`create`](Node::create), with all time stamps at `time`.
    pub(crate) fn at(
        shared: &Arc<Shared>,
        new: &NewInode<'_>,
        content: Content,
        time: Timestamp,
    ) -> Arc<Node> {
        let attributes = Attributes {
            permissions: new.permissions & 0o7777,
            links: if matches!(content, Content::Directory(_)) {
                2
            } else {
                1
            },
            uid: new.uid,
            gid: new.gid,
            accessed: time,
            modified: time,
            changed: time,
            created: time,
        };
        Arc::new_cyclic(|this| Node {
            shared: shared.clone(),
            this: this.clone(),
            number: shared.next_inode(),
            attributes: SpinLock::new(attributes),
            content,
            writers: AtomicUsize::new(0),
        })
    }

    /// Notes a change of the content now.
    pub(crate) fn touch(&self) {
        self.touch_at(self.shared.now());
    }

    /// Notes a change of the content at that time.
    pub(crate) fn touch_at(&self, now: Timestamp) {
        let mut attributes = self.attributes.lock();
        attributes.modified = now;
        attributes.changed = now;
    }

    /// Notes a change of anything but the content now.
    pub(crate) fn touch_attributes(&self) {
        self.touch_attributes_at(self.shared.now());
    }

    /// Notes a change of anything but the content at that time.
    pub(crate) fn touch_attributes_at(&self, now: Timestamp) {
        self.attributes.lock().changed = now;
    }

    /// Adds to the number of links.
    pub(crate) fn add_links(&self, difference: i32) {
        let mut attributes = self.attributes.lock();
        attributes.links = attributes.links.saturating_add_signed(difference);
    }

    pub(crate) fn is_directory(&self) -> bool {
        matches!(self.content, Content::Directory(_))
    }

    fn size(&self) -> u64 {
        match &self.content {
            Content::Regular(data) => data.lock().size(),
            Content::Directory(entries) => entries.lock().size(),
            Content::Symlink(target) => target.len() as u64,
            Content::Special(..) => 0,
        }
    }
}

impl Inode for Node {
    fn kind(&self) -> FileType {
        match self.content {
            Content::Regular(_) => FileType::Regular,
            Content::Directory(_) => FileType::Directory,
            Content::Symlink(_) => FileType::Symlink,
            Content::Special(kind, _) => kind,
        }
    }

    fn writers(&self) -> Option<&AtomicUsize> {
        matches!(self.content, Content::Regular(_)).then_some(&self.writers)
    }

    fn number(&self) -> u64 {
        self.number
    }

    fn kind_and_number(&self) -> (FileType, u64) {
        (self.kind(), self.number)
    }

    fn lookup(&self, name: &[u8]) -> Result<Arc<dyn Inode>, Errno> {
        Ok(self.find(name)?)
    }

    fn metadata(&self) -> Metadata {
        let (size, blocks) = match &self.content {
            Content::Regular(data) => {
                let data = data.lock();
                (data.size(), data.blocks())
            }
            _ => (self.size(), 0),
        };
        let attributes = *self.attributes.lock();
        Metadata {
            inode: self.number,
            kind: self.kind(),
            permissions: attributes.permissions,
            links: attributes.links,
            uid: attributes.uid,
            gid: attributes.gid,
            node: if let Content::Special(_, number) = self.content {
                number
            } else {
                DeviceNumber::default()
            },
            size,
            blocks,
            accessed: attributes.accessed,
            modified: attributes.modified,
            changed: attributes.changed,
            created: attributes.created,
        }
    }

    fn change(&self, change: &AttributeChange) -> Result<(), Errno> {
        let now = self.shared.now();
        let mut attributes = self.attributes.lock();
        attributes.permissions = change
            .permissions
            .map_or(attributes.permissions, |bits| bits & 0o7777);
        attributes.uid = change.uid.unwrap_or(attributes.uid);
        attributes.gid = change.gid.unwrap_or(attributes.gid);
        attributes.accessed = change.accessed.unwrap_or(attributes.accessed);
        attributes.modified = change.modified.unwrap_or(attributes.modified);
        attributes.changed = now;
        Ok(())
    }

    fn open(self: Arc<Self>, flags: OpenFlags) -> Result<Arc<dyn FileOperations>, Errno> {
        match self.content {
            Content::Regular(_) => Ok(self),
            Content::Special(kind, number) => devices::open(kind, number, flags),
            Content::Directory(_) | Content::Symlink(_) => Err(Errno::ENXIO),
        }
    }

    fn directory(&self) -> Option<&dyn Directory> {
        if self.is_directory() { Some(self) } else { None }
    }

    fn contents(&self) -> Option<&dyn Contents> {
        if matches!(self.content, Content::Regular(_)) {
            Some(self)
        } else {
            None
        }
    }

    fn link_target(&self) -> Result<LinkTarget, Errno> {
        let Content::Symlink(target) = &self.content else {
            return Err(Errno::EINVAL);
        };
        let mut copy = alloc::vec::Vec::new();
        copy.try_reserve_exact(target.len())?;
        copy.extend_from_slice(target);
        Ok(LinkTarget::Path(copy))
    }
}

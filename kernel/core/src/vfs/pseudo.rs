//! Files that are made when they are looked at: what `/proc` and `/sys` consist of.
//!
//! A directory is a set of [`Entries`]; most are a [`Tree`]: a static table of names, each with the function that
//! makes its text or its link. Nothing is kept: looking a name up makes a new inode, which knows its parent. So such a
//! file system has no cycles, and no memory that a program could make grow.

mod file_system;

pub use file_system::PseudoFileSystem;

use alloc::boxed::Box;
use alloc::sync::{Arc, Weak};
use alloc::vec::Vec;

use super::{
    AttributeChange, DeviceNumber, Directory, DirectoryEntry, File, FileOperations, FileType, Inode,
    LinkTarget, Metadata, Name, Offsets, OpenFlags, Sink, Timestamp,
};
use crate::error::Errno;

/// What `stat(2)` tells of such a file, beyond its type.
#[derive(Clone, Copy, Debug, Default)]
pub struct Attributes {
    /// The number of the inode.
    pub number: u64,
    /// Permission bits.
    pub permissions: u32,
    /// The owner.
    pub uid: u32,
    /// The group.
    pub gid: u32,
    /// All time stamps.
    pub time: Timestamp,
}

impl Attributes {
    /// Of a root directory that everybody may read and nobody may write.
    #[must_use]
    pub fn of_root(time: Timestamp) -> Attributes {
        Attributes {
            number: 1,
            permissions: 0o555,
            time,
            ..Attributes::default()
        }
    }

    fn metadata(&self, kind: FileType) -> Metadata {
        Metadata {
            inode: self.number,
            kind,
            permissions: self.permissions,
            links: if kind == FileType::Directory { 2 } else { 1 },
            uid: self.uid,
            gid: self.gid,
            node: DeviceNumber::default(),
            size: 0,
            blocks: 0,
            accessed: self.time,
            modified: self.time,
            changed: self.time,
            created: self.time,
        }
    }
}

/// Makes the text of a file.
type MakeText = Box<dyn Fn() -> Result<Vec<u8>, Errno> + Send + Sync>;

/// Makes the target of a link.
type MakeTarget = Box<dyn Fn() -> Result<LinkTarget, Errno> + Send + Sync>;

/// A file whose text is made when it is opened.
pub struct TextFile {
    attributes: Attributes,
    make: MakeText,
}

impl TextFile {
    /// A file with the text that `make` makes.
    pub fn new(attributes: Attributes, make: MakeText) -> Arc<TextFile> {
        Arc::new(TextFile { attributes, make })
    }
}

impl Inode for TextFile {
    fn kind(&self) -> FileType {
        FileType::Regular
    }

    fn number(&self) -> u64 {
        self.attributes.number
    }

    fn metadata(&self) -> Metadata {
        self.attributes.metadata(FileType::Regular)
    }

    fn change(&self, _: &AttributeChange) -> Result<(), Errno> {
        Err(Errno::EPERM)
    }

    fn open(self: Arc<Self>, flags: OpenFlags) -> Result<Arc<dyn FileOperations>, Errno> {
        if flags.writable() {
            return Err(Errno::EACCES);
        }
        Ok(Arc::new(Text((self.make)()?)))
    }
}

/// The text of an opened file.
struct Text(Vec<u8>);

impl FileOperations for Text {
    fn offsets(&self) -> Offsets {
        Offsets::Bytes
    }

    fn read(&self, _: &File, offset: u64, sink: &mut dyn Sink) -> Result<usize, Errno> {
        let rest = usize::try_from(offset)
            .ok()
            .and_then(|offset| self.0.get(offset..))
            .unwrap_or_default();
        let part = rest.get(..sink.remaining()).unwrap_or(rest);
        sink.put(part)?;
        Ok(part.len())
    }
}

/// A link whose target is made when it is followed.
pub struct SymbolicLink {
    attributes: Attributes,
    make: MakeTarget,
}

impl SymbolicLink {
    /// A link to what `make` makes.
    pub fn new(attributes: Attributes, make: MakeTarget) -> Arc<SymbolicLink> {
        Arc::new(SymbolicLink { attributes, make })
    }
}

impl Inode for SymbolicLink {
    fn kind(&self) -> FileType {
        FileType::Symlink
    }

    fn number(&self) -> u64 {
        self.attributes.number
    }

    fn metadata(&self) -> Metadata {
        self.attributes.metadata(FileType::Symlink)
    }

    fn change(&self, _: &AttributeChange) -> Result<(), Errno> {
        Err(Errno::EPERM)
    }

    fn open(self: Arc<Self>, _: OpenFlags) -> Result<Arc<dyn FileOperations>, Errno> {
        Err(Errno::ELOOP)
    }

    fn link_target(&self) -> Result<LinkTarget, Errno> {
        (self.make)()
    }
}

/// What is in a [`PseudoDirectory`].
pub trait Entries: Send + Sync {
    /// The file of that name, made for `directory`.
    ///
    /// # Errors
    /// `ENOENT` if there is none.
    fn find(&self, directory: &Arc<PseudoDirectory>, name: &[u8]) -> Result<Arc<dyn Inode>, Errno>;

    /// As [`Directory::list`].
    ///
    /// # Errors
    /// As there.
    fn list(&self, from: u64, emit: &mut dyn FnMut(&DirectoryEntry<'_>) -> bool) -> Result<(), Errno>;
}

/// A directory whose files are made when they are looked up.
pub struct PseudoDirectory {
    attributes: Attributes,
    this: Weak<PseudoDirectory>,
    /// The directory above and the name in there; `None` for the root.
    link: Option<(Arc<PseudoDirectory>, Name)>,
    entries: Box<dyn Entries>,
}

impl PseudoDirectory {
    /// The root of a file system.
    pub fn root(attributes: Attributes, entries: Box<dyn Entries>) -> Arc<PseudoDirectory> {
        PseudoDirectory::make(attributes, None, entries)
    }

    /// A directory within this one.
    pub fn below(
        self: &Arc<Self>,
        name: Name,
        attributes: Attributes,
        entries: Box<dyn Entries>,
    ) -> Arc<PseudoDirectory> {
        PseudoDirectory::make(attributes, Some((self.clone(), name)), entries)
    }

    /// Its attributes.
    pub fn attributes(&self) -> &Attributes {
        &self.attributes
    }

    fn make(
        attributes: Attributes,
        link: Option<(Arc<PseudoDirectory>, Name)>,
        entries: Box<dyn Entries>,
    ) -> Arc<PseudoDirectory> {
        Arc::new_cyclic(|this| PseudoDirectory {
            attributes,
            this: this.clone(),
            link,
            entries,
        })
    }
}

impl Inode for PseudoDirectory {
    fn kind(&self) -> FileType {
        FileType::Directory
    }

    fn number(&self) -> u64 {
        self.attributes.number
    }

    fn metadata(&self) -> Metadata {
        self.attributes.metadata(FileType::Directory)
    }

    fn change(&self, _: &AttributeChange) -> Result<(), Errno> {
        Err(Errno::EPERM)
    }

    fn open(self: Arc<Self>, _: OpenFlags) -> Result<Arc<dyn FileOperations>, Errno> {
        Err(Errno::EISDIR)
    }

    fn directory(&self) -> Option<&dyn Directory> {
        Some(self)
    }
}

impl Directory for PseudoDirectory {
    fn lookup(&self, name: &[u8]) -> Result<Arc<dyn Inode>, Errno> {
        self.entries
            .find(&self.this.upgrade().ok_or(Errno::ENOENT)?, name)
    }

    fn list(&self, from: u64, emit: &mut dyn FnMut(&DirectoryEntry<'_>) -> bool) -> Result<(), Errno> {
        self.entries.list(from, emit)
    }

    fn parent(&self) -> Option<Arc<dyn Inode>> {
        self.link
            .as_ref()
            .map(|(parent, _)| -> Arc<dyn Inode> { parent.clone() })
    }

    fn name(&self) -> Option<Name> {
        self.link.as_ref().map(|(_, name)| name.clone())
    }
}

/// A name of a [`Tree`], and what it is. `C` is what the functions are about: the system, a process.
pub struct Item<C: 'static> {
    /// The name.
    pub name: &'static str,
    /// What it is.
    pub kind: ItemKind<C>,
}

/// What a name of a [`Tree`] is.
pub enum ItemKind<C: 'static> {
    /// A file with this text, readable for all.
    Text(fn(&C) -> Result<Vec<u8>, Errno>),
    /// A file with this text, readable for its owner.
    PrivateText(fn(&C) -> Result<Vec<u8>, Errno>),
    /// A symbolic link.
    Link(fn(&C) -> Result<LinkTarget, Errno>),
    /// A directory of further names.
    Directory(&'static [Item<C>]),
    /// A directory whose names are not known beforehand.
    Entries(fn(&C) -> Box<dyn Entries>),
}

impl<C> ItemKind<C> {
    fn file_type(&self) -> FileType {
        match self {
            ItemKind::Text(_) | ItemKind::PrivateText(_) => FileType::Regular,
            ItemKind::Link(_) => FileType::Symlink,
            ItemKind::Directory(_) | ItemKind::Entries(_) => FileType::Directory,
        }
    }

    fn permissions(&self) -> u32 {
        match self {
            ItemKind::Text(_) => 0o444,
            ItemKind::PrivateText(_) => 0o400,
            ItemKind::Link(_) => 0o777,
            ItemKind::Directory(_) | ItemKind::Entries(_) => 0o555,
        }
    }
}

/// Entries that are known beforehand.
pub struct Tree<C: 'static> {
    context: C,
    items: &'static [Item<C>],
    /// The number of the directory, from which those of its files follow.
    number: u64,
}

impl<C: Clone + Send + Sync + 'static> Tree<C> {
    /// The files of a table, in a directory of that number.
    pub fn new(context: C, items: &'static [Item<C>], number: u64) -> Tree<C> {
        Tree {
            context,
            items,
            number,
        }
    }

    /// How many names there are: listings of what follows go on from there.
    pub fn len(&self) -> u64 {
        self.items.len() as u64
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    fn number_of(&self, index: u64) -> u64 {
        // Numbers spread over all 64 bits do not meet, whatever the numbers of the directories (SplitMix64).
        let mut number = self
            .number
            .wrapping_add((index + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        number ^ (number >> 31)
    }

    fn make(&self, directory: &Arc<PseudoDirectory>, item: &'static Item<C>, index: u64) -> Arc<dyn Inode> {
        let attributes = Attributes {
            number: self.number_of(index),
            permissions: item.kind.permissions(),
            ..directory.attributes
        };
        let context = self.context.clone();
        let name = Name::Static(item.name.as_bytes());
        match item.kind {
            ItemKind::Text(make) | ItemKind::PrivateText(make) => {
                TextFile::new(attributes, Box::new(move || make(&context)))
            }
            ItemKind::Link(make) => SymbolicLink::new(attributes, Box::new(move || make(&context))),
            ItemKind::Directory(items) => directory.below(
                name,
                attributes,
                Box::new(Tree::new(context, items, attributes.number)),
            ),
            ItemKind::Entries(make) => directory.below(name, attributes, make(&context)),
        }
    }
}

impl<C: Clone + Send + Sync + 'static> Entries for Tree<C> {
    fn find(&self, directory: &Arc<PseudoDirectory>, name: &[u8]) -> Result<Arc<dyn Inode>, Errno> {
        let mut items = (0..).zip(self.items);
        let (index, item) = items
            .find(|(_, item)| item.name.as_bytes() == name)
            .ok_or(Errno::ENOENT)?;
        Ok(self.make(directory, item, index))
    }

    fn list(&self, from: u64, emit: &mut dyn FnMut(&DirectoryEntry<'_>) -> bool) -> Result<(), Errno> {
        let skipped = usize::try_from(from).unwrap_or(usize::MAX);
        for (index, item) in (0..).zip(self.items).skip(skipped) {
            let entry = DirectoryEntry {
                next: index + 1,
                inode: self.number_of(index),
                kind: item.kind.file_type(),
                name: item.name.as_bytes(),
            };
            if !emit(&entry) {
                break;
            }
        }
        Ok(())
    }
}

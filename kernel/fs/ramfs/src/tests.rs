//! The file system as the layer above uses it. The assertions would hold on tmpfs.

mod archive;
mod data;
mod names;

use std::prelude::v1::*;

use alloc::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use threadbare_kernel::error::Errno;
use threadbare_kernel::vfs::{
    Contents, Credentials, Directory, File, FileSystem, FsContext, Inode, Name, Namespace, NewInode, NewKind,
    OpenFlags, Resolver, SliceSource, Timestamp, VecSink, open,
};

use crate::RamFs;

/// A clock that moves at every look.
pub(crate) fn clock() -> Timestamp {
    static SECONDS: AtomicI64 = AtomicI64::new(1000);
    Timestamp {
        seconds: SECONDS.fetch_add(1, Ordering::Relaxed),
        nanoseconds: 5,
    }
}

fn new(kind: NewKind<'_>) -> NewInode<'_> {
    NewInode {
        kind,
        permissions: 0o644,
        uid: 1,
        gid: 2,
    }
}

/// An inode's directory side.
fn names(inode: &Arc<dyn Inode>) -> &dyn Directory {
    inode.directory().expect("a directory")
}

fn contents(inode: &Arc<dyn Inode>) -> &dyn Contents {
    inode.contents().expect("a regular file")
}

fn listing(inode: &Arc<dyn Inode>) -> Vec<String> {
    let mut all = vec![];
    names(inode)
        .list(0, &mut |entry| {
            all.push(String::from_utf8(entry.name.to_vec()).unwrap());
            true
        })
        .unwrap();
    all
}

fn errno<T>(result: Result<T, Errno>) -> Option<Errno> {
    result.err()
}

/// Opens a file of a file system by path, for reading and writing.
fn open_file(file_system: &Arc<RamFs>, path: &str) -> Arc<File> {
    let root: Arc<dyn FileSystem> = file_system.clone();
    let context = FsContext::new(Namespace::new(root, Name::Static(b"none")));
    let credentials = Credentials::root();
    let resolver = Resolver::new(&context, &credentials);
    let flags = OpenFlags::new(linux_raw_sys::general::O_RDWR | linux_raw_sys::general::O_CREAT).unwrap();
    open(&resolver, &|| Ok(context.root()), path.as_bytes(), flags, 0o644).unwrap()
}

fn write_at(file: &Arc<File>, offset: u64, bytes: &[u8]) -> Result<usize, Errno> {
    file.write_at(offset, &mut SliceSource::new(bytes))
}

fn read_at(file: &Arc<File>, offset: u64, length: usize) -> Vec<u8> {
    let mut sink = VecSink::new(length);
    let count = file.read_at(offset, &mut sink).unwrap();
    let bytes = sink.into_bytes();
    assert_eq!(bytes.len(), count);
    bytes
}

use std::string::String;
use std::sync::{Arc, Mutex};
use std::vec;
use std::vec::Vec;

use threadbare_kernel::error::Errno;
use threadbare_kernel::vfs::{
    Anonymous, Directory, DirectoryEntry, File, FileType, Inode, Name, NewInode, NewKind, Offsets, OpenFlags,
    SliceSource, Timestamp, VecSink, devices,
};

use crate::{populate, register};

fn open(minor: u32) -> Arc<File> {
    register(|bytes| bytes.fill(4));
    let number = threadbare_kernel::vfs::DeviceNumber::new(1, minor);
    let flags = OpenFlags::new(linux_raw_sys::general::O_RDWR).unwrap();
    let operations = devices::open(FileType::CharacterDevice, number, flags).unwrap();
    let inode = Anonymous::new(FileType::CharacterDevice, 0o666, Timestamp::default());
    File::anonymous(inode, Name::Static(b"device"), operations, flags)
}

fn read(file: &File, count: usize) -> Vec<u8> {
    let mut sink = VecSink::new(count);
    assert_eq!(
        file.read(&mut sink),
        Ok(count - threadbare_kernel::vfs::Sink::remaining(&sink))
    );
    sink.into_bytes()
}

#[test]
fn each_device_reads_and_writes_as_its_man_page_says() {
    let write = |file: &File| file.write(&mut SliceSource::new(b"abc"));
    assert_eq!((read(&open(3), 9).len(), write(&open(3))), (0, Ok(3)));
    assert_eq!((read(&open(5), 1500), write(&open(5))), (vec![0; 1500], Ok(3)));
    assert_eq!(
        (read(&open(7), 9), write(&open(7))),
        (vec![0; 9], Err(Errno::ENOSPC))
    );
    assert_eq!((read(&open(8), 1500), write(&open(9))), (vec![4; 1500], Ok(3)));
    assert_eq!(open(3).operations().offsets(), Offsets::Ignored);
}

#[test]
fn an_unknown_device_is_not_there() {
    let flags = OpenFlags::internal(0);
    let number = threadbare_kernel::vfs::DeviceNumber::new(1, 200);
    assert_eq!(
        devices::open(FileType::CharacterDevice, number, flags).err(),
        Some(Errno::ENXIO)
    );
    assert_eq!(
        devices::open(FileType::BlockDevice, number, flags).err(),
        Some(Errno::ENXIO)
    );
}

/// A directory that notes what is made in it.
#[derive(Default)]
struct Notes(Mutex<Vec<(String, FileType)>>);

impl Directory for Notes {
    fn lookup(&self, _: &[u8]) -> Result<Arc<dyn Inode>, Errno> {
        Err(Errno::ENOENT)
    }

    fn list(&self, _: u64, _: &mut dyn FnMut(&DirectoryEntry<'_>) -> bool) -> Result<(), Errno> {
        Ok(())
    }

    fn parent(&self) -> Option<Arc<dyn Inode>> {
        None
    }

    fn name(&self) -> Option<Name> {
        None
    }

    fn create(&self, name: &[u8], new: &NewInode<'_>) -> Result<Arc<dyn Inode>, Errno> {
        let kind = match new.kind {
            NewKind::CharacterDevice(_) => FileType::CharacterDevice,
            NewKind::Symlink(_) => FileType::Symlink,
            NewKind::Directory => FileType::Directory,
            _ => panic!("nothing else belongs into /dev"),
        };
        let mut notes = self.0.lock().unwrap();
        let name = String::from_utf8(name.to_vec()).unwrap();
        if notes.iter().any(|(other, _)| *other == name) {
            return Err(Errno::EEXIST);
        }
        notes.push((name, kind));
        Ok(Anonymous::new(kind, new.permissions, Timestamp::default()))
    }
}

#[test]
fn the_directory_is_filled_once() {
    let notes = Notes::default();
    populate(&notes).unwrap();
    let first = notes.0.lock().unwrap().clone();
    populate(&notes).unwrap();
    assert_eq!(*notes.0.lock().unwrap(), first);
    for (name, kind) in [
        ("null", FileType::CharacterDevice),
        ("urandom", FileType::CharacterDevice),
        ("stdin", FileType::Symlink),
        ("shm", FileType::Directory),
    ] {
        assert!(first.contains(&(name.into(), kind)), "{name} is missing");
    }
}

use alloc::sync::Arc;
use std::collections::BTreeMap;
use std::vec::Vec;

use linux_raw_sys::general as linux;
use proptest::prelude::*;

use super::*;
use crate::error::Errno;

fn file(number: usize) -> Arc<File> {
    let inode = Anonymous::new(FileType::Fifo, 0o600, Timestamp::default());
    let label = Name::copy(std::format!("{number}").as_bytes()).unwrap();
    File::anonymous(inode, label, Arc::new(PathOnly), OpenFlags::internal(0))
}

#[derive(Clone, Debug)]
enum Change {
    Insert(u32),
    Replace(u32),
    Remove(u32),
    CloseOnExec(u32, bool),
    CloseRange(u32, u32),
    Fork,
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let fd = || 0..12_u32;
    prop::collection::vec(
        prop_oneof![
            3 => fd().prop_map(Change::Insert),
            1 => fd().prop_map(Change::Replace),
            2 => fd().prop_map(Change::Remove),
            1 => (fd(), any::<bool>()).prop_map(|(fd, close)| Change::CloseOnExec(fd, close)),
            1 => (fd(), fd()).prop_map(|(from, to)| Change::CloseRange(from, to)),
            1 => Just(Change::Fork),
        ],
        1..60,
    )
}

/// No descriptor reaches this number.
const LIMIT: u32 = 10;

proptest! {
    /// The table against a map from numbers to (file, closes on exec).
    #[test]
    fn descriptors_behave_as_a_map_does(changes in changes()) {
        let mut table = FdTable::new();
        let mut model: BTreeMap<u32, (Arc<File>, bool)> = BTreeMap::new();
        for (number, change) in changes.into_iter().enumerate() {
            let file = file(number);
            let descriptor = Descriptor { file: file.clone(), close_on_exec: false };
            match change {
                Change::Insert(minimum) => {
                    let lowest = (minimum..LIMIT).find(|fd| !model.contains_key(fd));
                    prop_assert_eq!(table.insert(descriptor, minimum, LIMIT), lowest.ok_or(Errno::EMFILE));
                    if let Some(fd) = lowest {
                        model.insert(fd, (file, false));
                    }
                }
                Change::Replace(fd) => {
                    let replaced = table.replace(descriptor, fd, LIMIT).map(|old| old.is_some());
                    let expected = if fd < LIMIT { Ok(model.contains_key(&fd)) } else { Err(Errno::EBADF) };
                    prop_assert_eq!(replaced, expected);
                    if fd < LIMIT {
                        model.insert(fd, (file, false));
                    }
                }
                Change::Remove(fd) => {
                    let removed = table.remove(fd).map(|removed| Arc::as_ptr(&removed.file));
                    let expected = model.remove(&fd).map(|(file, _)| Arc::as_ptr(&file));
                    prop_assert_eq!(removed, expected.ok_or(Errno::EBADF));
                }
                Change::CloseOnExec(fd, close) => {
                    let known = model.get_mut(&fd).map(|entry| entry.1 = close);
                    prop_assert_eq!(table.set_close_on_exec(fd, close), known.ok_or(Errno::EBADF));
                }
                Change::CloseRange(from, to) => {
                    while let Some(fd) = table.next_from(from).map(|(fd, _)| fd).filter(|fd| *fd <= to) {
                        drop(table.remove(fd).unwrap());
                    }
                    model.retain(|fd, _| !(from..=to).contains(fd));
                }
                Change::Fork => table = table.duplicate().unwrap(),
            }
            for fd in 0..LIMIT + 2 {
                let found = table.get(fd).map(|entry| (Arc::as_ptr(&entry.file), entry.close_on_exec)).ok();
                let expected = model.get(&fd).map(|(file, close)| (Arc::as_ptr(file), *close));
                prop_assert_eq!(found, expected);
            }
            let closing = model.iter().find(|(_, (_, close))| *close).map(|(fd, _)| *fd);
            prop_assert_eq!(table.next_close_on_exec(), closing);
        }
    }

    #[test]
    fn device_numbers_come_back(major in 0..0x1000_u32, minor in 0..0x10_0000_u32) {
        let number = DeviceNumber::new(major, minor);
        prop_assert_eq!(DeviceNumber::decode(u32::try_from(number.encode()).unwrap()), number);
    }
}

#[test]
fn device_numbers_are_those_of_linux() {
    use std::os::unix::fs::MetadataExt;
    let null = std::fs::metadata("/dev/null").unwrap();
    assert_eq!(DeviceNumber::new(1, 3).encode(), null.rdev());
}

#[test]
fn open_flags_are_refused_as_linux_does() {
    let refused = |bits| OpenFlags::new(bits).err();
    assert_eq!(refused(linux::O_CREAT | linux::O_DIRECTORY), Some(Errno::EINVAL));
    assert_eq!(refused(linux::O_TMPFILE), Some(Errno::EINVAL));
    assert_eq!(
        refused(linux::O_TMPFILE | linux::O_RDWR | linux::O_CREAT),
        Some(Errno::EINVAL)
    );
    assert_eq!(refused(linux::O_TMPFILE | linux::O_RDWR), None);
    let path = OpenFlags::new(linux::O_PATH | linux::O_RDWR | linux::O_TRUNC | linux::O_CREAT).unwrap();
    assert_eq!(path.bits(), linux::O_PATH);
    assert!(!path.readable() && !path.writable());
}

fn metadata(kind: FileType, permissions: u32) -> Metadata {
    Metadata {
        inode: 1,
        kind,
        permissions,
        links: 1,
        uid: 1000,
        gid: 100,
        node: DeviceNumber::default(),
        size: 0,
        blocks: 0,
        accessed: Timestamp::default(),
        modified: Timestamp::default(),
        changed: Timestamp::default(),
        created: Timestamp::default(),
    }
}

fn user(uid: u32, gid: u32, groups: &[u32]) -> Credentials {
    Credentials {
        groups: Arc::from(groups),
        ..Credentials::of(uid, gid)
    }
}

#[test]
fn only_the_first_class_that_fits_counts() {
    let file = metadata(FileType::Regular, 0o047);
    assert_eq!(user(1000, 1, &[]).check(&file, Access::READ), Err(Errno::EACCES));
    assert_eq!(user(1, 100, &[]).check(&file, Access::READ), Ok(()));
    assert_eq!(user(1, 1, &[100]).check(&file, Access::WRITE), Err(Errno::EACCES));
    assert_eq!(
        user(1, 1, &[]).check(&file, Access::WRITE.and(Access::EXECUTE)),
        Ok(())
    );
}

#[test]
fn the_superuser_executes_only_what_someone_may() {
    let root = user(0, 0, &[]);
    let both = Access::READ.and(Access::WRITE);
    assert_eq!(root.check(&metadata(FileType::Regular, 0), both), Ok(()));
    assert_eq!(
        root.check(&metadata(FileType::Regular, 0o666), Access::EXECUTE),
        Err(Errno::EACCES)
    );
    assert_eq!(
        root.check(&metadata(FileType::Regular, 0o001), Access::EXECUTE),
        Ok(())
    );
    assert_eq!(
        root.check(&metadata(FileType::Directory, 0), Access::EXECUTE),
        Ok(())
    );
}

#[test]
fn a_sticky_directory_keeps_files_for_their_owners() {
    let sticky = Metadata {
        uid: 5,
        ..metadata(FileType::Directory, 0o1777)
    };
    let file = metadata(FileType::Regular, 0o644);
    assert_eq!(user(7, 7, &[]).check_sticky(&sticky, || file), Err(Errno::EPERM));
    for owner in [5, 1000, 0] {
        assert_eq!(user(owner, 7, &[]).check_sticky(&sticky, || file), Ok(()));
    }
}

/// A root with a directory `/jail` and a link in it. Whoever follows the link has `/jail` as the root from then on.
mod jail {
    use super::*;
    use crate::vfs::pseudo::{Attributes, Item, ItemKind, PseudoFileSystem, Tree};
    use std::boxed::Box;
    use std::sync::OnceLock;

    type Prisoner = Arc<OnceLock<FsContext>>;

    fn imprison(prisoner: &Prisoner, target: &[u8]) -> Result<LinkTarget, Errno> {
        let context = prisoner.get().ok_or(Errno::ENOENT)?;
        context.set_root(lookup(context, "/jail")?);
        Ok(LinkTarget::Path(target.to_vec()))
    }

    static JAIL: [Item<Prisoner>; 2] = [
        Item {
            name: "up",
            kind: ItemKind::Link(|prisoner| imprison(prisoner, b"..")),
        },
        Item {
            name: "root",
            kind: ItemKind::Link(|prisoner| imprison(prisoner, b"/")),
        },
    ];
    static ROOT: [Item<Prisoner>; 1] = [Item {
        name: "jail",
        kind: ItemKind::Directory(&JAIL),
    }];

    pub(super) fn prisoner() -> Prisoner {
        let prisoner = Prisoner::default();
        let entries = Box::new(Tree::new(prisoner.clone(), &ROOT, 1));
        let attributes = Attributes {
            number: 1,
            permissions: 0o555,
            ..Attributes::default()
        };
        let file_system = PseudoFileSystem::new("jail", 1, attributes, entries);
        let context = FsContext::new(Namespace::new(file_system, Name::Static(b"jail")));
        assert!(prisoner.set(context).is_ok());
        prisoner
    }

    pub(super) fn lookup(context: &FsContext, path: &str) -> Result<Place, Errno> {
        let start = || Ok(context.working_directory());
        Resolver::new(context, &Credentials::root()).lookup(start, path.as_bytes(), SymlinkPolicy::Follow)
    }
}

#[test]
fn a_lookup_keeps_the_root_that_it_began_with() {
    for path in ["/jail/up", "/jail/root"] {
        let prisoner = jail::prisoner();
        let context = prisoner.get().unwrap();
        let before = context.root();
        assert!(jail::lookup(context, path).unwrap().is_same(&before), "{path}");
        assert!(!context.root().is_same(&before), "the next one begins elsewhere");
        assert!(jail::lookup(context, "/..").unwrap().is_same(&context.root()));
    }
}

#[test]
fn a_relative_lookup_takes_the_root_when_it_first_asks_for_it() {
    let prisoner = jail::prisoner();
    let context = prisoner.get().unwrap();
    let place = jail::lookup(context, "jail/root").unwrap();
    assert!(place.is_same(&context.root()), "not asked for before the link");
}

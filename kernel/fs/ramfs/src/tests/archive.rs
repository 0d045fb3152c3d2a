use super::*;
use threadbare_cpio::{Entry, Error};
use threadbare_kernel::vfs::{DeviceNumber, FileType, LinkTarget};

const NOTHING: Entry<'static> = Entry {
    name: b"",
    data: b"",
    inode: 0,
    mode: 0,
    uid: 0,
    gid: 0,
    links: 1,
    modified: 0,
    modified_nanoseconds: 0,
    device: (0, 0),
    node: (0, 0),
};

pub(super) fn regular(name: &'static [u8], data: &'static [u8]) -> Entry<'static> {
    Entry {
        name,
        data,
        mode: 0o100_644,
        ..NOTHING
    }
}

fn directory(name: &'static [u8]) -> Entry<'static> {
    Entry {
        name,
        mode: 0o040_750,
        modified: 77,
        modified_nanoseconds: 500,
        uid: 5,
        gid: 6,
        links: 2,
        ..NOTHING
    }
}

fn build(entries: &[Entry<'static>]) -> Arc<dyn Inode> {
    let fs = RamFs::from_archive(entries.iter().map(|entry| Ok(*entry)), clock).unwrap();
    // The tree outlives the handle of the file system.
    fs.root()
}

fn find(root: &Arc<dyn Inode>, path: &str) -> Arc<dyn Inode> {
    path.split('/').fold(root.clone(), |at, name| {
        names(&at).lookup(name.as_bytes()).unwrap()
    })
}

#[test]
fn the_tree_is_that_of_the_archive() {
    let link = Entry {
        mode: 0o120_777,
        ..regular(b"./usr/bin/sh", b"busybox")
    };
    let null = Entry {
        mode: 0o020_666,
        node: (1, 3),
        ..regular(b"dev/null", b"")
    };
    let entries = [
        directory(b"."),
        directory(b"usr"),
        directory(b"usr/bin"),
        regular(b"usr/bin/busybox", b"ELF"),
        link,
        regular(b"usr/share/doc/made/parents", b"!"),
        directory(b"dev"),
        null,
    ];
    let root = build(&entries);
    assert_eq!(listing(&root), ["usr", "dev"]);
    assert_eq!(listing(&find(&root, "usr")), ["bin", "share"]);
    assert_eq!(listing(&find(&root, "usr/bin")), ["busybox", "sh"]);
    assert_eq!(find(&root, "usr/bin/busybox").metadata().size, 3);
    let sh = find(&root, "usr/bin/sh");
    assert!(matches!(sh.link_target(), Ok(LinkTarget::Path(target)) if target == b"busybox"));
    let null = find(&root, "dev/null").metadata();
    assert_eq!(
        (null.kind, null.node),
        (FileType::CharacterDevice, DeviceNumber::new(1, 3))
    );
    let parent = find(&root, "usr/share/doc/made").metadata();
    assert_eq!((parent.permissions, parent.uid), (0o755, 0));
    let usr = find(&root, "usr").metadata();
    assert_eq!((usr.permissions, usr.uid, usr.gid, usr.links), (0o750, 5, 6, 4));
    assert_eq!((usr.modified.seconds, root.metadata().modified.seconds), (77, 77));
}

#[test]
fn hard_links_share_a_file_wherever_the_data_is() {
    let shared = |name, data| Entry {
        links: 2,
        inode: 9,
        device: (8, 1),
        ..regular(name, data)
    };
    for [first, second] in [[b"data".as_slice(), b""], [b"", b"data"], [b"data", b"data"]] {
        let root = build(&[shared(b"a", first), shared(b"b", second)]);
        let (a, b) = (find(&root, "a").metadata(), find(&root, "b").metadata());
        assert_eq!((a.inode, a.links, a.size), (b.inode, 2, 4));
    }
    let other = Entry {
        device: (8, 2),
        ..shared(b"b", b"other")
    };
    let root = build(&[shared(b"a", b"data"), other]);
    assert_ne!(
        find(&root, "a").metadata().inode,
        find(&root, "b").metadata().inode
    );
}

#[test]
fn the_last_entry_of_a_name_counts() {
    let root = build(&[
        regular(b"f", b"1"),
        regular(b"f", b"22"),
        directory(b"d"),
        directory(b"d/"),
    ]);
    assert_eq!(find(&root, "f").metadata().size, 2);
    assert_eq!(
        (listing(&root), root.metadata().links),
        (vec!["f".into(), "d".into()], 3)
    );
}

#[test]
fn strange_names_are_left_out() {
    let long: &'static [u8] = vec![b'x'; 300].leak();
    let root = build(&[
        regular(b"a/..", b""),
        regular(long, b""),
        regular(b"//", b""),
        regular(b"ok", b""),
    ]);
    assert_eq!(listing(&root), ["a", "ok"]);
}

#[test]
fn an_unreadable_archive_is_an_error() {
    let entries = [Ok(regular(b"f", b"")), Err(Error::Truncated)];
    assert_eq!(RamFs::from_archive(entries, clock).err(), Some(Error::Truncated));
}

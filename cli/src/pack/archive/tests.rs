//! The archive is read again by the reader that the kernel uses.

use super::*;
use crate::pack::collect;
use proptest::prelude::*;
use std::{collections::BTreeMap, fs, io::Seek, os::unix::fs::symlink};
use threadbare_cpio::Archive;

fn archive_of(tree: &Tree) -> Vec<u8> {
    let mut out = tempfile::tempfile().unwrap();
    let length = write(&out, b"spec", tree).unwrap();
    let mut bytes = Vec::new();
    out.rewind().unwrap();
    out.read_to_end(&mut bytes).unwrap();
    assert_eq!(bytes.len() as u64, length);
    bytes
}

/// Data by name; fails unless the data of each regular file lies on a page boundary of the archive.
fn contents(bytes: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let mut contents = BTreeMap::new();
    for entry in Archive::new(bytes).entries() {
        let entry = entry.unwrap();
        let offset = entry.data.as_ptr() as usize - bytes.as_ptr() as usize;
        if entry.mode & 0o170_000 == REGULAR && !entry.data.is_empty() {
            assert_eq!(offset % 4096, 0, "{}", String::from_utf8_lossy(entry.name));
        }
        assert!(entry.name.len() <= 4095);
        contents.insert(
            String::from_utf8(entry.name.to_vec()).unwrap(),
            entry.data.to_vec(),
        );
    }
    contents
}

#[test]
fn files_links_and_directories_are_read_back_as_they_were() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    fs::create_dir_all(root.join("bin/deep")).unwrap();
    fs::write(root.join("bin/large"), vec![7; 100_000]).unwrap();
    fs::write(root.join("bin/empty"), "").unwrap();
    symlink("large", root.join("bin/link")).unwrap();
    let mut tree = Tree::new();
    collect::everything(&mut tree, root, Path::new("/"), &mut vec![]).unwrap();
    let contents = contents(&archive_of(&tree));
    let names: Vec<_> = contents.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            ".",
            "bin",
            "bin/deep",
            "bin/empty",
            "bin/large",
            "bin/link",
            "threadbare.run"
        ]
    );
    assert_eq!(contents["bin/large"], vec![7; 100_000]);
    assert_eq!(contents["bin/link"], b"large");
    assert_eq!(contents["threadbare.run"], b"spec");
}

#[test]
fn the_specification_is_the_first_entry() {
    let bytes = archive_of(&Tree::new());
    let first = Archive::new(&bytes).entries().next().unwrap().unwrap();
    assert_eq!((first.name, first.data), (&b"threadbare.run"[..], &b"spec"[..]));
}

#[test]
fn hard_links_share_an_inode_and_the_first_has_the_data() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("one"), "content").unwrap();
    fs::hard_link(directory.path().join("one"), directory.path().join("two")).unwrap();
    let mut tree = Tree::new();
    collect::everything(&mut tree, directory.path(), Path::new("/"), &mut vec![]).unwrap();
    let bytes = archive_of(&tree);
    let entry = |name: &[u8]| {
        Archive::new(&bytes)
            .entries()
            .map(Result::unwrap)
            .find(|entry| entry.name == name)
            .unwrap()
    };
    let (one, two) = (entry(b"one"), entry(b"two"));
    assert_eq!((one.inode, one.links, one.data), (two.inode, 2, &b"content"[..]));
    assert!(two.data.is_empty());
    assert_ne!(one.inode, entry(b".").inode);
}

#[test]
fn a_file_that_got_shorter_is_filled_up() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("file");
    for length in [10_000, 1_000_000] {
        fs::write(&path, vec![1; length]).unwrap();
        let mut tree = Tree::new();
        collect::everything(&mut tree, &path, Path::new("/file"), &mut vec![]).unwrap();
        fs::write(&path, vec![1; 5_000]).unwrap();
        let data = contents(&archive_of(&tree)).remove("file").unwrap();
        assert!(
            data == [vec![1; 5_000], vec![0; length - 5_000]].concat(),
            "{length}"
        );
    }
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let mut tree = Tree::new();
    let node = Node {
        content: Content::File {
            host: "/nonexistent/file".into(),
            length: 1,
        },
        ..Node::bytes(0o644, b"")
    };
    tree.insert(Path::new("/some/file"), node);
    let failure = write(&tempfile::tempfile().unwrap(), b"", &tree).unwrap_err();
    assert!(
        failure.text.starts_with("/some/file cannot be packed: "),
        "{}",
        failure.text
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn any_tree_is_read_back(
        files in prop::collection::btree_map(
            "[a-z]{1,300}(/[a-z]{1,40}){0,2}", prop::collection::vec(any::<u8>(), 1..9000), 1..40),
    ) {
        let mut tree = Tree::new();
        for (path, data) in &files {
            tree.insert(Path::new(path), Node::bytes(0o644, data));
        }
        let contents = contents(&archive_of(&tree));
        for (path, node) in tree.nodes().filter(|(path, _)| !path.is_empty()) {
            let path = str::from_utf8(path).unwrap();
            let expected = if node.is_directory() { &[][..] } else { &files[path][..] };
            prop_assert_eq!(&contents[path], expected);
        }
    }

    #[test]
    fn no_name_is_longer_than_linux_reads(position in 0u64..16_384, length in 1u64..PAGE - HEADER - 1) {
        let position = position.next_multiple_of(4);
        let size = name_size(position, length + 1, PAGE);
        prop_assert_eq!((position + HEADER + size) % PAGE, 0);
        prop_assert!(size > length);
        // Where a name gets too long, `place` puts the shortest name in front, and starts on the next page.
        prop_assert!(name_size(position, 2, PAGE) <= MAX_NAME);
        prop_assert!(name_size(0, length + 1, PAGE) <= MAX_NAME);
    }
}

use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;
use threadbare_kernel::vfs::{FileType, RenameMode};

#[test]
fn a_name_is_created_once_and_removed_once() {
    let fs = RamFs::new(clock);
    let root = fs.root();
    let file = names(&root).create(b"f", &new(NewKind::Regular)).unwrap();
    assert_eq!(
        errno(names(&root).create(b"f", &new(NewKind::Regular))),
        Some(Errno::EEXIST)
    );
    assert_eq!(file.metadata().links, 1);
    names(&root).unlink(b"f").unwrap();
    assert_eq!(file.metadata().links, 0);
    assert_eq!(errno(names(&root).unlink(b"f")), Some(Errno::ENOENT));
    assert_eq!(errno(names(&root).lookup(b"f")), Some(Errno::ENOENT));
}

#[test]
fn hard_links_are_one_file() {
    let fs = RamFs::new(clock);
    let root = fs.root();
    let file = names(&root).create(b"a", &new(NewKind::Regular)).unwrap();
    names(&root).link(b"b", &file).unwrap();
    let other = names(&root).lookup(b"b").unwrap();
    assert_eq!(other.metadata().inode, file.metadata().inode);
    assert_eq!(other.metadata().links, 2);
    names(&root).unlink(b"a").unwrap();
    assert_eq!(other.metadata().links, 1);
    let directory = names(&root).create(b"d", &new(NewKind::Directory)).unwrap();
    assert_eq!(errno(names(&root).link(b"e", &directory)), Some(Errno::EPERM));
}

#[test]
fn directories_count_their_children_as_links() {
    let fs = RamFs::new(clock);
    let root = fs.root();
    let outer = names(&root).create(b"outer", &new(NewKind::Directory)).unwrap();
    let inner = names(&outer).create(b"inner", &new(NewKind::Directory)).unwrap();
    assert_eq!((outer.metadata().links, inner.metadata().links), (3, 2));
    assert_eq!(
        errno(names(&root).remove_directory(b"outer")),
        Some(Errno::ENOTEMPTY)
    );
    names(&outer).remove_directory(b"inner").unwrap();
    assert_eq!((outer.metadata().links, inner.metadata().links), (2, 0));
    assert_eq!(
        errno(names(&inner).create(b"late", &new(NewKind::Regular))),
        Some(Errno::ENOENT)
    );
    assert!(names(&inner).parent().is_none());
}

#[test]
fn a_directory_is_no_file_and_a_file_no_directory() {
    let fs = RamFs::new(clock);
    let root = fs.root();
    names(&root).create(b"d", &new(NewKind::Directory)).unwrap();
    names(&root).create(b"f", &new(NewKind::Regular)).unwrap();
    assert_eq!(errno(names(&root).unlink(b"d")), Some(Errno::EISDIR));
    assert_eq!(errno(names(&root).remove_directory(b"f")), Some(Errno::ENOTDIR));
}

#[test]
fn listings_keep_their_order_while_names_go() {
    let fs = RamFs::new(clock);
    let root = fs.root();
    for name in [b"c", b"a", b"d", b"b"] {
        names(&root).create(name, &new(NewKind::Regular)).unwrap();
    }
    assert_eq!(listing(&root), ["c", "a", "d", "b"]);
    let mut first = vec![];
    let mut position = 0;
    names(&root)
        .list(0, &mut |entry| {
            first.push(entry.name.to_vec());
            position = entry.next;
            first.len() < 2
        })
        .unwrap();
    names(&root).unlink(b"c").unwrap();
    names(&root).unlink(b"a").unwrap();
    names(&root).create(b"e", &new(NewKind::Regular)).unwrap();
    let mut rest = vec![];
    names(&root)
        .list(position, &mut |entry| {
            rest.push(entry.name.to_vec());
            true
        })
        .unwrap();
    assert_eq!(rest, [b"d", b"b", b"e"]);
}

#[test]
fn a_rename_replaces_what_it_may() {
    let fs = RamFs::new(clock);
    let root = fs.root();
    let file = names(&root).create(b"f", &new(NewKind::Regular)).unwrap();
    let old = names(&root).create(b"old", &new(NewKind::Regular)).unwrap();
    let empty = names(&root).create(b"empty", &new(NewKind::Directory)).unwrap();
    let full = names(&root).create(b"full", &new(NewKind::Directory)).unwrap();
    names(&full).create(b"x", &new(NewKind::Regular)).unwrap();
    let rename = |from: &[u8], to: &[u8], mode| names(&root).rename(from, &*root, to, mode);

    assert_eq!(
        errno(rename(b"f", b"old", RenameMode::NoReplace)),
        Some(Errno::EEXIST)
    );
    assert_eq!(
        errno(rename(b"f", b"none", RenameMode::Exchange)),
        Some(Errno::ENOENT)
    );
    assert_eq!(
        errno(rename(b"none", b"old", RenameMode::Replace)),
        Some(Errno::ENOENT)
    );
    assert_eq!(
        errno(rename(b"f", b"empty", RenameMode::Replace)),
        Some(Errno::EISDIR)
    );
    assert_eq!(
        errno(rename(b"empty", b"f", RenameMode::Replace)),
        Some(Errno::ENOTDIR)
    );
    assert_eq!(
        errno(rename(b"empty", b"full", RenameMode::Replace)),
        Some(Errno::ENOTEMPTY)
    );

    rename(b"f", b"old", RenameMode::Replace).unwrap();
    assert_eq!((file.metadata().links, old.metadata().links), (1, 0));
    rename(b"full", b"empty", RenameMode::Replace).unwrap();
    assert_eq!(empty.metadata().links, 0);
    assert_eq!(names(&full).name().as_deref(), Some(&b"empty"[..]));
    assert_eq!(listing(&root), ["old", "empty"]);
    rename(b"old", b"empty", RenameMode::Exchange).unwrap();
    assert_eq!(names(&root).lookup(b"old").unwrap().kind(), FileType::Directory);
    assert_eq!(
        names(&root).lookup(b"empty").unwrap().metadata().inode,
        file.metadata().inode
    );
    assert_eq!(root.metadata().links, 3);
}

#[test]
fn a_rename_between_names_of_one_file_does_nothing() {
    let fs = RamFs::new(clock);
    let root = fs.root();
    let file = names(&root).create(b"a", &new(NewKind::Regular)).unwrap();
    names(&root).link(b"b", &file).unwrap();
    names(&root)
        .rename(b"a", &*root, b"b", RenameMode::Replace)
        .unwrap();
    assert_eq!(listing(&root), ["a", "b"]);
}

#[test]
fn no_directory_comes_to_lie_within_itself() {
    let fs = RamFs::new(clock);
    let root = fs.root();
    let a = names(&root).create(b"a", &new(NewKind::Directory)).unwrap();
    let b = names(&a).create(b"b", &new(NewKind::Directory)).unwrap();
    let rename = |mode| names(&root).rename(b"a", &*b, b"c", mode);
    assert_eq!(errno(rename(RenameMode::Replace)), Some(Errno::EINVAL));
    assert_eq!(
        errno(names(&root).rename(b"a", &*a, b"a", RenameMode::Replace)),
        Some(Errno::EINVAL)
    );
    // The other way round: what would be replaced holds what is moved.
    assert_eq!(
        errno(names(&a).rename(b"b", &*root, b"a", RenameMode::Replace)),
        Some(Errno::ENOTEMPTY)
    );
    assert_eq!(
        errno(names(&a).rename(b"b", &*root, b"a", RenameMode::Exchange)),
        Some(Errno::EINVAL)
    );
}

#[test]
fn a_moved_directory_knows_its_new_parent() {
    let fs = RamFs::new(clock);
    let root = fs.root();
    let a = names(&root).create(b"a", &new(NewKind::Directory)).unwrap();
    let b = names(&root).create(b"b", &new(NewKind::Directory)).unwrap();
    let c = names(&a).create(b"c", &new(NewKind::Directory)).unwrap();
    names(&a).rename(b"c", &*b, b"d", RenameMode::Replace).unwrap();
    assert_eq!(names(&c).parent().unwrap().metadata().inode, b.metadata().inode);
    assert_eq!(names(&c).name().as_deref(), Some(&b"d"[..]));
    assert_eq!((a.metadata().links, b.metadata().links), (2, 3));
}

#[test]
fn a_deep_tree_is_dropped_without_recursion() {
    let fs = RamFs::new(clock);
    let mut at = fs.root();
    for _ in 0..200_000 {
        at = names(&at).create(b"d", &new(NewKind::Directory)).unwrap();
    }
    drop((fs, at));
}

#[derive(Clone, Debug)]
enum Change {
    Create(u8, bool),
    Remove(u8),
    Rename(u8, u8, RenameMode),
    Link(u8, u8),
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let name = || 0..6_u8;
    let mode = prop::sample::select(vec![
        RenameMode::Replace,
        RenameMode::NoReplace,
        RenameMode::Exchange,
    ]);
    prop::collection::vec(
        prop_oneof![
            (name(), any::<bool>()).prop_map(|(name, directory)| Change::Create(name, directory)),
            name().prop_map(Change::Remove),
            (name(), name(), mode).prop_map(|(from, to, mode)| Change::Rename(from, to, mode)),
            (name(), name()).prop_map(|(from, to)| Change::Link(from, to)),
        ],
        1..60,
    )
}

proptest! {
    /// One directory against a map from names to (identity, is a directory).
    #[test]
    fn names_behave_as_a_map_does(changes in changes()) {
        let fs = RamFs::new(clock);
        let root = fs.root();
        let mut model: BTreeMap<u8, (u64, bool)> = BTreeMap::new();
        for change in changes {
            match change {
                Change::Create(name, directory) => {
                    let kind = if directory { NewKind::Directory } else { NewKind::Regular };
                    let created = names(&root).create(&[name], &new(kind));
                    prop_assert_eq!(created.is_ok(), !model.contains_key(&name));
                    if let Ok(inode) = created {
                        model.insert(name, (inode.metadata().inode, directory));
                    }
                }
                Change::Remove(name) => {
                    let removed = match model.get(&name) {
                        Some((_, true)) => names(&root).remove_directory(&[name]),
                        _ => names(&root).unlink(&[name]),
                    };
                    prop_assert_eq!(removed.is_ok(), model.remove(&name).is_some());
                }
                Change::Link(from, to) => {
                    let Ok(inode) = names(&root).lookup(&[from]) else { continue };
                    let linked = names(&root).link(&[to], &inode);
                    let (identity, directory) = model[&from];
                    prop_assert_eq!(linked.is_ok(), !directory && !model.contains_key(&to));
                    model.entry(to).or_insert((identity, directory));
                    if directory {
                        model.retain(|name, entry| *name == from || entry.0 != identity);
                    }
                }
                Change::Rename(from, to, mode) => {
                    let renamed = names(&root).rename(&[from], &*root, &[to], mode);
                    let (Some(source), target) = (model.get(&from).copied(), model.get(&to).copied()) else {
                        prop_assert_eq!(renamed, Err(Errno::ENOENT));
                        continue;
                    };
                    let allowed = match (mode, target) {
                        (RenameMode::NoReplace, target) => target.is_none(),
                        (RenameMode::Exchange, target) => target.is_some(),
                        (RenameMode::Replace, Some(target)) => source.1 == target.1,
                        (RenameMode::Replace, None) => true,
                    };
                    prop_assert_eq!(renamed.is_ok(), allowed, "{:?}", renamed);
                    match target {
                        _ if !allowed => {}
                        Some(target) if target.0 == source.0 => {}
                        Some(target) if mode == RenameMode::Exchange => {
                            model.insert(from, target);
                            model.insert(to, source);
                        }
                        _ => {
                            model.remove(&from);
                            model.insert(to, source);
                        }
                    }
                }
            }
            let directories = model.values().filter(|entry| entry.1).count();
            prop_assert_eq!(root.metadata().links as usize, 2 + directories);
            for (name, (identity, directory)) in &model {
                let inode = names(&root).lookup(&[*name]).unwrap();
                prop_assert_eq!(inode.metadata().inode, *identity);
                let same = model.values().filter(|other| other.0 == *identity).count();
                prop_assert_eq!(inode.metadata().links as usize, if *directory { 2 } else { same });
            }
            prop_assert_eq!(listing(&root).len(), model.len());
        }
    }
}

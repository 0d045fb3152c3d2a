//! Taking files and whole directories of a view into the tree.

use super::{
    tree::{Node, Tree},
    view::{Found, View},
};
use std::{
    fs::Metadata,
    io,
    path::{Path, PathBuf},
};

/// Takes what is at `path` of `view`, every directory and symbolic link that leads there, and nothing else. A link that
/// leads nowhere is taken as well as it can be; the error says that it does.
pub(crate) fn path(tree: &mut Tree, view: &View, path: &Path) -> io::Result<Found> {
    let mut trail = Vec::new();
    let end = view.follow(path, &mut trail);
    for (path, metadata) in &trail {
        if !tree.contains(path)
            && let Some(node) = Node::of_host(&view.on_host(path), metadata)?
        {
            tree.insert(path, node);
        }
    }
    end
}

/// Takes all that is at and below `host` as `guest`; symbolic links are taken as they are.
///
/// What cannot be read is left out and told in `warnings`.
pub(crate) fn everything(
    tree: &mut Tree,
    host: &Path,
    guest: &Path,
    warnings: &mut Vec<String>,
) -> io::Result<()> {
    let mut pending: Vec<(PathBuf, PathBuf, Metadata)> =
        vec![(host.to_owned(), guest.to_owned(), host.symlink_metadata()?)];
    while let Some((host, guest, metadata)) = pending.pop() {
        let taken = one(tree, &host, &guest, &metadata);
        let inside = taken.and_then(|()| {
            if metadata.is_dir() {
                children(&host, &guest)
            } else {
                Ok(Vec::new())
            }
        });
        match inside {
            Ok(inside) => pending.extend(inside),
            Err(error) => warnings.push(format!("{} is left out: {error}", host.display())),
        }
    }
    Ok(())
}

fn one(tree: &mut Tree, host: &Path, guest: &Path, metadata: &Metadata) -> io::Result<()> {
    if metadata.is_file() {
        rustix::fs::access(host, rustix::fs::Access::READ_OK)?;
    }
    if let Some(node) = Node::of_host(host, metadata)? {
        tree.insert(guest, node);
    }
    Ok(())
}

fn children(host: &Path, guest: &Path) -> io::Result<Vec<(PathBuf, PathBuf, Metadata)>> {
    let mut children = Vec::new();
    for entry in host.read_dir()? {
        let entry = entry?;
        children.push((entry.path(), guest.join(entry.file_name()), entry.metadata()?));
    }
    Ok(children)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pack::tree::Content;
    use std::{fs, os::unix::fs::symlink};

    #[test]
    fn the_links_of_a_merged_usr_are_kept() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path();
        fs::create_dir_all(root.join("usr/lib64")).unwrap();
        fs::write(root.join("usr/lib64/ld.so"), "x").unwrap();
        fs::write(root.join("usr/lib64/other"), "x").unwrap();
        symlink("usr/lib64", root.join("lib64")).unwrap();
        let mut tree = Tree::new();
        let found = path(&mut tree, &View::of(root), Path::new("/lib64/ld.so")).unwrap();
        assert_eq!(found.path, Path::new("/usr/lib64/ld.so"));
        let keys: Vec<_> = tree.nodes().map(|(key, _)| key).collect();
        assert_eq!(
            keys,
            [&b""[..], b"lib64", b"usr", b"usr/lib64", b"usr/lib64/ld.so"]
        );
        assert_eq!(
            tree.get(Path::new("/lib64")).unwrap().content,
            Content::Link(b"usr/lib64".to_vec())
        );
        assert_eq!(
            tree.host_file(b"/usr/lib64/ld.so"),
            Some(&*root.join("usr/lib64/ld.so"))
        );
    }

    #[test]
    fn a_link_that_leads_nowhere_is_kept_too() {
        let directory = tempfile::tempdir().unwrap();
        symlink("gone", directory.path().join("link")).unwrap();
        let mut tree = Tree::new();
        let error = path(&mut tree, &View::of(directory.path()), Path::new("/link")).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
        assert!(tree.contains(Path::new("/link")));
    }

    #[test]
    fn a_whole_directory_is_taken_without_following_links() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path();
        fs::create_dir_all(root.join("a/empty")).unwrap();
        fs::write(root.join("a/file"), "x").unwrap();
        symlink("/etc", root.join("a/out")).unwrap();
        let (mut tree, mut warnings) = (Tree::new(), vec![]);
        everything(&mut tree, root, Path::new("/data"), &mut warnings).unwrap();
        let keys: Vec<_> = tree.nodes().map(|(key, _)| key).collect();
        assert_eq!(
            keys,
            [
                &b""[..],
                b"data",
                b"data/a",
                b"data/a/empty",
                b"data/a/file",
                b"data/a/out"
            ]
        );
        assert!(warnings.is_empty());
    }

    #[test]
    fn hard_links_are_recognised() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path();
        fs::write(root.join("one"), "x").unwrap();
        fs::hard_link(root.join("one"), root.join("two")).unwrap();
        let mut tree = Tree::new();
        everything(&mut tree, root, Path::new("/"), &mut vec![]).unwrap();
        let identity = |path: &str| tree.get(Path::new(path)).unwrap().identity;
        assert!(identity("/one").is_some());
        assert_eq!(identity("/one"), identity("/two"));
    }
}

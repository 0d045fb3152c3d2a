//! A directory tree, seen as a program sees it for which it is the whole file system.
//!
//! # Invariants
//!
//! 1. Every symbolic link is followed by this module, one component at a time, as `path_resolution(7)` says: an
//!    absolute target begins at the view's root, and `..` at the root stays there. So no link leads out.
//! 2. All paths taken and given are absolute inside the view.

use rustix::io::Errno;
use std::{
    collections::VecDeque,
    ffi::{OsStr, OsString},
    fs::{File, Metadata},
    io,
    path::{Component, Path, PathBuf},
};

/// Symbolic links that one path may lead through, as in Linux.
const MAX_LINKS: usize = 40;

/// A view of the file system below a directory.
#[derive(Clone, Debug)]
pub(crate) struct View {
    root: PathBuf,
}

/// A path that leads to something.
#[derive(Debug)]
pub(crate) struct Found {
    /// The same place by a path without symbolic links.
    pub(crate) path: PathBuf,
    pub(crate) metadata: Metadata,
}

impl View {
    /// The view of the host itself.
    pub(crate) fn host() -> Self {
        Self::of("/")
    }

    /// The view of `root`, a directory of the host.
    pub(crate) fn of(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// Where the host has what this view has at `path`, which must be without symbolic links (but for its end).
    pub(crate) fn on_host(&self, path: &Path) -> PathBuf {
        self.root.join(path.strip_prefix("/").unwrap_or(path))
    }

    /// Opens the file at `path`.
    pub(crate) fn open(&self, path: &Path) -> io::Result<File> {
        File::open(self.on_host(&self.find(path)?.path))
    }

    /// Follows `path` to its end.
    pub(crate) fn find(&self, path: &Path) -> io::Result<Found> {
        self.follow(path, &mut Vec::new())
    }

    /// Follows `path` to its end. `trail` gets the directories and symbolic links on the way and the end itself, in
    /// the order of the walk, and before an error what was passed until then.
    pub(crate) fn follow(&self, path: &Path, trail: &mut Vec<(PathBuf, Metadata)>) -> io::Result<Found> {
        let mut here = PathBuf::from("/");
        let mut metadata = self.root.metadata()?;
        let mut ahead = components(path);
        let mut links = 0;
        while let Some(name) = ahead.pop_front() {
            if !metadata.is_dir() {
                return Err(io::ErrorKind::NotADirectory.into());
            }
            if name == ".." {
                here.pop();
                metadata = self.on_host(&here).symlink_metadata()?;
                continue;
            }
            let next = here.join(&name);
            let found = self.on_host(&next).symlink_metadata()?;
            trail.push((next.clone(), found.clone()));
            if !found.is_symlink() {
                (here, metadata) = (next, found);
                continue;
            }
            links += 1;
            if links > MAX_LINKS {
                return Err(Errno::LOOP.into());
            }
            let target = self.on_host(&next).read_link()?;
            if target.is_absolute() {
                here = PathBuf::from("/");
                metadata = self.root.metadata()?;
            }
            for part in components(&target).into_iter().rev() {
                ahead.push_front(part);
            }
        }
        Ok(Found { path: here, metadata })
    }
}

/// The names in a path, and its `..`.
fn components(path: &Path) -> VecDeque<OsString> {
    path.components()
        .filter_map(|component| match component {
            Component::Normal(name) => Some(name.to_owned()),
            Component::ParentDir => Some(OsStr::new("..").to_owned()),
            Component::Prefix(_) | Component::RootDir | Component::CurDir => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{fs, os::unix::fs::symlink};

    fn sample() -> (tempfile::TempDir, View) {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path();
        fs::create_dir_all(root.join("usr/bin")).unwrap();
        fs::write(root.join("usr/bin/dash"), "x").unwrap();
        symlink("usr/bin", root.join("bin")).unwrap();
        symlink("/bin/dash", root.join("usr/bin/sh")).unwrap();
        symlink("../../../../../../etc/hostname", root.join("escape")).unwrap();
        symlink("loop", root.join("loop")).unwrap();
        let view = View::of(root);
        (directory, view)
    }

    #[test]
    fn links_are_followed_inside_the_root_and_the_way_is_told() {
        let (_directory, view) = sample();
        let mut trail = vec![];
        let found = view.follow(Path::new("/bin/sh"), &mut trail).unwrap();
        assert_eq!(found.path, Path::new("/usr/bin/dash"));
        let trail: Vec<_> = trail.iter().map(|(path, _)| path.to_str().unwrap()).collect();
        assert_eq!(
            trail,
            [
                "/bin",
                "/usr",
                "/usr/bin",
                "/usr/bin/sh",
                "/bin",
                "/usr",
                "/usr/bin",
                "/usr/bin/dash"
            ]
        );
    }

    #[test]
    fn nothing_leads_out_of_the_root() {
        let (_directory, view) = sample();
        let error = view.find(Path::new("/escape")).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
        assert_eq!(
            view.find(Path::new("/../../usr/../bin/dash")).unwrap().path,
            Path::new("/usr/bin/dash")
        );
    }

    #[test]
    fn loops_and_files_in_the_middle_are_errors() {
        let (_directory, view) = sample();
        assert_eq!(
            Errno::from_io_error(&view.find(Path::new("/loop")).unwrap_err()),
            Some(Errno::LOOP)
        );
        assert_eq!(
            view.find(Path::new("/bin/dash/x")).unwrap_err().kind(),
            io::ErrorKind::NotADirectory
        );
    }
}

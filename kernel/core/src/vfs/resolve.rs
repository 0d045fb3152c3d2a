//! [`Resolver`]: from paths to places (`path_resolution(7)`).

use alloc::borrow::Cow;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::cell::Cell;

use super::bytes::position;
use super::{Access, Credentials, FileType, FsContext, Inode, LinkTarget, Name, Namespace, Place};
use crate::error::Errno;

/// How many symbolic links one resolution follows (`MAXSYMLINKS`).
const LINK_LIMIT: u32 = 40;

/// Whether a symbolic link at the end of a path is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SymlinkPolicy {
    /// It is.
    Follow,
    /// It is what is meant, unless a slash follows it.
    Keep,
}

/// The last component of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Last<'a> {
    /// A name to be looked up or created: looking it up tells whether it is too long.
    Name(&'a [u8]),
    /// `.`
    Dot,
    /// `..`
    DotDot,
    /// There is none: the path is nothing but slashes.
    Root,
}

/// All of a path but its last component.
pub struct Parent<'a> {
    /// What holds, or would hold, the last component: a directory that may be passed through.
    pub directory: Place,
    /// The path, with the links before the last component resolved.
    path: Cow<'a, [u8]>,
    start: usize,
    end: usize,
}

impl Parent<'_> {
    /// The last component.
    pub fn last(&self) -> Last<'_> {
        match self.path.get(self.start..self.end).unwrap_or_default() {
            b"" => Last::Root,
            b"." => Last::Dot,
            b".." => Last::DotDot,
            name => Last::Name(name),
        }
    }

    /// Whether a slash follows the last component: it is to be a directory.
    pub fn has_trailing_slash(&self) -> bool {
        self.end < self.path.len()
    }
}

/// Resolves paths on behalf of someone. One resolver serves one system call: it counts the links that it follows.
pub struct Resolver<'a> {
    context: &'a FsContext,
    namespace: &'a Namespace,
    credentials: &'a Credentials,
    followed: Cell<u32>,
}

impl<'a> Resolver<'a> {
    /// A resolver for a process that stands at `context`.
    pub fn new(context: &'a FsContext, credentials: &'a Credentials) -> Self {
        Resolver {
            context,
            namespace: context.namespace(),
            credentials,
            followed: Cell::new(0),
        }
    }

    /// On whose behalf paths are resolved.
    pub fn credentials(&self) -> &'a Credentials {
        self.credentials
    }

    /// Where `path` leads. `start` is asked where a relative one begins.
    ///
    /// # Errors
    /// `ENOENT`, `ENOTDIR`, `EACCES`, `ELOOP`, `ENAMETOOLONG` as `path_resolution(7)` says; `ENOENT` for an empty path.
    pub fn lookup(
        &self,
        start: impl FnOnce() -> Result<Place, Errno>,
        path: &[u8],
        policy: SymlinkPolicy,
    ) -> Result<Place, Errno> {
        self.walk(start, path)?.finish(policy)
    }

    /// Where all of `path` but its last component leads. `start` is asked where a relative one begins.
    ///
    /// # Errors
    /// As [`lookup`](Resolver::lookup).
    pub fn parent<'p>(
        &self,
        start: impl FnOnce() -> Result<Place, Errno>,
        path: &'p [u8],
    ) -> Result<Parent<'p>, Errno> {
        self.walk(start, path)?.before_last()
    }

    /// The file of that name in the directory `parent`, or the root of what is mounted there.
    ///
    /// # Errors
    /// `ENOENT` if there is none; `EACCES`; `ENAMETOOLONG`.
    pub fn child(&self, parent: &Place, name: &[u8]) -> Result<Place, Errno> {
        Ok(self
            .namespace
            .cross(parent.child(self.lookup_in(parent, name)?, name)?))
    }

    /// The file of that name in the directory `parent`. Mounts are not looked at.
    #[inline]
    fn lookup_in(&self, parent: &Place, name: &[u8]) -> Result<Arc<dyn Inode>, Errno> {
        self.check_search(parent)?;
        if name.len() > Name::MAX {
            return Err(too_long(parent));
        }
        parent.inode().lookup(name)
    }

    /// The directory above this one, which is never above the root.
    ///
    /// # Errors
    /// `ENOENT` if this one has been removed.
    pub fn above(&self, place: &Place) -> Result<Place, Errno> {
        place.above(&self.context.shared_root(), self.namespace)
    }

    /// Counts a link that is about to be followed.
    ///
    /// # Errors
    /// `ELOOP` if there were too many.
    pub(super) fn count_link(&self) -> Result<(), Errno> {
        self.followed.set(self.followed.get() + 1);
        if self.followed.get() > LINK_LIMIT {
            Err(Errno::ELOOP)
        } else {
            Ok(())
        }
    }

    #[inline]
    fn walk<'w, 'p>(
        &'w self,
        start: impl FnOnce() -> Result<Place, Errno>,
        path: &'p [u8],
    ) -> Result<Walk<'w, 'a, 'p>, Errno> {
        let (root, at) = match path {
            [] => return Err(Errno::ENOENT),
            [b'/', ..] => {
                let root = self.context.shared_root();
                let at = Place::clone(&root);
                (Some(root), at)
            }
            _ => (None, start()?),
        };
        Ok(Walk {
            resolver: self,
            root,
            at,
            path: Cow::Borrowed(path),
            next: 0,
        })
    }

    /// Checks that `directory` may be passed through. Who passes through every one waits neither for the metadata nor to hear
    /// whether it is one: looking a name up will tell.
    #[inline]
    fn check_search(&self, directory: &Place) -> Result<(), Errno> {
        if self.credentials.searches_everywhere() {
            Ok(())
        } else {
            self.check_permission(directory)
        }
    }

    #[cold]
    fn check_permission(&self, directory: &Place) -> Result<(), Errno> {
        check_directory(directory)?;
        self.credentials
            .check(&directory.inode().metadata(), Access::EXECUTE)
    }
}

fn check_directory(place: &Place) -> Result<(), Errno> {
    if place.inode().kind() == FileType::Directory {
        Ok(())
    } else {
        Err(Errno::ENOTDIR)
    }
}

/// What looking up a name that is too long fails with: a removed directory has no names at all.
#[cold]
fn too_long(parent: &Place) -> Errno {
    match check_directory(parent) {
        Ok(()) if parent.is_removed() => Errno::ENOENT,
        Ok(()) => Errno::ENAMETOOLONG,
        Err(errno) => errno,
    }
}

/// A resolution under way.
struct Walk<'w, 'a, 'p> {
    resolver: &'w Resolver<'a>,
    /// The root, once it was wanted: it stays the same to the end, whoever changes the process' meanwhile.
    root: Option<Arc<Place>>,
    /// Where the components before `next` lead.
    at: Place,
    /// The path; a link that is followed puts its target in place of what is before `next`.
    path: Cow<'p, [u8]>,
    next: usize,
}

impl<'p> Walk<'_, '_, 'p> {
    /// The bounds of the next component; empty at the end of the path.
    #[inline]
    fn component(&self) -> (usize, usize) {
        let mut start = self.next;
        while self.path.get(start) == Some(&b'/') {
            start += 1;
        }
        let rest = self.path.get(start..).unwrap_or_default();
        (start, start + position(rest, b'/').unwrap_or(rest.len()))
    }

    /// Whether nothing but slashes follows `end`.
    fn is_last(&self, end: usize) -> bool {
        self.path
            .get(end..)
            .unwrap_or_default()
            .iter()
            .all(|byte| *byte == b'/')
    }

    fn before_last(mut self) -> Result<Parent<'p>, Errno> {
        loop {
            let (start, end) = self.component();
            if self.is_last(end) {
                check_directory(&self.at)?;
                self.resolver.check_search(&self.at)?;
                return Ok(Parent {
                    directory: self.at,
                    path: self.path,
                    start,
                    end,
                });
            }
            self.step(start, end, true)?;
        }
    }

    fn finish(mut self, policy: SymlinkPolicy) -> Result<Place, Errno> {
        loop {
            let (start, end) = self.component();
            if start == end {
                break;
            }
            let slash = end < self.path.len();
            self.step(
                start,
                end,
                slash || !self.is_last(end) || policy == SymlinkPolicy::Follow,
            )?;
        }
        // A path that ends in a slash, or that a link made end in one, means a directory.
        if self.path.last() == Some(&b'/') && self.at.inode().kind() != FileType::Directory {
            return Err(Errno::ENOTDIR);
        }
        Ok(self.at)
    }

    /// Goes through one component.
    #[inline]
    fn step(&mut self, start: usize, end: usize, follow: bool) -> Result<(), Errno> {
        self.next = end;
        let name = self.path.get(start..end).unwrap_or_default();
        if matches!(name, b"." | b"..") {
            return self.step_dots(name == b"..");
        }
        let inode = self.resolver.lookup_in(&self.at, name)?;
        let (kind, number) = inode.kind_and_number();
        if follow && kind == FileType::Symlink {
            return self.follow(&*inode);
        }
        self.at.descend(inode, kind, name)?;
        if kind == FileType::Directory {
            self.resolver.namespace.cross_directory(&mut self.at, number);
        }
        Ok(())
    }

    /// Stays, or goes to the directory above.
    #[inline(never)]
    fn step_dots(&mut self, up: bool) -> Result<(), Errno> {
        check_directory(&self.at)?;
        self.resolver.check_search(&self.at)?;
        if up {
            let namespace = self.resolver.namespace;
            let root = self.root();
            self.at = self.at.above(&root, namespace)?;
        }
        Ok(())
    }

    fn root(&mut self) -> Arc<Place> {
        let context = self.resolver.context;
        self.root.get_or_insert_with(|| context.shared_root()).clone()
    }

    #[inline(never)]
    fn follow(&mut self, link: &dyn Inode) -> Result<(), Errno> {
        self.resolver.count_link()?;
        match link.link_target()? {
            LinkTarget::Place(place) => self.at = place,
            LinkTarget::Path(target) => {
                match target.first() {
                    None => return Err(Errno::ENOENT),
                    Some(b'/') => self.at = Place::clone(&self.root()),
                    Some(_) => {}
                }
                self.path = Cow::Owned(joined(target, self.path.get(self.next..).unwrap_or_default())?);
                self.next = 0;
            }
        }
        Ok(())
    }
}

fn joined(mut target: Vec<u8>, rest: &[u8]) -> Result<Vec<u8>, Errno> {
    target.try_reserve(rest.len())?;
    target.extend_from_slice(rest);
    Ok(target)
}

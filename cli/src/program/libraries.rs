//! The shared libraries of a program, found where its dynamic linker will look.
//!
//! glibc's order, `ld.so(8)`: a name with a slash is a path; otherwise `DT_RPATH` of the library that asks and of
//! those that asked for it (only while it has no `DT_RUNPATH`), `LD_LIBRARY_PATH`, `DT_RUNPATH` of the one that asks,
//! the cache, the default directories. musl's, `ldso/dynlink.c`: `LD_LIBRARY_PATH`, `DT_RPATH` or `DT_RUNPATH` of the
//! one that asks and of those that asked for it, the directories of its path file.

use super::{
    cache::Cache,
    elf::{self, Facts},
};
use crate::pack::{collect, tree::Tree, view::View};
use std::{
    collections::HashSet,
    ffi::{OsStr, OsString},
    io::Read,
    os::unix::ffi::{OsStrExt, OsStringExt},
    path::{Path, PathBuf},
};

const GLIBC_DIRECTORIES: [&str; 6] = [
    "/lib/x86_64-linux-gnu",
    "/usr/lib/x86_64-linux-gnu",
    "/lib64",
    "/usr/lib64",
    "/lib",
    "/usr/lib",
];
const MUSL_DIRECTORIES: &str = "/lib:/usr/local/lib:/usr/lib";
const MUSL_PATH_FILE: &str = "/etc/ld-musl-x86_64.path";
const CACHE_FILE: &str = "/etc/ld.so.cache";

/// A library that is nowhere.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Missing {
    /// Its name.
    pub(crate) name: OsString,
    /// Who needs it.
    pub(crate) needed_by: PathBuf,
}

/// Takes the libraries into `tree` that `program`, whose facts are given, needs directly or by others.
///
/// `library_path` is the program's `LD_LIBRARY_PATH`.
pub(crate) fn collect_all(
    tree: &mut Tree,
    view: &View,
    program: &Path,
    facts: Facts,
    library_path: Option<&OsStr>,
) -> Vec<Missing> {
    let Some(interpreter) = facts.interpreter.clone() else {
        return Vec::new();
    };
    let mut search = Search {
        tree,
        view,
        linker: Linker::named(&interpreter, view),
        library_path: library_path.map(split).unwrap_or_default(),
        loaded: HashSet::from_iter(Path::new(&interpreter).file_name().map(OsStr::to_owned)),
        objects: vec![Object {
            path: program.to_owned(),
            facts,
            asked_by: None,
        }],
        missing: Vec::new(),
    };
    let mut next = 0;
    while next < search.objects.len() {
        search.needs_of(next);
        next += 1;
    }
    search.missing
}

/// Whose rules hold.
enum Linker {
    Glibc(Cache),
    Musl(Vec<PathBuf>),
}

impl Linker {
    fn named(interpreter: &OsStr, view: &View) -> Self {
        let read = |path: &str| {
            let mut bytes = Vec::new();
            view.open(Path::new(path))
                .and_then(|mut file| file.read_to_end(&mut bytes))
                .map(|_| bytes)
        };
        if interpreter.as_bytes().windows(7).any(|part| part == b"ld-musl") {
            let directories = read(MUSL_PATH_FILE).unwrap_or_else(|_| MUSL_DIRECTORIES.into());
            let parts = directories
                .split(|byte| matches!(byte, b':' | b'\n'))
                .filter(|part| !part.is_empty());
            Linker::Musl(parts.map(|part| PathBuf::from(OsStr::from_bytes(part))).collect())
        } else {
            Linker::Glibc(Cache::new(read(CACHE_FILE).unwrap_or_default()))
        }
    }
}

/// A loaded program or library.
struct Object {
    /// Its path without symbolic links.
    path: PathBuf,
    facts: Facts,
    /// The index of the object that asked for it first.
    asked_by: Option<usize>,
}

struct Search<'a> {
    tree: &'a mut Tree,
    view: &'a View,
    linker: Linker,
    library_path: Vec<PathBuf>,
    /// Names that need no search any more: file names as asked for, and sonames.
    loaded: HashSet<OsString>,
    objects: Vec<Object>,
    missing: Vec<Missing>,
}

impl Search<'_> {
    fn needs_of(&mut self, asker: usize) {
        for name in self.objects[asker].facts.needed.clone() {
            if !self.loaded.insert(name.clone()) || self.is_part_of_musl(&name) {
                continue;
            }
            let found = self
                .candidates(asker, &name)
                .into_iter()
                .find_map(|path| self.load(&path));
            match found {
                Some((path, facts)) => {
                    self.loaded.extend(facts.soname.clone());
                    self.objects.push(Object {
                        path,
                        facts,
                        asked_by: Some(asker),
                    });
                }
                None => self.missing.push(Missing {
                    name,
                    needed_by: self.objects[asker].path.clone(),
                }),
            }
        }
    }

    /// musl is its own libc, libm, libpthread …
    fn is_part_of_musl(&self, name: &OsStr) -> bool {
        let stem = name
            .as_bytes()
            .strip_prefix(b"lib")
            .and_then(|rest| rest.split(|byte| *byte == b'.').next());
        let parts: [&[u8]; 7] = [b"c", b"pthread", b"rt", b"m", b"dl", b"util", b"xnet"];
        matches!(self.linker, Linker::Musl(_)) && stem.is_some_and(|stem| parts.contains(&stem))
    }

    /// Takes the library at `path`, if it is one for this machine: dynamic linkers pass over others, too.
    fn load(&mut self, path: &Path) -> Option<(PathBuf, Facts)> {
        let facts = elf::facts(&self.view.open(path).ok()?).ok()?;
        let found = collect::path(self.tree, self.view, path).ok()?;
        Some((found.path, facts))
    }

    /// Where the linker will look for `name`, in order.
    fn candidates(&self, asker: usize, name: &OsStr) -> Vec<PathBuf> {
        if name.as_bytes().contains(&b'/') {
            return vec![self.expand(asker, name)];
        }
        let directories: Vec<PathBuf> = match &self.linker {
            Linker::Glibc(cache) => {
                let mut paths: Vec<_> = self
                    .glibc_before_cache(asker)
                    .iter()
                    .map(|dir| dir.join(name))
                    .collect();
                paths.extend(cache.find(name));
                paths.extend(GLIBC_DIRECTORIES.iter().map(|dir| Path::new(dir).join(name)));
                return paths;
            }
            Linker::Musl(system) => {
                let own = self.askers(asker).flat_map(|object| {
                    let facts = &self.objects[object].facts;
                    self.directories(object, facts.rpath.as_deref().or(facts.runpath.as_deref()))
                });
                self.library_path
                    .iter()
                    .cloned()
                    .chain(own)
                    .chain(system.iter().cloned())
                    .collect()
            }
        };
        directories.iter().map(|directory| directory.join(name)).collect()
    }

    fn glibc_before_cache(&self, asker: usize) -> Vec<PathBuf> {
        let facts = &self.objects[asker].facts;
        let mut directories = Vec::new();
        if facts.runpath.is_none() {
            for object in self.askers(asker) {
                directories.extend(self.directories(object, self.objects[object].facts.rpath.as_deref()));
            }
        }
        directories.extend(self.library_path.iter().cloned());
        directories.extend(self.directories(asker, facts.runpath.as_deref()));
        directories
    }

    /// `asker`, who asked for it, who asked for that, and so on to the program.
    fn askers(&self, asker: usize) -> impl Iterator<Item = usize> {
        std::iter::successors(Some(asker), |object| self.objects[*object].asked_by)
    }

    fn directories(&self, object: usize, list: Option<&OsStr>) -> Vec<PathBuf> {
        list.map(split)
            .unwrap_or_default()
            .iter()
            .map(|part| self.expand(object, part.as_os_str()))
            .collect()
    }

    /// Replaces `$ORIGIN` by the directory of `object`, `$LIB` and `$PLATFORM` by what they are on x86-64.
    fn expand(&self, object: usize, path: &OsStr) -> PathBuf {
        let origin = self.objects[object]
            .path
            .parent()
            .unwrap_or(Path::new("/"))
            .as_os_str()
            .as_bytes();
        let mut expanded = path.as_bytes().to_vec();
        for (name, value) in [
            ("ORIGIN", origin),
            ("LIB", b"lib/x86_64-linux-gnu"),
            ("PLATFORM", b"x86_64"),
        ] {
            expanded = replace(&expanded, format!("${name}").as_bytes(), value);
            expanded = replace(&expanded, format!("${{{name}}}").as_bytes(), value);
        }
        PathBuf::from(OsString::from_vec(expanded))
    }
}

fn split(list: &OsStr) -> Vec<PathBuf> {
    std::env::split_paths(list)
        .filter(|path| !path.as_os_str().is_empty())
        .collect()
}

fn replace(text: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut result = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((first, others)) = rest.split_first() {
        if let Some(after) = rest.strip_prefix(from) {
            result.extend_from_slice(to);
            rest = after;
        } else {
            result.push(*first);
            rest = others;
        }
    }
    result
}

#[cfg(test)]
mod tests;

//! A folder for one test.

use std::fs;
use std::path::{Path, PathBuf};

/// A fresh folder, removed at the end.
#[derive(Debug)]
pub struct Scratch(PathBuf);

impl Scratch {
    /// An empty folder with `name`, which must be unique among the tests.
    ///
    /// # Panics
    /// When it cannot be made.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self::below(&crate::target().join("scratch"), name)
    }

    /// The same in a file system in memory, if there is one: directories then have the same sizes as inside.
    ///
    /// # Panics
    /// When it cannot be made.
    #[must_use]
    pub fn in_memory(name: &str) -> Self {
        let shared_memory = Path::new("/dev/shm");
        match shared_memory.is_dir() {
            true => Self::below(shared_memory, &format!("threadbare-{name}")),
            false => Self::new(name),
        }
    }

    fn below(base: &Path, name: &str) -> Self {
        let folder = base.join(format!("{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder)
            .unwrap_or_else(|error| panic!("cannot make {}: {error}", folder.display()));
        Self(folder.canonicalize().expect("it was just made"))
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Writes a file in it, and the folders on the way; returns the file's path.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().expect("it is inside")).expect("a folder can be made");
        fs::write(&path, bytes).unwrap_or_else(|error| panic!("cannot write {}: {error}", path.display()));
        path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

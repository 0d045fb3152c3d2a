//! A folder for one test.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

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

    /// The same on a tmpfs. The machine's file system is in memory too, and like tmpfs it counts the sizes of folders;
    /// file systems on disks each have their own way.
    ///
    /// # Panics
    /// When it cannot be made.
    #[must_use]
    pub fn in_memory(name: &str) -> Self {
        Self::below(Path::new("/dev/shm"), &format!("threadbare-{name}"))
    }

    fn below(parent: &Path, name: &str) -> Self {
        let folder = parent.join(format!("{name}-{}", std::process::id()));
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

    /// Writes a script in it that can be executed at once.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn script(&self, name: &str, text: &str) -> PathBuf {
        let source = self.write(&format!("{name}.text"), text.as_bytes());
        let path = self.0.join(name);
        // By another process: nobody executes what a descriptor of ours can write, which children of other tests may still have.
        let mut install = Command::new("install");
        let status = install.args(["-m", "755"]).args([&source, &path]).status();
        assert!(
            status.is_ok_and(|status| status.success()),
            "cannot write {}",
            path.display()
        );
        path
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

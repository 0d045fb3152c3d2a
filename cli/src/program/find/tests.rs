//! 126, 127 and their words; scripts.

use super::*;
use crate::failure::{NOT_EXECUTABLE, NOT_FOUND};
use std::fs;

struct Sample {
    directory: tempfile::TempDir,
}

impl Sample {
    fn new() -> Self {
        Self {
            directory: tempfile::tempdir().unwrap(),
        }
    }

    fn file(&self, name: &str, content: impl AsRef<[u8]>, mode: u32) -> &Self {
        let path = self.directory.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        self
    }

    fn find(&self, name: &str) -> Result<Executable, Failure> {
        program(
            &View::of(self.directory.path()),
            OsStr::new(name),
            OsStr::new("/first:/bin"),
            Path::new("/work"),
        )
    }
}

fn elf() -> Vec<u8> {
    fs::read("/bin/sh").unwrap()
}

#[track_caller]
fn assert_refused(found: Result<Executable, Failure>, status: u8, words: &str) {
    let failure = found.unwrap_err();
    assert_eq!(failure.status, status, "{failure:?}");
    assert!(failure.text.contains(words), "{failure:?}");
}

#[test]
fn names_are_searched_and_paths_are_not() {
    let sample = Sample::new();
    sample
        .file("bin/tool", elf(), 0o755)
        .file("work/tool", elf(), 0o755);
    assert_eq!(sample.find("tool").unwrap().path, Path::new("/bin/tool"));
    assert_eq!(sample.find("./tool").unwrap().path.as_os_str(), "/work/tool");
    assert_refused(sample.find("/tool"), NOT_FOUND, "/tool was not found");
    assert_refused(sample.find("tool2"), NOT_FOUND, "not found in PATH");
    assert_refused(sample.find(""), NOT_FOUND, "empty");
}

#[test]
fn a_search_passes_over_what_cannot_be_executed() {
    let sample = Sample::new();
    sample
        .file("first/tool", elf(), 0o644)
        .file("bin/tool", elf(), 0o755);
    assert_eq!(sample.find("tool").unwrap().path, Path::new("/bin/tool"));
    sample.file("first/other", elf(), 0o644);
    assert_refused(sample.find("other"), NOT_EXECUTABLE, "no execute permission");
}

#[test]
fn what_cannot_be_executed_is_told() {
    let sample = Sample::new();
    sample
        .file("text", "hello", 0o755)
        .file("plain", elf(), 0o644)
        .file("cut", &elf()[..100], 0o755);
    assert_refused(
        sample.find("/text"),
        NOT_EXECUTABLE,
        "neither an ELF program nor a script",
    );
    assert_refused(sample.find("/plain"), NOT_EXECUTABLE, "no execute permission");
    assert_refused(sample.find("/cut"), NOT_EXECUTABLE, "damaged");
    sample.file("dir/x", "", 0o644);
    assert_refused(sample.find("/dir"), NOT_EXECUTABLE, "is a directory");
}

#[test]
fn a_script_is_followed_to_its_interpreters() {
    let sample = Sample::new();
    sample
        .file("bin/sh", elf(), 0o755)
        .file("bin/awk-like", "#! /bin/sh\n", 0o755);
    sample.file("bin/script", "#!/bin/awk-like  -f  x \nrest", 0o755);
    let chain = chain(&View::of(sample.directory.path()), sample.find("script").unwrap()).unwrap();
    let paths: Vec<_> = chain
        .iter()
        .map(|executable| executable.path.to_str().unwrap())
        .collect();
    assert_eq!(paths, ["/bin/script", "/bin/awk-like", "/bin/sh"]);
    let Kind::Script { argument, .. } = &chain[0].kind else {
        panic!("a script")
    };
    assert_eq!(argument.as_deref(), Some(OsStr::new("-f  x")));
}

#[test]
fn a_missing_or_endless_interpreter_is_told() {
    let sample = Sample::new();
    sample
        .file("bin/a", "#!/bin/none\n", 0o755)
        .file("bin/b", "#!/bin/b\n", 0o755)
        .file("bin/c", "#!\n", 0o755);
    let view = View::of(sample.directory.path());
    let failure = chain(&view, sample.find("a").unwrap()).unwrap_err();
    assert_eq!(failure.status, NOT_FOUND);
    assert!(failure.text.contains("/bin/a needs the interpreter /bin/none"));
    assert_eq!(
        chain(&view, sample.find("b").unwrap()).unwrap_err().status,
        NOT_EXECUTABLE
    );
    assert_eq!(sample.find("c").unwrap_err().status, NOT_EXECUTABLE);
}

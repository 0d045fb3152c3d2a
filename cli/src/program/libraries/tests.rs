//! The closure of real programs against what their dynamic linker says, and the order of the search.

use super::*;
use crate::pack::tree::Tree;
use std::{fs, process::Command};

fn closure(program: &Path) -> (Tree, Vec<Missing>) {
    let view = View::host();
    let mut tree = Tree::new();
    let facts = elf::facts(&view.open(program).unwrap()).unwrap();
    let missing = collect_all(&mut tree, &view, program, facts, None);
    (tree, missing)
}

/// What `ldd` says is loaded from files, by its real path; the linker itself is not the search's business.
fn ldd(program: &Path) -> Option<Vec<PathBuf>> {
    let output = Command::new("ldd")
        .arg(program)
        .output()
        .ok()
        .filter(|output| output.status.success())?;
    let text = String::from_utf8(output.stdout).unwrap();
    let paths = text
        .lines()
        .filter_map(|line| line.split(" => ").nth(1)?.split(' ').next());
    Some(paths.map(|path| fs::canonicalize(path).unwrap()).collect())
}

#[test]
fn programs_get_the_libraries_that_the_linker_loads() {
    let mut compared = 0;
    for name in [
        "ls",
        "env",
        "git",
        "python3",
        "perl",
        "qemu-system-x86_64",
        "gdb",
        "curl",
        "lua5.4",
    ] {
        let program = Path::new("/usr/bin").join(name);
        let Some(expected) = ldd(&program) else { continue };
        let (tree, missing) = closure(&program);
        assert_eq!(missing, [], "{name}");
        for library in &expected {
            assert!(
                tree.host_file(library.as_os_str().as_bytes()).is_some(),
                "{name} lacks {}",
                library.display()
            );
        }
        let packed = tree
            .nodes()
            .filter(|(key, _)| tree.host_file(key).is_some())
            .count();
        assert_eq!(packed, expected.len(), "{name} has more than it needs");
        compared += 1;
    }
    assert!(compared > 0, "none of the programs is here");
}

#[test]
fn a_library_that_is_nowhere_is_told_with_who_needs_it() {
    let mut tree = Tree::new();
    let facts = Facts {
        interpreter: Some("/lib64/ld-linux-x86-64.so.2".into()),
        needed: vec!["libnowhere.so.9".into(), "ld-linux-x86-64.so.2".into()],
        ..Facts::default()
    };
    let missing = collect_all(&mut tree, &View::host(), Path::new("/bin/demo"), facts, None);
    assert_eq!(
        missing,
        [Missing {
            name: "libnowhere.so.9".into(),
            needed_by: "/bin/demo".into()
        }]
    );
}

/// A view in which `libdemo.so` is in several directories.
fn several() -> (tempfile::TempDir, View) {
    let directory = tempfile::tempdir().unwrap();
    for place in [
        "opt/app/bin",
        "opt/app/lib",
        "rpath",
        "runpath",
        "library-path",
        "usr/lib",
    ] {
        fs::create_dir_all(directory.path().join(place)).unwrap();
        if !place.ends_with("bin") {
            fs::copy("/bin/sh", directory.path().join(place).join("libdemo.so")).unwrap();
        }
    }
    let view = View::of(directory.path());
    (directory, view)
}

fn found_in(
    view: &View,
    interpreter: &str,
    change: impl FnOnce(&mut Facts),
    library_path: Option<&str>,
) -> String {
    let mut facts = Facts {
        interpreter: Some(interpreter.into()),
        needed: vec!["libdemo.so".into()],
        ..Facts::default()
    };
    change(&mut facts);
    let mut tree = Tree::new();
    collect_all(
        &mut tree,
        view,
        Path::new("/opt/app/bin/demo"),
        facts,
        library_path.map(OsStr::new),
    );
    let (key, _) = tree
        .nodes()
        .find(|(key, _)| key.ends_with(b"libdemo.so"))
        .expect("it is somewhere");
    str::from_utf8(key)
        .unwrap()
        .trim_end_matches("/libdemo.so")
        .to_owned()
}

#[test]
fn directories_are_searched_in_glibcs_order() {
    let (_directory, view) = several();
    let find = |change: fn(&mut Facts), path| found_in(&view, "/lib64/ld-linux-x86-64.so.2", change, path);
    assert_eq!(find(|_| (), None), "usr/lib");
    assert_eq!(
        find(|facts| facts.rpath = Some("/rpath".into()), Some("/library-path")),
        "rpath"
    );
    assert_eq!(
        find(
            |facts| facts.runpath = Some("/runpath".into()),
            Some("/library-path")
        ),
        "library-path"
    );
    assert_eq!(
        find(|facts| facts.runpath = Some("/none:/runpath".into()), None),
        "runpath"
    );
    assert_eq!(
        find(|facts| facts.runpath = Some("$ORIGIN/../lib".into()), None),
        "opt/app/lib"
    );
    assert_eq!(
        find(|facts| facts.runpath = Some("${ORIGIN}/../lib".into()), None),
        "opt/app/lib"
    );
    assert_eq!(
        find(|facts| facts.needed = vec!["/rpath/libdemo.so".into()], None),
        "rpath"
    );
}

#[test]
fn directories_are_searched_in_musls_order() {
    let (directory, view) = several();
    let find = |change: fn(&mut Facts), path| found_in(&view, "/lib/ld-musl-x86_64.so.1", change, path);
    assert_eq!(
        find(|facts| facts.rpath = Some("/rpath".into()), Some("/library-path")),
        "library-path"
    );
    assert_eq!(
        find(|facts| facts.runpath = Some("/runpath".into()), None),
        "runpath"
    );
    assert_eq!(find(|_| (), None), "usr/lib");
    fs::create_dir(directory.path().join("etc")).unwrap();
    fs::write(
        directory.path().join("etc/ld-musl-x86_64.path"),
        "/none\n/rpath\n",
    )
    .unwrap();
    assert_eq!(find(|_| (), None), "rpath");
}

#[test]
fn musl_is_its_own_c_library() {
    let mut tree = Tree::new();
    let facts = Facts {
        interpreter: Some("/lib/ld-musl-x86_64.so.1".into()),
        needed: vec!["libc.so".into(), "libpthread.so.0".into()],
        ..Facts::default()
    };
    assert_eq!(
        collect_all(&mut tree, &View::host(), Path::new("/bin/demo"), facts, None),
        []
    );
}

//! Building a C project inside: make with four jobs at once, a compiler for each, and what they built.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use threadbare_tests::{Case, debian, target, workspace};

/// Unpacks the crates of `guest/sources`, and returns the folder of Lua's.
fn sources() -> PathBuf {
    let folder = target().join("sources");
    let manifest = workspace().join("guest/sources/Cargo.toml");
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["vendor", "--quiet", "--locked", "--manifest-path"]);
    let output = cargo.arg(manifest).arg(&folder).output().expect("cargo is there");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    folder.join("lua-src/lua-5.4.7")
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("target/ is writable");
    for entry in fs::read_dir(from).expect("the folder is there") {
        let entry = entry.expect("the folder can be read");
        fs::copy(entry.path(), to.join(entry.file_name())).expect("target/ is writable");
    }
}

#[test]
fn make_builds_lua_by_four_jobs() {
    let root = debian("build", &["make", "tcc", "libc6-dev"]);
    copy(&sources(), &root.join("usr/src/lua"));
    copy(&workspace().join("guest/make"), &root.join("usr/src/make"));
    copy(&workspace().join("guest/lua"), &root.join("usr/src/script"));
    let script = "set -e; mkdir /tmp/build; cd /tmp/build
        make --silent -j4 -f /usr/src/make/lua.mk SRC=/usr/src/lua
        make -j4 -f /usr/src/make/lua.mk SRC=/usr/src/lua; echo up to date
        for f in *.o liblua.a lua; do cksum $f; done
        ./lua /usr/src/script/report.lua /usr/src/script/sales.tsv || echo \"status $?\"
        touch lapi.o; make -n -f /usr/src/make/lua.mk SRC=/usr/src/lua | wc -l";
    let case = Case::new("/bin/sh", ["-c", script]).system(&root);
    let outcome = case.env("CURRENCY", "CHF").same();
    assert_eq!(outcome.status, 0, "{}", outcome.report());
}

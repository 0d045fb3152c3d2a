//! Programs of the distribution, started through their own dynamic loader, with the libraries that they need.

use std::fs;
use std::os::unix::fs::symlink;
use threadbare_tests::{Case, Scratch, installed, workspace};

#[test]
fn env() {
    let forgotten = ["-u", "PATH", "-u", "HOME", "-u", "HOSTNAME", "-u", "TERM"];
    let case = Case::new(
        "/usr/bin/env",
        forgotten.into_iter().chain(["A=b", "/usr/bin/env"]),
    );
    // env replaces itself with the program that it is given: here, with itself.
    let outcome = case.env("EMPTY", "").env("GREETING", "hello, world").same();
    assert_eq!(outcome.stdout, b"EMPTY=\nGREETING=hello, world\nA=b\n");
}

#[test]
fn ls() {
    let folder = Scratch::new("ls");
    folder.write("b", b"12345");
    folder.write("a file", &[7; 10_000]);
    symlink("b", folder.path().join("c")).expect("a link can be made");
    let path = folder.path().to_str().expect("an ordinary path");
    Case::new("/bin/ls", ["-lAnF", "--time-style=full-iso", path])
        .volume(folder.path())
        .same();
    // Folders have a size of their own on each file system, so they are not listed with it.
    fs::create_dir(folder.path().join("d")).expect("the folder is fresh");
    Case::new("/bin/ls", ["-F", path]).volume(folder.path()).same();
    let missing = Case::new("/bin/ls", ["/no/such/folder"]).same();
    assert_eq!(missing.status, 2);
}

#[test]
fn names_of_users_are_looked_up_without_a_word_on_standard_error() {
    Case::new("/bin/ls", ["-l", "/etc/passwd"]).same();
}

#[test]
fn bash() {
    let script = "for i in {1..3}; do x+=$i; done; echo $x ${x^^} $((x * 2)) ${#x}; read -r line; echo \"[$line]\"; exit 9";
    let outcome = Case::new("/bin/bash", ["-c", script]).input("a line\n").same();
    assert_eq!(outcome.status, 9);
}

#[test]
fn lua_runs_a_script() {
    let lua = installed("/usr/bin/lua5.4", "lua5.4");
    let folder = workspace()
        .join("guest/lua")
        .canonicalize()
        .expect("guest/lua is there");
    let arguments = [folder.join("report.lua"), folder.join("sales.tsv")];
    let outcome = Case::new(lua, arguments)
        .volume(&folder)
        .env("CURRENCY", "CHF")
        .same();
    assert_eq!(outcome.status, 3);
}

#[test]
fn lua_computes() {
    let lua = installed("/usr/bin/lua5.4", "lua5.4");
    let program = "local t = {} for i = 1, 200000 do t[i % 1000] = (t[i % 1000] or 0) + i * 0.5 end \
                   local s = 0 for k, v in pairs(t) do s = s + v end print(s, #t, string.rep('ab', 3), math.maxinteger) \
                   print(pcall(error, 'x')) print(select('#', table.unpack(t, 1, 100)))";
    Case::new(lua, ["-e", program]).same();
}

//! Standard streams that are regular files of the host: by `guest/c/redirected.c`, and by what is left in the files.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use threadbare_tests::{Case, Linking, Scratch, c};

/// Runs `command` with files as its streams; then somebody else goes on with the descriptors. Returns what is in the files,
/// and what was still to be read.
fn run(mut command: Command, folder: &Scratch, appends: bool) -> [String; 3] {
    let lines: String = (1..=20_000).map(|number| format!("{number}\n")).collect();
    let input = folder.write("input", lines.as_bytes());
    fs::set_permissions(&input, Permissions::from_mode(0o640)).expect("it is ours");
    let [out, err] = ["out", "err"].map(|name| folder.write(name, b""));
    let again = |file: &File| file.try_clone().expect("there are descriptors left");
    let open = |path, appends: bool| OpenOptions::new().write(true).append(appends).open(path);
    let mut input = File::open(input).expect("it was just written");
    let mut stdout = open(&out, appends).expect("it was just written");
    let stderr = if appends {
        again(&stdout) // one file for both: `>>out 2>&1`
    } else {
        open(&err, false).expect("it was just written")
    };
    let status = command
        .stdin(again(&input))
        .stdout(again(&stdout))
        .stderr(stderr)
        .status();
    assert!(status.as_ref().is_ok_and(|status| status.success()), "{status:?}");
    stdout.write_all(b"on").expect("it is open for writing");
    let mut rest = String::new();
    input.read_to_string(&mut rest).expect("it is open for reading");
    let [out, err] = [out, err].map(|path| fs::read_to_string(path).expect("it is still there"));
    [out, err, rest]
}

fn same(arguments: &[&str]) -> [String; 3] {
    let program = c("redirected", Linking::Static);
    let folder = Scratch::new(if arguments.is_empty() {
        "redirected"
    } else {
        "appended"
    });
    let mut linux = Command::new(&program);
    linux.args(arguments);
    let linux = run(linux, &folder, !arguments.is_empty());
    let inside = Case::new(&program, arguments).command();
    let inside = run(inside, &folder, !arguments.is_empty());
    assert_eq!(inside[..2], linux[..2]);
    assert!(inside[2] == linux[2], "the input was left elsewhere");
    assert!(!inside.concat().contains(": NO"), "{inside:?}");
    inside
}

#[test]
fn offsets_of_files_are_the_programs_and_stay_where_it_left_them() {
    let [out, _, rest] = same(&[]);
    assert_eq!(out, "Heono World!\n");
    assert!(rest.starts_with("2\n3\n") && rest.ends_with("20000\n"));
}

#[test]
fn output_and_error_in_one_file_append_in_the_order_of_writing() {
    let [out, ..] = same(&["appends"]);
    assert!(
        out.ends_with("appended\nthe end is where appending goes: yes\non"),
        "{out}"
    );
}

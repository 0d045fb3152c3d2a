//! A static busybox: many programs in one file, without a loader.

use std::fmt::Write;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use threadbare_tests::{Case, Scratch, busybox};

/// Bytes that look like anything.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    (0..length.div_ceil(8))
        .flat_map(|_| next())
        .take(length)
        .collect()
}

/// Numbers, one a line, in no order.
fn lines(count: u32) -> String {
    (0..count).fold(String::new(), |mut text, n| {
        let _ = writeln!(text, "{:07} line {n}", n.wrapping_mul(2_654_435_761) >> 9);
        text
    })
}

#[test]
fn echo() {
    let outcome = Case::busybox(["echo", "hello", "", "w\u{f6}rld", "a\tb"]).same();
    assert_eq!(outcome.stdout, "hello  w\u{f6}rld a\tb\n".as_bytes());
}

#[test]
fn cat_of_ten_megabytes_from_a_pipe() {
    let input = noise(10_000_000);
    let outcome = Case::busybox(["cat"]).input(input.clone()).same();
    assert!(outcome.stdout == input, "the bytes that came back are others");
}

#[test]
fn streams_are_separate_and_carry_every_byte() {
    let every_byte: Vec<u8> = (0..=255).collect();
    Case::busybox([
        "sh",
        "-c",
        "echo out; echo err >&2; read line; echo \"$line\"; echo more >&2",
    ])
    .input("in\n")
    .same();
    Case::busybox(["tee", "/dev/stderr"]).input(every_byte).same();
}

#[test]
fn input_that_nobody_reads_does_not_matter() {
    Case::busybox(["true"]).input(noise(1 << 20)).same();
    Case::busybox(["head", "-c", "3"]).input("abcdef").same();
    Case::busybox(["cat"]).input("").same();
}

#[test]
fn sha256sum() {
    let input = noise(3_000_001);
    Case::busybox(["sha256sum"]).input(input.clone()).same();
    let folder = Scratch::new("sha256sum");
    let file = folder.write("noise", &input);
    Case::new(busybox(), [std::ffi::OsStr::new("sha256sum"), file.as_os_str()])
        .volume(folder.path())
        .same();
}

#[test]
fn ls_of_the_root() {
    let root = Scratch::in_memory("root");
    for folder in ["bin", "dev", "etc", "proc", "root", "sys", "tmp", "empty"] {
        fs::create_dir(root.path().join(folder)).expect("the folder is fresh");
    }
    for (folder, mode) in [
        ("proc", 0o555),
        ("sys", 0o555),
        ("root", 0o700),
        ("tmp", 0o1777),
        ("empty", 0o2750),
    ] {
        fs::set_permissions(root.path().join(folder), fs::Permissions::from_mode(mode)).expect("it is ours");
    }
    let program = root.path().join("bin/busybox");
    fs::copy(busybox(), &program).expect("busybox can be copied");
    symlink("bin/busybox", root.path().join("link")).expect("a link can be made");
    fs::hard_link(&program, root.path().join("second-name")).expect("a second name can be made");
    for (name, bytes, mode) in [
        ("etc/name", &b"thread\n"[..], 0o644),
        ("secret", &b"bare"[..], 0o600),
        (".hidden", &[0; 5000], 0o4711),
    ] {
        let file = root.write(name, bytes);
        fs::set_permissions(file, fs::Permissions::from_mode(mode)).expect("it is ours");
    }
    let listing = Case::new("/bin/busybox", ["ls", "-la", "/"]).root(root.path());
    let (mut linux, mut inside) = (listing.on_linux(), listing.inside());
    (linux.stdout, inside.stdout) = (without_mounts(linux.stdout), without_mounts(inside.stdout));
    assert_eq!(inside.difference(&linux), None);
    for arguments in [
        &["ls", "-laR", "/etc", "/empty"][..],
        &["stat", "-c", "%n %s %b %h %a %F", "/.hidden", "/link"],
    ] {
        Case::new("/bin/busybox", arguments).root(root.path()).same();
    }
    Case::new("/bin/busybox", ["cat", "/etc/name", "/secret"])
        .root(root.path())
        .same();
}

/// A listing without the lines of the folders on which something is mounted inside.
fn without_mounts(listing: Vec<u8>) -> Vec<u8> {
    let mounts = [&b" dev\n"[..], b" proc\n", b" sys\n"];
    let lines = listing.split_inclusive(|&byte| byte == b'\n');
    let kept = lines.filter(|line| !mounts.iter().any(|mount| line.ends_with(mount)));
    kept.flatten().copied().collect()
}

#[test]
fn sort_of_a_million_lines() {
    Case::busybox(["sort"])
        .option("--memory", "512M")
        .input(lines(1_000_000))
        .same();
}

#[test]
fn awk() {
    let program = "{ n[$1 % 100] += length($0) } END { for (i = 0; i < 100; i++) printf \"%d %d %.3f\\n\", i, n[i], sqrt(n[i]) }";
    Case::busybox(["awk", program]).input(lines(50_000)).same();
    Case::busybox([
        "awk",
        "BEGIN { printf \"%s %c %5.2e|\\n\", toupper(\"x\"), 66, 12345.678; exit 3 }",
    ])
    .same();
}

#[test]
fn files_in_a_shell() {
    let root = Scratch::new("shell");
    for folder in ["dev", "proc", "root", "sys", "tmp"] {
        fs::create_dir(root.path().join(folder)).expect("the folder is fresh");
    }
    fs::copy(busybox(), root.path().join("sh")).expect("busybox can be copied");
    let script = "cd /tmp; for i in 1 2 3; do echo $i > f$i; done; echo *; read x < f2; echo got $x; echo >> f2; echo f*; \
                  cd ..; pwd; test -e tmp/f3 && echo there; umask 027; umask; cd /nowhere; echo x > /nowhere/y; exit 5";
    // One process on Linux too: busybox runs these as builtins.
    Case::new("/sh", ["-c", script]).root(root.path()).same();
}

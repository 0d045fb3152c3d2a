//! What is explored: programs that do much at once, and check what comes of it.

use crate::{packages, process, workspace};
use anyhow::{Context, Result};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A program, and what it must come to.
pub(crate) struct Program {
    pub(super) name: String,
    pub(super) words: Vec<String>,
    /// Exit status, as a shell says it.
    pub(super) status: i32,
    /// What its output must contain.
    pub(super) says: &'static str,
}

/// What no program may print: a check of `guest/c` that failed, or one of stress-ng's.
pub(super) const WRONG: [&str; 2] = [": NO", "stress-ng: fail:"];

/// Programs of `guest/c`, and with what arguments. None of them reads standard input: that comes at moments of the host's.
const GUESTS: [(&str, &str); 19] = [
    ("races", "fifos /tmp"),
    ("races", "children /tmp"),
    ("races", "connections /tmp"),
    ("races", "threads /tmp"),
    ("awaited", ""),
    ("events", "/tmp"),
    ("files", "/tmp"),
    ("futex", ""),
    ("mappings", ""),
    ("pipes", "/tmp"),
    ("processes", ""),
    ("queues", ""),
    ("restart", ""),
    ("sched", ""),
    ("signals", ""),
    ("sockets", "/tmp"),
    ("splices", "/tmp"),
    ("timers", ""),
    ("vdso", ""),
];

/// Scripts for busybox: a name, the text, and the last thing that they print.
const SCRIPTS: [(&str, &str, &str); 4] = [
    (
        "sh-pipes",
        "for i in 1 2 3 4 5 6; do seq 1 200 | sort -n | tail -n 1 | cat; done; (echo a; true) & (echo b | cat >/dev/null) & \
         wait; echo done",
        "done",
    ),
    (
        "sh-fifos",
        "for i in 1 2 3 4 5 6 7 8; do mkfifo /tmp/f$i; echo $i > /tmp/f$i & cat /tmp/f$i; wait; done; echo done",
        "8\ndone",
    ),
    (
        "sh-kills",
        "for i in 1 2 3 4 5; do sleep 1000 & kill $!; wait $!; echo $?; done; trap 'echo got' USR1; kill -USR1 $$; echo done",
        "143\ngot\ndone",
    ),
    (
        "sh-forks",
        "for i in $(seq 40); do (exit 3) & done; wait; for i in $(seq 20); do (exit 3) & wait $! ; [ $? = 3 ] || echo bad; done; \
         seq 1 30 | xargs -n 2 -P 5 /bin/busybox echo | wc -l",
        "15",
    ),
];

/// Stressors, and how many operations of each.
const STRESSORS: [(&str, u32); 21] = [
    ("clone", 20),
    ("daemon", 10),
    ("dup", 50),
    ("epoll", 10),
    ("eventfd", 100),
    ("fault", 50),
    ("fifo", 50),
    ("fork", 30),
    ("futex", 200),
    ("kill", 50),
    ("pipe", 200),
    ("poll", 50),
    ("pthread", 20),
    ("sigchld", 50),
    ("sigfd", 100),
    ("signal", 100),
    ("sigq", 50),
    ("sockpair", 50),
    ("switch", 200),
    ("vfork", 20),
    ("wait", 20),
];

/// All whose name contains one of `names`, built; all of them without any.
///
/// # Errors
/// What is missing, and how it is installed.
pub(crate) fn chosen(names: &[String]) -> Result<Vec<Program>> {
    packages::ensure_program("qemu-system-x86_64", "qemu-system-x86")?;
    packages::ensure_program("stress-ng", "stress-ng")?;
    packages::ensure_program("hackbench", "rt-tests")?;
    packages::ensure("a static busybox", &["busybox-static"], || {
        Path::new("/bin/busybox").exists()
    })?;
    let wanted = |name: &str| names.is_empty() || names.iter().any(|part| name.contains(part.as_str()));
    let mut programs = Vec::new();
    for (program, argument) in GUESTS {
        let name = format!("{program} {argument}").trim_end().to_owned();
        if wanted(&name) {
            let mut words = vec![guest(program)?.display().to_string()];
            words.extend(argument.split_whitespace().map(str::to_owned));
            let status = if program == "signals" { 143 } else { 0 }; // it ends by SIGTERM
            programs.push(program_of(&name, words, status, "yes"));
        }
    }
    for (name, script, says) in SCRIPTS {
        let words = ["/bin/busybox", "sh", "-c", script].map(str::to_owned);
        programs.push(program_of(name, words.to_vec(), 0, says));
    }
    for (name, operations) in STRESSORS {
        let script = format!("stress-ng --verify --temp-path /tmp --{name} 2 --{name}-ops {operations}");
        let words = script.split(' ').map(str::to_owned).collect();
        programs.push(program_of(&format!("stress {name}"), words, 0, "successful run"));
    }
    for how in ["-p", "-s", "-p -T", "-s -T"] {
        let script = format!("hackbench {how} -g 1 -l 20").replace(" -s", "");
        let words = script.split(' ').map(str::to_owned).collect();
        programs.push(program_of(&format!("hackbench {how}"), words, 0, "Time:"));
    }
    programs.retain(|program| wanted(&program.name));
    Ok(programs)
}

fn program_of(name: &str, words: Vec<String>, status: i32, says: &'static str) -> Program {
    Program {
        name: name.to_owned(),
        words,
        status,
        says,
    }
}

fn guest(name: &str) -> Result<PathBuf> {
    packages::ensure_program("gcc", "gcc")?;
    let folder = workspace::target().join("explore");
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let program = folder.join(name);
    let mut gcc = Command::new("gcc");
    gcc.args(["-O1", "-g", "-static"])
        .arg(workspace::root().join(format!("guest/c/{name}.c")))
        .arg("-o")
        .arg(&program);
    process::run(gcc.arg("-lm"))?;
    Ok(program)
}

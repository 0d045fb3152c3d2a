//! A script that is called `qemu-system-x86_64` and says what a test wants.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};
use tempfile::TempDir;
use threadbare_link::{Features, GuestMessage, VERSION};

/// Reads the gate as QEMU does, keeps a copy of the initial RAM disk, and has the link as `$link`.
const PROLOGUE: &str = r#"#!/bin/sh
echo $$ >"$here/pid"
while [ $# -gt 0 ]; do
    case $1 in
        socket,*) link=${1##*fd=} ;;
        -initrd) initrd=$2 ;;
        -readconfig) gate=$2 ;;
    esac
    shift
done
cat "$gate"
cat "$initrd" >"$here/initrd"
"#;

/// A machine to be.
pub(crate) struct Machine {
    directory: TempDir,
    script: String,
}

/// What came of a run.
pub(crate) struct Run {
    pub(crate) status: i32,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: Vec<u8>,
}

impl Run {
    pub(crate) fn words(&self) -> String {
        String::from_utf8(self.stderr.clone()).unwrap()
    }
}

impl Machine {
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let script = PROLOGUE.replace("$here", directory.path().to_str().unwrap());
        Self { directory, script }
    }

    pub(crate) fn hello(self) -> Self {
        self.say(&[GuestMessage::Hello {
            version: VERSION,
            features: Features::NONE,
        }])
    }

    /// Sends messages.
    pub(crate) fn say(self, messages: &[GuestMessage<'_>]) -> Self {
        let mut bytes = Vec::new();
        for message in messages {
            message.append_to(&mut bytes).unwrap();
        }
        self.raw(&bytes)
    }

    /// Sends bytes.
    pub(crate) fn raw(mut self, bytes: &[u8]) -> Self {
        let file = self.path(&format!("said-{}", self.script.len()));
        fs::write(&file, bytes).unwrap();
        self.line(&format!("cat {} >&$link", file.display()));
        self
    }

    /// Waits for so many bytes more.
    pub(crate) fn hear(mut self, count: usize) -> Self {
        let heard = self.path("heard");
        self.line(&format!(
            "dd bs=1 count={count} status=none <&$link >>{}",
            heard.display()
        ));
        self
    }

    /// Prints on the crash console.
    pub(crate) fn console(mut self, text: &str) -> Self {
        let file = self.path("console");
        fs::write(&file, text).unwrap();
        self.line(&format!("cat {}", file.display()));
        self
    }

    /// Ends QEMU with this status.
    pub(crate) fn ends(mut self, status: i32) -> Self {
        self.line(&format!("exit {status}"));
        self.install()
    }

    /// Goes on for ever.
    pub(crate) fn sleeps(mut self) -> Self {
        self.line("exec sleep 1000");
        self.install()
    }

    fn line(&mut self, line: &str) {
        self.script.push_str(line);
        self.script.push('\n');
    }

    fn install(self) -> Self {
        let (text, program) = (self.path("text"), self.path("qemu-system-x86_64"));
        fs::write(&text, &self.script).unwrap();
        // By another process: nobody executes what a descriptor of ours can write, which children of other tests may still have.
        let mut install = Command::new("install");
        install.args(["-m", "755"]).args([text, program]);
        assert!(install.status().unwrap().success());
        fs::write(self.path("kernel"), fs::read("/bin/sh").unwrap()).unwrap();
        self
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// `threadbare run` with these arguments, on this machine.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_threadbare"));
        let path = std::env::var("PATH").unwrap();
        command.env("PATH", format!("{}:{path}", self.directory.path().display()));
        command
            .args(["run", "--accel", "tcg", "--kernel"])
            .arg(self.path("kernel"))
            .args(arguments);
        command
    }

    /// Runs it to its end.
    pub(crate) fn run(&self, arguments: &[&str], input: &[u8]) -> Run {
        let mut child = self
            .command(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(input).unwrap();
        let output = child.wait_with_output().unwrap();
        Run {
            status: output.status.code().unwrap(),
            stdout: output.stdout,
            stderr: output.stderr,
        }
    }

    /// What the command sent, as far as the machine waited for it.
    pub(crate) fn heard(&self) -> Vec<u8> {
        fs::read(self.path("heard")).unwrap_or_default()
    }

    pub(crate) fn wait_until_heard(&self, count: usize) {
        wait_until("it is heard", || self.heard().len() >= count);
    }

    pub(crate) fn was_started(&self) -> bool {
        self.path("pid").exists()
    }

    /// The initial RAM disk that the machine got.
    pub(crate) fn archive(&self) -> Vec<u8> {
        fs::read(self.path("initrd")).unwrap()
    }

    /// Fails if the machine's process is still there after a moment.
    pub(crate) fn assert_gone(&self) {
        let pid = fs::read_to_string(self.path("pid")).unwrap();
        let process = Path::new("/proc").join(pid.trim());
        wait_until("the machine is gone", || {
            let state = fs::read_to_string(process.join("stat")).unwrap_or_default();
            // A zombie is gone; whoever adopted it will see to it.
            state.is_empty() || state.contains(") Z ")
        });
    }
}

fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < Duration::from_secs(300), "waiting until {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Sends a signal by kill(1).
pub(crate) fn kill(signal: &str, pid: u32) {
    assert!(
        Command::new("sh")
            .args(["-c", &format!("kill -{signal} {pid}")])
            .status()
            .unwrap()
            .success()
    );
}

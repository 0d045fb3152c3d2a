//! A program on a pseudo-terminal, and somebody who types and reads.

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Termios, Winsize, tcgetattr, tcsetwinsize};
use std::ffi::OsStr;
use std::fs::File;
use std::ops::Range;
use std::os::fd::OwnedFd;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use crate::PATIENCE;

/// A program that has a terminal of the host, and whoever sits at it.
#[derive(Debug)]
pub struct Terminal {
    master: OwnedFd,
    child: Child,
    /// What has been shown and not been looked for yet.
    seen: Vec<u8>,
    /// All that was shown.
    all: Vec<u8>,
}

impl Terminal {
    /// Starts `command` as the leader of a session on a new terminal of 24 lines and 80 columns.
    ///
    /// # Panics
    /// When there is no terminal or no setsid(1), or the command does not start.
    #[must_use]
    pub fn start(command: &Command) -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)
            .expect("the host has pseudo-terminals");
        grantpt(&master).expect("it is ours");
        unlockpt(&master).expect("it is ours");
        let name = ptsname(&master, Vec::new()).expect("it has a name");
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
        let slave = File::from(rustix::fs::open(name, flags, Mode::empty()).expect("it is unlocked"));
        set_size(&master, 24, 80);
        // setsid(1) makes a session with a controlling terminal, which takes unsafe code here.
        let mut setsid = crate::with_default_signals(crate::installed("/usr/bin/setsid", "util-linux"));
        setsid
            .arg("--ctty")
            .arg(command.get_program())
            .args(command.get_args());
        setsid.env_clear();
        let pairs = command
            .get_envs()
            .filter_map(|(name, value)| Some((name, value?)));
        setsid.envs(pairs);
        let again = || slave.try_clone().expect("there are descriptors left");
        let child = setsid
            .stdin(again())
            .stdout(again())
            .stderr(again())
            .current_dir("/")
            .spawn();
        Self {
            master,
            child: child.unwrap_or_else(|error| panic!("cannot start {setsid:?}: {error}")),
            seen: Vec::new(),
            all: Vec::new(),
        }
    }

    /// The number of the process.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Types.
    ///
    /// # Panics
    /// When the terminal takes no keys.
    pub fn press(&mut self, keys: impl AsRef<[u8]>) {
        let keys = keys.as_ref();
        assert_eq!(
            rustix::io::write(&self.master, keys),
            Ok(keys.len()),
            "keys are taken"
        );
    }

    /// Waits until `text` is shown, and returns what was shown before it.
    ///
    /// # Panics
    /// When it is not shown: with what is.
    pub fn expect(&mut self, text: &str) -> String {
        self.expect_all(&[text])
    }

    /// Waits until each of `texts` is shown, in whichever order; returns what was shown before the last of them.
    ///
    /// # Panics
    /// When one is not shown: with what is.
    pub fn expect_all(&mut self, texts: &[&str]) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match last(&self.seen, texts) {
                Ok(Range { start, end }) => {
                    let before = String::from_utf8_lossy(&self.seen[..start]).into_owned();
                    self.seen.drain(..end);
                    return before;
                }
                Err(missing) if !self.look(deadline) => {
                    let seen = String::from_utf8_lossy(&self.all);
                    panic!("{missing:?} is not shown; all that is:\n{seen:?}");
                }
                Err(_) => {}
            }
        }
    }

    /// Types a line, and waits for the next `prompt`; returns what came between.
    pub fn ask(&mut self, line: &str, prompt: &str) -> String {
        self.press(format!("{line}\n"));
        self.expect(prompt)
    }

    /// Takes what is shown until `deadline`; `false` if that has come, or there is nothing more.
    fn look(&mut self, deadline: Instant) -> bool {
        let left = deadline.saturating_duration_since(Instant::now());
        let Ok(timeout) = Timespec::try_from(left) else {
            return false;
        };
        let ready = poll(&mut [PollFd::new(&self.master, PollFlags::IN)], Some(&timeout));
        let mut buffer = [0; 4096];
        match ready.and_then(|ready| {
            if ready > 0 {
                rustix::io::read(&self.master, &mut buffer)
            } else {
                Ok(0)
            }
        }) {
            Ok(0) | Err(_) => false, // EIO: nobody has the terminal any more
            Ok(count) => {
                self.seen.extend_from_slice(&buffer[..count]);
                self.all.extend_from_slice(&buffer[..count]);
                true
            }
        }
    }

    /// The terminal's settings.
    ///
    /// # Panics
    /// When it has none.
    #[must_use]
    pub fn settings(&self) -> String {
        let Termios {
            input_modes,
            output_modes,
            control_modes,
            local_modes,
            ..
        } = tcgetattr(&self.master).expect("it is a terminal");
        format!("{input_modes:?} {output_modes:?} {control_modes:?} {local_modes:?}")
    }

    /// Changes its size.
    pub fn resize(&self, rows: u16, columns: u16) {
        set_size(&self.master, rows, columns);
    }

    /// Waits until `condition` holds.
    ///
    /// # Panics
    /// When it does not.
    pub fn wait_until(&mut self, what: &str, condition: impl Fn(&Self) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !condition(self) {
            let seen = String::from_utf8_lossy(&self.all);
            assert!(
                Instant::now() < deadline,
                "waiting until {what}; shown is:\n{seen:?}"
            );
            // Whatever is shown meanwhile is taken, so that nobody waits for this.
            self.look(Instant::now() + Duration::from_millis(5));
        }
    }

    /// Sends the process a signal by kill(1).
    ///
    /// # Panics
    /// When it is not there.
    pub fn kill(&self, signal: &str) {
        kill(signal, self.pid());
    }

    /// Whether the process has ended.
    #[must_use]
    pub fn is_zombie(&self) -> bool {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.pid()));
        stat.is_ok_and(|stat| stat.contains(") Z "))
    }

    /// Waits for the process' end; returns its status, as a shell says it.
    ///
    /// # Panics
    /// When it does not end.
    pub fn end(&mut self) -> i32 {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().expect("it is our child") {
                let killed = status.signal().map(|signal| 128 + signal);
                return status.code().or(killed).expect("it ended");
            }
            let seen = String::from_utf8_lossy(&self.all);
            assert!(Instant::now() < deadline, "it goes on; shown is:\n{seen:?}");
            self.look(Instant::now() + Duration::from_millis(5));
        }
    }

    /// All that was shown, up to what was looked for last.
    #[must_use]
    pub fn transcript(&self) -> String {
        String::from_utf8_lossy(&self.all[..self.all.len() - self.seen.len()]).into_owned()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends a process a signal by kill(1).
///
/// # Panics
/// When it is not there.
pub fn kill(signal: &str, pid: u32) {
    let status = Command::new("kill")
        .arg(format!("-{signal}"))
        .arg(pid.to_string())
        .status();
    assert!(
        status.is_ok_and(|status| status.success()),
        "process {pid} is there"
    );
}

fn set_size(terminal: &OwnedFd, rows: u16, columns: u16) {
    let size = Winsize {
        ws_row: rows,
        ws_col: columns,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    tcsetwinsize(terminal, size).expect("it is a terminal");
}

/// Where in `shown` the last of `texts` is, or the first that is missing.
fn last<'a>(shown: &[u8], texts: &[&'a str]) -> Result<Range<usize>, &'a str> {
    let find = |text: &'a str| {
        let mut windows = shown.windows(text.len());
        let start = windows.position(|window| window == text.as_bytes());
        start.map(|start| start..start + text.len()).ok_or(text)
    };
    texts.iter().try_fold(0..0, |last, text| {
        let found = find(text)?;
        Ok(if found.end > last.end { found } else { last })
    })
}

/// A shell that asks by `prompt`, and nothing else in its environment but what every program has.
#[must_use]
pub fn environment(prompt: &str) -> Vec<(String, String)> {
    [
        (
            "PATH",
            "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        ),
        ("HOME", "/"),
        ("TERM", "dumb"),
        ("PS1", prompt),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .to_vec()
}

/// The same command line on Linux and, by `threadbare run -it`, in a machine; a static busybox is there, too.
#[must_use]
pub fn both<A: AsRef<OsStr>>(program: &str, arguments: &[A], prompt: &str) -> [Terminal; 2] {
    let environment = environment(prompt);
    let mut linux = Command::new(program);
    linux.args(arguments).envs(environment.iter().cloned());
    let busybox = crate::busybox();
    let volume = format!("{}:/usr/bin/busybox:ro", busybox.display());
    let options = ["-it", "--volume", &volume];
    [
        Terminal::start(&linux),
        inside(&options, program, arguments, prompt),
    ]
}

/// A command line in a machine.
#[must_use]
pub fn inside<A: AsRef<OsStr>>(options: &[&str], program: &str, arguments: &[A], prompt: &str) -> Terminal {
    let mut inside = Command::new(crate::threadbare());
    inside.arg("run").args(options);
    for (name, value) in environment(prompt) {
        inside.arg("--env").arg(format!("{name}={value}"));
    }
    inside.arg("--").arg(program).args(arguments);
    // QEMU is looked for in PATH.
    inside.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    Terminal::start(&inside)
}

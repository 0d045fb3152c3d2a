//! One command line, to be run on Linux and in a machine.

use crate::{Outcome, with_default_signals, workspace};
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// How long a machine may run before it counts as hanging. No test takes nearly as long, not on a slow machine that does other things, too.
pub const PATIENCE: Duration = Duration::from_secs(600);

/// A program with its arguments, environment and input.
#[derive(Clone, Debug)]
pub struct Case {
    program: PathBuf,
    arguments: Vec<OsString>,
    environment: Vec<(String, String)>,
    input: Vec<u8>,
    /// Options of `threadbare run`.
    options: Vec<OsString>,
    /// The directory that is the root file system of both runs.
    root: Option<PathBuf>,
    /// Whether Linux, too, is to have a `/proc`, a `/dev` and a `/tmp` of its own in that root.
    mounts: bool,
}

impl Case {
    /// `program` with `arguments`, no input, and the working directory `/`.
    pub fn new<A: AsRef<OsStr>>(program: impl Into<PathBuf>, arguments: impl IntoIterator<Item = A>) -> Self {
        Self {
            program: program.into(),
            arguments: arguments
                .into_iter()
                .map(|argument| argument.as_ref().to_owned())
                .collect(),
            environment: Vec::new(),
            input: Vec::new(),
            options: Vec::new(),
            root: None,
            mounts: false,
        }
    }

    /// A static busybox with `arguments`.
    pub fn busybox<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Self {
        Self::new(crate::busybox(), arguments)
    }

    /// Bytes to read from standard input.
    #[must_use]
    pub fn input(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.input = bytes.into();
        self
    }

    /// A variable of the program's environment. Give them in the order of their names: std passes them on in it.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// An option of `threadbare run`; Linux does without.
    #[must_use]
    pub fn option(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.options.extend([name.into(), value.as_ref().to_owned()]);
        self
    }

    /// Gives a folder of the host to the machine, at the same path.
    #[must_use]
    pub fn volume(self, folder: &Path) -> Self {
        let folder = folder.display();
        self.option("--volume", format!("{folder}:{folder}:ro"))
    }

    /// Makes `folder` the root file system: by `--root`, and by chroot on Linux.
    #[must_use]
    pub fn root(mut self, folder: &Path) -> Self {
        self.root = Some(folder.to_owned());
        self.option("--root", folder)
    }

    /// Runs it in a root that [`crate::debian`] has made: with `/proc`, `/dev`, `/sys` and a `/tmp`, as process 2 or so of
    /// a process namespace whose processes all end with it, and with room for all of it in memory.
    #[must_use]
    pub fn system(mut self, root: &Path) -> Self {
        self.mounts = true;
        self.root(root).option("--memory", "1G")
    }

    /// Runs it on Linux.
    #[must_use]
    pub fn on_linux(&self) -> Outcome {
        let mut command = match &self.root {
            Some(root) => in_root(root, self.mounts),
            None => with_default_signals(&self.program),
        };
        if self.root.is_some() {
            command.arg(&self.program);
        }
        command.args(&self.arguments).current_dir("/").env_clear();
        command.env(
            "PATH",
            "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        );
        Outcome::of(command.envs(self.environment.iter().cloned()), &self.input)
    }

    /// Runs it in a virtual machine.
    #[must_use]
    pub fn inside(&self) -> Outcome {
        Outcome::of(&mut self.command(), &self.input)
    }

    /// The command that runs it in a virtual machine, for no longer than [`PATIENCE`] unless an option says otherwise.
    #[must_use]
    pub fn command(&self) -> Command {
        self.command_with(&[])
    }

    /// The same with more options, which need not have values.
    #[must_use]
    pub fn command_with(&self, options: &[&str]) -> Command {
        let mut command = with_default_signals(threadbare());
        command.arg("run").args(&self.options).args(options);
        let has_limit = options.contains(&"--timeout") || self.options.iter().any(|name| name == "--timeout");
        if !has_limit {
            command.args(["--timeout", &PATIENCE.as_secs().to_string()]);
        }
        for (name, value) in &self.environment {
            command.args(["--env", &format!("{name}={value}")]);
        }
        command.arg("--").arg(&self.program).args(&self.arguments);
        command
    }

    /// Runs it on both, and fails the test when they differ.
    ///
    /// # Panics
    /// When they differ: with where and how.
    pub fn same(&self) -> Outcome {
        self.same_but_for(|bytes| bytes)
    }

    /// The same, after `edit` has removed from both standard errors what must differ.
    ///
    /// # Panics
    /// When they differ: with where and how.
    pub fn same_but_for(&self, edit: impl Fn(Vec<u8>) -> Vec<u8>) -> Outcome {
        let (mut linux, mut inside) = (self.on_linux(), self.inside());
        (linux.stderr, inside.stderr) = (edit(linux.stderr), edit(inside.stderr));
        if let Some(difference) = inside.difference(&linux) {
            panic!("{:?} {:?}\n{difference}", self.program, self.arguments);
        }
        inside
    }
}

/// What starts a program in another root, in a user namespace of its own so that any user may.
fn in_root(root: &Path, mounts: bool) -> Command {
    const MOUNT: &str = "mount -t proc proc \"$0/proc\" && mount --rbind /dev \"$0/dev\" && mount --rbind /sys \"$0/sys\" && \
                         mount -t tmpfs -o mode=1777 tmp \"$0/tmp\" && exec chroot \"$0\" \"$@\"";
    let mut unshare = with_default_signals("unshare");
    if mounts {
        unshare.args([
            "--user",
            "--map-root-user",
            "--mount",
            "--pid",
            "--fork",
            "--kill-child",
        ]);
        unshare.args(["sh", "-c", MOUNT]).arg(root);
    } else {
        unshare
            .args(["--user", "--map-current-user", "--keep-caps", "--root"])
            .arg(root);
    }
    unshare
}

/// The command under test: `$THREADBARE`, or what `cargo xtask build` built.
///
/// # Panics
/// When it was not built.
#[must_use]
pub fn threadbare() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into());
    let built = || workspace().join(target).join("release/threadbare");
    let command = std::env::var_os("THREADBARE").map_or_else(built, PathBuf::from);
    assert!(
        command.exists(),
        "{} is missing: build it with `cargo xtask build`",
        command.display()
    );
    command
}

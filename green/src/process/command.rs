//! How to start a child.

#![allow(unsafe_code, reason = "fenced: hands the duty of `pre_exec` on")]

use std::ffi::OsStr;
use std::fmt;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{CommandArgs, CommandEnvs, ExitStatus, Output, Stdio};

use super::Child;
use crate::rt::blocking::in_place;

/// A program to start, and how. As [`std::process::Command`].
pub struct Command {
    inner: std::process::Command,
    /// Which standard streams the user has chosen: the defaults depend on how the child is started.
    chosen: [bool; 3],
}

impl Command {
    /// Starts `program`, with this process's environment and directory.
    pub fn new<S: AsRef<OsStr>>(program: S) -> Command {
        Command {
            inner: std::process::Command::new(program),
            chosen: [false; 3],
        }
    }

    /// Adds an argument.
    pub fn arg<S: AsRef<OsStr>>(&mut self, argument: S) -> &mut Command {
        self.inner.arg(argument);
        self
    }

    /// Adds arguments.
    pub fn args<I, S>(&mut self, arguments: I) -> &mut Command
    where
        I: IntoIterator<Item = S>,
        S: AsRef<OsStr>,
    {
        self.inner.args(arguments);
        self
    }

    /// Sets a variable of the environment.
    pub fn env<K: AsRef<OsStr>, V: AsRef<OsStr>>(&mut self, key: K, value: V) -> &mut Command {
        self.inner.env(key, value);
        self
    }

    /// Sets variables of the environment.
    pub fn envs<I, K, V>(&mut self, variables: I) -> &mut Command
    where
        I: IntoIterator<Item = (K, V)>,
        K: AsRef<OsStr>,
        V: AsRef<OsStr>,
    {
        self.inner.envs(variables);
        self
    }

    /// Removes a variable of the environment.
    pub fn env_remove<K: AsRef<OsStr>>(&mut self, key: K) -> &mut Command {
        self.inner.env_remove(key);
        self
    }

    /// Starts with an empty environment.
    pub fn env_clear(&mut self) -> &mut Command {
        self.inner.env_clear();
        self
    }

    /// Sets the directory to start in.
    pub fn current_dir<P: AsRef<Path>>(&mut self, directory: P) -> &mut Command {
        self.inner.current_dir(directory);
        self
    }

    /// Sets the child's `stdin`.
    pub fn stdin<T: Into<Stdio>>(&mut self, stream: T) -> &mut Command {
        self.chosen[0] = true;
        self.inner.stdin(stream);
        self
    }

    /// Sets the child's `stdout`.
    pub fn stdout<T: Into<Stdio>>(&mut self, stream: T) -> &mut Command {
        self.chosen[1] = true;
        self.inner.stdout(stream);
        self
    }

    /// Sets the child's `stderr`.
    pub fn stderr<T: Into<Stdio>>(&mut self, stream: T) -> &mut Command {
        self.chosen[2] = true;
        self.inner.stderr(stream);
        self
    }

    /// Sets the user that the child runs as.
    pub fn uid(&mut self, id: u32) -> &mut Command {
        self.inner.uid(id);
        self
    }

    /// Sets the group that the child runs as.
    pub fn gid(&mut self, id: u32) -> &mut Command {
        self.inner.gid(id);
        self
    }

    /// Sets what the child takes for its own name.
    pub fn arg0<S: AsRef<OsStr>>(&mut self, argument: S) -> &mut Command {
        self.inner.arg0(argument);
        self
    }

    /// Sets the process group; 0 for one of its own.
    pub fn process_group(&mut self, group: i32) -> &mut Command {
        self.inner.process_group(group);
        self
    }

    /// Calls `user` in the child before the program. As
    /// [`CommandExt::pre_exec`](std::os::unix::process::CommandExt::pre_exec).
    ///
    /// # Safety
    /// As there: `user` may do what a signal handler may.
    pub unsafe fn pre_exec<F>(&mut self, user: F) -> &mut Command
    where
        F: FnMut() -> io::Result<()> + Send + Sync + 'static,
    {
        // SAFETY: the caller's promise.
        unsafe { self.inner.pre_exec(user) };
        self
    }

    /// Becomes the program. Returns only if that fails.
    pub fn exec(&mut self) -> io::Error {
        self.inner.exec()
    }

    /// Starts the child.
    ///
    /// # Errors
    /// As [`std::process::Command::spawn`].
    pub fn spawn(&mut self) -> io::Result<Child> {
        self.start([Stdio::inherit, Stdio::inherit, Stdio::inherit])
    }

    /// Runs the child to its end; what it writes is collected, unless the user has chosen otherwise.
    ///
    /// # Errors
    /// As [`std::process::Command::output`].
    pub fn output(&mut self) -> io::Result<Output> {
        self.start([Stdio::null, Stdio::piped, Stdio::piped])?
            .wait_with_output()
    }

    /// Runs the child to its end.
    ///
    /// # Errors
    /// As [`std::process::Command::status`].
    pub fn status(&mut self) -> io::Result<ExitStatus> {
        self.spawn()?.wait()
    }

    /// Starts the child with these streams where the user has chosen none.
    fn start(&mut self, defaults: [fn() -> Stdio; 3]) -> io::Result<Child> {
        crate::rt::sim::refuse("child processes")?;
        let [stdin, stdout, stderr] = defaults;
        if !self.chosen[0] {
            self.inner.stdin(stdin());
        }
        if !self.chosen[1] {
            self.inner.stdout(stdout());
        }
        if !self.chosen[2] {
            self.inner.stderr(stderr());
        }
        in_place(|| self.inner.spawn()).map(Child::new)
    }

    /// The program.
    #[must_use]
    pub fn get_program(&self) -> &OsStr {
        self.inner.get_program()
    }

    /// The arguments.
    pub fn get_args(&self) -> CommandArgs<'_> {
        self.inner.get_args()
    }

    /// The variables that were set or removed.
    pub fn get_envs(&self) -> CommandEnvs<'_> {
        self.inner.get_envs()
    }

    /// The directory to start in, if it was set.
    #[must_use]
    pub fn get_current_dir(&self) -> Option<&Path> {
        self.inner.get_current_dir()
    }
}

impl fmt::Debug for Command {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(formatter)
    }
}

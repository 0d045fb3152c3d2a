//! The step between the command and QEMU: a moment of this program in the new process.
//!
//! Linux can kill a process when its parent dies (`PR_SET_PDEATHSIG`, `prctl(2)`), which is the only way that also
//! holds when the parent is killed by SIGKILL. The new process must ask for it itself, before it becomes QEMU. In the
//! moment between `fork` and `exec` only unsafe code can run (`Command::pre_exec`), so the process executes this
//! program again, which asks, checks that the parent did not die meanwhile, and then executes QEMU; the request
//! survives `execve`. It costs about a millisecond.
//!
//! Rejected: QEMU noticing the closed link (a guest may keep it from being read), a watching process (which can be
//! killed as well), `setpriv --pdeathsig` (the same step, by a program that may not be there).

use crate::{failure::RUNNER, say::say};
use rustix::process::{Pid, Signal};
use std::{
    env,
    ffi::OsString,
    os::unix::process::CommandExt,
    process::{Command, ExitCode},
};

/// The first argument that makes this program the step.
const MARK: &str = "--become-virtual-machine";

/// A command that executes `program` so that it dies with this process.
///
/// The thread that spawns it must live as long as the process: Linux means the thread when it says parent.
pub(crate) fn command(program: &std::path::Path) -> Command {
    let mut command = Command::new("/proc/self/exe");
    command
        .arg0("threadbare")
        .arg(MARK)
        .arg(std::process::id().to_string())
        .arg(program);
    command
}

/// Takes the step if the arguments ask for it; otherwise does nothing. Returns only if it is not asked for, or fails.
pub(crate) fn take_if_asked() -> Option<ExitCode> {
    let mut arguments = env::args_os().skip(1);
    (arguments.next()? == MARK).then(|| {
        say(&become_program(arguments));
        ExitCode::from(RUNNER)
    })
}

/// Returns only the words for why it failed.
fn become_program(mut arguments: impl Iterator<Item = OsString>) -> String {
    let parent = arguments
        .next()
        .and_then(|text| text.to_str()?.parse().ok())
        .and_then(Pid::from_raw);
    let (Some(parent), Some(program)) = (parent, arguments.next()) else {
        return format!("{MARK} is for this command's own use");
    };
    if let Err(error) = rustix::process::set_parent_process_death_signal(Some(Signal::KILL)) {
        return format!("the virtual machine cannot be tied to this command: {error}");
    }
    if rustix::process::getppid() != Some(parent) {
        return "the command ended before its virtual machine started".to_owned();
    }
    let error = Command::new(&program).args(arguments).exec();
    format!("{} cannot be executed: {error}", program.display())
}

//! The running machine.

use super::{
    memory_file::MemoryFile,
    qemu::{self, Inherited, Machine},
    stage,
};
use crate::failure::{Context, Failure};
use rustix::{io::FdFlags, pipe::PipeFlags};
use std::{
    io,
    os::{
        fd::{AsFd, AsRawFd, OwnedFd},
        unix::{net::UnixStream, process::CommandExt},
    },
    path::Path,
    process::{Child, ChildStderr, ChildStdout, ExitStatus, Stdio},
};

/// A virtual machine; dropping it ends it.
#[derive(Debug)]
pub(crate) struct Vm {
    child: Child,
    status: Option<ExitStatus>,
    /// The link; non-blocking.
    pub(crate) link: UnixStream,
    /// What the first serial port says.
    pub(crate) console: ChildStdout,
    /// What QEMU itself says.
    pub(crate) errors: ChildStderr,
    /// While it is open, QEMU waits.
    gate: Option<OwnedFd>,
}

impl Vm {
    /// Starts QEMU, which waits for [`open_gate`](Self::open_gate) before it reads `kernel` and `initrd`.
    pub(crate) fn start(
        qemu: &Path,
        machine: &Machine,
        kernel: &MemoryFile,
        initrd: &MemoryFile,
    ) -> Result<Self, Failure> {
        let (link, link_of_vm) = UnixStream::pair().context(|| "no socket for the virtual machine")?;
        let (gate_of_vm, gate) =
            rustix::pipe::pipe_with(PipeFlags::CLOEXEC).context(|| "no pipe for the virtual machine")?;
        for fd in [link_of_vm.as_fd(), gate_of_vm.as_fd()] {
            rustix::io::fcntl_setfd(fd, FdFlags::empty())
                .context(|| "no descriptor for the virtual machine")?;
        }
        link.set_nonblocking(true)
            .context(|| "the link of the virtual machine")?;
        let inherited = Inherited {
            kernel: kernel.path(),
            initrd: initrd.path(),
            link_fd: link_of_vm.as_raw_fd(),
            gate: format!("/proc/self/fd/{}", gate_of_vm.as_raw_fd()),
        };
        let mut child = stage::command(qemu)
            .args(qemu::arguments(machine, &inherited))
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .context(|| "the virtual machine cannot be started")?;
        let (Some(console), Some(errors)) = (child.stdout.take(), child.stderr.take()) else {
            return Err(Failure::runner("the virtual machine has no console"));
        };
        Ok(Self {
            child,
            status: None,
            link,
            console,
            errors,
            gate: Some(gate),
        })
    }

    /// Lets QEMU go on: kernel and initial RAM disk are written.
    pub(crate) fn open_gate(&mut self) {
        self.gate = None;
    }

    /// Ends the machine at once. It has ended when [`wait`](Self::wait) returns.
    pub(crate) fn kill(&mut self) {
        // The only error is that it has ended already.
        let _ = self.child.kill();
    }

    /// Waits for QEMU's end.
    pub(crate) fn wait(&mut self) -> io::Result<ExitStatus> {
        let status = self.child.wait()?;
        self.status = Some(status);
        Ok(status)
    }
}

impl Drop for Vm {
    fn drop(&mut self) {
        if self.status.is_none() {
            self.kill();
            let _ = self.wait();
        }
    }
}

//! The running machine.

use super::{
    memory_file::MemoryFile,
    qemu::{self, Inherited, Machine},
    stage,
};
use crate::failure::{Context, Failure};
use rustix::{fs::OFlags, io::FdFlags, pipe::PipeFlags};
use std::{
    ffi::OsString,
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
    /// QEMU's end of the link, until writing to it waits ([`make_link_wait`](Self::make_link_wait)).
    far_end: Option<OwnedFd>,
    /// What the first serial port says.
    pub(crate) console: ChildStdout,
    /// What QEMU itself says.
    pub(crate) errors: ChildStderr,
    /// While it is open, QEMU waits.
    gate: Option<OwnedFd>,
}

impl Vm {
    /// Starts QEMU, which waits for [`open_gate`](Self::open_gate) before it reads `kernel` and `initrd`. It gets the
    /// words of `more` after its own.
    pub(crate) fn start(
        qemu: &Path,
        machine: &Machine,
        more: &[OsString],
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
            .args(more)
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
            far_end: Some(link_of_vm.into()),
            console,
            errors,
            gate: Some(gate),
        })
    }

    /// Lets QEMU go on: kernel and initial RAM disk are written.
    pub(crate) fn open_gate(&mut self) {
        self.gate = None;
    }

    /// Makes QEMU wait when it writes to a full link, if that can be done yet; says whether it is settled.
    ///
    /// QEMU's virtio console *drops* what its socket does not take at once (`flush_buf` in `hw/char/virtio-console.c`),
    /// and then a frame is torn. But whether a write waits is a flag of the open file, which QEMU inherited from this
    /// process and still shares with it: QEMU makes it non-blocking when it sets up its devices, and long before the
    /// guest says a word, this makes it blocking again. QEMU reads only when something is there.
    ///
    /// `at_the_latest` gives up waiting for QEMU to touch the flag.
    pub(crate) fn make_link_wait(&mut self, at_the_latest: bool) -> bool {
        let settled = self.far_end.as_ref().is_none_or(make_blocking) || at_the_latest;
        if settled {
            // Kept longer, it would hide that QEMU has closed its own.
            self.far_end = None;
        }
        settled
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

/// Makes an open file blocking; `false` if it is so already.
fn make_blocking(file: &OwnedFd) -> bool {
    let flags = rustix::fs::fcntl_getfl(file).unwrap_or(OFlags::empty());
    // If it cannot be changed, a link that is never full is all that can be hoped for.
    flags.contains(OFlags::NONBLOCK) && rustix::fs::fcntl_setfl(file, flags - OFlags::NONBLOCK).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{ErrorKind, Read, Write};

    #[test]
    fn whoever_made_its_end_of_the_link_non_blocking_waits_all_the_same() {
        let (mut near, far) = UnixStream::pair().unwrap();
        let ours = OwnedFd::from(far.try_clone().unwrap());
        assert!(!make_blocking(&ours), "nobody has touched it");
        far.set_nonblocking(true).unwrap();
        let fill = vec![1; 1 << 20];
        assert!((&far).write(&fill).unwrap() < fill.len());
        assert_eq!(
            (&far).write(&fill).unwrap_err().kind(),
            ErrorKind::WouldBlock,
            "this is what QEMU drops"
        );
        assert!(make_blocking(&ours));
        let writer = std::thread::spawn(move || (&far).write_all(&fill));
        let mut taken = 0;
        let mut buffer = vec![0; 1 << 16];
        while taken < 1 << 20 {
            taken += near.read(&mut buffer).unwrap();
        }
        drop(ours);
        while near.read(&mut buffer).unwrap() > 0 {}
        writer.join().unwrap().unwrap();
    }
}

//! A peer's server as a process of its own.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    Echo,
    Http,
}

impl Protocol {
    pub fn from_name(name: &str) -> Protocol {
        match name {
            "echo" => Protocol::Echo,
            "http" => Protocol::Http,
            other => panic!("no protocol {other}"),
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Protocol::Echo => "echo",
            Protocol::Http => "http",
        }
    }
}

pub struct Server {
    child: Child,
    address: SocketAddr,
}

impl Server {
    /// Starts the server; where `alone`, with one worker on the first processor.
    pub fn start(name: &str, protocol: Protocol, alone: bool) -> Server {
        let mut command = match crate::peers::external(name) {
            Some((program, words)) => {
                let mut command = Command::new(program);
                command.args(words).args([protocol.name(), "0"]);
                command
            }
            None => {
                let mut command = Command::new(std::env::current_exe().expect("our own path"));
                command.args(["server", name, protocol.name(), "0"]);
                command
            }
        };
        command
            .envs(crate::peers::settings(name))
            .stdout(Stdio::piped())
            .stdin(Stdio::null());
        if alone {
            command
                .env("WORKERS", "1")
                .env("THREADBARE_WORKERS", "1")
                .env("GOMAXPROCS", "1");
            // SAFETY: one system call.
            unsafe {
                command.pre_exec(|| {
                    on_processor(0);
                    Ok(())
                });
            }
        }
        let mut child = command.spawn().expect("the server starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("piped"))
            .read_line(&mut line)
            .expect("a line");
        let port: u16 = line.trim().parse().expect("the server says its port");
        Server {
            child,
            address: SocketAddr::from(([127, 0, 0, 1], port)),
        }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What the server has used so far, threads that ended included.
    pub fn processor_time(&self) -> Duration {
        let mut clock = 0;
        let mut time = libc::timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        // SAFETY: both are valid for writing.
        unsafe {
            let pid = self.child.id().cast_signed();
            assert_eq!(libc::clock_getcpuclockid(pid, &mut clock), 0, "the server lives");
            assert_eq!(libc::clock_gettime(clock, &mut time), 0, "a clock");
        }
        Duration::new(time.tv_sec.cast_unsigned(), time.tv_nsec as u32)
    }

    /// Resident memory and page tables, in bytes.
    pub fn memory(&self) -> u64 {
        let text = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("procfs");
        let kilobytes = |name: &str| -> u64 {
            let line = text.lines().find(|line| line.starts_with(name));
            line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok())
                .unwrap_or(0)
        };
        1024 * (kilobytes("VmRSS:") + kilobytes("VmPTE:"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Binds the calling thread, and what it starts, to a processor.
pub fn on_processor(number: usize) {
    // SAFETY: the set is valid; what fails leaves things as they were.
    unsafe {
        let mut set: libc::cpu_set_t = std::mem::zeroed();
        libc::CPU_SET(number, &mut set);
        libc::sched_setaffinity(0, size_of::<libc::cpu_set_t>(), &set);
    }
}

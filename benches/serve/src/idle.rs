//! Connections that say nothing: what each costs the server in memory.

use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use crate::peers;
use crate::server::{Protocol, Server};

/// Ports of one client address that are safely free.
const PER_ADDRESS: usize = 20_000;

/// Holds `count` connections to each server. Raises the limit of descriptors where it may.
pub fn measure(count: usize) {
    let count = allowed(count);
    println!("| server | connections | memory, bytes/connection | after an echoed byte |");
    println!("|---|---:|---:|---:|");
    for name in peers::available() {
        if !["threadbare", "tokio", "go", "may", "monoio", "raw epoll"].contains(&name) {
            continue;
        }
        let server = Server::start(name, Protocol::Echo, true);
        let before = server.memory();
        let connections = connect(server.address(), count);
        let held = connections.len();
        if held == 0 {
            println!("| {name} | none | | |");
            continue;
        }
        settle(&server);
        let idle = server.memory().saturating_sub(before);
        echo_once(&connections);
        settle(&server);
        let used = server.memory().saturating_sub(before);
        println!(
            "| {name} | {held} | {} | {} |",
            idle / held as u64,
            used / held as u64
        );
    }
}

fn connect(address: SocketAddr, count: usize) -> Vec<TcpStream> {
    let mut connections = Vec::with_capacity(count);
    for index in 0..count {
        let host = 2 + u8::try_from(index / PER_ADDRESS).expect("some addresses");
        match from([127, 0, 0, host], address) {
            Ok(stream) => connections.push(stream),
            Err(error) => {
                eprintln!("after {index} connections: {error}");
                break;
            }
        }
    }
    connections
}

/// A connection from a loopback address other than the usual, for each has ports of its own.
fn from(host: [u8; 4], to: SocketAddr) -> std::io::Result<TcpStream> {
    use std::os::fd::FromRawFd;
    let native = |host: [u8; 4], port: u16| libc::sockaddr_in {
        sin_family: libc::AF_INET as libc::sa_family_t,
        sin_port: port.to_be(),
        sin_addr: libc::in_addr {
            s_addr: u32::from_ne_bytes(host),
        },
        sin_zero: [0; 8],
    };
    let length = size_of::<libc::sockaddr_in>() as libc::socklen_t;
    // SAFETY: the addresses are valid for the calls, and the descriptor is ours.
    unsafe {
        let fd = libc::socket(libc::AF_INET, libc::SOCK_STREAM | libc::SOCK_CLOEXEC, 0);
        if fd < 0 {
            return Err(std::io::Error::last_os_error());
        }
        let stream = TcpStream::from_raw_fd(fd);
        let one: libc::c_int = 1;
        libc::setsockopt(
            fd,
            libc::IPPROTO_IP,
            libc::IP_BIND_ADDRESS_NO_PORT,
            (&raw const one).cast(),
            4,
        );
        let source = native(host, 0);
        let target = native([127, 0, 0, 1], to.port());
        if libc::bind(fd, (&raw const source).cast(), length) != 0
            || libc::connect(fd, (&raw const target).cast(), length) != 0
        {
            return Err(std::io::Error::last_os_error());
        }
        Ok(stream)
    }
}

fn echo_once(connections: &[TcpStream]) {
    use std::io::{Read, Write};
    for mut stream in connections {
        let _ = stream.write_all(b"!");
    }
    for mut stream in connections {
        let _ = stream.set_read_timeout(Some(Duration::from_secs(10)));
        let _ = stream.read(&mut [0]);
    }
}

/// Until the server's memory stands still.
fn settle(server: &Server) {
    let start = Instant::now();
    let mut last = 0;
    loop {
        std::thread::sleep(Duration::from_millis(500));
        let now = server.memory();
        if now == last || start.elapsed() > Duration::from_secs(20) {
            return;
        }
        last = now;
    }
}

/// How many connections the limit of descriptors allows, of `wanted`; it is raised where that is allowed.
fn allowed(wanted: usize) -> usize {
    const OTHERS: usize = 200;
    let need = (wanted + OTHERS) as libc::rlim_t;
    let mut limit = libc::rlimit {
        rlim_cur: need,
        rlim_max: need,
    };
    // SAFETY: the limit is valid for the calls.
    unsafe {
        if libc::setrlimit(libc::RLIMIT_NOFILE, &limit) == 0 {
            return wanted;
        }
        assert_eq!(
            libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit),
            0,
            "there is a limit"
        );
        limit.rlim_cur = limit.rlim_max;
        libc::setrlimit(libc::RLIMIT_NOFILE, &limit);
    }
    let most = (limit.rlim_max as usize).saturating_sub(OTHERS).min(wanted);
    eprintln!("this process may not raise its limit of descriptors: {most} connections instead of {wanted}");
    most
}

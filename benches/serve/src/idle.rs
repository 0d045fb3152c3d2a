//! Connections that say nothing: what each costs the server in memory.
//!
//! The limit of descriptors is a process's, so the connections are spread over as many servers as it takes, each with a client of its
//! own, also a process. All are held at once.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use crate::peers;
use crate::server::{Protocol, Server, on_processor};

/// Connections from one client address. With more the kernel searches long for a free port.
const PER_ADDRESS: usize = 4_000;

/// Connections in a row, fewer than a listener's backlog: one too many is tried again after a second.
const BURST: usize = 100;

/// Descriptors that a server or client has besides.
const OTHERS: usize = 200;

/// Holds `count` connections to each kind of server.
pub fn measure(count: usize, only: &str) {
    let most = allowed();
    let pairs = count.div_ceil(most);
    let each = count.div_ceil(pairs);
    println!(
        "{count} connections at once: {pairs} server processes of at most {each}, which their limit of descriptors allows; each \
         server has one worker. Bytes of the servers' memory (resident, and page tables; not the kernel's sockets) for each.\n"
    );
    println!("| server | connections | after accept | after an echoed byte |");
    println!("|---|---:|---:|---:|");
    for name in peers::available() {
        let without = ["hyper", "go net/http", "std threads"].contains(&name);
        if without || !only.is_empty() && !only.split(',').any(|wanted| wanted == name) {
            continue;
        }
        let mut held: Vec<Pair> = (0..pairs)
            .map(|index| Pair::start(name, each.min(count - index * each)))
            .collect();
        let total: usize = held.iter().map(|pair| pair.connections).sum();
        let idle: u64 = held.iter().map(Pair::grown).sum();
        held.iter_mut().for_each(Pair::echo);
        let used: u64 = held.iter().map(Pair::grown).sum();
        println!(
            "| {name} | {total} | {} | {} |",
            idle / total.max(1) as u64,
            used / total.max(1) as u64
        );
    }
}

/// A server, and a client that holds connections to it.
struct Pair {
    server: Server,
    before: u64,
    client: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
    connections: usize,
}

impl Pair {
    fn start(name: &str, count: usize) -> Pair {
        let server = Server::start(name, Protocol::Echo, true);
        let before = server.memory();
        let mut client = Command::new(std::env::current_exe().expect("our own path"))
            .args(["hold", &server.address().port().to_string(), &count.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the client starts");
        let orders = client.stdin.take().expect("piped");
        let answers = BufReader::new(client.stdout.take().expect("piped"));
        let mut pair = Pair {
            server,
            before,
            client,
            orders,
            answers,
            connections: 0,
        };
        pair.connections = pair.answer();
        eprintln!(
            "{name}: {} connections to port {}",
            pair.connections,
            pair.server.address().port()
        );
        pair
    }

    fn answer(&mut self) -> usize {
        let mut line = String::new();
        self.answers
            .read_line(&mut line)
            .expect("the client says a number");
        line.trim().parse().expect("a number")
    }

    /// One byte there and back on each connection.
    fn echo(&mut self) {
        writeln!(self.orders, "echo").expect("the client listens");
        assert_eq!(self.answer(), self.connections, "all connections live");
    }

    /// What the server's memory has grown by, once it stands still.
    fn grown(&self) -> u64 {
        settle(&self.server);
        self.server.memory().saturating_sub(self.before)
    }
}

impl Drop for Pair {
    fn drop(&mut self) {
        let _ = self.client.kill();
        let _ = self.client.wait();
    }
}

/// The client: holds connections, and echoes a byte on all for each line of its input.
pub fn hold(port: u16, count: usize) {
    on_processor(1);
    allowed();
    let connections = connect(SocketAddr::from(([127, 0, 0, 1], port)), count);
    println!("{}", connections.len());
    for _line in std::io::stdin().lines() {
        println!("{}", echo_once(&connections));
    }
}

fn connect(address: SocketAddr, count: usize) -> Vec<TcpStream> {
    let mut connections = Vec::with_capacity(count);
    for index in 0..count {
        let host = 2 + u8::try_from(index / PER_ADDRESS).expect("some addresses");
        match from([127, 0, 0, host], address) {
            Ok(stream) => {
                connections.push(stream);
                if index % BURST == 0 {
                    wait_until_accepted(address);
                }
            }
            Err(error) => {
                eprintln!("after {index} connections: {error}");
                break;
            }
        }
    }
    connections
}

/// Connections are accepted in their order: one more, which is answered and ends.
fn wait_until_accepted(address: SocketAddr) {
    let last = TcpStream::connect(address).expect("the server listens");
    assert_eq!(echo_once(&[last]), 1, "the server answers");
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

/// On how many the byte came back.
fn echo_once(connections: &[TcpStream]) -> usize {
    for mut stream in connections {
        let _ = stream.write_all(b"!");
    }
    let echoed = |mut stream: &TcpStream| {
        let _ = stream.set_read_timeout(Some(Duration::from_secs(20)));
        matches!(stream.read(&mut [0]), Ok(1))
    };
    connections.iter().filter(|stream| echoed(stream)).count()
}

/// Until the server's memory stands still.
fn settle(server: &Server) {
    let start = Instant::now();
    let mut last = server.memory();
    loop {
        std::thread::sleep(Duration::from_millis(300));
        let now = server.memory();
        if now == last || start.elapsed() > Duration::from_secs(20) {
            return;
        }
        last = now;
    }
}

/// How many connections a process may have: its limit of descriptors, raised where that is allowed.
fn allowed() -> usize {
    const WANTED: libc::rlim_t = 120_000;
    let mut limit = libc::rlimit {
        rlim_cur: WANTED,
        rlim_max: WANTED,
    };
    // SAFETY: the limit is valid for the calls.
    unsafe {
        if libc::setrlimit(libc::RLIMIT_NOFILE, &limit) != 0 {
            assert_eq!(
                libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit),
                0,
                "there is a limit"
            );
            limit.rlim_cur = limit.rlim_max;
            libc::setrlimit(libc::RLIMIT_NOFILE, &limit);
        }
    }
    (limit.rlim_cur as usize).saturating_sub(OTHERS)
}

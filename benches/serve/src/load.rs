//! The load: an epoll loop that has one request under way on each connection, and wrk.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::AsRawFd;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::server::on_processor;

pub struct Answered {
    pub count: u64,
    pub time: Duration,
    /// Of the server's processor.
    pub spent: Duration,
}

impl Answered {
    pub fn per_second(&self) -> f64 {
        self.count as f64 / self.time.as_secs_f64()
    }
}

/// 64 bytes there and back, on each connection one after the other, for `time`, which begins when each connection was accepted and has
/// been answered once. `clock` tells what the server has used.
pub fn echo(
    address: SocketAddr,
    connections: usize,
    time: Duration,
    clock: impl Fn() -> Duration + Sync,
) -> Answered {
    std::thread::scope(|scope| {
        let load = scope.spawn(|| {
            on_processor(1);
            run_echo(address, connections, time, &clock)
        });
        load.join().expect("the load does not panic")
    })
}

fn run_echo(
    address: SocketAddr,
    connections: usize,
    time: Duration,
    clock: &dyn Fn() -> Duration,
) -> Answered {
    let streams: Vec<TcpStream> = (0..connections)
        .map(|_| {
            let stream = TcpStream::connect(address).expect("the server listens");
            stream.set_nodelay(true).expect("an option");
            stream
        })
        .collect();
    let message = [7_u8; 64];
    let mut buffer = [0_u8; 64];
    for mut stream in &streams {
        stream.write_all(&message).expect("the server reads");
    }
    for mut stream in &streams {
        stream.read_exact(&mut buffer).expect("the server answers");
    }
    let mut count = 0;
    // SAFETY: plain system calls on descriptors and buffers that live long enough.
    unsafe {
        let epoll = libc::epoll_create1(libc::EPOLL_CLOEXEC);
        assert!(epoll >= 0);
        for stream in &streams {
            let mut event = libc::epoll_event {
                events: libc::EPOLLIN as u32,
                u64: stream.as_raw_fd() as u64,
            };
            assert_eq!(
                libc::epoll_ctl(epoll, libc::EPOLL_CTL_ADD, stream.as_raw_fd(), &mut event),
                0
            );
            libc::send(stream.as_raw_fd(), message.as_ptr().cast(), message.len(), 0);
        }
        let before = clock();
        let start = Instant::now();
        let mut events = [libc::epoll_event { events: 0, u64: 0 }; 256];
        while start.elapsed() < time {
            let ready = libc::epoll_wait(epoll, events.as_mut_ptr(), 256, 1000);
            for event in &events[..ready.max(0) as usize] {
                let fd = event.u64 as i32;
                // 64 bytes come in one piece on this side of the loopback.
                if libc::recv(fd, buffer.as_mut_ptr().cast(), buffer.len(), libc::MSG_DONTWAIT) == 64 {
                    count += 1;
                    libc::send(fd, message.as_ptr().cast(), message.len(), 0);
                }
            }
        }
        let time = start.elapsed();
        let spent = clock() - before;
        libc::close(epoll);
        Answered { count, time, spent }
    }
}

/// `wrk` with one thread.
pub fn wrk(
    address: SocketAddr,
    connections: usize,
    time: Duration,
    clock: impl Fn() -> Duration,
) -> Answered {
    let before = clock();
    let seconds = time.as_secs().max(1);
    let output = Command::new("taskset")
        .args(["-c", "1", "wrk", "-t1"])
        .arg(format!("-c{connections}"))
        .arg(format!("-d{seconds}s"))
        .arg(format!("http://{address}/"))
        .output()
        .expect("wrk is installed");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let line = text
        .lines()
        .find(|line| line.contains("requests in"))
        .unwrap_or_else(|| panic!("wrk said: {text}"));
    let words: Vec<&str> = line.split_whitespace().collect();
    let count = words[0].parse().expect("wrk counts requests");
    let time = words[3]
        .trim_end_matches([',', 's'])
        .parse()
        .expect("wrk says the time");
    Answered {
        count,
        time: Duration::from_secs_f64(time),
        spent: clock() - before,
    }
}

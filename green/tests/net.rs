//! What std promises of its sockets, between green and operating-system threads, in both modes.

#![allow(
    unsafe_code,
    reason = "listen(2) again, with a backlog that std does not offer"
)]

mod again;

use std::io::{ErrorKind, IoSlice, IoSliceMut, Read, Write};
use std::os::fd::{AsRawFd, FromRawFd, IntoRawFd, OwnedFd};
use std::time::{Duration, Instant};

use threadbare::net::{Shutdown, TcpListener, TcpStream, ToSocketAddrs, UdpSocket};
use threadbare::os::linux::net::{SocketAddrExt, TcpStreamExt};
use threadbare::os::unix::net::{SocketAddr, UnixListener, UnixStream};
use threadbare::sync::mpsc;
use threadbare::thread;

#[test]
fn again_in_other_configurations() {
    again::in_configurations(&[
        "THREADBARE_MODE=pinned THREADBARE_WORKERS=1",
        "THREADBARE_MODE=pinned THREADBARE_WORKERS=4",
        "THREADBARE_MODE=isolated THREADBARE_WORKERS=1",
        "THREADBARE_MODE=isolated THREADBARE_WORKERS=4",
        "THREADBARE_MODE=pinned THREADBARE_WORKERS=1 THREADBARE_REACTOR=io_uring",
        "THREADBARE_MODE=isolated THREADBARE_WORKERS=1 THREADBARE_REACTOR=io_uring",
        "THREADBARE_MODE=isolated THREADBARE_WORKERS=4 THREADBARE_REACTOR=io_uring",
    ]);
}

/// Runs `body` on a green thread, and once more on an operating-system thread.
fn on_each(body: impl Fn() + Send + Sync + 'static) {
    let body = std::sync::Arc::new(body);
    let green = std::sync::Arc::clone(&body);
    thread::spawn(move || green()).join().unwrap();
    std::thread::spawn(move || body()).join().unwrap();
}

fn listener() -> (TcpListener, threadbare::net::SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// Both ends of a connection.
fn pair() -> (TcpStream, TcpStream) {
    let (listener, address) = listener();
    let near = TcpStream::connect(address).unwrap();
    (near, listener.accept().unwrap().0)
}

fn echo(mut stream: &TcpStream) {
    let mut buffer = [0; 1024];
    loop {
        match stream.read(&mut buffer).unwrap() {
            0 => return,
            count => stream.write_all(&buffer[..count]).unwrap(),
        }
    }
}

#[test]
fn a_hundred_clients_and_their_servers_talk() {
    let (listener, address) = listener();
    let server = thread::spawn(move || {
        let servers: Vec<_> = listener
            .incoming()
            .take(100)
            .map(|stream| thread::spawn(move || echo(&stream.unwrap())))
            .collect();
        servers.into_iter().for_each(|server| server.join().unwrap());
    });
    let clients: Vec<_> = (0..100_u8)
        .map(|id| {
            thread::spawn(move || {
                let mut stream = TcpStream::connect(address).unwrap();
                for round in 0..20_u8 {
                    let sent = [id, round, id ^ round];
                    stream.write_all(&sent).unwrap();
                    let mut received = [0; 3];
                    stream.read_exact(&mut received).unwrap();
                    assert_eq!(sent, received);
                }
            })
        })
        .collect();
    clients.into_iter().for_each(|client| client.join().unwrap());
    server.join().unwrap();
}

#[test]
fn operating_system_threads_talk_to_green_ones_both_ways() {
    for green_serves in [true, false] {
        let (listener, address) = listener();
        let serve = move || echo(&listener.accept().unwrap().0);
        let ask = move || {
            let mut stream = TcpStream::connect(address).unwrap();
            stream.write_all(b"question").unwrap();
            let mut answer = [0; 8];
            stream.read_exact(&mut answer).unwrap();
            assert_eq!(&answer, b"question");
        };
        if green_serves {
            let server = thread::spawn(serve);
            std::thread::spawn(ask).join().unwrap();
            server.join().unwrap();
        } else {
            let server = std::thread::spawn(serve);
            thread::spawn(ask).join().unwrap();
            server.join().unwrap();
        }
    }
}

#[test]
fn megabytes_pass_both_ways_at_once_through_full_buffers() {
    const LENGTH: usize = 4 << 20;
    let (near, far) = pair();
    let pattern = |index: usize| u8::try_from(index % 251).unwrap();
    thread::scope(|scope| {
        for stream in [&near, &far] {
            scope.spawn(move || {
                let data: Vec<u8> = (0..LENGTH).map(pattern).collect();
                let mut stream = stream;
                stream.write_all(&data).unwrap();
                stream.shutdown(Shutdown::Write).unwrap();
            });
            scope.spawn(move || {
                let mut data = Vec::new();
                let mut stream = stream;
                stream.read_to_end(&mut data).unwrap();
                assert_eq!(data.len(), LENGTH);
                assert!(
                    data.iter()
                        .enumerate()
                        .all(|(index, &byte)| byte == pattern(index))
                );
            });
        }
    });
}

#[test]
fn a_read_that_takes_too_long_fails_and_the_next_one_succeeds() {
    on_each(|| {
        let (mut near, mut far) = pair();
        near.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
        assert_eq!(near.read_timeout().unwrap(), Some(Duration::from_millis(20)));
        let before = Instant::now();
        let error = near.read(&mut [0; 8]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::WouldBlock);
        assert!(before.elapsed() >= Duration::from_millis(20));
        far.write_all(b"late").unwrap();
        assert_eq!(near.read(&mut [0; 8]).unwrap(), 4);
        assert_eq!(
            near.set_read_timeout(Some(Duration::ZERO)).unwrap_err().kind(),
            ErrorKind::InvalidInput
        );
    });
}

#[test]
fn a_write_that_takes_too_long_fails() {
    on_each(|| {
        let (mut near, _far) = pair();
        near.set_write_timeout(Some(Duration::from_millis(20))).unwrap();
        let error = loop {
            if let Err(error) = near.write(&[0; 65536]) {
                break error;
            }
        };
        assert_eq!(error.kind(), ErrorKind::WouldBlock);
    });
}

#[test]
fn hundreds_of_connections_wait_to_be_accepted() {
    on_each(|| {
        let (listener, address) = listener();
        let limit = std::fs::read_to_string("/proc/sys/net/core/somaxconn").unwrap();
        let count = limit.trim().parse::<usize>().unwrap().min(300);
        // Nobody accepts: one too many would get no answer.
        let streams: Vec<_> = (0..count)
            .map(|_| TcpStream::connect_timeout(&address, Duration::from_secs(20)).unwrap())
            .collect();
        for stream in &streams {
            let (_accepted, peer) = listener.accept().unwrap();
            assert_eq!(peer, stream.local_addr().unwrap());
        }
    });
}

#[test]
fn a_connection_that_takes_too_long_is_given_up() {
    on_each(|| {
        let (listener, address) = listener();
        // SAFETY: no memory is involved.
        assert_eq!(unsafe { libc::listen(listener.as_raw_fd(), 0) }, 0);
        // The queue holds one; the kernel drops what comes after.
        let _first = TcpStream::connect(address).unwrap();
        let mut kept = Vec::new();
        let error = loop {
            match TcpStream::connect_timeout(&address, Duration::from_millis(30)) {
                Ok(stream) => kept.push(stream),
                Err(error) => break error,
            }
        };
        assert_eq!(error.kind(), ErrorKind::TimedOut);
        assert!(kept.len() < 8);
    });
}

#[test]
fn a_refused_connection_says_so() {
    on_each(|| {
        let address = listener().1;
        let error = TcpStream::connect(address).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
        let error = TcpStream::connect_timeout(&address, Duration::ZERO).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
    });
}

#[test]
fn clones_share_timeouts_and_whether_calls_wait() {
    on_each(|| {
        let (near, mut far) = pair();
        let mut clone = near.try_clone().unwrap();
        near.set_read_timeout(Some(Duration::from_millis(5))).unwrap();
        assert_eq!(clone.read(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
        near.set_read_timeout(None).unwrap();
        clone.set_nonblocking(true).unwrap();
        assert_eq!((&near).read(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
        clone.set_nonblocking(false).unwrap();
        far.write_all(b"x").unwrap();
        assert_eq!((&near).read(&mut [0; 2]).unwrap(), 1);
        drop(near);
        far.write_all(b"y").unwrap();
        assert_eq!(clone.read(&mut [0; 2]).unwrap(), 1);
    });
}

#[test]
fn two_handles_wait_for_the_same_stream_and_one_gets_the_byte() {
    let (near, mut far) = pair();
    let clone = near.try_clone().unwrap();
    let (sender, receiver) = mpsc::channel();
    let readers: Vec<_> = [near, clone]
        .into_iter()
        .map(|mut stream| {
            let sender = sender.clone();
            thread::spawn(move || {
                let count = stream.read(&mut [0]).unwrap();
                sender.send(count).unwrap();
            })
        })
        .collect();
    far.write_all(b"1").unwrap();
    assert_eq!(receiver.recv().unwrap(), 1);
    drop(far);
    assert_eq!(receiver.recv().unwrap(), 0);
    readers.into_iter().for_each(|reader| reader.join().unwrap());
}

#[test]
fn several_threads_accept_on_one_listener() {
    let (listener, address) = listener();
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..5).for_each(|_| drop(listener.accept().unwrap())));
        }
        for _ in 0..20 {
            scope.spawn(move || TcpStream::connect(address).unwrap());
        }
    });
}

#[test]
fn a_listener_that_shall_not_wait_does_not() {
    on_each(|| {
        let (listener, address) = listener();
        listener.set_nonblocking(true).unwrap();
        assert_eq!(listener.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
        let _client = TcpStream::connect(address).unwrap();
        while let Err(error) = listener.accept() {
            assert_eq!(error.kind(), ErrorKind::WouldBlock);
        }
        assert!(listener.take_error().unwrap().is_none());
    });
}

#[test]
fn peeking_leaves_the_bytes_and_slices_are_filled_in_order() {
    on_each(|| {
        let (mut near, mut far) = pair();
        let slices = [IoSlice::new(b"one "), IoSlice::new(b"two")];
        assert_eq!(near.write_vectored(&slices).unwrap(), 7);
        let mut seen = [0; 16];
        assert_eq!(far.peek(&mut seen).unwrap(), 7);
        assert_eq!(far.peek(&mut seen).unwrap(), 7);
        let (mut first, mut second) = ([0; 5], [0; 5]);
        let mut slices = [IoSliceMut::new(&mut first), IoSliceMut::new(&mut second)];
        assert_eq!(far.read_vectored(&mut slices).unwrap(), 7);
        assert_eq!((&first, &second), (b"one t", b"wo\0\0\0"));
        near.shutdown(Shutdown::Write).unwrap();
        assert_eq!(far.read(&mut seen).unwrap(), 0);
        assert_eq!(far.read(&mut seen).unwrap(), 0);
        assert_eq!(far.peek(&mut seen).unwrap(), 0);
    });
}

#[test]
fn the_end_after_a_short_read_is_seen() {
    on_each(|| {
        for _ in 0..50 {
            let (mut near, mut far) = pair();
            let writer = thread::spawn(move || {
                thread::yield_now();
                far.write_all(b"last words").unwrap();
            });
            let mut text = Vec::new();
            assert_eq!(near.read_to_end(&mut text).unwrap(), 10);
            writer.join().unwrap();
        }
    });
}

#[test]
fn urgent_data_do_not_hide_what_follows() {
    let (near, mut far) = pair();
    let reader = thread::spawn(move || {
        let mut near = near;
        let mut seen = Vec::new();
        near.read_to_end(&mut seen).unwrap();
        seen
    });
    far.write_all(b"ab").unwrap();
    // SAFETY: one byte is valid for reading.
    let sent = unsafe { libc::send(far.as_raw_fd(), b"!".as_ptr().cast(), 1, libc::MSG_OOB) };
    assert_eq!(sent, 1);
    far.write_all(b"cd").unwrap();
    drop(far);
    assert_eq!(reader.join().unwrap(), b"abcd");
}

#[test]
fn a_socket_that_is_handed_out_waits_as_std_s() {
    let flags = |fd: &OwnedFd| {
        // SAFETY: no memory is involved.
        unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_GETFL) }
    };
    let (listener, address) = listener();
    let stream = TcpStream::connect(address).unwrap();
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    for fd in [
        OwnedFd::from(listener),
        OwnedFd::from(stream),
        OwnedFd::from(socket),
    ] {
        assert_eq!(flags(&fd) & libc::O_NONBLOCK, 0);
    }
}

#[test]
fn a_socket_of_std_s_keeps_what_was_set() {
    on_each(|| {
        let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(Duration::from_millis(10))).unwrap();
        // SAFETY: the descriptor is handed over.
        let socket = unsafe { UdpSocket::from_raw_fd(socket.into_raw_fd()) };
        assert_eq!(socket.recv(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let listener = TcpListener::from(OwnedFd::from(listener));
        assert_eq!(listener.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
    });
}

#[test]
fn datagrams_come_whole_and_can_be_peeked_at() {
    on_each(|| {
        let one = UdpSocket::bind("127.0.0.1:0").unwrap();
        let other = UdpSocket::bind("127.0.0.1:0").unwrap();
        let from = one.local_addr().unwrap();
        let to = other.local_addr().unwrap();
        one.send_to(b"first", to).unwrap();
        one.connect(to).unwrap();
        one.send(b"second").unwrap();
        let mut buffer = [0; 16];
        assert_eq!(other.peek_from(&mut buffer).unwrap(), (5, from));
        assert_eq!(other.recv_from(&mut buffer).unwrap(), (5, from));
        assert_eq!(other.recv(&mut buffer).unwrap(), 6);
        assert_eq!(&buffer[..6], b"second");
        other.set_read_timeout(Some(Duration::from_millis(5))).unwrap();
        assert_eq!(
            other.recv_from(&mut buffer).unwrap_err().kind(),
            ErrorKind::WouldBlock
        );
    });
}

#[test]
fn names_are_resolved_while_others_run() {
    on_each(|| {
        let mut addresses = "localhost:80".to_socket_addrs().unwrap();
        assert!(addresses.all(|address| address.ip().is_loopback() && address.port() == 80));
        assert!(("localhost", 443).to_socket_addrs().unwrap().count() > 0);
        assert!("no such name.invalid:80".to_socket_addrs().is_err());
        assert!("no port".to_socket_addrs().is_err());
        let (listener, address) = listener();
        drop(listener);
        let none: [threadbare::net::SocketAddr; 0] = [];
        assert_eq!(
            TcpStream::connect(&none[..]).unwrap_err().kind(),
            ErrorKind::InvalidInput
        );
        assert!(TcpStream::connect(&[address][..]).is_err());
    });
}

#[test]
fn a_thousand_threads_wait_on_their_sockets_and_hold_up_nobody() {
    let (listener, address) = listener();
    let (done, all_done) = mpsc::channel();
    let readers: Vec<_> = (0..1000)
        .map(|_| {
            let near = TcpStream::connect(address).unwrap();
            let far = listener.accept().unwrap().0;
            let done = done.clone();
            thread::spawn(move || {
                let mut near = near;
                assert_eq!(near.read(&mut [0]).unwrap(), 1);
                done.send(()).unwrap();
            });
            far
        })
        .collect();
    // All of them wait; a thread that computes still runs.
    assert_eq!(thread::spawn(|| 6 * 7).join().unwrap(), 42);
    for mut far in &readers {
        far.write_all(b"!").unwrap();
    }
    for _ in &readers {
        all_done.recv().unwrap();
    }
}

#[test]
fn linger_is_told_and_zero_resets() {
    on_each(|| {
        let (near, mut far) = pair();
        assert_eq!(near.linger().unwrap(), None);
        near.set_linger(Some(Duration::from_millis(2500))).unwrap();
        assert_eq!(near.linger().unwrap(), Some(Duration::from_secs(2)));
        near.set_linger(Some(Duration::ZERO)).unwrap();
        assert_eq!(near.try_clone().unwrap().linger().unwrap(), Some(Duration::ZERO));
        drop(near);
        let error = far.read(&mut [0]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
        far.set_linger(None).unwrap();
        assert_eq!(far.linger().unwrap(), None);
    });
}

#[test]
fn quick_acknowledgements_are_set_and_told() {
    let (near, _far) = pair();
    near.set_quickack(false).unwrap();
    assert!(!near.quickack().unwrap());
    near.set_quickack(true).unwrap();
    assert!(near.quickack().unwrap());
}

#[test]
fn abstract_names_are_listened_at() {
    let name = format!("threadbare test {}", std::process::id());
    let address = SocketAddr::from_abstract_name(&name).unwrap();
    let listener = UnixListener::bind_addr(&address).unwrap();
    let client = thread::spawn(move || {
        let stream = UnixStream::connect_addr(&address).unwrap();
        stream.peer_addr().unwrap().as_abstract_name().map(<[u8]>::to_vec)
    });
    let _server = listener.accept().unwrap();
    assert_eq!(client.join().unwrap(), Some(name.into_bytes()));
}

#[test]
fn a_busy_worker_does_not_keep_others_from_their_events() {
    let (near, mut far) = pair();
    let stop = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let busy: Vec<_> = (0..8)
        .map(|_| {
            let stop = std::sync::Arc::clone(&stop);
            thread::spawn(move || {
                while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                    std::hint::spin_loop();
                }
            })
        })
        .collect();
    let reader = thread::spawn(move || {
        let mut near = near;
        near.read(&mut [0]).unwrap()
    });
    if threadbare::runtime::mode().unwrap() == threadbare::runtime::Mode::Isolated {
        far.write_all(b"!").unwrap();
        assert_eq!(reader.join().unwrap(), 1);
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
    } else {
        // Bound to workers that compute, others wait.
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        far.write_all(b"!").unwrap();
        assert_eq!(reader.join().unwrap(), 1);
    }
    busy.into_iter().for_each(|busy| busy.join().unwrap());
}

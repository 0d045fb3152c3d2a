//! Peers that misbehave, and too many of them: the server goes on, and nothing is leaked.
//!
//! Each test is a process of its own, so that descriptors and threads can be counted.

#![allow(unsafe_code, reason = "limits, and connections that are reset")]

mod again;

use std::io::{ErrorKind, Read, Write};
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use threadbare::net::{SocketAddr, TcpListener, TcpStream};
use threadbare::sync::Arc;
use threadbare::thread;

/// Runs the test `name` in a child, where this returns true.
fn is_child(name: &str) -> bool {
    if std::env::var("THREADBARE_TEST_CHILD").as_deref() == Ok(name) {
        return true;
    }
    let output = Command::new(std::env::current_exe().expect("our own path"))
        .args(["--exact", name, "--nocapture", "--test-threads", "1"])
        .env("THREADBARE_TEST_CHILD", name)
        .output()
        .expect("the child starts");
    assert!(
        output.status.success(),
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    false
}

/// All of it once more, with the calls of streams in the kernel's hands.
#[test]
fn again_by_io_uring() {
    again::in_configurations(&["THREADBARE_REACTOR=io_uring"]);
}

fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

fn operating_system_threads() -> usize {
    std::fs::read_dir("/proc/self/task").unwrap().count()
}

fn green_threads() -> usize {
    let dump = threadbare::runtime::dump();
    let words: Vec<&str> = dump.split_whitespace().collect();
    words[1].parse().expect("the dump begins with the number")
}

/// Waits until `condition` holds: ends of connections take their time.
fn eventually(what: &str, condition: impl Fn() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(
            start.elapsed() < Duration::from_secs(300),
            "{what}\n{}",
            threadbare::runtime::dump()
        );
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// An echo server with a timeout; counts what it answered.
struct Server {
    address: SocketAddr,
    answered: Arc<AtomicU64>,
}

impl Server {
    fn start(timeout: Duration) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let answered = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&answered);
        thread::spawn(move || {
            loop {
                match listener.accept() {
                    Ok((stream, _peer)) => {
                        let count = Arc::clone(&count);
                        stream.set_read_timeout(Some(timeout)).unwrap();
                        thread::spawn(move || serve(stream, &count));
                    }
                    // Too many descriptors: those that end make room.
                    Err(_) => thread::sleep(Duration::from_millis(1)),
                }
            }
        });
        Server { address, answered }
    }

    /// Answers one that is well-behaved, and counts that.
    fn works(&self) {
        let before = self.answered.load(Ordering::Relaxed);
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.write_all(b"ping!").unwrap();
        let mut answer = [0; 5];
        stream.read_exact(&mut answer).unwrap();
        assert_eq!(&answer, b"ping!");
        eventually("an answer that is not counted", || {
            self.answered.load(Ordering::Relaxed) > before
        });
    }
}

/// Messages of five bytes, each answered when it is complete.
fn serve(mut stream: TcpStream, count: &AtomicU64) {
    let mut message = [0; 5];
    while stream.read_exact(&mut message).is_ok() && stream.write_all(&message).is_ok() {
        count.fetch_add(1, Ordering::Relaxed);
    }
}

/// Closes with a reset.
fn reset(stream: TcpStream) {
    stream.set_linger(Some(Duration::ZERO)).unwrap();
    drop(stream);
}

/// Clients of the soak.
const CLIENTS: usize = 40;

/// Runs `body` on a green thread between two counts of everything.
fn leaks_nothing(body: impl FnOnce() + Send + 'static) {
    // What is made once: the reactor, the pool.
    thread::spawn(|| {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let near = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        near.set_read_timeout(Some(Duration::from_millis(1))).unwrap();
        assert!((&near).read(&mut [0]).is_err());
    })
    .join()
    .unwrap();
    let before = (descriptors(), green_threads());
    let threads = operating_system_threads();
    thread::spawn(body).join().unwrap();
    eventually("descriptors are leaked", || descriptors() <= before.0);
    eventually("green threads are leaked", || green_threads() <= before.1);
    // Workers that stood in for stuck ones stay, as spares: at most as many as clients can get stuck at once.
    assert!(operating_system_threads() <= threads + CLIENTS);
}

/// As [`leaks_nothing`], with a server that keeps its listener and its acceptor.
fn a_server_survives(timeout: Duration, body: impl FnOnce(&Server) + Send + 'static) {
    let server = Arc::new(Server::start(timeout));
    let copy = Arc::clone(&server);
    leaks_nothing(move || {
        copy.works();
        body(&copy);
        copy.works();
    });
}

#[test]
fn slow_peers_are_given_up() {
    if is_child("slow_peers_are_given_up") {
        a_server_survives(Duration::from_secs(3), |server| {
            let slow: Vec<_> = (0..500)
                .map(|_| {
                    let mut stream = TcpStream::connect(server.address).unwrap();
                    stream.write_all(b"pin").unwrap();
                    stream
                })
                .collect();
            server.works();
            for mut stream in slow {
                // The server has hung up on each of them.
                assert!(matches!(stream.read(&mut [0; 8]), Ok(0) | Err(_)));
            }
        });
    }
}

#[test]
fn connections_that_never_say_anything_cost_nothing_for_ever() {
    if is_child("connections_that_never_say_anything_cost_nothing_for_ever") {
        a_server_survives(Duration::from_secs(3), |server| {
            // Half open: the server has accepted, and the peer is gone without a word or never comes back.
            let silent: Vec<_> = (0..2000)
                .map(|_| TcpStream::connect(server.address).unwrap())
                .collect();
            server.works();
            eventually("silent connections stay", || green_threads() < 100);
            drop(silent);
        });
    }
}

#[test]
fn a_reset_after_each_number_of_bytes_is_survived() {
    if is_child("a_reset_after_each_number_of_bytes_is_survived") {
        a_server_survives(Duration::from_secs(300), |server| {
            for read in 0..=10 {
                for sent in 0..=10 {
                    let mut stream = TcpStream::connect(server.address).unwrap();
                    stream.write_all(&b"ping!pong!"[..sent]).unwrap();
                    let comes = sent / 5 * 5;
                    stream.read_exact(&mut [0; 10][..read.min(comes)]).unwrap();
                    reset(stream);
                }
            }
        });
    }
}

#[test]
fn a_reset_wakes_readers_and_writers() {
    if is_child("a_reset_wakes_readers_and_writers") {
        leaks_nothing(|| {
            for _ in 0..50 {
                let listener = TcpListener::bind("127.0.0.1:0").unwrap();
                let near = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
                let (far, _peer) = listener.accept().unwrap();
                let near = Arc::new(near);
                let reading = Arc::clone(&near);
                let reader = thread::spawn(move || (&*reading).read(&mut [0]).map_err(|error| error.kind()));
                let writer = thread::spawn(move || {
                    loop {
                        if let Err(error) = (&*near).write(&[0; 65536]) {
                            return error.kind();
                        }
                    }
                });
                thread::sleep(Duration::from_millis(2));
                reset(far);
                // The error is told to one of them; the other finds the end.
                let _ = reader.join().unwrap();
                assert!(matches!(
                    writer.join().unwrap(),
                    ErrorKind::ConnectionReset | ErrorKind::BrokenPipe
                ));
            }
        });
    }
}

#[test]
fn too_many_descriptors_are_an_error_and_not_the_end() {
    if is_child("too_many_descriptors_are_an_error_and_not_the_end") {
        a_server_survives(Duration::from_secs(300), |server| {
            let limit = |count| {
                let limit = libc::rlimit {
                    rlim_cur: count,
                    rlim_max: 4096,
                };
                // SAFETY: the limit is valid for reading.
                let result = unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit) };
                assert_eq!(result, 0);
            };
            limit(libc::rlim_t::try_from(descriptors() + 40).unwrap());
            let mut streams = Vec::new();
            let error = loop {
                match TcpStream::connect(server.address) {
                    Ok(stream) => streams.push(stream),
                    Err(error) => break error,
                }
            };
            assert_eq!(error.raw_os_error(), Some(libc::EMFILE));
            // Those that were accepted are served nevertheless.
            thread::sleep(Duration::from_millis(20));
            drop(streams);
            eventually("the server does not recover", || {
                TcpStream::connect(server.address).is_ok()
            });
            limit(4096);
        });
    }
}

#[test]
fn storms_of_connections_are_survived() {
    if is_child("storms_of_connections_are_survived") {
        a_server_survives(Duration::from_secs(300), |server| {
            let address = server.address;
            let clients: Vec<_> = (0..100)
                .map(|_| {
                    thread::spawn(move || {
                        for round in 0..50 {
                            let stream = TcpStream::connect(address).unwrap();
                            if round % 3 == 0 {
                                reset(stream);
                            }
                        }
                    })
                })
                .collect();
            clients.into_iter().for_each(|client| client.join().unwrap());
        });
    }
}

/// The longest that a request took, in microseconds.
static SLOWEST: AtomicU64 = AtomicU64::new(0);

/// A small generator, so that runs differ as little as can be.
fn random(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state
}

/// How long the soak is: bounded by default, `THREADBARE_SOAK` (seconds) for more.
fn soak_time() -> Duration {
    let seconds = std::env::var("THREADBARE_SOAK")
        .ok()
        .and_then(|text| text.parse().ok());
    Duration::from_secs(seconds.unwrap_or(3))
}

#[test]
fn under_load_with_random_faults_no_accepted_request_is_lost() {
    if !is_child("under_load_with_random_faults_no_accepted_request_is_lost") {
        return;
    }
    // Panics on purpose are not news.
    std::panic::set_hook(Box::new(|info| {
        if !info.to_string().contains("on purpose") {
            eprintln!("{info}");
        }
    }));
    leaks_nothing(|| {
        let ending = Arc::new(AtomicBool::new(false));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (begun, done) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let acceptor = {
            let (ending, begun, done) = (Arc::clone(&ending), Arc::clone(&begun), Arc::clone(&done));
            thread::spawn(move || {
                let mut handlers = Vec::new();
                while let Ok((stream, _peer)) = listener.accept() {
                    if ending.load(Ordering::SeqCst) {
                        break;
                    }
                    let (begun, done) = (Arc::clone(&begun), Arc::clone(&done));
                    handlers.push(thread::spawn(move || handle(stream, &begun, &done)));
                }
                // Handlers may have panicked, on purpose.
                handlers.into_iter().for_each(|handler| drop(handler.join()));
            })
        };
        let end = Instant::now() + soak_time();
        let clients: Vec<_> = (1..=CLIENTS as u64)
            .map(|seed| thread::spawn(move || client(address, seed, end)))
            .collect();
        let mut answered = 0;
        for client in clients {
            answered += client.join().expect("no client misses an answer");
        }
        ending.store(true, Ordering::SeqCst);
        drop(TcpStream::connect(address));
        acceptor.join().unwrap();
        eprintln!(
            "{answered} requests, the slowest took {} us",
            SLOWEST.load(Ordering::Relaxed)
        );
        assert!(answered > 0, "no requests in the time");
        assert_eq!(
            begun.load(Ordering::SeqCst),
            done.load(Ordering::SeqCst),
            "a request was begun and not done"
        );
    });
}

/// How long the server waits for a request. A client whose machine keeps it for so long has itself to blame.
const PATIENCE: Duration = Duration::from_secs(2);

/// One request: a byte that says what goes wrong, and four bytes to echo.
fn handle(mut stream: TcpStream, begun: &AtomicUsize, done: &AtomicUsize) {
    /// Counts a request as done even if its handler panics.
    struct Done<'a>(&'a AtomicUsize);
    impl Drop for Done<'_> {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut request = [0; 5];
    while stream.read_exact(&mut request).is_ok() {
        begun.fetch_add(1, Ordering::SeqCst);
        let _done = Done(done);
        match request[0] {
            b'p' => panic!("on purpose"),
            // A worker stuck in a system call.
            b's' => std::thread::sleep(Duration::from_millis(15)),
            b'w' => thread::sleep(Duration::from_millis(3)),
            _ => {}
        }
        if stream.write_all(&request).is_err() {
            return;
        }
    }
}

/// Requests until `end`, with faults; how many were answered. Panics if one that went well is not answered.
fn client(address: SocketAddr, seed: u64, end: Instant) -> u64 {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let mut answered = 0;
    while Instant::now() < end {
        // From when the server has waited for the next request, at the earliest.
        let mut since = Instant::now();
        let mut stream = TcpStream::connect(address).unwrap();
        for _ in 0..random(&mut state) % 20 {
            let kind = match random(&mut state) % 1000 {
                0..5 => b'p',
                5..10 => b's',
                10..20 => b'w',
                20..25 => {
                    // Half a request, and away.
                    let _ = stream.write_all(b"no");
                    break;
                }
                25 => {
                    // Half a request, for too long.
                    let _ = stream.write_all(b"no");
                    thread::sleep(PATIENCE + Duration::from_millis(100));
                    break;
                }
                _ => b'.',
            };
            let request = [kind, seed.to_le_bytes()[0], 2, 3, 4];
            let asked = Instant::now();
            let written = stream.write_all(&request);
            if since.elapsed() >= PATIENCE {
                break;
            }
            written.expect("the server reads");
            since = asked;
            if kind == b'.' && random(&mut state).is_multiple_of(50) {
                // Away without the answer: nobody may mind.
                reset(stream.try_clone().unwrap());
                break;
            }
            let mut answer = [0; 5];
            let result = stream.read_exact(&mut answer);
            SLOWEST.fetch_max(
                u64::try_from(asked.elapsed().as_micros()).unwrap(),
                Ordering::Relaxed,
            );
            if kind == b'p' {
                assert!(result.is_err(), "a handler that panicked answers nothing");
                break;
            }
            result.expect("every request is answered");
            assert_eq!(request, answer);
            answered += 1;
        }
    }
    answered
}

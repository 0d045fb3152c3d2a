//! What std promises of its pipes, files, Unix sockets, child processes and clocks; and futures.

mod again;

use std::io::{BufRead, BufReader, ErrorKind, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use threadbare::future::block_on;
use threadbare::os::unix::net::{UnixDatagram, UnixListener, UnixStream};
use threadbare::process::{Command, Stdio};
use threadbare::time::{self, Duration, Instant};
use threadbare::{fs, io, runtime, thread};

#[test]
fn again_in_other_configurations() {
    again::in_configurations(&[
        "THREADBARE_MODE=pinned THREADBARE_WORKERS=1",
        "THREADBARE_MODE=pinned THREADBARE_WORKERS=4",
        "THREADBARE_MODE=isolated THREADBARE_WORKERS=1",
        "THREADBARE_MODE=isolated THREADBARE_WORKERS=4",
        "THREADBARE_MODE=pinned THREADBARE_WORKERS=4 THREADBARE_REACTOR=io_uring",
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

/// A directory of its own for a test, gone afterwards.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Scratch {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("threadbare-io-{}-{number}", std::process::id()));
        std::fs::create_dir(&path).unwrap();
        Scratch(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn a_pipe_passes_bytes_and_its_end() {
    on_each(|| {
        let (mut reader, mut writer) = io::pipe().unwrap();
        let data: Vec<u8> = (0..300_000_u32).map(|n| n.to_le_bytes()[0]).collect();
        let sent = data.clone();
        let sender = thread::spawn(move || writer.write_all(&sent).unwrap());
        let mut received = Vec::new();
        reader.read_to_end(&mut received).unwrap();
        assert_eq!(data, received);
        sender.join().unwrap();
        let (reader, mut writer) = io::pipe().unwrap();
        drop(reader);
        assert_eq!(writer.write(b"x").unwrap_err().kind(), ErrorKind::BrokenPipe);
    });
}

#[test]
fn unix_sockets_talk() {
    on_each(|| {
        let scratch = Scratch::new();
        let path = scratch.0.join("socket");
        let listener = UnixListener::bind(&path).unwrap();
        let server = thread::spawn(move || {
            for stream in listener.incoming().take(2) {
                let mut stream = stream.unwrap();
                let mut text = String::new();
                stream.read_to_string(&mut text).unwrap();
                stream.write_all(text.to_uppercase().as_bytes()).unwrap();
            }
        });
        for text in ["one", "two"] {
            let mut stream = UnixStream::connect(&path).unwrap();
            stream.write_all(text.as_bytes()).unwrap();
            stream.shutdown(threadbare::net::Shutdown::Write).unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            assert_eq!(answer, text.to_uppercase());
        }
        server.join().unwrap();
        let (near, _far) = UnixStream::pair().unwrap();
        near.set_read_timeout(Some(Duration::from_millis(2))).unwrap();
        assert_eq!((&near).read(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
    });
}

#[test]
fn unix_datagrams_wait_for_room_connected_or_not() {
    on_each(|| {
        let scratch = Scratch::new();
        let path = scratch.0.join("datagrams");
        let receiver = UnixDatagram::bind(&path).unwrap();
        let connected = UnixDatagram::unbound().unwrap();
        connected.connect(&path).unwrap();
        let senders = [
            thread::spawn(move || (0..200_u8).for_each(|n| assert_eq!(connected.send(&[n]).unwrap(), 1))),
            thread::spawn(move || {
                let free = UnixDatagram::unbound().unwrap();
                (0..200_u8).for_each(|n| assert_eq!(free.send_to(&[n], &path).unwrap(), 1));
            }),
        ];
        let mut sum = 0;
        for _ in 0..400 {
            let mut byte = [0];
            assert_eq!(receiver.recv(&mut byte).unwrap(), 1);
            sum += usize::from(byte[0]);
        }
        assert_eq!(sum, 2 * (199 * 200 / 2));
        senders.into_iter().for_each(|sender| sender.join().unwrap());
    });
}

#[test]
fn files_are_written_read_and_removed() {
    on_each(|| {
        let scratch = Scratch::new();
        let path = scratch.0.join("file");
        fs::write(&path, "first\nsecond\n").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "first\nsecond\n");
        let mut file = fs::OpenOptions::new()
            .read(true)
            .append(true)
            .open(&path)
            .unwrap();
        file.write_all(b"third\n").unwrap();
        file.seek(SeekFrom::Start(0)).unwrap();
        let lines: Vec<_> = BufReader::new(&file).lines().map(Result::unwrap).collect();
        assert_eq!(lines, ["first", "second", "third"]);
        let mut middle = [0; 6];
        file.read_exact_at(&mut middle, 6).unwrap();
        assert_eq!(&middle, b"second");
        assert_eq!(file.metadata().unwrap().len(), 19);
        let names: Vec<_> = fs::read_dir(&scratch.0)
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        assert_eq!(names, ["file"]);
        fs::rename(&path, scratch.0.join("moved")).unwrap();
        assert!(!fs::exists(&path).unwrap());
        assert_eq!(fs::File::open(&path).unwrap_err().kind(), ErrorKind::NotFound);
    });
}

#[test]
fn types_look_as_std_s_do() {
    fn same(ours: impl std::fmt::Debug, theirs: impl std::fmt::Debug) {
        assert_eq!(format!("{ours:?}"), format!("{theirs:?}"));
    }
    let file = fs::File::from(std::fs::File::open("/proc/self/stat").unwrap());
    assert!(!file.is_terminal());
    let ours = format!("{file:?}");
    assert_eq!(ours, format!("{:?}", std::fs::File::from(file)));
    same(
        fs::OpenOptions::new().read(true),
        std::fs::OpenOptions::new().read(true),
    );
    same(fs::DirBuilder::new(), std::fs::DirBuilder::new());
    same(
        fs::read_dir("/proc/self/fd").unwrap(),
        std::fs::read_dir("/proc/self/fd").unwrap(),
    );
    same(
        fs::read_dir("/proc/self/ns").unwrap().next(),
        std::fs::read_dir("/proc/self/ns").unwrap().next(),
    );
    same(io::stdin(), std::io::stdin());
    same(
        Command::new("true").stdin(Stdio::piped()),
        std::process::Command::new("true").stdin(Stdio::piped()),
    );
    let mut ours = Command::new("true").stdin(Stdio::piped()).spawn().unwrap();
    let mut theirs = std::process::Command::new("true")
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    same(&ours, &theirs);
    ours.wait().unwrap();
    theirs.wait().unwrap();
}

#[test]
fn a_thread_that_waits_for_a_file_lock_holds_up_nobody() {
    let scratch = Scratch::new();
    let path = scratch.0.join("locked");
    let mine = fs::File::create(&path).unwrap();
    mine.lock().unwrap();
    let waiters: Vec<_> = (0..4)
        .map(|_| {
            let path = path.clone();
            thread::spawn(move || fs::File::open(path).unwrap().lock().unwrap())
        })
        .collect();
    assert_eq!(thread::spawn(|| 6 * 7).join().unwrap(), 42);
    mine.unlock().unwrap();
    waiters.into_iter().for_each(|waiter| waiter.join().unwrap());
}

#[test]
fn a_call_on_the_pool_returns_and_panics_as_its_own() {
    let caught = thread::spawn(|| {
        assert_eq!(runtime::blocking(|| "borrowed".to_owned() + "!"), "borrowed!");
        let mut local = 1;
        runtime::blocking(|| local += 1);
        assert_eq!(local, 2);
        runtime::blocking(|| panic!("on purpose"));
    })
    .join()
    .unwrap_err();
    assert_eq!(*caught.downcast_ref::<&str>().unwrap(), "on purpose");
}

#[test]
fn calls_that_block_for_long_run_side_by_side() {
    let (sender, receiver) = std::sync::mpsc::channel::<()>();
    let receiver = std::sync::Mutex::new(receiver);
    thread::scope(|scope| {
        let receiver = &receiver;
        let first = scope.spawn(move || runtime::blocking(|| receiver.lock().unwrap().recv().unwrap()));
        let second = scope.spawn(move || runtime::blocking(|| sender.send(()).unwrap()));
        first.join().unwrap();
        second.join().unwrap();
    });
}

#[test]
fn children_are_waited_for_by_many_threads_at_once() {
    on_each(|| {
        let output = Command::new("sh")
            .args(["-c", "cat; echo complaint >&2; exit 3"])
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(3));
        assert_eq!(output.stderr, b"complaint\n");
        let children: Vec<_> = (0..20)
            .map(|code| {
                thread::spawn(move || {
                    let script = format!("sleep 0.05; exit {code}");
                    let mut child = Command::new("sh").args(["-c", &script]).spawn().unwrap();
                    assert_eq!(child.wait().unwrap().code(), Some(code));
                    // A second time, as in std.
                    assert_eq!(child.wait().unwrap().code(), Some(code));
                })
            })
            .collect();
        children.into_iter().for_each(|child| child.join().unwrap());
        assert!(Command::new("/no/such/program").spawn().is_err());
    });
}

#[test]
fn a_child_is_talked_to_through_pipes() {
    on_each(|| {
        let mut child = Command::new("tr")
            .args(["a-z", "A-Z"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let writer = thread::spawn(move || {
            for _ in 0..20_000 {
                stdin.write_all(b"some words\n").unwrap();
            }
        });
        let output = child.wait_with_output().unwrap();
        writer.join().unwrap();
        assert_eq!(output.stdout, b"SOME WORDS\n".repeat(20_000));
        assert!(output.status.success());
        // A pipe of ours as a child's, which finds it as std would have made it.
        let (mut reader, writer) = io::pipe().unwrap();
        let mut child = Command::new("echo").arg("direct").stdout(writer).spawn().unwrap();
        let mut text = String::new();
        reader
            .read_to_string(&mut text)
            .unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(text, "direct\n");
        child.wait().unwrap();
    });
}

#[test]
fn a_child_that_never_ends_is_killed() {
    on_each(|| {
        let mut child = Command::new("sleep").arg("1000").spawn().unwrap();
        assert!(child.try_wait().unwrap().is_none());
        child.kill().unwrap();
        assert!(!child.wait().unwrap().success());
    });
}

#[test]
fn sleepers_wake_in_the_order_of_their_deadlines() {
    let (sender, receiver) = threadbare::sync::mpsc::channel();
    let start = Instant::now();
    for milliseconds in [30, 10, 20] {
        let sender = sender.clone();
        thread::spawn(move || {
            time::sleep_until(start + Duration::from_millis(milliseconds));
            sender.send((milliseconds, start.elapsed())).unwrap();
        });
    }
    drop(sender);
    let woken: Vec<_> = receiver.iter().collect();
    assert!(
        woken
            .iter()
            .all(|(due, elapsed)| *elapsed >= Duration::from_millis(*due))
    );
    assert_eq!(woken.len(), 3);
}

#[test]
fn an_interval_keeps_its_moments() {
    on_each(|| {
        let period = Duration::from_millis(3);
        let start = Instant::now();
        let moments: Vec<_> = time::interval(period).take(4).collect();
        assert!(moments.windows(2).all(|pair| pair[1] - pair[0] == period));
        assert!(start.elapsed() >= 3 * period);
        let mut late = time::interval(period);
        thread::sleep(5 * period);
        let before = Instant::now();
        late.skip_missed();
        assert!(late.next().unwrap() + period > before);
    });
}

#[test]
fn a_future_that_is_woken_from_elsewhere_goes_on() {
    on_each(|| {
        let mut polls = 0;
        let answer = block_on(std::future::poll_fn(|context| {
            polls += 1;
            if polls == 3 {
                return std::task::Poll::Ready(polls);
            }
            let waker = context.waker().clone();
            thread::spawn(move || waker.wake());
            std::task::Poll::Pending
        }));
        assert_eq!(answer, 3);
    });
}

#[test]
fn a_future_waits_for_a_socket() {
    on_each(|| {
        let (near, mut far) = UnixStream::pair().unwrap();
        let writer = thread::spawn(move || {
            for byte in 0..100 {
                thread::yield_now();
                far.write_all(&[byte]).unwrap();
            }
        });
        for expected in 0..100 {
            let mut byte = [0];
            let count = block_on(std::future::poll_fn(|context| near.poll_read(context, &mut byte)));
            assert_eq!((count.unwrap(), byte[0]), (1, expected));
        }
        writer.join().unwrap();
    });
}

#[test]
fn a_dump_says_what_threads_wait_for() {
    let listener = threadbare::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let near = threadbare::net::TcpStream::connect(address).unwrap();
    let (mut far, _peer) = listener.accept().unwrap();
    let local = near.local_addr().unwrap();
    let reader = thread::Builder::new()
        .name("reads".into())
        .spawn(move || (&near).read(&mut [0]).unwrap())
        .unwrap();
    let acceptor = thread::spawn(move || listener.accept().map(drop));
    let reading = format!("a connection of {local} with {address}");
    let accepting = format!("a socket at {address}");
    loop {
        let dump = runtime::dump();
        let found = |what: &str, text: &str| {
            dump.lines()
                .any(|line| line.contains(what) && line.contains(text))
        };
        if found(": reading on descriptor", &reading) && found(": accepting on descriptor", &accepting) {
            break;
        }
        std::thread::yield_now();
    }
    far.write_all(b"!").unwrap();
    assert_eq!(reader.join().unwrap(), 1);
    threadbare::net::TcpStream::connect(address).unwrap();
    acceptor.join().unwrap().unwrap();
}

#[test]
fn metrics_count_what_there_is() {
    let (near, mut far) = UnixStream::pair().unwrap();
    let reader = thread::Builder::new()
        .name("is counted".into())
        .spawn(move || (&near).read(&mut [0]).unwrap())
        .unwrap();
    let waits = |line: &str| line.contains("'is counted'") && line.contains(": reading on descriptor");
    while !runtime::dump().lines().any(waits) {
        std::thread::yield_now();
    }
    let reading = runtime::metrics()
        .threads
        .into_iter()
        .find(|(state, _)| state == "reading");
    assert!(reading.unwrap().1 >= 1);
    let before = runtime::metrics();
    assert!(before.descriptors >= 1);
    far.write_all(b"!").unwrap();
    reader.join().unwrap();
    let after = runtime::metrics();
    assert!(after.events > before.events && after.looks > before.looks);
    let text = after.to_prometheus();
    for line in text.lines() {
        let is_sample =
            line.starts_with("threadbare_") && line.rsplit(' ').next().unwrap().parse::<u64>().is_ok();
        assert!(
            is_sample || line.starts_with("# HELP threadbare_") || line.starts_with("# TYPE threadbare_")
        );
    }
}

#[cfg(feature = "trace")]
#[test]
fn a_trace_shows_who_ran() {
    let named = thread::Builder::new().name("a \"quoted\" one".into());
    let thread = named
        .spawn(|| (0..3).for_each(|_| thread::sleep(Duration::from_millis(1))))
        .unwrap();
    loop {
        let trace = runtime::trace();
        assert!(trace.starts_with("{\"traceEvents\":["));
        if trace.contains(r#"a \"quoted\" one' ("#) && trace.contains(r#""then":"sleeping""#) {
            break;
        }
        std::thread::yield_now();
    }
    thread.join().unwrap();
}

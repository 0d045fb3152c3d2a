//! The servers and clients under `examples/`, as whole programs.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long anything may take. Only what never happens takes so long.
const PATIENCE: Duration = Duration::from_secs(300);

/// An example, which cargo builds beside this test.
fn example(name: &str) -> Command {
    let mut path = std::env::current_exe().expect("our own path");
    path.pop();
    path.pop();
    Command::new(path.join("examples").join(name))
}

/// A server that says where it listens; ended with the test.
struct Server {
    child: Child,
    address: SocketAddr,
}

impl Server {
    fn start(name: &str) -> Server {
        let mut child = example(name)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the example starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("piped"))
            .read_line(&mut line)
            .unwrap();
        let address = line.trim().parse().expect("an address");
        Server { child, address }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    /// Sends `text` on a new connection and returns all that comes back.
    fn exchange(&self, text: &[u8]) -> String {
        let mut stream = self.connect();
        stream.write_all(text).unwrap();
        let mut answer = String::new();
        // A server that refuses a body it has not read resets the connection after its answer.
        let _ = stream.read_to_string(&mut answer);
        answer
    }

    fn terminate(&mut self) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").arg(pid).status().unwrap().success());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn succeeds(mut command: Command) -> String {
    let output = command.output().expect("the example starts");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn http_requests_are_answered_in_turn_on_one_connection() {
    let server = Server::start("http_server");
    let pipelined = b"GET / HTTP/1.1\r\n\r\nPOST /echo HTTP/1.1\r\nContent-Length: 5\r\n\r\nfirst\
        POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nsec\r\n3;x=y\r\nond\r\n0\r\nTrailer: t\r\n\r\n\
        HEAD / HTTP/1.1\r\n\r\nGET /nowhere HTTP/1.1\r\nConnection: close\r\n\r\n";
    let answers = server.exchange(pipelined);
    let bodies: Vec<&str> = answers
        .split("HTTP/1.1 ")
        .skip(1)
        .map(|answer| answer.split_once("\r\n\r\n").unwrap().1)
        .collect();
    assert_eq!(bodies, ["Hello, World!", "first", "second", "", "Not Found"]);
    let old = server.exchange(b"GET / HTTP/1.0\r\n\r\n");
    assert!(old.contains("Connection: close"), "{old}");
}

#[test]
fn http_requests_byte_by_byte_are_requests_too() {
    let server = Server::start("http_server");
    let mut stream = server.connect();
    stream.set_nodelay(true).unwrap();
    for byte in
        b"POST /echo HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi"
    {
        stream.write_all(&[*byte]).unwrap();
    }
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK"),
        "{answer}"
    );
    assert!(answer.ends_with("hi"), "{answer}");
}

#[test]
fn http_limits_hold() {
    let server = Server::start("http_server");
    let status = |request: &[u8]| {
        server
            .exchange(request)
            .chars()
            .skip(9)
            .take(3)
            .collect::<String>()
    };
    assert_eq!(status(b"nonsense\r\n\r\n"), "400");
    let mut long = b"GET / HTTP/1.1\r\nLong: ".to_vec();
    long.resize(20 << 10, b'x');
    assert_eq!(status(&long), "431");
    let many = format!("GET / HTTP/1.1\r\n{}\r\n", "A: b\r\n".repeat(100));
    assert_eq!(status(many.as_bytes()), "431");
    assert_eq!(
        status(b"POST /echo HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n"),
        "413"
    );
    assert_eq!(
        status(b"POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nfffffff\r\n"),
        "413"
    );
    let mut line = b"POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1;".to_vec();
    line.resize(20 << 10, b'x');
    assert_eq!(status(&line), "431");
    let signed = b"POST /echo HTTP/1.1\r\nContent-Length: +1\r\n\r\nx";
    assert_eq!(status(signed), "400");
    let smuggled = b"POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
    assert_eq!(status(smuggled), "400");
}

#[test]
fn a_request_that_never_ends_is_given_up() {
    let server = Server::start("http_server");
    let mut stream = server.connect();
    let start = Instant::now();
    stream.write_all(b"GET / HTTP/1.1\r\nDrip: ").unwrap();
    let mut answer = Vec::new();
    while let Err(error) = stream
        .set_read_timeout(Some(Duration::from_millis(200)))
        .and_then(|()| {
            let mut byte = [0; 256];
            let count = stream.read(&mut byte)?;
            answer.extend_from_slice(&byte[..count]);
            Ok(())
        })
    {
        assert!(start.elapsed() < PATIENCE, "{error}");
        let _ = stream.write_all(b"x");
    }
    assert!(
        answer.starts_with(b"HTTP/1.1 408"),
        "{}",
        String::from_utf8_lossy(&answer)
    );
}

#[test]
fn a_signal_ends_the_http_server_after_what_it_has_begun() {
    let mut server = Server::start("http_server");
    let mut idle = server.connect();
    idle.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    let mut answer = [0; 256];
    assert!(idle.read(&mut answer).unwrap() > 0);
    let mut busy = server.connect();
    // It says when it has begun; there are many, lest it be done with all of them before the signal comes.
    let slow = b"GET /slow HTTP/1.1\r\nExpect: 100-continue\r\n\r\n".repeat(30);
    busy.write_all(&slow).unwrap();
    let mut begun = [0; b"HTTP/1.1 100 Continue\r\n\r\n".len()];
    busy.read_exact(&mut begun).unwrap();
    server.terminate();
    let mut late = String::new();
    busy.read_to_string(&mut late).unwrap();
    assert!(
        late.ends_with("at last") && late.contains("Connection: close"),
        "{late}"
    );
    assert_eq!(idle.read(&mut answer).unwrap(), 0);
    assert!(server.child.wait().unwrap().success());
}

#[test]
fn members_of_the_chat_read_what_others_say() {
    let server = Server::start("chat");
    let first = server.connect();
    let mut lines = BufReader::new(first.try_clone().unwrap()).lines();
    let mut second = server.connect();
    assert_eq!(lines.next().unwrap().unwrap(), "2: is here");
    second.write_all(b"hello\nthere\n").unwrap();
    assert_eq!(lines.next().unwrap().unwrap(), "2: hello");
    assert_eq!(lines.next().unwrap().unwrap(), "2: there");
    drop(second);
    assert_eq!(lines.next().unwrap().unwrap(), "2: has left");
}

#[test]
fn rustls_and_tungstenite_work_over_our_sockets() {
    assert_eq!(succeeds(example("tls")), "20 clients were answered over TLS\n");
    assert_eq!(
        succeeds(example("websocket")),
        "50 clients had 20 messages echoed each\n"
    );
}

#[test]
fn hyper_is_driven_by_green_threads() {
    let server = Server::start("hyper_service");
    let clients: Vec<_> = (0..20)
        .map(|_| {
            let mut stream = server.connect();
            std::thread::spawn(move || {
                stream
                    .write_all(b"GET /one HTTP/1.1\r\nHost: x\r\n\r\nGET /two HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                    .unwrap();
                let mut answer = String::new();
                stream.read_to_string(&mut answer).unwrap();
                assert!(answer.contains("Hello, one!") && answer.ends_with("Hello, two!"), "{answer}");
            })
        })
        .collect();
    clients.into_iter().for_each(|client| client.join().unwrap());
}

/// Redis, ended with the test.
struct Redis(Child, PathBuf);

impl Redis {
    /// Starts it on a port that nobody else has, and returns the port, too.
    fn start() -> (Redis, u16) {
        let folder = std::env::temp_dir().join(format!("threadbare-redis-{}", std::process::id()));
        // A free port may be another's before redis has it. Then redis ends, and the next one is tried.
        (0..20)
            .find_map(|_| Redis::start_on_a_free_port(&folder))
            .expect("redis-server listens")
    }

    fn start_on_a_free_port(folder: &Path) -> Option<(Redis, u16)> {
        let port = std::net::TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        std::fs::create_dir_all(folder).unwrap();
        let mut server = Command::new("redis-server")
            .args(["--port", &port.to_string(), "--save", "", "--bind", "127.0.0.1"])
            .current_dir(folder)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let told = BufReader::new(server.stdout.take().unwrap());
        let redis = Redis(server, folder.to_owned());
        let mut lines = told.lines().map(Result::unwrap);
        lines
            .any(|line| line.contains("Ready to accept connections"))
            .then_some((redis, port))
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
        let _ = std::fs::remove_dir_all(&self.1);
    }
}

#[test]
fn redis_commands_of_many_threads_are_answered() {
    if Command::new("redis-server").arg("--version").output().is_err() {
        assert!(
            std::env::var_os("CI").is_none(),
            "redis-server is missing (Debian: apt-get install redis-server)"
        );
        eprintln!("skipped: redis-server is missing (Debian: apt-get install redis-server)");
        return;
    }
    let (_redis, port) = Redis::start();
    let mut client = example("redis_counter");
    client.arg(format!("127.0.0.1:{port}"));
    assert_eq!(succeeds(client), "50 clients counted to 5000\n");
}

//! An HTTP/1.1 server, in the style that std's threads would have: a thread for each connection, which reads a request, answers it, and
//! goes on until the connection ends.
//!
//! Keep-alive and pipelining come by themselves, for a thread answers one request after the other. Bodies may have a length or come in
//! chunks. Limits: connections, the size of a head and of a body, the time that each may take. `SIGTERM` or `SIGINT` end the server: it
//! accepts nobody any more, finishes what it has begun, and closes.
//!
//! `cargo run -p threadbare --example http_server -- 127.0.0.1:8080`, then `curl -d hello localhost:8080/echo`.

use std::collections::HashMap;
use std::io::{self, ErrorKind, Read, Write};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use threadbare::net::{Shutdown, TcpListener, TcpStream};
use threadbare::sync::{Arc, Mutex};
use threadbare::thread;
use threadbare::time::{Duration, Instant};

const MOST_CONNECTIONS: usize = 10_000;
const MOST_HEAD: usize = 16 << 10;
const MOST_BODY: usize = 1 << 20;
const MOST_HEADERS: usize = 64;
/// How long a connection may say nothing between two requests, and how long one request may take to come.
const IDLE: Duration = Duration::from_secs(30);
const REQUEST: Duration = Duration::from_secs(5);

fn main() -> io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or("127.0.0.1:0".to_owned());
    let listener = TcpListener::bind(address)?;
    println!("{}", listener.local_addr()?);
    let server = Arc::new(Server::default());
    server.end_on_signals(listener.local_addr()?)?;
    let acceptor = Arc::clone(&server);
    // The work is done by green threads; `main` itself is an operating-system thread.
    thread::spawn(move || acceptor.serve(&listener))
        .join()
        .expect("no panic")?;
    eprintln!("served {} requests", server.served.load(Ordering::Relaxed));
    Ok(())
}

#[derive(Default)]
struct Server {
    ending: AtomicBool,
    served: AtomicU64,
    /// Of each connection a handle to shut it by, and whether it is between two requests.
    connections: Mutex<HashMap<u64, (TcpStream, bool)>>,
}

impl Server {
    fn serve(&self, listener: &TcpListener) -> io::Result<()> {
        thread::scope(|scope| {
            for number in 0.. {
                let stream = match listener.accept() {
                    _ if self.ending.load(Ordering::SeqCst) => break,
                    Ok((stream, _peer)) => stream,
                    // The peer has gone, or there are too many descriptors: those that end make room.
                    Err(error) => {
                        eprintln!("accept: {error}");
                        thread::sleep(Duration::from_millis(10));
                        continue;
                    }
                };
                let Some(connection) = self.admit(number, stream) else {
                    continue;
                };
                scope.spawn(move || connection.run());
            }
            // The end of the scope waits for the connections.
            Ok(())
        })
    }

    /// A connection, unless there are too many.
    fn admit(&self, number: u64, stream: TcpStream) -> Option<Connection<'_>> {
        let handle = stream.try_clone().ok()?;
        let mut connections = self.connections.lock().expect("no panic");
        if connections.len() >= MOST_CONNECTIONS {
            let _ = (&stream).write_all(b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\n\r\n");
            return None;
        }
        connections.insert(number, (handle, true));
        drop(connections);
        stream.set_nodelay(true).ok()?;
        Some(Connection {
            server: self,
            number,
            stream,
            received: Vec::new(),
        })
    }

    /// Waits for signals on a thread of the operating system, and ends the server when one comes.
    fn end_on_signals(self: &Arc<Self>, address: threadbare::net::SocketAddr) -> io::Result<()> {
        let mut signals =
            signal_hook::iterator::Signals::new([signal_hook::consts::SIGTERM, signal_hook::consts::SIGINT])?;
        let server = Arc::clone(self);
        std::thread::spawn(move || {
            signals.forever().next();
            server.ending.store(true, Ordering::SeqCst);
            for (stream, idle) in server.connections.lock().expect("no panic").values() {
                if *idle {
                    // Whoever waits for a request there finds the end.
                    let _ = stream.shutdown(Shutdown::Read);
                }
            }
            // Whoever waits for a connection finds one.
            let _ = TcpStream::connect(address);
        });
        Ok(())
    }
}

struct Connection<'a> {
    server: &'a Server,
    number: u64,
    stream: TcpStream,
    /// What has come and does not belong to a request that was answered.
    received: Vec<u8>,
}

struct Request {
    method: String,
    path: String,
    body: Vec<u8>,
    keep_alive: bool,
}

/// Status, reason and body.
type Answer = (u16, &'static str, Vec<u8>);

/// Why there is no request: an answer to give, or none because the connection has ended.
enum Trouble {
    Answer(u16, &'static str),
    Ended,
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Trouble {
        match error.kind() {
            ErrorKind::WouldBlock => Trouble::Answer(408, "Request Timeout"),
            _ => Trouble::Ended,
        }
    }
}

impl From<httparse::Error> for Trouble {
    fn from(error: httparse::Error) -> Trouble {
        match error {
            httparse::Error::TooManyHeaders => Trouble::Answer(431, "Request Header Fields Too Large"),
            _ => Trouble::Answer(400, "Bad Request"),
        }
    }
}

impl Connection<'_> {
    fn run(mut self) {
        loop {
            let trouble = match self.request() {
                Ok(request) => {
                    let answer = respond(&request);
                    let last = !request.keep_alive || self.server.ending.load(Ordering::SeqCst);
                    self.server.served.fetch_add(1, Ordering::Relaxed);
                    let with_body = request.method != "HEAD";
                    if self.answer(&answer, with_body, last).is_err() || last {
                        return;
                    }
                    continue;
                }
                Err(trouble) => trouble,
            };
            if let Trouble::Answer(status, reason) = trouble {
                let _ = self.answer(&(status, reason, reason.into()), true, true);
            }
            return;
        }
    }

    fn request(&mut self) -> Result<Request, Trouble> {
        if self.received.is_empty() {
            self.wait_for_request()?;
        }
        let deadline = Instant::now() + REQUEST;
        loop {
            let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
            let mut head = httparse::Request::new(&mut headers);
            if let httparse::Status::Complete(length) = head.parse(&self.received)? {
                let framing = Framing::of(head.headers)?;
                let mut request = Request {
                    method: head.method.unwrap_or_default().to_owned(),
                    path: head.path.unwrap_or_default().to_owned(),
                    body: Vec::new(),
                    keep_alive: framing.keep_alive(head.version),
                };
                self.received.drain(..length);
                if framing.expects {
                    self.stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
                }
                request.body = match framing.chunked {
                    true => self.chunks(deadline)?,
                    false => self.bytes(framing.length, deadline)?,
                };
                return Ok(request);
            }
            self.receive_head(deadline)?;
        }
    }

    /// More bytes of something that has no length: lines.
    fn receive_head(&mut self, deadline: Instant) -> Result<(), Trouble> {
        if self.received.len() >= MOST_HEAD {
            return Err(Trouble::Answer(431, "Request Header Fields Too Large"));
        }
        self.receive(deadline)
    }

    /// Waits for the first bytes; meanwhile the connection may be shut by the end of the server.
    fn wait_for_request(&mut self) -> Result<(), Trouble> {
        self.set_idle(true);
        let waited = if self.server.ending.load(Ordering::SeqCst) {
            Err(Trouble::Ended)
        } else {
            // A peer that says nothing at all gets no answer either.
            self.receive(Instant::now() + IDLE).map_err(|_| Trouble::Ended)
        };
        self.set_idle(false);
        waited
    }

    fn set_idle(&self, idle: bool) {
        let mut connections = self.server.connections.lock().expect("no panic");
        if let Some(entry) = connections.get_mut(&self.number) {
            entry.1 = idle;
        }
    }

    /// More bytes, before the deadline.
    fn receive(&mut self, deadline: Instant) -> Result<(), Trouble> {
        let left = deadline.saturating_duration_since(Instant::now());
        self.stream
            .set_read_timeout(Some(left.max(Duration::from_millis(1))))?;
        let mut buffer = [0; 8 << 10];
        match self.stream.read(&mut buffer)? {
            0 => Err(Trouble::Ended),
            count => {
                self.received.extend_from_slice(&buffer[..count]);
                Ok(())
            }
        }
    }

    fn bytes(&mut self, length: usize, deadline: Instant) -> Result<Vec<u8>, Trouble> {
        if length > MOST_BODY {
            return Err(Trouble::Answer(413, "Content Too Large"));
        }
        while self.received.len() < length {
            self.receive(deadline)?;
        }
        Ok(self.received.drain(..length).collect())
    }

    fn chunks(&mut self, deadline: Instant) -> Result<Vec<u8>, Trouble> {
        let mut body = Vec::new();
        loop {
            let bad = |_| Trouble::Answer(400, "Bad Request");
            let (start, size) = loop {
                match httparse::parse_chunk_size(&self.received).map_err(bad)? {
                    httparse::Status::Complete(found) => break found,
                    httparse::Status::Partial => self.receive_head(deadline)?,
                }
            };
            let size = usize::try_from(size).unwrap_or(usize::MAX);
            if size > MOST_BODY - body.len() {
                return Err(Trouble::Answer(413, "Content Too Large"));
            }
            self.received.drain(..start);
            if size == 0 {
                self.skip_trailer(deadline)?;
                return Ok(body);
            }
            let mut chunk = self.bytes(size + 2, deadline)?;
            if chunk.split_off(size) != b"\r\n" {
                return Err(Trouble::Answer(400, "Bad Request"));
            }
            body.append(&mut chunk);
        }
    }

    /// The fields behind the last chunk, which say nothing that is needed here, and the empty line.
    fn skip_trailer(&mut self, deadline: Instant) -> Result<(), Trouble> {
        loop {
            let mut fields = [httparse::EMPTY_HEADER; MOST_HEADERS];
            if let httparse::Status::Complete((length, _)) =
                httparse::parse_headers(&self.received, &mut fields)?
            {
                self.received.drain(..length);
                return Ok(());
            }
            self.receive_head(deadline)?;
        }
    }

    fn answer(&mut self, (status, reason, body): &Answer, with_body: bool, last: bool) -> io::Result<()> {
        let connection = if last { "close" } else { "keep-alive" };
        let mut answer = format!(
            "HTTP/1.1 {status} {reason}\r\nContent-Length: {}\r\nConnection: {connection}\r\n\r\n",
            body.len()
        )
        .into_bytes();
        if with_body {
            answer.extend_from_slice(body);
        }
        self.stream.set_write_timeout(Some(REQUEST))?;
        self.stream.write_all(&answer)
    }
}

impl Drop for Connection<'_> {
    fn drop(&mut self) {
        self.server
            .connections
            .lock()
            .expect("no panic")
            .remove(&self.number);
    }
}

/// What the headers say of the body and of what comes after it.
#[derive(Default)]
struct Framing {
    length: usize,
    chunked: bool,
    expects: bool,
    close: bool,
    keep: bool,
}

impl Framing {
    fn of(headers: &[httparse::Header<'_>]) -> Result<Framing, Trouble> {
        let mut framing = Framing::default();
        let bad = Trouble::Answer(400, "Bad Request");
        let mut lengths = 0;
        for header in headers {
            let value = std::str::from_utf8(header.value).unwrap_or_default().trim();
            match header.name.to_ascii_lowercase().as_str() {
                "content-length" => {
                    lengths += 1;
                    framing.length = match value.parse() {
                        // Digits only: a sign would pass `parse`.
                        Ok(length) if value.bytes().all(|byte| byte.is_ascii_digit()) => length,
                        _ => return Err(bad),
                    };
                }
                "transfer-encoding" if value.eq_ignore_ascii_case("chunked") => framing.chunked = true,
                "transfer-encoding" => return Err(Trouble::Answer(501, "Not Implemented")),
                "expect" => framing.expects = value.eq_ignore_ascii_case("100-continue"),
                "connection" => {
                    framing.close |= value.eq_ignore_ascii_case("close");
                    framing.keep |= value.eq_ignore_ascii_case("keep-alive");
                }
                _ => {}
            }
        }
        // A request that two readers could cut differently is none (RFC 9112, section 6.3).
        if lengths > 1 || (lengths == 1 && framing.chunked) {
            return Err(bad);
        }
        Ok(framing)
    }

    fn keep_alive(&self, version: Option<u8>) -> bool {
        match version {
            Some(1) => !self.close,
            _ => self.keep,
        }
    }
}

/// What the server is for.
fn respond(request: &Request) -> Answer {
    match (request.method.as_str(), request.path.as_str()) {
        ("GET" | "HEAD", "/") => (200, "OK", b"Hello, World!".to_vec()),
        ("POST", "/echo") => (200, "OK", request.body.clone()),
        ("GET", "/slow") => {
            thread::sleep(Duration::from_millis(300));
            (200, "OK", b"at last".to_vec())
        }
        _ => (404, "Not Found", b"Not Found".to_vec()),
    }
}

//! hyper on green threads: each drives the future of its own connection, and the service calls what blocks.
//!
//! The adapter is all that hyper needs: it polls the socket, and the thread waits when hyper does.

use std::convert::Infallible;
use std::io::Write as _;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use threadbare::future::block_on;
use threadbare::net::{Shutdown, TcpListener, TcpStream};
use threadbare::thread;
use threadbare::time::Duration;

struct Adapter(TcpStream);

impl Read for Adapter {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        mut cursor: ReadBufCursor<'_>,
    ) -> Poll<std::io::Result<()>> {
        let mut buffer = [0; 4096];
        let room = cursor.remaining().min(buffer.len());
        let count = ready!(self.0.poll_read(context, &mut buffer[..room]))?;
        cursor.put_slice(&buffer[..count]);
        Poll::Ready(Ok(()))
    }
}

impl Write for Adapter {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        self.0.poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(self.0.shutdown(Shutdown::Write))
    }
}

/// Blocks its thread for a moment, as a database client would.
async fn hello(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    thread::sleep(Duration::from_millis(5));
    let text = format!("Hello, {}!", request.uri().path().trim_start_matches('/'));
    Ok(Response::new(Full::new(Bytes::from(text))))
}

fn main() -> std::io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or("127.0.0.1:0".to_owned());
    let listener = TcpListener::bind(address)?;
    println!("{}", listener.local_addr()?);
    std::io::stdout().flush()?;
    for stream in listener.incoming() {
        let stream = stream?;
        thread::spawn(move || {
            let connection = http1::Builder::new().serve_connection(Adapter(stream), service_fn(hello));
            block_on(connection)
        });
    }
    Ok(())
}

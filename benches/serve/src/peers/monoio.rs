//! monoio on io_uring, one thread.

use monoio::io::{AsyncReadRent, AsyncWriteRentExt};
use monoio::net::{TcpListener, TcpStream};

use super::announce;
use crate::http::Requests;
use crate::server::Protocol;

pub fn serve(protocol: Protocol, port: u16) {
    let mut runtime = monoio::RuntimeBuilder::<monoio::IoUringDriver>::new()
        .with_entries(4096)
        .build()
        .expect("io_uring");
    runtime.block_on(async move {
        let listener = TcpListener::bind(("127.0.0.1", port)).expect("a port");
        announce(listener.local_addr().expect("bound").port());
        loop {
            let (stream, _peer) = listener.accept().await.expect("a connection");
            stream.set_nodelay(true).expect("an option");
            match protocol {
                Protocol::Echo => drop(monoio::spawn(echo(stream))),
                Protocol::Http => drop(monoio::spawn(http(stream))),
            }
        }
    });
}

async fn echo(mut stream: TcpStream) {
    let mut buffer = Vec::with_capacity(1024);
    loop {
        buffer.clear();
        let (result, read) = stream.read(buffer).await;
        buffer = read;
        if !matches!(result, Ok(1..)) {
            return;
        }
        let (result, written) = stream.write_all(buffer).await;
        buffer = written;
        if result.is_err() {
            return;
        }
    }
}

async fn http(mut stream: TcpStream) {
    let mut requests = Requests::new();
    let mut buffer = Vec::with_capacity(4096);
    let mut answers = Vec::new();
    loop {
        buffer.clear();
        let (result, read) = stream.read(buffer).await;
        buffer = read;
        let Ok(count @ 1..) = result else { return };
        requests.room()[..count].copy_from_slice(&buffer);
        requests.answer(count, &mut answers);
        let (result, written) = stream.write_all(answers).await;
        answers = written;
        if result.is_err() {
            return;
        }
        answers.clear();
    }
}

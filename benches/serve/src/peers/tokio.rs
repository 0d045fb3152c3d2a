//! tokio's tasks, one for each connection: its current-thread runtime for one worker, the other for more; or the other in any case, which is
//! the one that its programs get unless they ask.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::announce;
use crate::http::Requests;
use crate::server::Protocol;

pub fn runtime() -> tokio::runtime::Runtime {
    let mut builder = match super::workers() {
        1 => tokio::runtime::Builder::new_current_thread(),
        _ => return multi_thread(),
    };
    builder.enable_io().build().expect("a runtime")
}

pub fn multi_thread() -> tokio::runtime::Runtime {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(super::workers());
    builder.enable_io().build().expect("a runtime")
}

pub fn serve(protocol: Protocol, port: u16, runtime: tokio::runtime::Runtime) {
    let accept = async move {
        let listener = TcpListener::bind(("127.0.0.1", port)).await.expect("a port");
        announce(listener.local_addr().expect("bound").port());
        loop {
            let (stream, _peer) = listener.accept().await.expect("a connection");
            stream.set_nodelay(true).expect("an option");
            match protocol {
                Protocol::Echo => drop(tokio::spawn(echo(stream))),
                Protocol::Http => drop(tokio::spawn(http(stream))),
            }
        }
    };
    // A task, for what `block_on` runs is on none of the workers.
    runtime.block_on(async { tokio::spawn(accept).await.expect("never ends") });
}

async fn echo(mut stream: TcpStream) {
    let mut buffer = [0; 1024];
    while let Ok(count @ 1..) = stream.read(&mut buffer).await {
        if stream.write_all(&buffer[..count]).await.is_err() {
            return;
        }
    }
}

async fn http(mut stream: TcpStream) {
    let mut requests = Requests::new();
    let mut answers = Vec::new();
    while let Ok(count @ 1..) = stream.read(requests.room()).await {
        requests.answer(count, &mut answers);
        if stream.write_all(&answers).await.is_err() {
            return;
        }
        answers.clear();
    }
}

//! Green threads, one for each connection.

use std::io::{Read, Write};

use threadbare::net::{TcpListener, TcpStream};

use super::announce;
use crate::http::Requests;
use crate::server::Protocol;

pub fn serve(protocol: Protocol, port: u16) {
    let accept = move || accept(protocol, port);
    threadbare::thread::spawn(accept).join().expect("never ends");
}

fn accept(protocol: Protocol, port: u16) {
    let listener = TcpListener::bind(("127.0.0.1", port)).expect("a port");
    announce(listener.local_addr().expect("bound").port());
    loop {
        let (stream, _peer) = listener.accept().expect("a connection");
        threadbare::thread::spawn(move || handle(protocol, stream));
    }
}

fn handle(protocol: Protocol, stream: TcpStream) {
    stream.set_nodelay(true).expect("an option");
    match protocol {
        Protocol::Echo => echo(stream),
        Protocol::Http => http(stream),
    }
}

// Apart, so that a thread's stack has the buffer of its own protocol only.
#[inline(never)]
fn echo(mut stream: TcpStream) {
    let mut buffer = [0; 1024];
    while let Ok(count @ 1..) = stream.read(&mut buffer) {
        if stream.write_all(&buffer[..count]).is_err() {
            return;
        }
    }
}

#[inline(never)]
fn http(mut stream: TcpStream) {
    let mut requests = Requests::new();
    let mut answers = Vec::new();
    while let Ok(count @ 1..) = stream.read(requests.room()) {
        requests.answer(count, &mut answers);
        if stream.write_all(&answers).is_err() {
            return;
        }
        answers.clear();
    }
}

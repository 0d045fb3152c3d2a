//! A bare epoll loop: what the kernel costs, and nothing else.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::AsRawFd;

use super::announce;
use crate::http::Requests;
use crate::server::Protocol;

struct Connection {
    stream: TcpStream,
    requests: Option<Requests>,
}

fn add(epoll: i32, fd: i32) {
    let mut event = libc::epoll_event {
        events: libc::EPOLLIN as u32,
        u64: fd as u64,
    };
    // SAFETY: the event is valid for the call.
    assert_eq!(
        unsafe { libc::epoll_ctl(epoll, libc::EPOLL_CTL_ADD, fd, &mut event) },
        0
    );
}

pub fn serve(protocol: Protocol, port: u16) {
    let listener = TcpListener::bind(("127.0.0.1", port)).expect("a port");
    announce(listener.local_addr().expect("bound").port());
    // SAFETY: no preconditions.
    let epoll = unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) };
    add(epoll, listener.as_raw_fd());
    let mut connections = HashMap::new();
    let mut events = [libc::epoll_event { events: 0, u64: 0 }; 256];
    let mut answers = Vec::new();
    loop {
        // SAFETY: there is room for so many events.
        let count = unsafe { libc::epoll_wait(epoll, events.as_mut_ptr(), 256, -1) };
        for event in &events[..count.max(0) as usize] {
            let fd = event.u64 as i32;
            if fd == listener.as_raw_fd() {
                let (stream, _peer) = listener.accept().expect("a connection");
                stream.set_nodelay(true).expect("an option");
                add(epoll, stream.as_raw_fd());
                let requests = (protocol == Protocol::Http).then(Requests::new);
                connections.insert(stream.as_raw_fd(), Connection { stream, requests });
            } else if !handle(connections.get_mut(&fd).expect("known"), &mut answers) {
                connections.remove(&fd);
            }
        }
    }
}

/// One read and one write; whether the connection goes on.
fn handle(connection: &mut Connection, answers: &mut Vec<u8>) -> bool {
    let mut stream = &connection.stream;
    match &mut connection.requests {
        None => {
            let mut buffer = [0; 1024];
            matches!(stream.read(&mut buffer), Ok(count @ 1..) if stream.write_all(&buffer[..count]).is_ok())
        }
        Some(requests) => {
            let Ok(count @ 1..) = stream.read(requests.room()) else {
                return false;
            };
            answers.clear();
            requests.answer(count, answers);
            stream.write_all(answers).is_ok()
        }
    }
}

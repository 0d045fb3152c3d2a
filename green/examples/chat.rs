//! A chat server: what one says, all others read. Two threads for each member, one that reads and one that writes, and a queue between
//! them and the rest. A member whose queue is full is too slow and has to leave: nobody waits for him.
//!
//! `cargo run -p threadbare --example chat -- 127.0.0.1:7777`, then `nc localhost 7777` twice.

use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, Write};

use threadbare::net::{Shutdown, TcpListener, TcpStream};
use threadbare::sync::mpsc::{Receiver, SyncSender, sync_channel};
use threadbare::sync::{Arc, Mutex};
use threadbare::thread;

/// Lines that may wait for a member.
const QUEUE: usize = 64;

#[derive(Default)]
struct Room {
    members: Mutex<HashMap<u64, SyncSender<Arc<str>>>>,
}

impl Room {
    /// Tells all but `author`.
    fn say(&self, author: u64, line: &str) {
        let line: Arc<str> = format!("{author}: {line}\n").into();
        let mut members = self.members.lock().unwrap();
        // Who is dropped here finds the queue closed, and the writer hangs up.
        members.retain(|number, queue| *number == author || queue.try_send(Arc::clone(&line)).is_ok());
    }

    fn join(&self, number: u64) -> Receiver<Arc<str>> {
        let (sender, receiver) = sync_channel(QUEUE);
        self.members.lock().unwrap().insert(number, sender);
        receiver
    }

    fn leave(&self, number: u64) {
        self.members.lock().unwrap().remove(&number);
    }
}

fn read(room: &Room, number: u64, stream: &TcpStream) -> io::Result<()> {
    for line in BufReader::new(stream).lines() {
        room.say(number, &line?);
    }
    Ok(())
}

fn write(queue: &Receiver<Arc<str>>, mut stream: TcpStream) {
    for line in queue {
        if stream.write_all(line.as_bytes()).is_err() {
            break;
        }
    }
    let _ = stream.shutdown(Shutdown::Both);
}

fn main() -> io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or("127.0.0.1:0".to_owned());
    let listener = TcpListener::bind(address)?;
    println!("{}", listener.local_addr()?);
    serve(&listener);
    Ok(())
}

/// For ever. (`tests/sim/chat.rs` runs this in deterministic mode.)
pub(crate) fn serve(listener: &TcpListener) {
    let room = Arc::new(Room::default());
    for (number, stream) in (1..).zip(listener.incoming()) {
        let Ok(stream) = stream else { continue };
        let Ok(writer) = stream.try_clone() else { continue };
        let room = Arc::clone(&room);
        let queue = room.join(number);
        thread::spawn(move || write(&queue, writer));
        thread::spawn(move || {
            room.say(number, "is here");
            let _ = read(&room, number, &stream);
            room.leave(number);
            room.say(number, "has left");
        });
    }
}

//! WebSockets on green threads: tungstenite's blocking interface over our sockets.

use threadbare::net::{SocketAddr, TcpListener, TcpStream};
use threadbare::thread;
use tungstenite::{Error, Message};

const CLIENTS: usize = 50;
const MESSAGES: usize = 20;

fn echo(stream: TcpStream) -> Result<(), Error> {
    let mut socket =
        tungstenite::accept(stream).map_err(|error| Error::Io(std::io::Error::other(error.to_string())))?;
    loop {
        match socket.read() {
            Ok(message) if message.is_text() || message.is_binary() => socket.send(message)?,
            Ok(_) => {}
            Err(Error::ConnectionClosed) => return Ok(()),
            Err(error) => return Err(error),
        }
    }
}

fn talk(address: SocketAddr, name: usize) {
    let stream = TcpStream::connect(address).expect("the server listens");
    let (mut socket, _response) = tungstenite::client("ws://localhost/", stream).expect("a handshake");
    for number in 0..MESSAGES {
        let message = Message::text(format!("{name}, {number}"));
        socket.send(message.clone()).expect("sent");
        assert_eq!(socket.read().expect("an answer"), message);
    }
    socket.close(None).expect("closing");
    while socket.read().is_ok() {}
}

fn main() -> std::io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            thread::spawn(move || echo(stream));
        }
    });
    let clients: Vec<_> = (0..CLIENTS)
        .map(|name| thread::spawn(move || talk(address, name)))
        .collect();
    clients
        .into_iter()
        .for_each(|client| client.join().expect("no panic"));
    println!("{CLIENTS} clients had {MESSAGES} messages echoed each");
    Ok(())
}

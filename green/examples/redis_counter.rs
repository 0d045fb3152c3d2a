//! A Redis client of the blocking kind, from many threads at once: the commands and the parser of the `redis` crate over our sockets.
//!
//! `cargo run -p threadbare --example redis_counter -- 127.0.0.1:6379`

use std::io::Write;

use redis::{Commands, ConnectionLike, ErrorKind, Parser, RedisError, RedisResult, Value};
use threadbare::net::TcpStream;
use threadbare::thread;

const CLIENTS: usize = 50;
const COMMANDS: usize = 100;

/// A connection of `redis` that waits as a green thread.
struct Connection {
    stream: TcpStream,
    parser: Parser,
}

impl Connection {
    fn open(address: &str) -> std::io::Result<Connection> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        Ok(Connection {
            stream,
            parser: Parser::new(),
        })
    }

    fn answer(&mut self) -> RedisResult<Value> {
        self.parser.parse_value(&self.stream)?.extract_error()
    }
}

impl ConnectionLike for Connection {
    fn req_packed_command(&mut self, command: &[u8]) -> RedisResult<Value> {
        self.stream.write_all(command).map_err(RedisError::from)?;
        self.answer()
    }

    fn req_packed_commands(
        &mut self,
        commands: &[u8],
        offset: usize,
        count: usize,
    ) -> RedisResult<Vec<Value>> {
        self.stream.write_all(commands).map_err(RedisError::from)?;
        for _ in 0..offset {
            self.answer()?;
        }
        (0..count).map(|_| self.answer()).collect()
    }

    fn get_db(&self) -> i64 {
        0
    }

    fn check_connection(&mut self) -> bool {
        redis::cmd("PING").query::<String>(self).is_ok()
    }

    fn is_open(&self) -> bool {
        self.stream.peer_addr().is_ok()
    }
}

fn count(address: &str) -> RedisResult<()> {
    let mut connection = Connection::open(address)?;
    for _ in 0..COMMANDS {
        let _: i64 = connection.incr("threadbare:counter", 1)?;
    }
    Ok(())
}

fn main() -> RedisResult<()> {
    let Some(address) = std::env::args().nth(1) else {
        return Err(RedisError::from((
            ErrorKind::InvalidClientConfig,
            "which server?",
        )));
    };
    let total = thread::spawn(move || -> RedisResult<i64> {
        let mut connection = Connection::open(&address)?;
        let _: i64 = connection.del("threadbare:counter")?;
        thread::scope(|scope| {
            let clients: Vec<_> = (0..CLIENTS).map(|_| scope.spawn(|| count(&address))).collect();
            clients
                .into_iter()
                .try_for_each(|client| client.join().expect("no panic"))
        })?;
        connection.get("threadbare:counter")
    });
    let total = total.join().expect("no panic")?;
    println!("{CLIENTS} clients counted to {total}");
    assert_eq!(usize::try_from(total), Ok(CLIENTS * COMMANDS));
    Ok(())
}

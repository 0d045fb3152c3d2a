//! A whole program under seeds: the server of `examples/chat.rs`, with members on hosts of their own.

use std::io::{BufRead, BufReader, Write};
use std::net::IpAddr;

use threadbare::net::{TcpListener, TcpStream};
use threadbare::sim::{self, Builder, Network};
use threadbare::thread;
use threadbare::time::Duration;

#[expect(dead_code, reason = "its `main` takes arguments")]
#[path = "../../examples/chat.rs"]
mod server;

const SERVER: [u8; 4] = [10, 0, 0, 1];

fn start_server() {
    sim::on_host(SERVER, || {
        let listener = TcpListener::bind("0.0.0.0:7777").unwrap();
        thread::spawn(move || server::serve(&listener));
    });
}

fn join(host: [u8; 4]) -> (TcpStream, impl Iterator<Item = String>) {
    let stream = sim::on_host(host, || TcpStream::connect((IpAddr::from(SERVER), 7777)).unwrap());
    let lines = BufReader::new(stream.try_clone().unwrap())
        .lines()
        .map_while(Result::ok);
    (stream, lines)
}

#[test]
fn members_read_what_others_say_in_their_order_whatever_the_network_does() {
    let network = Network::new().splits(0.5).stalls(0.2, Duration::from_secs(1));
    Builder::new().seeds(60).network(network).explore(|| {
        start_server();
        let (mut ann, of_ann) = join([10, 0, 0, 2]);
        // The server knows the one before it hears the other.
        thread::sleep(Duration::from_secs(10));
        let (mut bob, of_bob) = join([10, 0, 0, 3]);
        let mut of_ann = of_ann.filter(|line| !line.ends_with("is here"));
        let mut of_bob = of_bob.filter(|line| !line.ends_with("is here"));
        thread::sleep(Duration::from_secs(10));
        let talk = thread::spawn(move || {
            (0..5).for_each(|number| writeln!(ann, "question {number}").unwrap());
            ann
        });
        for number in 0..5 {
            assert_eq!(of_bob.next(), Some(format!("1: question {number}")));
            writeln!(bob, "answer {number}").unwrap();
        }
        for number in 0..5 {
            assert_eq!(of_ann.next(), Some(format!("2: answer {number}")));
        }
        drop((talk.join().unwrap(), of_ann));
        assert_eq!(of_bob.next().as_deref(), Some("1: has left"));
    });
}

#[test]
fn a_member_behind_a_partition_holds_nobody_up() {
    Builder::new().seeds(10).explore(|| {
        start_server();
        let (mut ann, of_ann) = join([10, 0, 0, 2]);
        let (_cut_off, _of_cut_off) = join([10, 0, 0, 3]);
        let (_bob, of_bob) = join([10, 0, 0, 4]);
        thread::sleep(Duration::from_secs(10));
        sim::partition(SERVER, [10, 0, 0, 3]);
        // More than his queue and his window take together.
        let long = "x".repeat(2000);
        let talk = thread::spawn(move || {
            (0..200).for_each(|_| {
                writeln!(ann, "{long}").unwrap();
                thread::sleep(Duration::from_millis(10));
            });
            drop((ann, of_ann));
        });
        let heard = of_bob.filter(|line| line.ends_with("xxx")).take(200).count();
        assert_eq!(heard, 200);
        talk.join().unwrap();
    });
}

//! The network of a run: what sockets do there, and what can happen to them.

use std::collections::BTreeSet;
use std::future::poll_fn;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{IpAddr, Shutdown, SocketAddr};
use std::pin::pin;

use threadbare::net::{TcpListener, TcpStream, UdpSocket};
use threadbare::os::unix::net::UnixStream;
use threadbare::sim::{self, Builder, Cause, Network, Schedule};
use threadbare::sync::atomic::{AtomicUsize, Ordering};
use threadbare::sync::{Arc, mpsc};
use threadbare::thread::{self, JoinHandle};
use threadbare::time::{self, Duration, Instant};
use threadbare::{future, process};

const ONE: [u8; 4] = [10, 0, 0, 1];
const TWO: [u8; 4] = [10, 0, 0, 2];
const SECOND: Duration = Duration::from_secs(1);

/// A listener that answers each connection with what it says, until the run ends.
fn echo_server(host: [u8; 4]) -> SocketAddr {
    sim::on_host(host, || {
        let listener = TcpListener::bind((IpAddr::from(host), 7)).unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let stream = stream.unwrap();
                thread::spawn(move || io::copy(&mut &stream, &mut &stream));
            }
        });
        address
    })
}

/// A connection, from both sides.
fn connected() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let client = thread::spawn(move || TcpStream::connect(address).unwrap());
    let (server, peer) = listener.accept().unwrap();
    let client = client.join().unwrap();
    assert_eq!(client.local_addr().unwrap(), peer);
    assert_eq!(server.peer_addr().unwrap(), peer);
    assert_eq!(client.peer_addr().unwrap(), server.local_addr().unwrap());
    (client, server)
}

fn soon() -> Builder {
    Builder::new().seeds(40)
}

#[test]
fn connections_carry_bytes_in_order_whatever_the_seed() {
    for builder in [soon(), soon().pct(3)] {
        let wild = Network::new().splits(1.0).stalls(0.3, SECOND);
        builder.network(wild).explore(|| {
            let address = echo_server(ONE);
            let clients: Vec<JoinHandle<()>> = (0..3_u8)
                .map(|id| {
                    thread::spawn(move || {
                        let mut stream = TcpStream::connect(address).unwrap();
                        let sent: Vec<u8> = (0..200)
                            .map(|index| id.wrapping_mul(50).wrapping_add(index))
                            .collect();
                        sent.chunks(70).for_each(|part| stream.write_all(part).unwrap());
                        stream.shutdown(Shutdown::Write).unwrap();
                        let mut echoed = Vec::new();
                        stream.read_to_end(&mut echoed).unwrap();
                        assert_eq!(echoed, sent);
                    })
                })
                .collect();
            clients.into_iter().for_each(|client| client.join().unwrap());
        });
    }
}

#[test]
fn addresses_are_the_same_in_each_run() {
    let addresses = || {
        let listener = TcpListener::bind("0.0.0.0:0").unwrap();
        let taken = TcpListener::bind(listener.local_addr().unwrap()).unwrap_err();
        assert_eq!(taken.kind(), ErrorKind::AddrInUse);
        let (client, _server) = connected();
        (listener.local_addr().unwrap(), client.local_addr().unwrap())
    };
    let first = sim::run(Schedule::random(1), addresses).result.unwrap();
    for seed in 0..10 {
        assert_eq!(sim::run(Schedule::random(seed), addresses).result.unwrap(), first);
    }
}

#[test]
fn reads_come_short_and_programs_that_do_not_expect_it_are_found() {
    let naive = || {
        let (mut client, mut server) = connected();
        let writer = thread::spawn(move || client.write_all(b"a whole message").unwrap());
        let mut message = [0; 15];
        assert_eq!(server.read(&mut message).unwrap(), 15, "a short read");
        writer.join().unwrap();
    };
    let failure = Builder::new().search(naive).unwrap_err();
    assert!(failure.to_string().contains("a short read"), "{failure}");
    assert!(sim::run(failure.schedule, naive).result.is_err());
    soon().network(Network::new().splits(0.0)).explore(naive);
}

#[test]
fn nobody_listening_refuses_and_an_unreachable_host_times_out() {
    soon().seeds(5).explore(|| {
        let refused = TcpStream::connect("127.0.0.1:9").unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
        let address = echo_server(TWO);
        sim::partition(ONE, TWO);
        sim::on_host(ONE, || {
            let start = Instant::now();
            let late = TcpStream::connect_timeout(&address, SECOND).unwrap_err();
            assert_eq!((late.kind(), start.elapsed()), (ErrorKind::TimedOut, SECOND));
            let given_up = TcpStream::connect(address).unwrap_err();
            assert_eq!(
                (given_up.kind(), start.elapsed()),
                (ErrorKind::TimedOut, 128 * SECOND)
            );
        });
        sim::heal(ONE, TWO);
        sim::on_host(ONE, || TcpStream::connect(address).unwrap());
    });
}

#[test]
fn a_partition_holds_streams_up_and_healing_lets_them_go_on() {
    soon().explore(|| {
        let address = echo_server(TWO);
        let mut stream = sim::on_host(ONE, || TcpStream::connect(address).unwrap());
        stream.write_all(b"before").unwrap();
        let mut answer = [0; 6];
        stream.read_exact(&mut answer).unwrap();
        sim::partition(TWO, ONE);
        stream.write_all(b"during").unwrap();
        stream.set_read_timeout(Some(60 * SECOND)).unwrap();
        assert_eq!(
            stream.read(&mut answer).unwrap_err().kind(),
            ErrorKind::WouldBlock
        );
        sim::heal(ONE, TWO);
        stream.write_all(b"after").unwrap();
        let mut rest = [0; 11];
        stream.read_exact(&mut rest).unwrap();
        assert_eq!(&rest, b"duringafter");
    });
}

#[test]
fn hosts_have_their_own_loopback_and_reach_each_others_any() {
    soon().seeds(5).explore(|| {
        let any = sim::on_host(TWO, || TcpListener::bind("0.0.0.0:80").unwrap());
        let own = sim::on_host(TWO, || TcpListener::bind("127.0.0.1:81").unwrap());
        sim::on_host(ONE, || {
            let stream = TcpStream::connect((IpAddr::from(TWO), 80)).unwrap();
            assert_eq!(stream.local_addr().unwrap().ip(), IpAddr::from(ONE));
            assert!(TcpStream::connect("127.0.0.1:80").is_err());
            assert!(TcpStream::connect("127.0.0.1:81").is_err());
        });
        assert_eq!(any.accept().unwrap().1.ip(), IpAddr::from(ONE));
        let child = sim::on_host(TWO, || {
            thread::spawn(|| TcpStream::connect("127.0.0.1:81").unwrap())
        });
        child.join().unwrap();
        own.accept().unwrap();
    });
}

#[test]
fn the_end_of_a_connection_is_that_of_tcp() {
    soon().explore(|| {
        let (mut client, mut server) = connected();
        client.write_all(b"last words").unwrap();
        let clone = client.try_clone().unwrap();
        drop(client);
        let mut text = [0; 10];
        server.read_exact(&mut text).unwrap();
        server.write_all(b"an answer that nobody reads").unwrap();
        // The clone keeps it open.
        time::sleep(SECOND);
        drop(clone);
        let mut end = Vec::new();
        let reset = server.read_to_end(&mut end).unwrap_err();
        assert_eq!(reset.kind(), ErrorKind::ConnectionReset);
        assert_eq!(server.write(b"more").unwrap_err().kind(), ErrorKind::BrokenPipe);

        let (client, mut server) = connected();
        client.set_linger(Some(Duration::ZERO)).unwrap();
        drop(client);
        assert_eq!(
            server.read(&mut text).unwrap_err().kind(),
            ErrorKind::ConnectionReset
        );

        let (client, mut server) = connected();
        drop(client);
        assert_eq!(server.read(&mut text).unwrap(), 0);
        server.write_all(b"into the void").unwrap();
        time::sleep(SECOND);
        assert_eq!(
            server.write(b"more").unwrap_err().kind(),
            ErrorKind::ConnectionReset
        );
    });
}

#[test]
fn a_full_window_holds_the_writer_up_until_somebody_reads() {
    soon().seeds(10).explore(|| {
        let (mut client, mut server) = connected();
        client.set_write_timeout(Some(SECOND)).unwrap();
        let big = vec![7; 1 << 20];
        let written = client.write(&big).unwrap();
        assert!(written < big.len());
        assert_eq!(client.write(&big).unwrap_err().kind(), ErrorKind::WouldBlock);
        client.set_write_timeout(None).unwrap();
        let writer = thread::spawn(move || client.write_all(&big[written..]).unwrap());
        let mut all = Vec::new();
        server.read_to_end(&mut all).unwrap();
        assert_eq!(all.len(), 1 << 20);
        writer.join().unwrap();
    });
}

#[test]
fn resets_meet_both_ends() {
    soon().explore(|| {
        let address = echo_server(TWO);
        let mut stream = sim::on_host(ONE, || TcpStream::connect(address).unwrap());
        sim::reset(ONE, TWO);
        let mut byte = [0];
        assert_eq!(
            stream.read(&mut byte).unwrap_err().kind(),
            ErrorKind::ConnectionReset
        );
        assert_eq!(stream.read(&mut byte).unwrap(), 0);
    });
    let seen = Arc::new(AtomicUsize::new(0));
    let count = seen.clone();
    let network = Network::new().resets(0.2);
    soon().twice(false).network(network).explore(move || {
        let (mut client, mut server) = connected();
        let writer = thread::spawn(move || (0..5).try_for_each(|_| client.write_all(b"x")));
        let mut text = Vec::new();
        let read = server.read_to_end(&mut text);
        assert_eq!(read.is_err(), writer.join().unwrap().is_err() || text.len() < 5);
        count.fetch_add(usize::from(read.is_err()), Ordering::Relaxed);
    });
    assert!((5..40).contains(&seen.load(Ordering::Relaxed)));
}

/// Which of ten datagrams come, in which order.
fn datagrams() -> Vec<u8> {
    let receiver = UdpSocket::bind("127.0.0.1:0").unwrap();
    let sender = UdpSocket::bind("127.0.0.1:0").unwrap();
    sender.connect(receiver.local_addr().unwrap()).unwrap();
    (0..10).for_each(|number| assert_eq!(sender.send(&[number, 0]).unwrap(), 2));
    receiver.set_read_timeout(Some(SECOND)).unwrap();
    let mut arrived = Vec::new();
    let mut byte = [0];
    while let Ok((count, from)) = receiver.recv_from(&mut byte) {
        assert_eq!((count, from), (1, sender.local_addr().unwrap()));
        arrived.push(byte[0]);
    }
    arrived
}

#[test]
fn datagrams_are_lost_doubled_and_overtaken_as_configured() {
    let with = |network: Network, seed| {
        let run = Builder::new()
            .network(network)
            .run(Schedule::random(seed), datagrams);
        run.result.unwrap()
    };
    let steady = Network::new().delay(SECOND / 2, SECOND / 2);
    for seed in 0..10 {
        assert_eq!(with(steady.clone(), seed), (0..10).collect::<Vec<u8>>());
        let mut unordered = with(Network::new(), seed);
        assert_ne!(unordered, (0..10).collect::<Vec<u8>>());
        unordered.sort_unstable();
        assert_eq!(unordered, (0..10).collect::<Vec<u8>>());
        assert_eq!(with(steady.clone().duplicates(1.0), seed).len(), 20);
    }
    let lossy: Vec<usize> = (0..30)
        .map(|seed| with(steady.clone().loss(0.5), seed).len())
        .collect();
    let total: usize = lossy.iter().sum();
    assert!((100..200).contains(&total), "{lossy:?}");
    assert!(with(steady.loss(1.0), 0).is_empty());
}

#[test]
fn seeds_give_different_orders_of_arrival_but_each_the_same() {
    let race = || {
        let (sender, receiver) = mpsc::channel();
        let receiver_socket = UdpSocket::bind("127.0.0.1:5000").unwrap();
        let racers: Vec<_> = (0..3_u8)
            .map(|id| {
                let sender = sender.clone();
                thread::spawn(move || {
                    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
                    socket.send_to(&[id], "127.0.0.1:5000").unwrap();
                    sender.send(()).unwrap();
                })
            })
            .collect();
        racers.into_iter().for_each(|racer| racer.join().unwrap());
        assert_eq!(receiver.try_iter().count(), 3);
        let mut byte = [0];
        (0..3)
            .map(|_| {
                receiver_socket.recv(&mut byte).unwrap();
                byte[0]
            })
            .collect::<Vec<u8>>()
    };
    let orders: BTreeSet<Vec<u8>> = (0..40)
        .map(|seed| {
            let run = |_| sim::run(Schedule::random(seed), race);
            let [one, two] = [0, 1].map(run);
            assert_eq!(one.trace, two.trace);
            one.result.unwrap()
        })
        .collect();
    assert_eq!(orders.len(), 6);
}

#[test]
fn futures_wait_for_sockets_as_threads_do() {
    soon().seeds(20).explore(|| {
        let (client, server) = connected();
        let writer = thread::spawn(move || {
            time::sleep(SECOND);
            (&server).write_all(b"polled").unwrap();
        });
        let read = future::block_on(async {
            let mut text = Vec::new();
            while text.len() < 6 {
                let mut buffer = [0; 6];
                let count = pin!(poll_fn(|context| client.poll_read(context, &mut buffer)))
                    .await
                    .unwrap();
                text.extend_from_slice(&buffer[..count]);
            }
            text
        });
        assert_eq!(read, b"polled");
        writer.join().unwrap();
    });
}

#[test]
fn pipes_and_unix_sockets_are_the_kernels_and_deterministic_all_the_same() {
    soon().explore(|| {
        let (mut reader, mut writer) = threadbare::io::pipe().unwrap();
        let (mut one, mut other) = UnixStream::pair().unwrap();
        let through = thread::spawn(move || {
            let mut text = [0; 4];
            reader.read_exact(&mut text).unwrap();
            one.write_all(&text).unwrap();
        });
        writer.write_all(b"ping").unwrap();
        let mut text = String::new();
        other.read_to_string(&mut text).unwrap();
        assert_eq!(text, "ping");
        through.join().unwrap();
        other.set_read_timeout(Some(SECOND)).unwrap();
        assert_eq!(other.read(&mut [0]).unwrap(), 0);
    });
}

#[test]
fn names_are_those_that_the_test_gives() {
    let network = Network::new().name("database", ONE);
    soon().seeds(3).network(network).explore(|| {
        let listener = sim::on_host(ONE, || TcpListener::bind("0.0.0.0:5432").unwrap());
        TcpStream::connect("database:5432").unwrap();
        TcpStream::connect(("database", 5432)).unwrap();
        assert!(
            TcpListener::bind("localhost:0")
                .unwrap()
                .local_addr()
                .unwrap()
                .ip()
                .is_loopback()
        );
        let unknown = TcpStream::connect("example.org:80").unwrap_err();
        assert!(
            unknown.to_string().contains("`example.org` has no address"),
            "{unknown}"
        );
        drop(listener);
    });
}

#[test]
fn what_no_seed_determines_is_refused_by_name() {
    soon().seeds(1).explore(|| {
        let error = process::Command::new("true").spawn().unwrap_err();
        assert_eq!(error.to_string(), "deterministic mode has no child processes");
        let error = threadbare::io::stdin().read(&mut [0]).unwrap_err();
        assert_eq!(error.to_string(), "deterministic mode has no standard input");
        assert_eq!(threadbare::blocking(|| 6 * 7), 42);
        assert!(threadbare::fs::read("/proc/self/stat").is_ok());
    });
}

#[test]
fn two_that_wait_for_each_others_bytes_are_a_deadlock_with_their_connections() {
    let both_listen = || {
        let (mut client, mut server) = connected();
        let other = thread::spawn(move || server.read(&mut [0]).unwrap());
        client.read_exact(&mut [0]).unwrap();
        other.join().unwrap();
    };
    let run = sim::run(Schedule::random(0), both_listen);
    let Err(Cause::Deadlock(threads)) = run.result else {
        panic!("no deadlock")
    };
    assert_eq!(threads.matches("reading on descriptor").count(), 2, "{threads}");
    assert_eq!(
        threads.matches("a simulated connection of 127.0.0.1:").count(),
        2,
        "{threads}"
    );
}

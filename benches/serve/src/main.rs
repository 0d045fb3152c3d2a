//! Servers on green threads beside their peers: requests a second, and what a request costs the server in processor time.
//!
//! Every server is a process of its own, on one processor with one worker; the load comes from another processor. Rounds go over all
//! peers before the next begins, so that a busy machine spoils all of them alike. Processor time is the steadier figure: the
//! kernel's own account of the server's process, over the requests that were answered meanwhile.

mod http;
mod idle;
mod load;
mod peers;
mod server;
mod table;

use std::time::Duration;

use server::{Protocol, Server};
use table::Table;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["server", name, protocol, port] => {
            peers::serve(name, Protocol::from_name(protocol), port.parse().expect("a port"))
        }
        ["load", port, connections] => {
            let port: u16 = port.parse().expect("a port");
            let answered = load::echo(
                ([127, 0, 0, 1], port).into(),
                connections.parse().expect("a number"),
                Duration::from_secs(1),
                || Duration::ZERO,
            );
            println!("{:.0} requests/s", answered.per_second());
        }
        ["hold", port, count] => idle::hold(port.parse().expect("a port"), count.parse().expect("a number")),
        ["idle", options @ ..] => {
            let count = option(options, "--connections", "100000");
            idle::measure(count.parse().expect("a number"), &option(options, "--only", ""));
        }
        options => race(options),
    }
}

/// The value of `--name=value`.
fn option(options: &[&str], name: &str, default: &str) -> String {
    options
        .iter()
        .find_map(|option| option.strip_prefix(name)?.strip_prefix('='))
        .unwrap_or(default)
        .to_owned()
}

fn race(options: &[&str]) {
    let rounds: usize = option(options, "--rounds", "5").parse().expect("a number");
    let milliseconds: u64 = option(options, "--milliseconds", "1500")
        .parse()
        .expect("a number");
    let only = option(options, "--only", "");
    let tables = option(options, "--tables", "echo-128,echo-1024,http-128");
    let time = Duration::from_millis(milliseconds);
    peers::set_former(&option(options, "--against", ""));
    let names: Vec<&str> = peers::available()
        .into_iter()
        .filter(|name| only.is_empty() || only.split(',').any(|wanted| wanted == *name))
        .collect();
    for (title, protocol, connections) in [
        ("echo, 64 bytes, 128 connections", Protocol::Echo, 128),
        ("echo, 64 bytes, 1,024 connections", Protocol::Echo, 1024),
        ("HTTP/1.1 plaintext by wrk, 128 connections", Protocol::Http, 128),
    ] {
        let name = format!("{}-{connections}", protocol.name());
        if !tables.split(',').any(|wanted| wanted == name) {
            continue;
        }
        let mut table = Table::new(title);
        for round in 0..rounds {
            let mut contestants = peers::that_speak(&names, protocol);
            // Nobody always comes right after the same other.
            let first = round % contestants.len().max(1);
            contestants.rotate_left(first);
            for name in contestants {
                let server = Server::start(name, protocol, true);
                let clock = || server.processor_time();
                let answered = match protocol {
                    Protocol::Echo => load::echo(server.address(), connections, time, clock),
                    Protocol::Http => load::wrk(server.address(), connections, time, clock),
                };
                let spent = answered.spent;
                eprintln!(
                    "round {round}: {name}: {:.1}k/s, {:.2} us",
                    answered.per_second() / 1e3,
                    spent.as_secs_f64() * 1e6 / answered.count as f64
                );
                table.add(
                    name,
                    answered.per_second(),
                    spent.as_secs_f64() / answered.count as f64,
                );
            }
        }
        table.print();
    }
}

//! The servers. Each binds a port, prints it, and serves for ever.

mod hyper;
mod may;
mod monoio;
mod raw;
mod std_threads;
mod threadbare;
mod tokio;

use std::path::PathBuf;
use std::sync::OnceLock;

use crate::server::Protocol;

/// All peers that this machine can run.
pub fn available() -> Vec<&'static str> {
    let mut names = vec![
        "threadbare",
        "threadbare pinned",
        "threadbare io_uring",
        "raw epoll",
        "tokio",
        "tokio multi",
        "hyper",
        "may",
        "monoio",
        "std threads",
    ];
    for name in ["go", "go net/http", FORMER] {
        if external(name).is_some() {
            names.push(name);
        }
    }
    names
}

/// Green threads as another build of this harness has them, to tell what a change is worth.
const FORMER: &str = "threadbare former";

static FORMER_PROGRAM: OnceLock<PathBuf> = OnceLock::new();

/// Names the other build.
pub fn set_former(program: &str) {
    if !program.is_empty() {
        FORMER_PROGRAM.set(program.into()).expect("set once");
    }
}

/// The program of a peer that is not in this one, and how it is asked for the peer. `GO_SERVER` names Go's: see the README.
pub fn external(name: &str) -> Option<(PathBuf, &'static [&'static str])> {
    if name == FORMER {
        return Some((FORMER_PROGRAM.get()?.clone(), &["server", "threadbare"]));
    }
    let program = std::env::var_os("GO_SERVER").map(PathBuf::from)?;
    match name {
        "go" => Some(program),
        "go net/http" => Some(program.with_extension("http")),
        _ => None,
    }
    .filter(|program| program.exists())
    .map(|program| (program, [].as_slice()))
}

/// What a peer is told by the environment.
pub fn settings(name: &str) -> Option<(&'static str, &'static str)> {
    match name {
        "threadbare pinned" => Some(("THREADBARE_MODE", "pinned")),
        "threadbare io_uring" => Some(("THREADBARE_REACTOR", "io_uring")),
        _ => None,
    }
}

pub fn that_speak<'a>(names: &[&'a str], protocol: Protocol) -> Vec<&'a str> {
    let only_http = ["hyper", "go net/http"];
    names
        .iter()
        .copied()
        .filter(|name| protocol == Protocol::Http || !only_http.contains(name))
        .collect()
}

pub fn serve(name: &str, protocol: Protocol, port: u16) {
    match name {
        "threadbare" | "threadbare pinned" | "threadbare io_uring" => threadbare::serve(protocol, port),
        "raw epoll" => raw::serve(protocol, port),
        "tokio" => tokio::serve(protocol, port, tokio::runtime()),
        "tokio multi" => tokio::serve(protocol, port, tokio::multi_thread()),
        "hyper" => hyper::serve(port),
        "may" => may::serve(protocol, port),
        "monoio" => monoio::serve(protocol, port),
        "std threads" => std_threads::serve(protocol, port),
        other => panic!("no peer {other}"),
    }
}

/// Workers that the peer shall have.
fn workers() -> usize {
    let wanted = std::env::var("WORKERS").ok().and_then(|text| text.parse().ok());
    wanted.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, Into::into))
}

/// Tells whoever started us where we listen.
fn announce(port: u16) {
    use std::io::Write;
    println!("{port}");
    std::io::stdout().flush().expect("somebody reads");
}

//! Arguments, environment, streams and the exit status through std.

use std::io::{self, BufRead, Write};
use std::process::ExitCode;

fn main() -> ExitCode {
    println!("hello from {:?}", std::env::args().skip(1).collect::<Vec<_>>());
    println!("GREETING is {:?}", std::env::var("GREETING"));
    for line in io::stdin().lock().lines().map_while(Result::ok) {
        println!("read {line:?}");
    }
    println!(
        "{:?}",
        std::fs::read("/no/such/file").map_err(|error| error.to_string())
    );
    io::stderr()
        .write_all(b"on the error stream \xff\n")
        .expect("stderr is open");
    ExitCode::from(9)
}

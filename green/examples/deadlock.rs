//! Two threads that wait for each other, and the report that follows.
//!
//! `cargo run -p threadbare --example deadlock` prints the report and hangs, as a deadlock does.

use threadbare::sync::{Arc, Barrier, Mutex};
use threadbare::thread;

fn main() {
    let (left, right) = (Arc::new(Mutex::new(())), Arc::new(Mutex::new(())));
    let both_have_one = Arc::new(Barrier::new(2));
    let start = |name: &str, first: &Arc<Mutex<()>>, second: &Arc<Mutex<()>>| {
        let (first, second, barrier) = (first.clone(), second.clone(), both_have_one.clone());
        let body = move || {
            let _one = first.lock().unwrap();
            barrier.wait();
            let _two = second.lock().unwrap();
        };
        thread::Builder::new().name(name.into()).spawn(body).unwrap()
    };
    let threads = [
        start("left first", &left, &right),
        start("right first", &right, &left),
    ];
    for thread in threads {
        thread.join().unwrap();
    }
}

//! Two bugs that ordinary tests miss, found by seeds: a race between a look and the act, and a wake-up that is lost.
//!
//! ```text
//! cargo run -p threadbare --features sim --example deterministic
//! THREADBARE_SEED=… cargo run -p threadbare --features sim --example deterministic -- gate
//! ```
//!
//! The first line tries both, prints the schedules that fail and replays them; a line that it prints runs one again.

use threadbare::sim::{Builder, Cause, Failure};
use threadbare::sync::atomic::{AtomicBool, Ordering};
use threadbare::sync::{Arc, Condvar, Mutex, mpsc};
use threadbare::thread;
use threadbare::time::Duration;

/// Seats that are for sale.
struct Seats {
    left: Mutex<u32>,
}

impl Seats {
    /// The mistake: who has looked has not bought yet, and others look meanwhile.
    fn sell(&self) -> bool {
        if *self.left.lock().unwrap() == 0 {
            return false;
        }
        let mut left = self.left.lock().unwrap();
        *left = left.checked_sub(1).expect("a seat was sold twice");
        true
    }

    fn sell_rightly(&self) -> bool {
        let mut left = self.left.lock().unwrap();
        let is_there = *left > 0;
        *left -= u32::from(is_there);
        is_there
    }
}

/// Four buyers for three seats.
fn sale(sell: fn(&Seats) -> bool) {
    let seats = Arc::new(Seats { left: Mutex::new(3) });
    let buyers: Vec<_> = (0..4)
        .map(|_| {
            let seats = seats.clone();
            thread::spawn(move || sell(&seats))
        })
        .collect();
    let sold = buyers.into_iter().map(|buyer| buyer.join().unwrap());
    assert_eq!(sold.filter(|&sold| sold).count(), 3);
}

/// A gate that opens once.
#[derive(Default)]
struct Gate {
    is_open: AtomicBool,
    lock: Mutex<()>,
    opens: Condvar,
}

impl Gate {
    fn pass(&self) {
        let mut guard = self.lock.lock().unwrap();
        while !self.is_open.load(Ordering::SeqCst) {
            guard = self.opens.wait(guard).unwrap();
        }
    }

    /// The mistake: somebody may have looked at the gate, and not wait yet. That one waits for ever.
    fn open(&self) {
        self.is_open.store(true, Ordering::SeqCst);
        self.opens.notify_all();
    }

    fn open_rightly(&self) {
        let guard = self.lock.lock().unwrap();
        self.is_open.store(true, Ordering::SeqCst);
        drop(guard);
        self.opens.notify_all();
    }
}

/// Three walkers, and one who opens.
fn walk(open: fn(&Gate)) {
    let gate = Arc::new(Gate::default());
    let walkers: Vec<_> = (0..3)
        .map(|_| {
            let gate = gate.clone();
            thread::spawn(move || gate.pass())
        })
        .collect();
    open(&gate);
    walkers.into_iter().for_each(|walker| walker.join().unwrap());
}

/// A test as one would write it, and the same with the mistake mended.
struct Scenario {
    name: &'static str,
    wrong: fn(),
    right: fn(),
}

const SCENARIOS: [Scenario; 2] = [
    Scenario {
        name: "seats",
        wrong: || sale(Seats::sell),
        right: || sale(Seats::sell_rightly),
    },
    Scenario {
        name: "gate",
        wrong: || walk(Gate::open),
        right: || walk(Gate::open_rightly),
    },
];

/// How many of two hundred ordinary runs fail, or do not end in ten seconds.
fn ordinary_failures(test: fn()) -> usize {
    let fails = |_: &i32| {
        let (sender, receiver) = mpsc::channel();
        thread::spawn(move || sender.send(thread::spawn(test).join().is_ok()));
        receiver.recv_timeout(Duration::from_secs(10)) != Ok(true)
    };
    (0..200).filter(fails).count()
}

/// The first schedule of a thousand that fails.
fn first_failure(test: fn()) -> Result<u64, Box<Failure>> {
    Builder::new().seeds(1000).pct(3).search(test)
}

/// Finds the bug, replays it, and finds none in what is mended.
fn show(scenario: &Scenario) {
    let name = scenario.name;
    println!(
        "{name}: {} of 200 ordinary runs fail",
        ordinary_failures(scenario.wrong)
    );
    let failure = first_failure(scenario.wrong).expect_err("the bug is there");
    let what = match &failure.cause {
        Cause::Deadlock(_) => "all threads wait for ever".to_owned(),
        cause => cause.to_string(),
    };
    println!("{name}: schedule {} fails: {what}", failure.schedule);
    println!(
        "{name}: again: THREADBARE_SEED={} cargo run -p threadbare --features sim --example deterministic -- {name}",
        failure.schedule
    );
    let again = Builder::new().run(failure.schedule, scenario.wrong);
    assert!(again.result.is_err() && again.trace == failure.trace);
    let passed = first_failure(scenario.right).expect("mended");
    println!("{name}: mended, {passed} schedules pass");
}

fn show_all() {
    SCENARIOS.iter().for_each(show);
}

fn main() {
    let chosen = std::env::args().nth(1);
    match SCENARIOS
        .iter()
        .find(|scenario| Some(scenario.name) == chosen.as_deref())
    {
        // With a seed in the environment, that one.
        Some(scenario) => Builder::new().seeds(1000).pct(3).explore(scenario.wrong),
        None => show_all(),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn both_bugs_are_found_and_replayed_and_mended() {
        super::show_all();
    }
}

//! The locks: `rt::spin`, and the words of `sync::raw` over a stand-in for the table. Nobody gets in beside a writer, and nobody is left
//! waiting (loom reports a model in which all wait).

use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::thread;

use crate::bounded;
use crate::rt::spin::Spin;

#[path = "../../src/sync/raw.rs"]
mod raw;

use raw::{RawMutex, RawRwLock};

/// Data whose accesses loom checks for races.
struct Data(UnsafeCell<u32>);

#[allow(unsafe_code, reason = "loom's cell, whose access loom itself checks")]
// SAFETY: loom fails the model if access races.
unsafe impl Sync for Data {}
#[allow(unsafe_code, reason = "as above")]
// SAFETY: as above.
unsafe impl Send for Data {}

impl Data {
    fn new() -> Data {
        Data(UnsafeCell::new(0))
    }

    #[allow(unsafe_code, reason = "loom's cell, whose access loom itself checks")]
    fn add(&self) {
        // SAFETY: loom fails the model if this races.
        self.0.with_mut(|data| unsafe { *data += 1 });
    }

    #[allow(unsafe_code, reason = "loom's cell, whose access loom itself checks")]
    fn get(&self) -> u32 {
        // SAFETY: loom fails the model if this races.
        self.0.with(|data| unsafe { *data })
    }
}

#[test]
fn a_spinning_lock_excludes_and_publishes() {
    bounded(3, || {
        let lock = Arc::new(Spin::new(Data::new()));
        let theirs = lock.clone();
        let other = thread::spawn(move || theirs.lock().add());
        lock.lock().add();
        other.join().unwrap();
        assert_eq!(lock.lock().get(), 2);
    });
}

#[test]
fn a_mutex_excludes_and_wakes_whom_it_keeps_waiting() {
    bounded(3, || {
        let shared = Arc::new((RawMutex::new(), Data::new()));
        let threads: Vec<_> = (0..2)
            .map(|_| {
                let shared = shared.clone();
                thread::spawn(move || {
                    shared.0.lock();
                    shared.1.add();
                    shared.0.unlock();
                })
            })
            .collect();
        shared.0.lock();
        shared.1.add();
        shared.0.unlock();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        assert_eq!(shared.1.get(), 3);
    });
}

#[test]
fn readers_and_writers_exclude_and_wake_each_other() {
    bounded(2, || {
        let shared = Arc::new((RawRwLock::new(), Data::new()));
        let writer = {
            let shared = shared.clone();
            thread::spawn(move || {
                shared.0.write();
                shared.1.add();
                shared.0.write_unlock();
            })
        };
        let reader = {
            let shared = shared.clone();
            thread::spawn(move || {
                shared.0.read();
                let seen = shared.1.get();
                shared.0.read_unlock();
                seen
            })
        };
        shared.0.write();
        shared.1.add();
        shared.0.write_unlock();
        assert!(reader.join().unwrap() <= 2);
        writer.join().unwrap();
        shared.0.read();
        assert_eq!(shared.1.get(), 2);
        shared.0.read_unlock();
    });
}

#[test]
fn a_writer_that_becomes_a_reader_lets_readers_in() {
    bounded(2, || {
        let shared = Arc::new((RawRwLock::new(), Data::new()));
        shared.0.write();
        let reader = {
            let shared = shared.clone();
            thread::spawn(move || {
                shared.0.read();
                let seen = shared.1.get();
                shared.0.read_unlock();
                seen
            })
        };
        shared.1.add();
        shared.0.downgrade();
        assert_eq!(reader.join().unwrap(), 1);
        shared.0.read_unlock();
    });
}

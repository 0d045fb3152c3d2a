//! The reactor's entries, with a kernel that tells each edge once: nobody waits for an event that has been, or that nothing will cause.

use std::io;
use std::sync::Arc as StdArc;
use std::task::{Poll, Wake, Waker};
use std::time::Instant;

use loom::cell::UnsafeCell;
use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::sync::{Arc, Mutex};
use loom::thread;

use crate::bell::Bell;
use crate::bounded;
use crate::rt::entry::{Direction, Entry};
use crate::rt::operation::Operation;
use crate::rt::timer;
use crate::rt::{State, Waiter};

/// A socket's buffer as its writer sees it, or, room being bytes that came, as its reader does (`sk_stream_write_space`).
#[derive(Default)]
struct Kernel {
    room: usize,
    /// A call failed since the last edge.
    armed: bool,
    /// The edge that epoll will tell next.
    edge: bool,
}

struct Socket {
    kernel: Mutex<Kernel>,
    serial: AtomicUsize,
    entry: Entry,
}

impl Socket {
    /// Registered after a call that failed, for the direction of `entry.read`.
    fn registered() -> Arc<Socket> {
        let entry = Entry::new();
        entry.read.assume_exhausted();
        Arc::new(Socket {
            kernel: Mutex::new(Kernel {
                armed: true,
                ..Kernel::default()
            }),
            serial: AtomicUsize::new(1),
            entry,
        })
    }

    /// The call: takes up to `wanted`.
    fn call(&self, wanted: usize) -> io::Result<usize> {
        let mut kernel = self.kernel.lock().unwrap();
        if kernel.room == 0 {
            kernel.armed = true;
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let count = kernel.room.min(wanted);
        kernel.room -= count;
        // A short call has seen the end of what there was.
        kernel.armed |= count < wanted;
        Ok(count)
    }

    /// The peer makes room for one.
    fn give(&self) {
        let mut kernel = self.kernel.lock().unwrap();
        kernel.room += 1;
        kernel.edge |= std::mem::take(&mut kernel.armed);
    }

    /// A worker looks: `Look::take` and `deliver`.
    fn look(&self) {
        let edge = std::mem::take(&mut self.kernel.lock().unwrap().edge);
        if edge {
            let serial = self.serial.fetch_add(1, Ordering::Relaxed);
            self.entry
                .read
                .happened(serial, &self.entry.reader, |waiter| waiter.wake());
        }
    }

    fn run(&self, wanted: usize, deadline: Option<Instant>) -> io::Result<usize> {
        self.entry.read.run(
            || self.call(wanted),
            |&count| count < wanted,
            |direction| direction.wait(Waiter::current(), deadline, State::Reading),
        )
    }
}

/// Gives and looks, so many times.
fn peer(socket: &Arc<Socket>, times: usize) -> thread::JoinHandle<()> {
    let socket = socket.clone();
    thread::spawn(move || {
        for _ in 0..times {
            socket.give();
            socket.look();
        }
    })
}

#[test]
fn each_call_finds_what_the_peer_gives() {
    bounded(4, || {
        let socket = Socket::registered();
        let peer = peer(&socket, 3);
        for _ in 0..3 {
            assert_eq!(socket.run(1, None).unwrap(), 1);
        }
        peer.join().unwrap();
    });
}

#[test]
fn short_calls_lose_no_event() {
    bounded(4, || {
        let socket = Socket::registered();
        let peer = peer(&socket, 3);
        let mut taken = 0;
        while taken < 3 {
            taken += socket.run(2, None).unwrap();
        }
        peer.join().unwrap();
        assert_eq!(taken, 3);
    });
}

#[test]
fn two_that_wait_for_one_direction_are_both_served() {
    bounded(2, || {
        let socket = Socket::registered();
        let theirs = socket.clone();
        let other = thread::spawn(move || theirs.run(1, None).unwrap());
        let peer = peer(&socket, 2);
        assert_eq!(socket.run(1, None).unwrap(), 1);
        assert_eq!(other.join().unwrap(), 1);
        peer.join().unwrap();
    });
}

/// The entry had another descriptor before, whose last event is still on its way.
#[test]
fn a_late_event_of_a_former_descriptor_costs_one_call_and_no_more() {
    bounded(3, || {
        let socket = Socket::registered();
        let former = socket.clone();
        let late = thread::spawn(move || {
            former
                .entry
                .read
                .happened(99, &former.entry.reader, |waiter| waiter.wake());
        });
        let peer = peer(&socket, 2);
        for _ in 0..2 {
            assert_eq!(socket.run(1, None).unwrap(), 1);
        }
        late.join().unwrap();
        peer.join().unwrap();
    });
}

/// Whoever comes second, deadline or event: the caller has it once, and the next call is not disturbed.
#[test]
fn a_deadline_and_an_event_leave_the_word_in_order() {
    bounded(3, || {
        let socket = Socket::registered();
        let clock = thread::spawn(timer::fire);
        let peer = peer(&socket, 1);
        let first = loop {
            match socket.run(1, Some(Instant::now())) {
                Ok(count) => break count,
                Err(error) => assert_eq!(error.kind(), io::ErrorKind::WouldBlock),
            }
        };
        assert_eq!(first, 1);
        clock.join().unwrap();
        peer.join().unwrap();
        assert_eq!(socket.kernel.lock().unwrap().room, 0);
    });
}

struct Woken(Bell);

impl Wake for Woken {
    fn wake(self: StdArc<Self>) {
        self.0.ring();
    }
}

#[test]
fn a_future_is_woken_for_each_event_that_it_waits_for() {
    bounded(3, || {
        let socket = Socket::registered();
        let peer = peer(&socket, 2);
        let woken = StdArc::new(Woken(Bell::new()));
        let waker = Waker::from(woken.clone());
        for _ in 0..2 {
            let direction: &Direction = &socket.entry.read;
            while direction
                .poll(&socket.entry.reader, &waker, || socket.call(1))
                .is_pending()
            {
                woken.0.wait();
            }
        }
        peer.join().unwrap();
    });
}

/// Both kinds of waiting at once.
#[test]
fn a_future_and_a_thread_that_wait_for_one_direction_are_both_served() {
    bounded(2, || {
        let socket = Socket::registered();
        let theirs = socket.clone();
        let other = thread::spawn(move || theirs.run(1, None).unwrap());
        let peer = peer(&socket, 2);
        let woken = StdArc::new(Woken(Bell::new()));
        let waker = Waker::from(woken.clone());
        loop {
            match socket
                .entry
                .read
                .poll(&socket.entry.reader, &waker, || socket.call(1))
            {
                Poll::Ready(done) => break assert_eq!(done.unwrap(), 1),
                Poll::Pending => woken.0.wait(),
            }
        }
        assert_eq!(other.join().unwrap(), 1);
        peer.join().unwrap();
    });
}

/// `operation` and `Ring::perform`: the caller leaves once the kernel is done, with what that wrote, whatever the deadline does.
#[test]
fn a_call_under_way_is_left_once_it_is_done() {
    bounded(4, || {
        let operation = Arc::new(Operation::new());
        let buffer = Arc::new(UnsafeCell::new(0));
        let (theirs, their_buffer) = (operation.clone(), buffer.clone());
        let kernel = thread::spawn(move || {
            write(&their_buffer);
            if let Some(waiter) = theirs.complete(5, true) {
                waiter.wake();
            }
        });
        let clock = thread::spawn(timer::fire);
        let mut done = operation.wait(Waiter::current(), Some(Instant::now()), State::Reading);
        while !done {
            done = operation.wait(Waiter::current(), None, State::Reading);
        }
        write(&buffer);
        assert_eq!(operation.result(), (5, true));
        kernel.join().unwrap();
        clock.join().unwrap();
    });
}

#[allow(unsafe_code, reason = "loom's cell, whose access loom itself checks")]
fn write(cell: &UnsafeCell<i32>) {
    // SAFETY: loom fails the model if this races.
    cell.with_mut(|place| unsafe { *place += 1 });
}

//! Futures on threads: what code that is written with `async` needs here.
//!
//! A thread that drives a future waits when the future does, as in any other call. The sockets of [`crate::net`] can be polled
//! ([`TcpStream::poll_read`](crate::net::TcpStream::poll_read)), so an adapter of a few lines makes them the streams of an `async` crate:
//! `examples/hyper_service.rs` serves HTTP with hyper that way, a green thread for each connection.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use crate::rt::{State, table};

const WAITING: u32 = 0;
const WOKEN: u32 = 1;

struct Alarm(AtomicU32);

impl Wake for Alarm {
    fn wake(self: Arc<Alarm>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Alarm>) {
        // Release pairs with the acquire in `block_on`: what the waker did is seen by the next poll.
        if self.0.swap(WOKEN, Ordering::AcqRel) == WAITING {
            table::wake_one(&self.0);
        }
    }
}

/// Drives a future to its end on the calling thread, green or not.
///
/// ```
/// use threadbare::future::block_on;
///
/// assert_eq!(block_on(async { 6 * 7 }), 42);
/// ```
pub fn block_on<F: Future>(future: F) -> F::Output {
    let alarm = Arc::new(Alarm(AtomicU32::new(WAITING)));
    let waker = Waker::from(Arc::clone(&alarm));
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
        while alarm.0.swap(WAITING, Ordering::AcqRel) == WAITING {
            table::wait(&alarm.0, WAITING, None, State::Parked);
        }
    }
}

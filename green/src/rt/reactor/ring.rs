//! Calls on streams carried out by the kernel: one io_uring for the process, beside the epoll instance (io_uring(7)).
//!
//! A thread puts its call into the submission queue and waits; its worker tells the kernel of all that its threads have put there when it
//! has no more to run, or every few dozen switches, by the one system call with which it also sleeps. The buffer stays the
//! thread's own, which holds still until the call is done (`operation`).
//!
//! Everything that is not a stream waits for readiness as ever, in the epoll instance; the ring has one request that polls that, for
//! ever, and whoever takes completions takes its events too.
//!
//! Invariants:
//! 1. The submission queue is written under `pushing`; the completion queue is read under the reactor's lock (invariant 1 there).
//! 2. What a request points to stays in place until its completion was taken: `perform` waits for it.
//! 3. The kernel cancels what an operating-system thread has submitted when that thread ends. Workers and the monitor submit, and never end.
//!
//! Rejected: buffers that the kernel chooses (provided buffers with a multishot receive), since a stack waits anyway and the copy out
//! of them would be one more; a ring for each worker, because a thread that was stolen would leave its request behind. Known to be dear:
//! with several workers the kernel carries out a call on the worker that submitted it, which it wakes for that.

#![allow(unsafe_code, reason = "fenced: hands buffers and operations to the kernel")]

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, RawFd};
use std::sync::atomic::{AtomicIsize, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use io_uring::{IoUring, Probe, Submitter, cqueue, opcode, squeue, types};

use super::operation::Operation;
use crate::rt::spin::Spin;
use crate::rt::{Control, State, Waiter};

/// Requests that can wait to be submitted, and completions to be taken before the kernel keeps them in a list.
const SUBMISSIONS: u32 = 1024;
const COMPLETIONS: u32 = 4096;

/// What completions carry that are not of an operation, whose address is neither.
const CANCELLATION: u64 = 0;
const EPOLL: u64 = 1;

/// See the module.
pub(crate) struct Ring {
    ring: IoUring,
    epoll: RawFd,
    pushing: Spin<()>,
    /// Requests that the kernel was not told of: those pushed less those taken. Below zero while one is taken that is not counted yet.
    unsubmitted: AtomicIsize,
    begun: AtomicUsize,
    ended: AtomicUsize,
}

/// What there was to take.
#[derive(Clone, Copy, Default)]
pub(super) struct Taken {
    pub(super) operations: usize,
    /// The epoll instance has events.
    pub(super) epoll: bool,
}

impl Ring {
    /// # Errors
    /// Why the kernel has none for us, in words.
    pub(super) fn start(epoll: BorrowedFd<'_>) -> Result<Ring, String> {
        if threadbare_context::BATON {
            return Err("threads of the baton backend end (invariant 3 of the ring)".to_owned());
        }
        let ring = IoUring::builder()
            .setup_cqsize(COMPLETIONS)
            .setup_submit_all()
            .setup_coop_taskrun()
            .setup_taskrun_flag()
            .build(SUBMISSIONS)
            .map_err(|error| match error.raw_os_error() {
                Some(libc::ENOSYS) => "the kernel has no io_uring".to_owned(),
                Some(libc::EPERM) => {
                    "io_uring is forbidden here (sysctl kernel.io_uring_disabled, or a filter)".to_owned()
                }
                Some(libc::EINVAL) => {
                    "the kernel's io_uring is too old: Linux 5.19 has what is needed".to_owned()
                }
                _ => format!("io_uring_setup: {error}"),
            })?;
        let mut probe = Probe::new();
        ring.submitter()
            .register_probe(&mut probe)
            .map_err(|error| format!("io_uring cannot be probed: {error}"))?;
        let needed = [
            opcode::PollAdd::CODE,
            opcode::AsyncCancel::CODE,
            opcode::Recv::CODE,
            opcode::Send::CODE,
        ];
        let parameters = ring.params();
        if !needed.into_iter().all(|code| probe.is_supported(code))
            || !parameters.is_feature_ext_arg()
            || !parameters.is_feature_nodrop()
            || !parameters.is_feature_fast_poll()
        {
            return Err("the kernel's io_uring lacks an operation that is needed".to_owned());
        }
        let ring = Ring {
            ring,
            epoll: epoll.as_raw_fd(),
            pushing: Spin::new(()),
            unsubmitted: AtomicIsize::new(0),
            begun: AtomicUsize::new(0),
            ended: AtomicUsize::new(0),
        };
        ring.poll_epoll();
        Ok(ring)
    }

    /// How many calls are under way.
    pub(super) fn under_way(&self) -> usize {
        let ended = self.ended.load(Ordering::Relaxed);
        self.begun.load(Ordering::Relaxed).saturating_sub(ended)
    }

    /// Asks to be told, again and again, when the epoll instance gets an event.
    fn poll_epoll(&self) {
        let events = u32::from(libc::POLLIN.cast_unsigned());
        let request = opcode::PollAdd::new(types::Fd(self.epoll), events)
            .multi(true)
            .build();
        // SAFETY: the request points to nothing.
        unsafe { self.push(&request.user_data(EPOLL)) };
    }

    /// # Safety
    /// What the request points to stays in place until its completion was taken.
    unsafe fn push(&self, request: &squeue::Entry) {
        loop {
            {
                let _pushing = self.pushing.lock();
                // SAFETY: invariant 1, and the caller's promise.
                let pushed = unsafe { self.ring.submission_shared().push(request) };
                if pushed.is_ok() {
                    // Release: who sees the number sees the request.
                    self.unsubmitted.fetch_add(1, Ordering::Release);
                    return;
                }
            }
            // Full. The kernel takes some, unless it has no memory at the moment.
            if self.submit_and(|submitter| submitter.submit()) == 0 {
                std::thread::yield_now();
            }
        }
    }

    /// Tells the kernel of all requests.
    #[inline]
    pub(super) fn submit(&self) {
        if self.unsubmitted.load(Ordering::Relaxed) > 0 {
            self.submit_and(|submitter| submitter.submit());
        }
    }

    /// Has `enter` tell the kernel of all requests; how many the kernel took.
    #[inline(never)]
    fn submit_and(&self, enter: impl FnOnce(&Submitter<'_>) -> io::Result<usize>) -> usize {
        // Pairs with the release in `push`.
        self.unsubmitted.load(Ordering::Acquire);
        // An error means that none was taken: there were none and the wait ended, or there is no memory and the next look tries again.
        let taken = enter(&self.ring.submitter()).unwrap_or(0);
        // As many as were taken, whoever pushed them and when: what stays too high has everybody enter the kernel for nothing.
        let count = isize::try_from(taken).unwrap_or(isize::MAX);
        self.unsubmitted.fetch_sub(count, Ordering::Relaxed);
        taken
    }

    /// Submits, and waits for a completion until `timeout`, for ever without one. With nothing to submit and no time to wait it is no
    /// system call.
    pub(super) fn enter(&self, timeout: Option<Duration>) {
        match timeout {
            Some(Duration::ZERO) => {
                if self.unsubmitted.load(Ordering::Relaxed) > 0 || self.has_late_completions() {
                    self.submit_and(|submitter| submitter.submit());
                }
            }
            None => {
                self.submit_and(|submitter| submitter.submit_and_wait(1));
            }
            Some(timeout) => {
                let timespec = types::Timespec::from(timeout);
                let arguments = types::SubmitArgs::new().timespec(&timespec);
                self.submit_and(|submitter| submitter.submit_with_args(1, &arguments));
            }
        }
    }

    /// The kernel has completions that it puts into the queue when it is entered.
    fn has_late_completions(&self) -> bool {
        let _pushing = self.pushing.lock();
        // SAFETY: invariant 1.
        let queue = unsafe { self.ring.submission_shared() };
        queue.taskrun() || queue.cq_overflow()
    }

    /// Takes all completions there are. The caller has the reactor's lock.
    pub(super) fn take(&self, mut wake: impl FnMut(Waiter)) -> Taken {
        let mut taken = Taken::default();
        // SAFETY: invariant 1.
        let completions = unsafe { self.ring.completion_shared() };
        for completion in completions {
            match completion.user_data() {
                CANCELLATION => {}
                EPOLL => {
                    taken.epoll = true;
                    if !cqueue::more(completion.flags()) {
                        self.poll_epoll();
                    }
                }
                address => {
                    taken.operations += 1;
                    let address = usize::try_from(address).unwrap_or(0);
                    // SAFETY: only `perform` sends addresses, of operations that stay until they are done (invariant 2).
                    let operation = unsafe { &*std::ptr::with_exposed_provenance::<Operation>(address) };
                    let more = cqueue::sock_nonempty(completion.flags());
                    if let Some(waiter) = operation.complete(completion.result(), more) {
                        wake(waiter);
                    }
                }
            }
        }
        // No other writer: the caller has the lock.
        let ended = self.ended.load(Ordering::Relaxed);
        self.ended.store(ended + taken.operations, Ordering::Relaxed);
        taken
    }

    /// recv(2): how many bytes, and whether there are more.
    ///
    /// # Errors
    /// Of recv(2); `WouldBlock` if `deadline` came first, or the open file is set to not wait.
    pub(super) fn receive(
        &self,
        caller: &'static Control,
        fd: BorrowedFd<'_>,
        buffer: &mut [u8],
        deadline: Option<Instant>,
    ) -> io::Result<(usize, bool)> {
        let length = u32::try_from(buffer.len()).unwrap_or(u32::MAX);
        let request = opcode::Recv::new(types::Fd(fd.as_raw_fd()), buffer.as_mut_ptr(), length).build();
        caller.note_subject(usize::try_from(fd.as_raw_fd()).unwrap_or(0));
        // SAFETY: the buffer is borrowed for the call, and so is the descriptor.
        unsafe { self.perform(caller, request, deadline, State::Reading) }
    }

    /// send(2): how many bytes.
    ///
    /// # Errors
    /// Of send(2); `WouldBlock` as in [`receive`](Self::receive).
    pub(super) fn send(
        &self,
        caller: &'static Control,
        fd: BorrowedFd<'_>,
        buffer: &[u8],
        deadline: Option<Instant>,
    ) -> io::Result<usize> {
        let length = u32::try_from(buffer.len()).unwrap_or(u32::MAX);
        let request = opcode::Send::new(types::Fd(fd.as_raw_fd()), buffer.as_ptr(), length)
            .flags(libc::MSG_NOSIGNAL)
            .build();
        caller.note_subject(usize::try_from(fd.as_raw_fd()).unwrap_or(0));
        // SAFETY: as above.
        unsafe { self.perform(caller, request, deadline, State::Writing) }.map(|(count, _)| count)
    }

    /// Has the kernel carry out `request` while the calling thread, `caller`, waits.
    ///
    /// # Safety
    /// What the request points to stays in place until this returns.
    unsafe fn perform(
        &self,
        caller: &'static Control,
        request: squeue::Entry,
        deadline: Option<Instant>,
        why: State,
    ) -> io::Result<(usize, bool)> {
        let operation = Operation::new();
        let address = std::ptr::from_ref(&operation).expose_provenance() as u64;
        self.begun.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller's promise, and the operation stays here until it is done.
        unsafe { self.push(&request.user_data(address)) };
        let mut done = operation.wait(Waiter::Green(caller), deadline, why);
        if !done {
            let cancel = opcode::AsyncCancel::new(address).build().user_data(CANCELLATION);
            // SAFETY: a cancellation points to nothing: it finds its request by the number.
            unsafe { self.push(&cancel) };
        }
        while !done {
            done = operation.wait(Waiter::Green(caller), None, why);
        }
        match operation.result() {
            (error, _) if error == -libc::ECANCELED => Err(io::ErrorKind::WouldBlock.into()),
            (count, more) => match usize::try_from(count) {
                Ok(count) => Ok((count, more)),
                Err(_) => Err(io::Error::from_raw_os_error(-count)),
            },
        }
    }
}

#[cfg(all(test, not(miri)))]
mod tests {
    use std::os::fd::AsFd;

    use super::super::epoll;
    use super::*;

    #[test]
    fn what_the_kernel_took_is_counted_once_whoever_pushed_and_submitted_it() {
        let epoll = epoll::create().unwrap();
        // Where io_uring is refused there is nothing to count.
        let Ok(ring) = Ring::start(epoll.as_fd()) else {
            return;
        };
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..1000 {
                        let nothing = opcode::Nop::new().build().user_data(CANCELLATION);
                        // SAFETY: the request points to nothing.
                        unsafe { ring.push(&nothing) };
                        ring.submit();
                    }
                });
            }
        });
        while ring.unsubmitted.load(Ordering::Relaxed) > 0 {
            assert_ne!(
                ring.submit_and(|submitter| submitter.submit()),
                0,
                "nothing was left"
            );
        }
        assert_eq!(ring.unsubmitted.load(Ordering::Relaxed), 0);
    }
}

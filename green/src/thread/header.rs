//! The handle of a thread: its number, its name, its token.
//!
//! A green thread's handle and the place for its result are one allocation ([`Shared`](super::join::Shared), of which [`Header`] is
//! the beginning), counted by `references`: one for the thread, one for its `JoinHandle`, one for each [`Thread`].

#![allow(
    unsafe_code,
    reason = "fenced: a reference count by hand, because what is counted has a type that handles do not know"
)]

use std::fmt;
use std::num::NonZeroU64;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering, fence};

use super::park::Token;
use crate::rt;

/// What all handles share. Invariant: `free` frees the allocation that begins with this header.
#[repr(C)]
pub(crate) struct Header {
    references: AtomicUsize,
    free: unsafe fn(NonNull<Header>),
    pub(super) id: ThreadId,
    pub(super) name: Option<Box<str>>,
    pub(super) token: Token,
}

impl Header {
    /// With `references` of them.
    pub(super) fn new(references: usize, free: unsafe fn(NonNull<Header>), name: Option<Box<str>>) -> Header {
        Header {
            references: AtomicUsize::new(references),
            free,
            id: ThreadId::new(),
            name,
            token: Token::new(),
        }
    }

    /// Gives up one reference.
    ///
    /// # Safety
    /// The caller owns one, and does not use it again.
    pub(super) unsafe fn release(this: NonNull<Header>) {
        // SAFETY: alive while the caller's reference is.
        let header = unsafe { this.as_ref() };
        // A look first: who sees the last reference owns it, and nobody can make another. Acquire pairs with the release below.
        // Release: what this owner did is seen by who frees.
        if header.references.load(Ordering::Acquire) == 1
            || header.references.fetch_sub(1, Ordering::Release) == 1
        {
            fence(Ordering::Acquire);
            // SAFETY: that was the last reference, and `free` belongs to this allocation.
            unsafe { (header.free)(this) };
        }
    }
}

/// A handle to a thread. As [`std::thread::Thread`].
pub struct Thread {
    /// Owns one reference.
    header: NonNull<Header>,
}

// SAFETY: a handle gives access to the header's number, name and token, which are made for sharing.
unsafe impl Send for Thread {}
// SAFETY: as above.
unsafe impl Sync for Thread {}
impl std::panic::UnwindSafe for Thread {}
impl std::panic::RefUnwindSafe for Thread {}
impl Unpin for Thread {}

impl Thread {
    /// Takes over one reference.
    ///
    /// # Safety
    /// The caller owns it.
    pub(super) unsafe fn from_reference(header: NonNull<Header>) -> Thread {
        Thread { header }
    }

    pub(super) fn header(&self) -> &Header {
        // SAFETY: this handle owns a reference.
        unsafe { self.header.as_ref() }
    }

    /// Gives the thread its token: if it is parked it goes on, otherwise its next [`park`](super::park()) returns at once.
    #[inline]
    pub fn unpark(&self) {
        self.header().token.give();
    }

    /// The thread's unique number.
    #[must_use]
    pub fn id(&self) -> ThreadId {
        self.header().id
    }

    /// The thread's name, if it has one.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.header().name.as_deref()
    }
}

impl Clone for Thread {
    fn clone(&self) -> Thread {
        let before = self.header().references.fetch_add(1, Ordering::Relaxed);
        // As `Arc`: more handles than this cannot be honest.
        if before > isize::MAX.unsigned_abs() {
            std::process::abort();
        }
        Thread { header: self.header }
    }
}

impl Drop for Thread {
    fn drop(&mut self) {
        // SAFETY: this handle owns a reference and ends.
        unsafe { Header::release(self.header) };
    }
}

impl fmt::Debug for Thread {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Thread")
            .field("id", &self.id())
            .field("name", &self.name())
            .finish_non_exhaustive()
    }
}

/// A number that no other thread of the process has or will have. As [`std::thread::ThreadId`].
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ThreadId(NonZeroU64);

static NEXT: AtomicU64 = AtomicU64::new(1);

/// Numbers that a worker takes at a time.
const BATCH: u64 = 64;

impl ThreadId {
    fn new() -> ThreadId {
        let number = rt::fresh_numbers(|| NEXT.fetch_add(BATCH, Ordering::Relaxed), BATCH);
        ThreadId(NonZeroU64::new(number).expect("nobody starts 2^64 threads"))
    }

    pub(super) fn number(self) -> u64 {
        self.0.get()
    }
}

impl fmt::Debug for ThreadId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "ThreadId({})", self.0)
    }
}

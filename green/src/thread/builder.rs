//! Starting threads.

#![allow(unsafe_code, reason = "fenced: hands a closure to another stack")]

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::NonNull;
use std::sync::Arc;

use super::join::{Join, JoinHandle, Shared};
use super::scope::{Scope, ScopeData, ScopedJoinHandle};
use crate::rt::spawn::{INLINE_CLOSURE, finish_thread_locals, take_closure};
use crate::rt::{self, Control, Waiter};

/// Starts a green thread. As [`std::thread::spawn`].
///
/// ```
/// use threadbare::thread;
///
/// let answer = thread::spawn(|| 6 * 7).join().unwrap();
/// assert_eq!(answer, 42);
/// ```
///
/// # Panics
/// If there is no memory for another stack, or the runtime cannot start; [`Builder::spawn`] returns the error instead.
#[inline]
pub fn spawn<F, T>(body: F) -> JoinHandle<T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    Builder::new().spawn(body).expect("failed to spawn thread")
}

/// Properties of a new thread. As [`std::thread::Builder`].
#[must_use = "must eventually spawn the thread"]
#[derive(Debug, Default)]
pub struct Builder {
    name: Option<String>,
    stack_size: Option<usize>,
}

impl Builder {
    /// With no name and the default stack size.
    pub fn new() -> Builder {
        Builder::default()
    }

    /// Names the thread.
    pub fn name(mut self, name: String) -> Builder {
        self.name = Some(name);
        self
    }

    /// Sets the least size of the thread's stack, in bytes. It is rounded up to 88 KiB, 256 KiB, 1 MiB, 4 MiB and so on up to 4 GiB.
    /// Memory is taken as the stack grows, so a large stack costs address space and, at two words for each page table, little else.
    pub fn stack_size(mut self, size: usize) -> Builder {
        self.stack_size = Some(size);
        self
    }

    /// Starts a thread.
    ///
    /// # Errors
    /// When there is no memory for another stack, or the runtime cannot start.
    ///
    /// # Panics
    /// If the name contains a zero byte.
    #[inline]
    pub fn spawn<F, T>(self, body: F) -> io::Result<JoinHandle<T>>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        // SAFETY: everything is 'static.
        unsafe { self.spawn_unchecked(body) }
    }

    /// Starts a thread without any bound on what it borrows.
    ///
    /// # Errors
    /// As [`spawn`](Self::spawn).
    ///
    /// # Panics
    /// If the name contains a zero byte.
    ///
    /// # Safety
    /// The caller makes sure that the thread does not outlive what `body` and its result borrow: by joining it, or because
    /// all of that is `'static`.
    pub unsafe fn spawn_unchecked<F, T>(self, body: F) -> io::Result<JoinHandle<T>>
    where
        F: FnOnce() -> T + Send,
        T: Send,
    {
        // SAFETY: the caller's promise.
        unsafe { self.start(body, None) }.map(JoinHandle)
    }

    /// Starts a thread in `scope`.
    ///
    /// # Errors
    /// As [`spawn`](Self::spawn).
    ///
    /// # Panics
    /// If the name contains a zero byte.
    pub fn spawn_scoped<'scope, 'env, F, T>(
        self,
        scope: &'scope Scope<'scope, 'env>,
        body: F,
    ) -> io::Result<ScopedJoinHandle<'scope, T>>
    where
        F: FnOnce() -> T + Send + 'scope,
        T: Send + 'scope,
    {
        scope.data.thread_starts();
        // SAFETY: the scope waits for its threads, so they do not outlive 'scope.
        let started = unsafe { self.start(body, Some(scope.data.clone())) };
        if started.is_err() {
            scope.data.thread_ended();
        }
        started.map(ScopedJoinHandle::new)
    }

    /// # Safety
    /// As [`spawn_unchecked`](Self::spawn_unchecked).
    #[inline]
    unsafe fn start<F, T>(self, body: F, scope: Option<Arc<ScopeData>>) -> io::Result<Join<T>>
    where
        F: FnOnce() -> T + Send,
        T: Send,
    {
        let name: Option<Box<str>> = self.name.map(String::into_boxed_str);
        let has_zero = name.as_ref().is_some_and(|name| name.contains('\0'));
        assert!(!has_zero, "thread name may not contain interior null bytes");
        // SAFETY: the caller's promise; a box is an `FnOnce` of a size that fits.
        unsafe {
            if size_of::<F>() + size_of::<usize>() > INLINE_CLOSURE || align_of::<F>() > 64 {
                Self::launch(self.stack_size, name, scope, Box::new(body))
            } else {
                Self::launch(self.stack_size, name, scope, body)
            }
        }
    }

    /// # Safety
    /// As [`spawn_unchecked`](Self::spawn_unchecked).
    #[inline]
    unsafe fn launch<F, T>(
        stack_size: Option<usize>,
        name: Option<Box<str>>,
        scope: Option<Arc<ScopeData>>,
        body: F,
    ) -> io::Result<Join<T>>
    where
        F: FnOnce() -> T + Send,
        T: Send,
    {
        let shared = Shared::<T>::new(name, scope);
        // SAFETY: of the two references one goes to the handle and one to the thread.
        let join = unsafe { Join::new(shared) };
        let (id, name) = (join.thread().id().number(), join.thread().name());
        // SAFETY: (1) `run::<F, T>` takes a `Start<F, T>` once and does not unwind; (2) the caller's promise; (3) the thread's
        // reference keeps the header alive until it has finished.
        let started = unsafe {
            rt::spawn::spawn(
                stack_size,
                shared.cast().as_ptr(),
                id,
                name,
                run::<F, T>,
                Start { shared, body },
            )
        };
        if let Err(error) = started {
            // SAFETY: there is no thread: its reference is ours to give up.
            unsafe { super::header::Header::release(shared.cast()) };
            return Err(error);
        }
        Ok(join)
    }
}

/// What a new thread finds on its stack.
struct Start<F, T> {
    shared: NonNull<Shared<T>>,
    body: F,
}

/// The main function of every green thread.
///
/// # Safety
/// Called by the thread that was spawned with a `Start<F, T>`.
unsafe fn run<F: FnOnce() -> T, T>(control: &'static Control) -> Option<Waiter> {
    // SAFETY: once, with the type of `launch`.
    let Start { shared, body } = unsafe { take_closure::<Start<F, T>>(control) };
    let result = catch_unwind(AssertUnwindSafe(body));
    // As with std, whoever joins finds the thread's thread-locals destroyed.
    finish_thread_locals(control);
    // SAFETY: once, by the thread.
    unsafe { Shared::finish(shared, result) }
}

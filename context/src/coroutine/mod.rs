//! Stackful coroutines: a computation that can give a value to whoever resumed it, and wait for the next.
//!
//! ```text
//!   resumer's stack                    coroutine's stack
//!   ┌───────────────┐                  ┌──────────────────┐ base
//!   │ resume()      │                  │ the closure      │ moved here before the start
//!   │  Letter ──────┼── transfer ────▶ │ enter()          │ its Yielder points to the letter
//!   │   order in    │                  │  closure frames  │
//!   │   answer out  │ ◀────────────────┤  suspend()       │
//!   └───────────────┘                  └──────────────────┘
//! ```
//!
//! Each resumption writes a [`Letter`](letter::Letter) on the resumer's stack and passes its address. The letter
//! carries the order (go on with this input, or unwind) and takes the answer (a yield, the return, a panic).
//!
//! Invariants:
//! 1. `Yielder::letter` points to the letter of the latest resumption, and is used only while that resumption
//!    waits, so the letter is alive.
//! 2. A panic of the closure is caught in the coroutine's first frame and thrown again by `resume`.
//! 3. A coroutine that is dropped while suspended is unwound first, so every local is dropped and no borrow
//!    outlives it. One that is forgotten keeps its stack for ever, so its borrows must be `'static`; [`scope`] has
//!    no such bound because it alone can drop what it lends.
//! 4. Coroutines are neither `Send` nor `Sync`: their frames may hold what must not leave the thread, and
//!    thread-locals belong to the thread. Two coroutines of one thread share its thread-locals.

mod letter;
mod scoped;
#[cfg(all(test, not(miri)))]
mod tests;

use core::marker::PhantomData;
use std::panic::{self, AssertUnwindSafe};

use crate::{Stack, StackPointer, leave, prepare, switch};
pub use letter::Resumed;
use letter::{Answer, Letter, Order, Unwinding};
pub use scoped::{ScopedCoroutine, scope};

/// A computation on a stack of its own that exchanges values with whoever resumes it.
///
/// ```
/// use threadbare_context::{Coroutine, MappedStack, Resumed};
///
/// let stack = MappedStack::new(64 << 10)?;
/// let mut counter = Coroutine::new(stack, |yielder, first: u32| {
///     let mut sum = first;
///     while sum < 10 {
///         sum += yielder.suspend(sum);
///     }
///     "done"
/// });
/// assert_eq!(counter.resume(3), Resumed::Yielded(3));
/// assert_eq!(counter.resume(4), Resumed::Yielded(7));
/// assert_eq!(counter.resume(5), Resumed::Returned("done"));
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct Coroutine<Input, Yield, Return, S: Stack> {
    raw: Raw<Input, Yield, Return>,
    /// Dropped after `raw`, whose drop runs on it.
    stack: S,
}

/// The part that does not own its stack. Its drop needs the stack alive.
struct Raw<Input, Yield, Return> {
    suspended: Option<StackPointer>,
    /// The closure lies in its place and was never called.
    fresh: Option<Fresh>,
    /// Neither `Send` nor `Sync`; exchanges these values.
    values: PhantomData<*mut (Input, Yield, Return)>,
}

/// A closure that waits for the first resumption.
#[derive(Clone, Copy)]
struct Fresh {
    closure: usize,
    drop: unsafe fn(usize),
}

impl<Input, Yield, Return, S: Stack> Coroutine<Input, Yield, Return, S> {
    /// Makes a coroutine that will run `body` on `stack`. Nothing runs before the first [`resume`](Self::resume).
    ///
    /// # Panics
    /// If the closure does not fit the stack.
    pub fn new<F>(stack: S, body: F) -> Self
    where
        F: FnOnce(&Yielder<Input, Yield>, Input) -> Return + 'static,
        Input: 'static,
        Yield: 'static,
        Return: 'static,
    {
        // SAFETY: the stack is owned by the result and dropped after the raw part; all borrows are 'static.
        let raw = unsafe { Raw::new(&stack, body) };
        Coroutine { raw, stack }
    }

    /// Continues the coroutine with `input` until it yields or returns.
    ///
    /// # Panics
    /// With the coroutine's own panic, if it panics; and if it has returned or panicked before.
    pub fn resume(&mut self, input: Input) -> Resumed<Yield, Return> {
        self.raw.resume(input)
    }

    /// Whether the coroutine has returned or panicked.
    pub fn is_done(&self) -> bool {
        self.raw.suspended.is_none()
    }

    /// Ends the coroutine, unwinding it where it is suspended, and gives its stack back.
    pub fn into_stack(self) -> S {
        let Coroutine { raw, stack } = self;
        drop(raw);
        stack
    }
}

impl<Input, Yield, Return, S: Stack> core::fmt::Debug for Coroutine<Input, Yield, Return, S> {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter
            .debug_struct("Coroutine")
            .field("done", &self.is_done())
            .finish_non_exhaustive()
    }
}

impl<Input, Yield, Return> Raw<Input, Yield, Return> {
    /// # Safety
    /// 1. `stack` is unused and outlives the result.
    /// 2. What `body` and the values borrow outlives the result, and the result is dropped or leaked together with
    ///    the promise that those borrows never end.
    unsafe fn new<F>(stack: &impl Stack, body: F) -> Self
    where
        F: FnOnce(&Yielder<Input, Yield>, Input) -> Return,
    {
        let align = align_of::<F>().max(16);
        let place = (stack.base() - size_of::<F>()) & !(align - 1);
        // Room for a small frame or two; more is the business of the guard page.
        assert!(
            place > stack.limit() + 1024,
            "the coroutine's closure does not fit its stack"
        );
        // SAFETY: (1) gives us `[limit, base)`, and the place is inside, aligned, and large enough.
        // The computation is prepared below the closure, and its base is a multiple of 16.
        let start = unsafe {
            core::ptr::with_exposed_provenance_mut::<F>(place).write(body);
            prepare(place, enter::<Input, Yield, Return, F>, place)
        };
        let fresh = Fresh {
            closure: place,
            drop: drop_closure::<F>,
        };
        Raw {
            suspended: Some(start),
            fresh: Some(fresh),
            values: PhantomData,
        }
    }

    fn resume(&mut self, input: Input) -> Resumed<Yield, Return> {
        match self.send(Order::Continue(input)) {
            Answer::Yielded(value) => Resumed::Yielded(value),
            Answer::Returned(value) => Resumed::Returned(value),
            Answer::Panicked(payload) => panic::resume_unwind(payload),
        }
    }

    /// Switches to the coroutine with an order and waits for its answer.
    fn send(&mut self, order: Order<Input>) -> Answer<Yield, Return> {
        let Some(target) = self.suspended.take() else {
            panic!("a coroutine was resumed after it had ended")
        };
        self.fresh = None;
        let mut letter = Letter::new(order);
        let address = (&raw mut letter).expose_provenance();
        // SAFETY: the target was suspended and taken just now (invariant 1 of the crate); the letter lives on this
        // frame, which waits here until the coroutine answers; the coroutine borrows from it only until then.
        unsafe { switch(&raw mut letter.resumer, target, address) };
        let (answer, suspended) = letter.open();
        self.suspended = suspended;
        answer
    }
}

impl<Input, Yield, Return> Drop for Raw<Input, Yield, Return> {
    fn drop(&mut self) {
        if let Some(fresh) = self.fresh {
            // SAFETY: never resumed, so the closure is still in its place, and is dropped exactly here.
            unsafe { (fresh.drop)(fresh.closure) };
            return;
        }
        while self.suspended.is_some() {
            // A coroutine that catches the unwinding and suspends again is told once more.
            match self.send(Order::Unwind) {
                Answer::Panicked(payload) if !payload.is::<Unwinding>() => panic::resume_unwind(payload),
                _ => {}
            }
        }
    }
}

/// # Safety
/// `place` holds an `F` that nobody uses afterwards.
unsafe fn drop_closure<F>(place: usize) {
    // SAFETY: the caller's promise.
    unsafe { core::ptr::with_exposed_provenance_mut::<F>(place).drop_in_place() };
}

/// The first frame of a coroutine.
///
/// # Safety
/// `closure` is the place of an `F`, `letter` the address of a `Letter` whose sender waits.
unsafe extern "sysv64" fn enter<Input, Yield, Return, F>(closure: usize, letter: usize) -> !
where
    F: FnOnce(&Yielder<Input, Yield>, Input) -> Return,
{
    let letter = core::ptr::with_exposed_provenance_mut::<Letter<Input, Yield, Return>>(letter);
    // SAFETY: the closure is read once, here. The letter is alive (module invariant 1).
    let (body, order) = unsafe {
        (
            core::ptr::with_exposed_provenance::<F>(closure).read(),
            (*letter).take_order(),
        )
    };
    let yielder = Yielder::<Input, Yield>::new::<Return>(letter);
    let answer = match order {
        Order::Unwind => {
            drop(body);
            Answer::Panicked(std::boxed::Box::new(Unwinding))
        }
        Order::Continue(input) => match panic::catch_unwind(AssertUnwindSafe(|| body(&yielder, input))) {
            Ok(value) => Answer::Returned(value),
            Err(payload) => Answer::Panicked(payload),
        },
    };
    let letter = yielder.letter.get().cast::<Letter<Input, Yield, Return>>();
    // SAFETY: the latest letter's sender waits (module invariant 1). Nothing on this stack is needed any more: the
    // closure and the yielder are gone, and the answer has moved into the letter.
    unsafe {
        (*letter).answer_and_end(answer);
        leave((*letter).resumer, 0)
    }
}

/// A coroutine's means to suspend itself.
pub struct Yielder<Input, Yield> {
    /// The latest letter. `Return` is erased: `suspend` writes only yields.
    letter: core::cell::Cell<*mut ()>,
    suspend: unsafe fn(&Yielder<Input, Yield>, Yield) -> Order<Input>,
    values: PhantomData<*mut (Input, Yield)>,
}

impl<Input, Yield> core::fmt::Debug for Yielder<Input, Yield> {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.debug_struct("Yielder").finish_non_exhaustive()
    }
}

impl<Input, Yield> Yielder<Input, Yield> {
    fn new<Return>(letter: *mut Letter<Input, Yield, Return>) -> Self {
        Yielder {
            letter: core::cell::Cell::new(letter.cast()),
            suspend: suspend_with::<Input, Yield, Return>,
            values: PhantomData,
        }
    }

    /// Hands `value` to whoever resumed the coroutine and returns the input of the next resumption.
    ///
    /// If the coroutine is dropped instead of resumed, this call unwinds, so that the coroutine's locals are dropped.
    #[inline]
    pub fn suspend(&self, value: Yield) -> Input {
        // SAFETY: the yielder lives on its coroutine's stack and is lent to the closure only, and is neither `Send`
        // nor `Sync`, so this runs inside that coroutine: on its stack, or on that of a scoped coroutine that its
        // frames wait for, which is then suspended and resumed as a part of it.
        match unsafe { (self.suspend)(self, value) } {
            Order::Continue(input) => input,
            Order::Unwind => panic::resume_unwind(std::boxed::Box::new(Unwinding)),
        }
    }
}

/// # Safety
/// Runs on the stack of the coroutine that `yielder` belongs to.
#[inline]
unsafe fn suspend_with<Input, Yield, Return>(yielder: &Yielder<Input, Yield>, value: Yield) -> Order<Input> {
    let letter = yielder.letter.get().cast::<Letter<Input, Yield, Return>>();
    // SAFETY: the sender of the latest letter waits (module invariant 1), and gets the address of our saved state
    // through the letter. We are resumed by the next `send`, whose letter's address is what the switch returns.
    unsafe {
        let next = Letter::answer_and_switch(letter, Answer::Yielded(value));
        yielder.letter.set(core::ptr::with_exposed_provenance_mut(next));
        (*core::ptr::with_exposed_provenance_mut::<Letter<Input, Yield, Return>>(next)).take_order()
    }
}

//! Coroutines that may borrow from the frame that made them.

use crate::{Resumed, Stack, Yielder};

use super::Raw;

/// A coroutine lent by [`scope`]; see there.
pub struct ScopedCoroutine<'scope, Input, Yield, Return> {
    raw: Raw<Input, Yield, Return>,
    /// Invariant, so that no two scopes' coroutines can be exchanged for each other.
    scope: core::marker::PhantomData<&'scope mut &'scope ()>,
}

impl<Input, Yield, Return> ScopedCoroutine<'_, Input, Yield, Return> {
    /// As [`Coroutine::resume`](crate::Coroutine::resume).
    ///
    /// # Panics
    /// As there.
    pub fn resume(&mut self, input: Input) -> Resumed<Yield, Return> {
        self.raw.resume(input)
    }

    /// Whether the coroutine has returned or panicked.
    pub fn is_done(&self) -> bool {
        self.raw.suspended.is_none()
    }
}

impl<Input, Yield, Return> core::fmt::Debug for ScopedCoroutine<'_, Input, Yield, Return> {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter
            .debug_struct("ScopedCoroutine")
            .field("done", &self.is_done())
            .finish_non_exhaustive()
    }
}

/// Lends `user` a coroutine that runs `body` on `stack`. Both may borrow from the surrounding frame: the coroutine
/// has ended, unwound if need be, before `scope` returns.
///
/// The coroutine is only ever lent by reference, under a lifetime that no other scope shares, so it can be neither
/// forgotten nor exchanged for another.
///
/// ```
/// use threadbare_context::{MappedStack, Resumed, scope};
///
/// let mut seen = Vec::new();
/// let mut stack = MappedStack::new(64 << 10)?;
/// scope(&mut stack, |yielder, first: u32| seen.push(first + yielder.suspend(())), |coroutine| {
///     assert_eq!(coroutine.resume(1), Resumed::Yielded(()));
///     assert_eq!(coroutine.resume(2), Resumed::Returned(()));
/// });
/// assert_eq!(seen, [3]);
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Panics
/// With the panic of `user`, or of the coroutine where `user` let it through.
pub fn scope<S, F, U, Input, Yield, Return, Output>(stack: &mut S, body: F, user: U) -> Output
where
    S: Stack,
    F: FnOnce(&Yielder<Input, Yield>, Input) -> Return,
    U: for<'scope> FnOnce(&mut ScopedCoroutine<'scope, Input, Yield, Return>) -> Output,
{
    // SAFETY: (1) the mutable borrow keeps the stack ours until this function returns; (2) the raw part is a local
    // that is lent by reference only, so it is dropped, and the coroutine ended, before any borrow of the caller ends.
    let raw = unsafe { Raw::new(stack, body) };
    user(&mut ScopedCoroutine {
        raw,
        scope: core::marker::PhantomData,
    })
}

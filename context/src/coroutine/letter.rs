//! What passes between a coroutine and whoever resumes it.

use core::any::Any;
use std::boxed::Box;

use crate::{StackPointer, switch};

/// What a resumption brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resumed<Yield, Return> {
    /// The coroutine suspended itself with this value and can be resumed.
    Yielded(Yield),
    /// The coroutine ended with this value.
    Returned(Return),
}

/// What the resumer tells the coroutine.
pub(super) enum Order<Input> {
    Continue(Input),
    Unwind,
}

/// What the coroutine tells the resumer.
pub(super) enum Answer<Yield, Return> {
    Yielded(Yield),
    Returned(Return),
    Panicked(Box<dyn Any + Send>),
}

/// The payload of the unwinding that ends a dropped coroutine.
pub(super) struct Unwinding;

/// One resumption. Lives on the resumer's stack while the coroutine runs.
///
/// `resumer` is written by the switch to the coroutine. The coroutine takes `order`, writes `answer`, and either
/// stores in `suspended` where it can be resumed or leaves it empty because it ended.
pub(super) struct Letter<Input, Yield, Return> {
    pub(super) resumer: StackPointer,
    suspended: StackPointer,
    order: Option<Order<Input>>,
    answer: Option<Answer<Yield, Return>>,
}

/// No stack pointer is zero: "ended", or "not yet written".
const NOWHERE: StackPointer = StackPointer(0);

impl<Input, Yield, Return> Letter<Input, Yield, Return> {
    pub(super) fn new(order: Order<Input>) -> Self {
        Letter {
            resumer: NOWHERE,
            suspended: NOWHERE,
            order: Some(order),
            answer: None,
        }
    }

    pub(super) fn take_order(&mut self) -> Order<Input> {
        self.order.take().expect("a letter carries one order")
    }

    /// The answer, and where the coroutine can be resumed unless it ended.
    pub(super) fn open(self) -> (Answer<Yield, Return>, Option<StackPointer>) {
        let answer = self.answer.expect("a coroutine answers before it switches back");
        (answer, (self.suspended != NOWHERE).then_some(self.suspended))
    }

    pub(super) fn answer_and_end(&mut self, answer: Answer<Yield, Return>) {
        self.answer = Some(answer);
    }

    /// Answers, suspends the running coroutine, and returns the address of the next letter.
    ///
    /// # Safety
    /// `letter` is the latest letter, whose sender waits, and the caller runs inside the coroutine that it was sent to.
    #[inline]
    pub(super) unsafe fn answer_and_switch(letter: *mut Self, answer: Answer<Yield, Return>) -> usize {
        // SAFETY: the sender waits, so nobody else uses the letter, and its saved state is resumed only here.
        unsafe {
            (*letter).answer = Some(answer);
            switch(&raw mut (*letter).suspended, (*letter).resumer, 0)
        }
    }
}

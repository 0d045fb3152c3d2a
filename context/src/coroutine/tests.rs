//! Values, panics, drops and borrows across switches, and what unwinders see.

use std::backtrace::Backtrace;
use std::cell::{Cell, RefCell};
use std::format;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::string::{String, ToString};
use std::vec::Vec;

use crate::{Coroutine, MappedStack, Resumed, scope};

fn stack() -> MappedStack {
    MappedStack::new(256 << 10).expect("a mapping for the test's stack")
}

/// Sets a flag when dropped.
struct Flag(Rc<Cell<u32>>);

impl Drop for Flag {
    fn drop(&mut self) {
        self.0.set(self.0.get() + 1);
    }
}

#[test]
fn values_pass_both_ways() {
    let mut coroutine = Coroutine::new(stack(), |yielder, mut input: String| {
        for _ in 0..3 {
            input = yielder.suspend(input.len());
        }
        input
    });
    assert_eq!(coroutine.resume("a".to_string()), Resumed::Yielded(1));
    assert_eq!(coroutine.resume("bb".to_string()), Resumed::Yielded(2));
    assert_eq!(coroutine.resume("ccc".to_string()), Resumed::Yielded(3));
    assert!(!coroutine.is_done());
    assert_eq!(
        coroutine.resume("end".to_string()),
        Resumed::Returned("end".to_string())
    );
    assert!(coroutine.is_done());
}

#[test]
fn a_panic_reaches_the_resumer_and_drops_the_locals() {
    let dropped = Rc::new(Cell::new(0));
    let flag = Flag(dropped.clone());
    let mut coroutine: Coroutine<(), (), (), _> = Coroutine::new(stack(), move |yielder, ()| {
        let _flag = flag;
        yielder.suspend(());
        std::panic::resume_unwind(std::boxed::Box::new("from inside"));
    });
    assert_eq!(coroutine.resume(()), Resumed::Yielded(()));
    let payload = catch_unwind(AssertUnwindSafe(|| coroutine.resume(()))).expect_err("the panic");
    assert_eq!(payload.downcast_ref::<&str>(), Some(&"from inside"));
    assert_eq!(dropped.get(), 1);
    assert!(coroutine.is_done());
}

#[test]
fn dropping_a_suspended_coroutine_unwinds_it() {
    let dropped = Rc::new(Cell::new(0));
    let flag = Flag(dropped.clone());
    let mut coroutine: Coroutine<(), (), (), _> = Coroutine::new(stack(), move |yielder, ()| {
        let _flag = flag;
        loop {
            yielder.suspend(());
        }
    });
    coroutine.resume(());
    assert_eq!(dropped.get(), 0);
    drop(coroutine);
    assert_eq!(dropped.get(), 1);
}

#[test]
fn dropping_a_fresh_coroutine_drops_its_closure() {
    let dropped = Rc::new(Cell::new(0));
    let flag = Flag(dropped.clone());
    drop(Coroutine::<(), (), (), _>::new(stack(), move |_, ()| drop(flag)));
    assert_eq!(dropped.get(), 1);
}

#[test]
fn unwinding_that_is_caught_is_repeated() {
    let caught = Rc::new(Cell::new(0));
    let count = caught.clone();
    let mut coroutine: Coroutine<(), (), (), _> = Coroutine::new(stack(), move |yielder, ()| {
        for _ in 0..3 {
            if catch_unwind(AssertUnwindSafe(|| yielder.suspend(()))).is_err() {
                count.set(count.get() + 1);
            }
        }
    });
    coroutine.resume(());
    drop(coroutine);
    assert_eq!(caught.get(), 3);
}

#[test]
fn a_suspended_coroutine_is_dropped_while_its_owner_panics() {
    let dropped = Rc::new(Cell::new(0));
    let flag = Flag(dropped.clone());
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        let mut coroutine: Coroutine<(), (), (), _> = Coroutine::new(stack(), move |yielder, ()| {
            let _flag = flag;
            yielder.suspend(());
        });
        coroutine.resume(());
        std::panic::resume_unwind(std::boxed::Box::new(1_u8));
    }));
    assert!(outcome.is_err());
    assert_eq!(dropped.get(), 1);
    assert!(!std::thread::panicking());
}

#[test]
fn scoped_coroutines_borrow_and_are_ended() {
    let log = RefCell::new(Vec::new());
    let count = Rc::new(Cell::new(0));
    let result = scope(
        &mut stack(),
        |yielder, first: u32| {
            let _flag = Flag(count.clone());
            log.borrow_mut().push(first);
            log.borrow_mut().push(yielder.suspend(()));
            yielder.suspend(());
        },
        |coroutine| {
            coroutine.resume(1);
            coroutine.resume(2);
            coroutine.is_done()
        },
    );
    assert!(!result);
    assert_eq!(*log.borrow(), [1, 2]);
    assert_eq!(
        count.get(),
        1,
        "the suspended coroutine was unwound before scope returned"
    );
}

#[test]
fn a_nested_coroutine_suspends_the_outer_one() {
    let mut outer: Coroutine<u32, u32, u32, _> = Coroutine::new(stack(), |outer, first| {
        scope(
            &mut stack(),
            |_, ()| outer.suspend(first + 1) + 1,
            |inner: &mut crate::ScopedCoroutine<'_, (), (), u32>| match inner.resume(()) {
                Resumed::Returned(value) => value,
                Resumed::Yielded(()) => 0,
            },
        )
    });
    assert_eq!(outer.resume(10), Resumed::Yielded(11));
    assert_eq!(outer.resume(20), Resumed::Returned(21));
}

#[test]
fn a_generator_survives_a_hundred_thousand_switches() {
    let mut coroutine: Coroutine<u64, u64, (), _> = Coroutine::new(stack(), |yielder, mut input| {
        let mut sum = 0;
        loop {
            sum += input;
            input = yielder.suspend(sum);
        }
    });
    let mut expected = 0;
    for i in 0..100_000 {
        expected += i;
        assert_eq!(coroutine.resume(i), Resumed::Yielded(expected));
    }
}

#[test]
fn floating_point_and_wide_locals_survive() {
    let mut coroutine: Coroutine<f64, f64, f64, _> = Coroutine::new(stack(), |yielder, mut x| {
        let mut array = [0.0_f64; 16];
        for slot in &mut array {
            *slot = x;
            x = yielder.suspend(x * 2.0);
        }
        array.iter().sum()
    });
    let mut resumed = coroutine.resume(0.0);
    for i in 1..=16 {
        assert_eq!(resumed, Resumed::Yielded(f64::from(i - 1) * 2.0));
        resumed = coroutine.resume(f64::from(i));
    }
    assert_eq!(resumed, Resumed::Returned(120.0));
}

#[inline(never)]
fn deep_in_the_coroutine() -> String {
    Backtrace::force_capture().to_string()
}

#[test]
fn backtraces_name_the_coroutine_s_frames_and_stop_at_its_base() {
    let mut coroutine: Coroutine<(), String, (), _> = Coroutine::new(stack(), |yielder, ()| {
        yielder.suspend(deep_in_the_coroutine());
    });
    let Resumed::Yielded(trace) = coroutine.resume(()) else {
        panic!("it yields")
    };
    if crate::BATON {
        return; // The frames are those of an operating-system thread.
    }
    assert!(trace.contains("deep_in_the_coroutine"), "{trace}");
    assert!(trace.contains("coroutine::enter"), "{trace}");
    // The test harness is on the other stack: the walk ended where this one begins.
    assert!(
        !trace.contains("test::run_test") && !trace.contains("__rust_begin_short_backtrace"),
        "{trace}"
    );
}

#[test]
fn a_closure_larger_than_its_stack_is_refused() {
    let big = [0_u8; 32 << 10];
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        let stack = MappedStack::new(16 << 10).expect("a mapping");
        Coroutine::<(), (), usize, _>::new(stack, move |_, ()| big.len())
    }));
    assert!(outcome.is_err());
}

#[test]
fn debug_output_says_whether_it_ended() {
    let coroutine = Coroutine::<(), (), (), _>::new(stack(), |_, ()| ());
    assert_eq!(format!("{coroutine:?}"), "Coroutine { done: false, .. }");
}

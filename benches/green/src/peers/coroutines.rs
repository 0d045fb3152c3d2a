//! Coroutine crates without a scheduler: only the switch, and a coroutine that starts and ends.

use std::hint::black_box;

use crate::measure::{Samples, time};

pub fn measure(runtime: &str, bench: &str) -> Option<Samples> {
    match (runtime, bench) {
        ("corosensei", "switch") => {
            use corosensei::{Coroutine, Yielder};
            let mut coroutine = Coroutine::new(|yielder: &Yielder<u64, u64>, mut input| -> () {
                loop {
                    input = yielder.suspend(input);
                }
            });
            let samples = Samples::take(|count| {
                time(|| (0..count / 2).for_each(|number| _ = black_box(coroutine.resume(number))))
            });
            // Not unwound: the process ends here.
            std::mem::forget(coroutine);
            Some(samples)
        }
        ("corosensei", "spawn") => {
            use corosensei::{Coroutine, Yielder, stack::DefaultStack};
            let mut pooled = Some(DefaultStack::new(64 << 10).expect("a stack"));
            Some(Samples::take(|count| {
                time(|| {
                    for number in 0..count {
                        let stack = pooled.take().expect("given back");
                        let mut coroutine: Coroutine<(), (), u64, _> =
                            Coroutine::with_stack(stack, move |_: &Yielder<(), ()>, ()| number);
                        black_box(coroutine.resume(()).as_return());
                        pooled = Some(coroutine.into_stack());
                    }
                })
            }))
        }
        ("generator", "switch") => {
            let mut generator = generator::Gn::<u64>::new_scoped(|mut scope| {
                loop {
                    if scope.yield_(1_u64).is_none() {
                        generator::done!();
                    }
                }
            });
            generator.resume();
            Some(Samples::take(|count| {
                time(|| (0..count / 2).for_each(|number| _ = black_box(generator.send(number))))
            }))
        }
        _ => None,
    }
}

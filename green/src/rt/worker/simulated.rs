//! What a worker of deterministic mode has besides ([`crate::rt::sim`]).

use super::{Control, Runtime, Worker, sim};

impl Worker {
    /// A worker for runs in deterministic mode, which the runtime does not know.
    pub(in crate::rt) fn simulated(runtime: &'static Runtime) -> &'static Worker {
        let mut worker = Worker::new(usize::MAX, runtime.tls.is_some(), runtime);
        worker.simulation = Some(Box::default());
        Box::leak(Box::new(worker))
    }

    #[inline]
    pub(in crate::rt) fn simulation(&self) -> Option<&sim::Sim> {
        self.simulation.as_deref()
    }

    /// For deterministic mode: takes all bound threads that are runnable, in the order in which they became so.
    pub(in crate::rt) fn take_bound(&self, mut take: impl FnMut(&'static Control)) {
        std::iter::from_fn(|| self.bound.pop_front()).for_each(&mut take);
        self.bound_next.take().into_iter().for_each(&mut take);
        self.inbox.take_all(take);
    }

    /// The next number will be `first`.
    pub(in crate::rt) fn number_from(&self, first: u64) {
        self.numbers.set((first, u64::MAX));
    }

    /// Gives all warm slots back.
    pub(in crate::rt) fn cool_down(&self) {
        for (class, warm) in (0..).zip(&self.warm) {
            self.runtime
                .pool
                .give(class, &mut std::iter::from_fn(|| warm.pop_front()));
        }
    }
}

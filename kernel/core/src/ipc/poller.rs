//! Waiting for the first of several files, as `poll(2)` and `select(2)` do.

use crate::error::Errno;
use crate::sched;
use crate::vfs::{File, Readiness, Watcher};
use alloc::sync::Arc;
use threadbare_machine::task::{self, Task};
use threadbare_machine::time::Nanoseconds;

/// A file that is waited for.
pub struct Interest {
    /// The file.
    pub file: Arc<File>,
    /// What it is waited for.
    pub asked: Readiness,
    /// What of that was there at the last look.
    pub ready: Readiness,
}

impl Interest {
    /// Looks again.
    fn look(&mut self) -> bool {
        self.ready = self.file.operations().poll(&self.file).and(self.asked);
        !self.ready.is_none()
    }
}

/// A task that sleeps until one of its files is notified.
struct Poller(Arc<Task>);

impl Watcher for Poller {
    fn notified(&self, _: Readiness) -> bool {
        sched::unpark(&self.0);
        true
    }
}

/// A poller in the lists of the first `entered` interests; it leaves them when dropped.
struct Entered<'a> {
    interests: &'a mut [Interest],
    poller: Arc<dyn Watcher>,
    entered: usize,
}

impl Entered<'_> {
    fn enter(&mut self) -> Result<(), Errno> {
        for interest in &*self.interests {
            if let Some(watchers) = interest.file.operations().watchers(&interest.file) {
                watchers.add(self.poller.clone(), interest.asked, false)?;
            }
            self.entered += 1;
        }
        Ok(())
    }

    fn look(&mut self) -> usize {
        self.interests.iter_mut().map(|one| usize::from(one.look())).sum()
    }
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        for interest in self.interests.iter().take(self.entered) {
            if let Some(watchers) = interest.file.operations().watchers(&interest.file) {
                watchers.remove(&self.poller);
            }
        }
    }
}

/// Waits until a file is ready for what it is asked, and returns how many are: 0 when `deadline` has come, `None` when
/// `interrupted` says so. Which ones stands in the interests.
///
/// # Errors
/// `ENOMEM`.
pub fn wait_for_any(
    interests: &mut [Interest],
    deadline: Option<Nanoseconds>,
    mut interrupted: impl FnMut() -> bool,
) -> Result<Option<usize>, Errno> {
    let poller: Arc<dyn Watcher> = Arc::new(Poller(task::current()));
    let mut entered = Entered {
        interests,
        poller,
        entered: 0,
    };
    entered.enter()?;
    let mut in_time = true;
    loop {
        match entered.look() {
            0 if interrupted() => return Ok(None),
            0 if !in_time => return Ok(Some(0)),
            0 => {}
            ready => return Ok(Some(ready)),
        }
        match deadline {
            Some(deadline) => in_time = sched::park_until(deadline),
            None => sched::park(),
        }
    }
}

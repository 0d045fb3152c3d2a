//! Waiting, as loom sees it: for one that is rung once, before or after somebody waits.

use loom::sync::{Condvar, Mutex};

pub(crate) struct Bell {
    rung: Mutex<bool>,
    heard: Condvar,
}

impl Bell {
    pub(crate) fn new() -> Bell {
        Bell {
            rung: Mutex::new(false),
            heard: Condvar::new(),
        }
    }

    pub(crate) fn ring(&self) {
        *self.rung.lock().unwrap() = true;
        self.heard.notify_one();
    }

    /// Waits until it was rung.
    pub(crate) fn wait(&self) {
        let mut rung = self.rung.lock().unwrap();
        while !*rung {
            rung = self.heard.wait(rung).unwrap();
        }
        *rung = false;
    }
}

//! Where blocks cannot be made. On the baton backend that is no loss: each green thread has an operating-system thread, and with it
//! thread-locals of its own.

use crate::rt::control::Control;

/// Nobody has one.
pub(crate) enum Tls {}

impl Tls {
    pub(crate) fn probe() -> Result<Tls, String> {
        Err(
            "isolated thread-locals are implemented for x86-64 Linux with glibc or static musl only"
                .to_owned(),
        )
    }

    pub(crate) fn reserved(&self) -> usize {
        match *self {}
    }

    pub(crate) fn prepare(&self, _control: &'static Control) -> Result<(), std::io::Error> {
        match *self {}
    }

    pub(crate) fn begin(&self, _first: bool) {
        match *self {}
    }

    pub(crate) fn finish(&self) {
        match *self {}
    }

    pub(crate) fn watch(&self) {
        match *self {}
    }
}

/// Nobody changes it.
pub(crate) fn thread_pointer() -> usize {
    0
}

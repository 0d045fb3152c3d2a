//! The hooks of deterministic mode without the feature `sim`: nothing.

use super::control::Control;
use super::worker::Worker;

#[inline(always)]
pub(crate) fn point(_: &'static str) {}

#[inline(always)]
pub(crate) fn is_on() -> bool {
    false
}

#[inline(always)]
pub(crate) fn is_spurious() -> bool {
    false
}

/// # Errors
/// In deterministic mode.
#[inline(always)]
pub(crate) fn refuse(_: &str) -> std::io::Result<()> {
    Ok(())
}

#[inline(always)]
pub(super) fn next_thread(_: &'static Worker) -> Option<Option<&'static Control>> {
    None
}

#[inline(always)]
pub(super) fn yield_now() -> bool {
    false
}

#[inline(always)]
pub(super) fn adopt(_: &'static Control) {}

#[inline(always)]
pub(super) fn ended(_: &'static Control) {}

#[inline(always)]
pub(super) fn is_foreign(_: &'static Worker, _: &'static Control) -> bool {
    false
}

pub(crate) mod network {
    pub(crate) mod calls {
        use std::os::fd::BorrowedFd;

        pub(crate) struct Lease;

        impl Lease {
            #[inline(always)]
            pub(crate) fn of(_: BorrowedFd<'_>) -> Lease {
                Lease
            }

            #[inline(always)]
            pub(crate) fn duplicate(&self, _: BorrowedFd<'_>) -> Lease {
                Lease
            }
        }
    }
}

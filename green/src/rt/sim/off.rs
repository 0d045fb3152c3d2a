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

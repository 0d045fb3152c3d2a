//! From vectors to handlers.

use super::apic;
use crate::cpu::local::local;
use crate::sync::Once;
use crate::trap::vector;
use crate::{task, time};
use alloc::boxed::Box;

type Handler = Box<dyn Fn() + Send + Sync>;

static HANDLERS: [Once<Handler>; 24] = [const { Once::new() }; 24];

/// Why a device handler was not registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RegisterError {
    /// The IO-APIC has no such input.
    NoSuchInput,
    /// Another handler has been registered.
    Taken,
}

/// Registers `handler` for an input of the IO-APIC (a "GSI") and unmasks it. The handler runs in interrupt context:
/// interrupts disabled, on the stack of whatever was interrupted; it must not wait.
///
/// # Errors
/// See [`RegisterError`].
pub fn register(input: u32, handler: impl Fn() + Send + Sync + 'static) -> Result<(), RegisterError> {
    let slot = HANDLERS.get(input as usize).ok_or(RegisterError::NoSuchInput)?;
    if slot.get().is_some() {
        return Err(RegisterError::Taken);
    }
    slot.get_or_init(|| Box::new(handler));
    apic::unmask(input);
    Ok(())
}

/// For interrupt handlers: whether the interrupt struck ring 3.
pub fn struck_ring_3() -> bool {
    local().struck_ring_3.get()
}

/// Handles an interrupt, and switches tasks afterwards if that was asked for and the interrupt struck ring 0.
pub(crate) fn handle(vector: u8) {
    let depth = &local().interrupt_depth;
    depth.set(depth.get() + 1);
    match vector {
        vector::TIMER => {
            apic::end_of_interrupt();
            time::expired();
        }
        vector::SPURIOUS => {}
        _ => {
            let input = vector.checked_sub(vector::FIRST_DEVICE).map(usize::from);
            if let Some(handler) = input.and_then(|input| HANDLERS.get(input)).and_then(Once::get) {
                handler();
            }
            apic::end_of_interrupt();
        }
    }
    depth.set(depth.get() - 1);
    local().struck_ring_3.set(false);
    task::preempt_if_wanted();
}

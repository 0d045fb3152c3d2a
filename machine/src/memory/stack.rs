//! Kernel stacks: mapped pages between unmapped guards, from a pool.
//!
//! The region is cut into slots of 128 KiB. The stack fills the high end of its slot, the rest stays unmapped: a
//! stack that overflows reaches the guard below it, whose size exceeds any frame that is not probed (rustc probes
//! every page of larger frames). By address alone a fault in the region names its stack and how far it went past
//! its end ([`describe`]).

use super::frames::{self, For};
use super::{OutOfMemory, PAGE_SIZE, PhysAddr, STACKS_BASE};
use crate::paging::kernel;
use crate::sync::SpinLock;
use threadbare_context::Stack;

/// Bytes of a kernel stack.
pub(crate) const STACK_BYTES: usize = 8 * PAGE_SIZE;
const SLOT_BYTES: usize = 128 * 1024;
/// How many idle stacks are kept mapped.
const KEPT: usize = 8;
/// The region has room for this many slots: 512 GiB, what the one top-level entry spans that boot makes for it (invariant 3 of
/// `paging`).
const SLOTS: usize = 1 << 22;
const _: () = assert!(SLOTS * SLOT_BYTES == 1 << 39);

struct Pool {
    /// Slots that were used and are free again, mapped.
    warm: heapless_stack::Slots<KEPT>,
    /// Free slots without memory.
    cold: alloc::vec::Vec<usize>,
    /// The first slot never used.
    fresh: usize,
}

static POOL: SpinLock<Pool> = SpinLock::new(Pool {
    warm: heapless_stack::Slots::new(),
    cold: alloc::vec::Vec::new(),
    fresh: 0,
});

/// A guarded kernel stack. Dropping it returns it to the pool.
#[derive(Debug)]
pub(crate) struct KernelStack {
    slot: usize,
}

impl KernelStack {
    /// A stack from the pool, or a new one.
    pub(crate) fn new() -> Result<KernelStack, OutOfMemory> {
        let mut pool = POOL.lock();
        if let Some(slot) = pool.warm.pop() {
            return Ok(KernelStack { slot });
        }
        let slot = match pool.cold.pop() {
            Some(slot) => slot,
            None if pool.fresh < SLOTS => {
                // Room to give this slot back later without allocating then.
                let used = pool.fresh + 1;
                pool.cold.try_reserve(used).map_err(|_| OutOfMemory)?;
                pool.fresh += 1;
                pool.fresh - 1
            }
            None => return Err(OutOfMemory),
        };
        drop(pool);
        let stack = KernelStack { slot };
        for page in (stack.limit()..stack.base()).step_by(PAGE_SIZE) {
            let mapped = frames::allocate(0, For::Program)
                .ok_or(OutOfMemory)
                .and_then(|number| {
                    // SAFETY: the slot is this stack's alone, the frame is new.
                    unsafe { kernel::map_stack_page(page, PhysAddr::of_frame(number)) }
                });
            if mapped.is_err() {
                stack.unmap();
                POOL.lock().cold.push(core::mem::ManuallyDrop::new(stack).slot);
                return Err(OutOfMemory);
            }
        }
        Ok(stack)
    }

    fn unmap(&self) {
        for page in (self.limit()..self.base()).step_by(PAGE_SIZE) {
            // SAFETY: the slot is this stack's alone and nothing runs on it; `unmap_stack_page` flushes the
            // translation before the frame is free.
            unsafe {
                if let Some(address) = kernel::unmap_stack_page(page) {
                    frames::release(address.frame_number(), 0);
                }
            }
        }
    }
}

// SAFETY: the slot's upper `STACK_BYTES` are mapped writable for this value alone; its base is page-aligned; the
// lower part of the slot is never mapped.
unsafe impl Stack for KernelStack {
    fn base(&self) -> usize {
        STACKS_BASE + (self.slot + 1) * SLOT_BYTES
    }

    fn limit(&self) -> usize {
        self.base() - STACK_BYTES
    }
}

impl Drop for KernelStack {
    fn drop(&mut self) {
        if !POOL.lock().warm.push(self.slot) {
            self.unmap();
            POOL.lock().cold.push(self.slot);
        }
    }
}

/// Where an address of the stack region lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// In the stack with this base.
    Inside(usize),
    /// In the guard, this many bytes below the limit of the stack with this base.
    Overflow(usize, usize),
}

/// Which stack an address belongs to, if any.
pub(crate) fn describe(address: usize) -> Option<Place> {
    let offset = address
        .checked_sub(STACKS_BASE)
        .filter(|offset| offset / SLOT_BYTES < SLOTS)?;
    let base = STACKS_BASE + (offset / SLOT_BYTES + 1) * SLOT_BYTES;
    let limit = base - STACK_BYTES;
    Some(if address >= limit {
        Place::Inside(base)
    } else {
        Place::Overflow(base, limit - address)
    })
}

/// A fixed-capacity stack of slot numbers.
mod heapless_stack {
    #[derive(Debug)]
    pub(super) struct Slots<const N: usize> {
        slots: [usize; N],
        length: usize,
    }

    impl<const N: usize> Slots<N> {
        pub(super) const fn new() -> Self {
            Slots {
                slots: [0; N],
                length: 0,
            }
        }

        pub(super) fn push(&mut self, slot: usize) -> bool {
            let room = self.length < N;
            if room {
                self.slots[self.length] = slot;
                self.length += 1;
            }
            room
        }

        pub(super) fn pop(&mut self) -> Option<usize> {
            self.length = self.length.checked_sub(1)?;
            Some(self.slots[self.length])
        }
    }
}

//! Size classes and their free slots.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::PAGE;
use super::chunk::{self, Chunk};
use crate::rt::control::{Control, State};
use crate::rt::fifo::Fifo;

/// 22 pages, so that a slot with its guard has 23: stays under 4.4 KB a parked thread, page tables included, and holds a
/// panic with a symbolised backtrace.
pub(crate) const DEFAULT_STACK_SIZE: usize = 22 * PAGE;

/// Usable bytes by class; with the guard page each makes an odd number of pages.
const SIZES: [usize; CLASSES] = [
    DEFAULT_STACK_SIZE,
    256 << 10,
    1 << 20,
    4 << 20,
    16 << 20,
    64 << 20,
    256 << 20,
    1 << 30,
    4 << 30,
];

/// How many size classes there are.
pub(crate) const CLASSES: usize = 9;

/// The class whose stacks have at least `size` bytes.
pub(crate) fn class_for(size: usize) -> io::Result<u8> {
    let class = SIZES.iter().position(|&usable| usable >= size);
    let class = class.ok_or_else(|| {
        io::Error::new(
            io::ErrorKind::OutOfMemory,
            "a green thread's stack is at most 4 GiB",
        )
    })?;
    Ok(u8::try_from(class).unwrap_or(0))
}

/// Usable bytes of a class.
pub(crate) fn class_size(class: u8) -> usize {
    SIZES[usize::from(class)]
}

/// The free slots of one class.
struct Class {
    free: Fifo<Control>,
    /// Where fresh slots come from.
    chunk: Option<Chunk>,
    /// Slots of the latest chunk.
    capacity: usize,
}

/// All free slots that no worker keeps warm.
pub(crate) struct Pool {
    classes: [Mutex<Class>; CLASSES],
    /// Bytes at the top of each slot above the control block: the TLS block.
    reserved: usize,
    free_count: AtomicUsize,
}

impl Pool {
    /// A pool whose slots keep `reserved` bytes above the control block.
    pub(crate) fn new(reserved: usize) -> Pool {
        let class = |_| {
            Mutex::new(Class {
                free: Fifo::new(),
                chunk: None,
                capacity: 0,
            })
        };
        Pool {
            classes: std::array::from_fn(class),
            reserved,
            free_count: AtomicUsize::new(0),
        }
    }

    fn class(&self, class: u8) -> MutexGuard<'_, Class> {
        self.classes[usize::from(class)]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a slot: one that was used before, if there is one.
    ///
    /// # Errors
    /// When the address space, or the mappings for guards, are used up.
    pub(crate) fn take(&self, class: u8) -> io::Result<&'static Control> {
        let mut pool = self.class(class);
        if let Some(control) = pool.free.pop_front() {
            self.free_count.fetch_sub(1, Ordering::Relaxed);
            return Ok(control);
        }
        if let Some(control) = pool.chunk.as_ref().map(Chunk::carve).transpose()?.flatten() {
            control.class.store(class, Ordering::Relaxed);
            return Ok(control);
        }
        let stride = (class_size(class) + PAGE + self.reserved_pages(class)) | PAGE;
        // 64 MiB at first, then twice as much each time, up to 256 GiB.
        pool.capacity = match pool.capacity {
            0 => ((64 << 20) / stride).max(1),
            capacity => (capacity * 2).min(((256 << 30) / stride).max(1)),
        };
        let chunk = loop {
            match Chunk::map(stride, self.reserved, pool.capacity) {
                Ok(chunk) => break chunk,
                // Address space may be limited: try with less.
                Err(_) if pool.capacity > 1 => pool.capacity /= 2,
                Err(error) => return Err(error),
            }
        };
        let control = chunk.carve()?.ok_or(io::ErrorKind::OutOfMemory)?;
        control.class.store(class, Ordering::Relaxed);
        pool.chunk = Some(chunk);
        Ok(control)
    }

    /// The default class keeps its blocks inside its 22 pages; larger ones promise their size in full.
    fn reserved_pages(&self, class: u8) -> usize {
        if class == 0 {
            0
        } else {
            (self.reserved + size_of::<Control>()).next_multiple_of(PAGE)
        }
    }

    /// Takes slots back.
    pub(crate) fn give(&self, class: u8, slots: &mut dyn Iterator<Item = &'static Control>) {
        let pool = self.class(class);
        for control in slots {
            control.set_state(State::Free);
            pool.free.push_front(control);
            self.free_count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Gives memory of up to `limit` free slots of each class back to the system; the slots stay usable.
    pub(crate) fn trim(&self, limit: usize) {
        for class in (0..CLASSES).filter_map(|class| u8::try_from(class).ok()) {
            for _ in 0..limit {
                // One at a time, so that nobody waits long for the lock.
                let Some(control) = self.class(class).free.pop_front() else {
                    break;
                };
                chunk::trim(control);
                self.class(class).free.push_back(control);
            }
        }
    }

    /// How many slots are free and cold.
    #[cfg(test)]
    pub(crate) fn free(&self) -> usize {
        self.free_count.load(Ordering::Relaxed)
    }
}

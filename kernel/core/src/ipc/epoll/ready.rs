//! [`ReadyList`]: the items of an instance that may be ready.
//!
//! Items have numbered slots, and the list holds the numbers: a notification counts no references and allocates nothing,
//! for the list has room for all slots.

use super::item::Item;
use crate::error::Errno;
use crate::sched::WaitQueue;
use crate::vfs::{Readiness, Watchers};
use alloc::collections::VecDeque;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicUsize, Ordering};
use threadbare_machine::sync::SpinLock;

/// The items that may be ready, and who waits for them.
pub(super) struct ReadyList {
    slots: SpinLock<Slots>,
    waiters: WaitQueue,
    /// How many tasks wait.
    pub(super) waiting: AtomicUsize,
    /// Who watches the instance itself.
    watchers: Watchers,
}

#[derive(Default)]
struct Slots {
    /// By number.
    slots: Vec<Slot>,
    free: Vec<u32>,
    /// The numbers of those that are listed, first come first.
    listed: VecDeque<u32>,
}

#[derive(Default)]
struct Slot {
    item: Option<Arc<Item>>,
    listed: bool,
}

impl ReadyList {
    pub(super) fn new() -> ReadyList {
        ReadyList {
            slots: SpinLock::new(Slots::default()),
            waiters: WaitQueue::new(),
            waiting: AtomicUsize::new(0),
            watchers: Watchers::new(),
        }
    }

    pub(super) fn waiters(&self) -> &WaitQueue {
        &self.waiters
    }

    pub(super) fn watchers(&self) -> &Watchers {
        &self.watchers
    }

    /// Reserves a slot.
    ///
    /// # Errors
    /// `ENOMEM`.
    pub(super) fn reserve(&self) -> Result<u32, Errno> {
        let mut slots = self.slots.lock();
        if let Some(free) = slots.free.pop() {
            return Ok(free);
        }
        let number = slots.slots.len();
        slots.slots.try_reserve(1)?;
        let missing = (number + 1).saturating_sub(slots.listed.len());
        slots.listed.try_reserve(missing)?;
        let missing = (number + 1).saturating_sub(slots.free.len());
        slots.free.try_reserve(missing)?;
        slots.slots.push(Slot::default());
        u32::try_from(number).map_err(|_| Errno::ENOSPC)
    }

    /// Puts an item into the slot that was reserved for it.
    pub(super) fn put(&self, item: &Arc<Item>) {
        if let Some(slot) = self.slots.lock().slots.get_mut(item.slot as usize) {
            slot.item = Some(item.clone());
        }
    }

    /// Empties a slot.
    pub(super) fn free(&self, number: u32) {
        let mut slots = self.slots.lock();
        let Some(slot) = slots.slots.get_mut(number as usize) else {
            return;
        };
        let item = slot.item.take();
        if core::mem::take(&mut slot.listed) {
            slots.listed.retain(|&listed| listed != number);
        }
        slots.free.push(number);
        drop(slots);
        drop(item);
    }

    /// Lists an item, and wakes who waits. Whether somebody was woken.
    pub(super) fn list(&self, number: u32) -> bool {
        self.slots.lock().list(number);
        self.watchers.notify(Readiness::READ);
        let waits = self.waiting.load(Ordering::Relaxed) > 0;
        if waits {
            self.waiters.wake_one();
        }
        waits
    }

    /// Lists an item again, behind the others.
    pub(super) fn list_again(&self, number: u32) {
        self.slots.lock().list(number);
    }

    /// Takes the first out of the list; one that is level-triggered goes to its end at once, as if it was listed again.
    /// Also tells how many were behind it.
    pub(super) fn take(&self) -> Option<(Arc<Item>, usize)> {
        let mut slots = self.slots.lock();
        let slots = &mut *slots;
        let number = *slots.listed.front()?;
        let left = slots.listed.len() - 1;
        let slot = slots.slots.get_mut(number as usize)?;
        let item = slot.item.clone()?; // what is listed has one
        if !item.is_level_triggered() {
            slot.listed = false;
            let _ = slots.listed.pop_front();
        } else if left > 0 {
            slots.listed.rotate_left(1);
        }
        Some((item, left))
    }

    /// Takes an item out of the list that went to its end lately.
    #[cold]
    pub(super) fn unlist(&self, number: u32) {
        let mut slots = self.slots.lock();
        let Some(slot) = slots.slots.get_mut(number as usize) else {
            return;
        };
        if core::mem::take(&mut slot.listed)
            && let Some(at) = slots.listed.iter().rposition(|&listed| listed == number)
        {
            slots.listed.remove(at);
        }
    }

    /// How many are listed.
    pub(super) fn length(&self) -> usize {
        self.slots.lock().listed.len()
    }

    /// The item at this place of the list.
    pub(super) fn at(&self, place: usize) -> Option<Arc<Item>> {
        let slots = self.slots.lock();
        let number = *slots.listed.get(place)?;
        slots.slots.get(number as usize)?.item.clone()
    }
}

impl Slots {
    fn list(&mut self, number: u32) {
        if let Some(slot) = self.slots.get_mut(number as usize)
            && slot.item.is_some()
            && !core::mem::replace(&mut slot.listed, true)
        {
            self.listed.push_back(number);
        }
    }
}

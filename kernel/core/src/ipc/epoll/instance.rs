//! [`Epoll`]: an epoll instance.

use super::item::{Event, Interest, Item};
use super::nesting::{self, Number};
use super::ready::ReadyList;
use crate::error::Errno;
use crate::ipc::interrupted;
use crate::sched::Mutex;
use crate::vfs::{CloseObserver, File, FileOperations, OpenFlags, Readiness, Watcher, Watchers};
use alloc::sync::{Arc, Weak};
use alloc::vec::Vec;
use core::sync::atomic::{AtomicU64, Ordering};
use threadbare_machine::time::Nanoseconds;

/// An epoll instance.
pub struct Epoll {
    itself: Weak<Epoll>,
    /// Tells instances apart where they are nested.
    number: Number,
    /// By descriptor; several files may have had the same.
    items: Mutex<Vec<Arc<Item>>>,
    ready: Arc<ReadyList>,
}

impl Epoll {
    /// Opens a new one.
    pub fn open(flags: OpenFlags) -> Arc<File> {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let epoll = Arc::new_cyclic(|itself| Epoll {
            itself: itself.clone(),
            number: NEXT.fetch_add(1, Ordering::Relaxed),
            items: Mutex::new(Vec::new()),
            ready: Arc::new(ReadyList::new()),
        });
        File::untyped(b"anon_inode:[eventpoll]", epoll, flags)
    }

    /// Watches an open file (`EPOLL_CTL_ADD`).
    ///
    /// # Errors
    /// `EPERM` for what cannot be waited for; `EEXIST`; `EINVAL` for itself and for an exclusive interest that Linux does
    /// not allow; `ELOOP`; `ENOMEM`.
    pub fn add(&self, fd: u32, file: &Arc<File>, interest: Interest, data: u64) -> Result<(), Errno> {
        if !file.operations().can_wait() {
            return Err(Errno::EPERM);
        }
        let below = file.operations_as::<Epoll>();
        if below.is_some_and(|below| core::ptr::eq(below, self))
            || (interest.is_exclusive() && (below.is_some() || !interest.may_be_exclusive()))
        {
            return Err(Errno::EINVAL);
        }
        let mut items = self.items.lock();
        let place = match find(&items, fd, file) {
            Ok(_) => return Err(Errno::EEXIST),
            Err(place) => place,
        };
        items.try_reserve(1)?;
        if let Some(below) = below {
            nesting::connect(self.number, below.number)?;
        }
        let item = match self.enter(fd, file, interest, data) {
            Ok(item) => item,
            Err(error) => {
                if let Some(below) = below {
                    nesting::disconnect(self.number, below.number);
                }
                return Err(error);
            }
        };
        items.insert(place, item.clone());
        drop(items);
        self.look_at(&item, file);
        Ok(())
    }

    /// Makes an item, and enters it wherever it is to be found.
    fn enter(&self, fd: u32, file: &Arc<File>, interest: Interest, data: u64) -> Result<Arc<Item>, Errno> {
        let epoll = self.itself.upgrade().ok_or(Errno::EBADF)?;
        let slot = self.ready.reserve()?;
        let item = Item::new((fd, file), &epoll, (&self.ready, slot), interest, data);
        self.ready.put(&item);
        let watched = file.operations().watchers(file).map_or(Ok(()), |watchers| {
            watchers.add(item.clone(), Readiness::ALL, interest.is_exclusive())
        });
        match watched.and_then(|()| file.observers().add(item.clone())) {
            Ok(()) => Ok(item),
            Err(error) => {
                self.leave(&item, file);
                Err(error)
            }
        }
    }

    /// Takes an item out of where it was entered.
    fn leave(&self, item: &Arc<Item>, file: &File) {
        if let Some(watchers) = file.operations().watchers(file) {
            let watcher: Arc<dyn Watcher> = item.clone();
            watchers.remove(&watcher);
        }
        let observer: Arc<dyn CloseObserver> = item.clone();
        file.observers().remove(&observer);
        self.ready.free(item.slot);
    }

    /// Changes what is asked of a file (`EPOLL_CTL_MOD`). What is ready now is reported, edge or not.
    ///
    /// # Errors
    /// `ENOENT`; `EINVAL` from or to an exclusive interest.
    pub fn modify(&self, fd: u32, file: &Arc<File>, interest: Interest, data: u64) -> Result<(), Errno> {
        let items = self.items.lock();
        let item = find(&items, fd, file)
            .ok()
            .and_then(|at| items.get(at))
            .ok_or(Errno::ENOENT)?
            .clone();
        if item.is_exclusive() || interest.is_exclusive() {
            return Err(Errno::EINVAL);
        }
        item.change(interest, data);
        drop(items);
        self.look_at(&item, file);
        Ok(())
    }

    fn look_at(&self, item: &Item, file: &File) {
        if !item.look(file).is_none() {
            self.ready.list(item.slot);
        }
    }

    /// Watches a file no longer (`EPOLL_CTL_DEL`).
    ///
    /// # Errors
    /// `ENOENT`.
    pub fn remove(&self, fd: u32, file: &File) -> Result<(), Errno> {
        let mut items = self.items.lock();
        let place = find(&items, fd, file).map_err(|_| Errno::ENOENT)?;
        let item = items.remove(place);
        self.leave(&item, file);
        drop(items);
        if let Some(below) = file.operations_as::<Epoll>() {
            nesting::disconnect(self.number, below.number);
        }
        Ok(())
    }

    /// The last handle of a file that is watched is gone.
    pub(super) fn forget(&self, fd: u32, file: &File) {
        let _ = self.remove(fd, file);
    }

    /// Reports up to `most` events to `deliver`, waiting for the first until `deadline` (`epoll_wait(2)`).
    ///
    /// # Errors
    /// `EINTR`; what `deliver` fails with, if nothing was delivered.
    pub fn wait(
        &self,
        most: usize,
        deadline: Option<Nanoseconds>,
        deliver: &mut dyn FnMut(&Event) -> Result<(), Errno>,
    ) -> Result<usize, Errno> {
        loop {
            let count = self.collect(most, deliver)?;
            if count > 0 || deadline == Some(Nanoseconds(0)) {
                return Ok(count);
            }
            if !self.sleep(deadline)? {
                return Ok(0);
            }
        }
    }

    /// Waits until an item is listed; `false` when `deadline` has come first.
    fn sleep(&self, deadline: Option<Nanoseconds>) -> Result<bool, Errno> {
        let ready = &self.ready;
        ready.waiting.fetch_add(1, Ordering::Relaxed);
        let mut was_interrupted = false;
        let interrupted = || {
            was_interrupted = interrupted();
            was_interrupted
        };
        let listed = ready
            .waiters()
            .wait_until(deadline, interrupted, || (ready.length() > 0).then_some(()));
        ready.waiting.fetch_sub(1, Ordering::Relaxed);
        match listed {
            Some(()) => Ok(true),
            None if was_interrupted => Err(Errno::EINTR),
            None => Ok(false),
        }
    }

    /// Lists an item no longer that was not ready, unless it has become so meanwhile.
    #[cold]
    fn set_aside(&self, item: &Item) {
        self.ready.unlist(item.slot);
        if item
            .file
            .upgrade()
            .is_some_and(|file| !item.look(&file).is_none())
        {
            self.ready.list_again(item.slot);
        }
    }

    /// Reports what is ready of the items that are listed, each at most once.
    fn collect(
        &self,
        most: usize,
        deliver: &mut dyn FnMut(&Event) -> Result<(), Errno>,
    ) -> Result<usize, Errno> {
        let mut count = 0;
        // Those that are listed meanwhile are behind the ones that were.
        let mut looks = 1;
        let mut is_first = true;
        while looks > 0 && count < most {
            let Some((item, left)) = self.ready.take() else {
                break;
            };
            looks = if core::mem::take(&mut is_first) {
                left
            } else {
                looks - 1
            };
            let Some((event, interest)) = item.report() else {
                self.set_aside(&item);
                continue;
            };
            if let Err(error) = deliver(&event) {
                item.rearm(interest);
                self.ready.list_again(item.slot);
                return if count > 0 { Ok(count) } else { Err(error) };
            }
            count += 1;
        }
        // There may be something for the next one who waits, too.
        if self.ready.waiting.load(Ordering::Relaxed) > 0 && self.ready.length() > 0 {
            self.ready.waiters().wake_one();
        }
        Ok(count)
    }
}

/// Where the item of a file stands, or is to be put.
fn find(items: &[Arc<Item>], fd: u32, file: &File) -> Result<usize, usize> {
    let first = items.partition_point(|item| item.fd < fd);
    let same = items.get(first..).unwrap_or_default();
    same.iter()
        .take_while(|item| item.fd == fd)
        .position(|item| item.is_for(fd, file))
        .map(|at| first + at)
        .ok_or(first)
}

impl FileOperations for Epoll {
    /// An instance can be read from when it has something to report.
    fn poll(&self, _: &File) -> Readiness {
        for place in 0..self.ready.length() {
            let Some(item) = self.ready.at(place) else { break };
            let ready = item.file.upgrade().map(|file| item.look(&file));
            if ready.is_some_and(|ready| !ready.is_none()) {
                return Readiness::READ;
            }
        }
        Readiness::NONE
    }

    fn watchers(&self, _: &File) -> Option<&Watchers> {
        Some(self.ready.watchers())
    }
}

impl Drop for Epoll {
    fn drop(&mut self) {
        nesting::forget(self.number);
        for item in core::mem::take(&mut *self.items.lock()) {
            match item.file.upgrade() {
                Some(file) => self.leave(&item, &file),
                None => self.ready.free(item.slot),
            }
        }
    }
}

//! Reserved address space, cut into slots, and the table that a signal handler can search without a lock.

#![allow(unsafe_code, reason = "fenced: maps memory and makes control blocks of it")]

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::PAGE;
use crate::rt::control::Control;
use crate::rt::sanitize;

const MADV_GUARD_INSTALL: libc::c_int = 102;

/// One mapping. A row is written once, before `base` is published; `used` only grows.
struct Row {
    base: AtomicUsize,
    stride: AtomicUsize,
    /// From a slot's start to its control block.
    control: AtomicUsize,
    capacity: AtomicUsize,
    used: AtomicUsize,
}

/// Chunks double in size, so this many rows outlast any address space.
const ROWS: usize = 256;

static TABLE: [Row; ROWS] = [const {
    Row {
        base: AtomicUsize::new(0),
        stride: AtomicUsize::new(0),
        control: AtomicUsize::new(0),
        capacity: AtomicUsize::new(0),
        used: AtomicUsize::new(0),
    }
}; ROWS];

/// Rows in use. Grows under the lock of whichever class maps a chunk; see [`Chunk::map`].
static ROWS_USED: AtomicUsize = AtomicUsize::new(0);

/// A chunk from which slots are taken one by one. Held by its class, under the class's lock.
pub(super) struct Chunk {
    row: &'static Row,
}

impl Chunk {
    /// Reserves `capacity` slots of `stride` bytes, each with `reserved` bytes at its top above the control block.
    pub(super) fn map(stride: usize, reserved: usize, capacity: usize) -> io::Result<Chunk> {
        let length = stride.checked_mul(capacity).ok_or(io::ErrorKind::OutOfMemory)?;
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
        // SAFETY: a fresh anonymous mapping touches no existing memory.
        let base = unsafe {
            libc::mmap(
                std::ptr::null_mut(),
                length,
                libc::PROT_READ | libc::PROT_WRITE,
                flags,
                -1,
                0,
            )
        };
        if base == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the range is the mapping just made. Failure means a kernel without huge pages.
        #[cfg(not(miri))]
        unsafe {
            libc::madvise(base, length, libc::MADV_NOHUGEPAGE);
        }
        let index = ROWS_USED.fetch_add(1, Ordering::Relaxed);
        let Some(row) = TABLE.get(index) else {
            return Err(io::Error::other("too many mappings for stacks"));
        };
        let control = (stride - reserved - size_of::<Control>()) & !(align_of::<Control>() - 1);
        row.stride.store(stride, Ordering::Relaxed);
        row.control.store(control, Ordering::Relaxed);
        row.capacity.store(capacity, Ordering::Relaxed);
        // Release: who sees the base sees the rest.
        row.base.store(base.expose_provenance(), Ordering::Release);
        Ok(Chunk { row })
    }

    /// The next slot that was never used, with its guard installed; `None` when the chunk is used up.
    pub(super) fn carve(&self) -> io::Result<Option<&'static Control>> {
        let used = self.row.used.load(Ordering::Relaxed);
        if used == self.row.capacity.load(Ordering::Relaxed) {
            return Ok(None);
        }
        let slot = self.row.base.load(Ordering::Relaxed) + used * self.row.stride.load(Ordering::Relaxed);
        install_guard(slot)?;
        self.row.used.store(used + 1, Ordering::Release);
        let control = slot + self.row.control.load(Ordering::Relaxed);
        sanitize::register_stack(slot + PAGE, control);
        Ok(Some(control_at(control)))
    }
}

/// The control block of a slot.
fn control_at(address: usize) -> &'static Control {
    // SAFETY: the address lies in a slot of a chunk, which is mapped for ever (invariant 1), aligned for a `Control`,
    // and used for nothing else. Zeroed memory is a valid `Control`: it is made of atomics, null references included.
    unsafe { &*std::ptr::with_exposed_provenance::<Control>(address) }
}

/// Makes the page at `slot` fault on any access.
#[cfg(not(miri))]
fn install_guard(slot: usize) -> io::Result<()> {
    let page = std::ptr::with_exposed_provenance_mut(slot);
    // SAFETY: the page is the lowest of a slot that nobody uses yet.
    if unsafe { libc::madvise(page, PAGE, MADV_GUARD_INSTALL) } == 0 {
        return Ok(());
    }
    // SAFETY: as above.
    if unsafe { libc::mprotect(page, PAGE, libc::PROT_NONE) } == 0 {
        return Ok(());
    }
    let error = io::Error::last_os_error();
    Err(io::Error::new(
        io::ErrorKind::OutOfMemory,
        format!(
            "no guard page for another stack: {error}; without guard markers (Linux 6.13, memory not locked) \
             each stack takes two mappings, and vm.max_map_count limits those"
        ),
    ))
}

#[cfg(miri)]
fn install_guard(_slot: usize) -> io::Result<()> {
    Ok(())
}

/// Gives the pages of a free slot back, except the two at its top, which hold the control and TLS blocks.
#[cfg(not(miri))]
pub(super) fn trim(control: &'static Control) {
    let top = control.stack_base() & !(PAGE - 1);
    let Some(hit) = find(control.stack_base()) else {
        return;
    };
    if hit.limit + PAGE < top {
        let start = std::ptr::with_exposed_provenance_mut(hit.limit);
        // SAFETY: the range is the stack of a slot that the caller took from the free list: nothing lives there.
        // The guard below is outside of it.
        unsafe { libc::madvise(start, top - PAGE - hit.limit, libc::MADV_FREE) };
    }
}

#[cfg(miri)]
pub(super) fn trim(_control: &'static Control) {}

/// A slot found by address.
pub(crate) struct Hit {
    pub(crate) control: &'static Control,
    /// The lowest usable byte of its stack.
    pub(crate) limit: usize,
    /// The address lies in the guard page.
    pub(crate) in_guard: bool,
}

/// The used slot that holds `address`. Async-signal-safe.
pub(crate) fn find(address: usize) -> Option<Hit> {
    for row in &TABLE[..ROWS_USED.load(Ordering::Relaxed).min(ROWS)] {
        let base = row.base.load(Ordering::Acquire);
        let stride = row.stride.load(Ordering::Relaxed);
        if base == 0 || address < base {
            continue;
        }
        let index = (address - base) / stride;
        if index < row.used.load(Ordering::Acquire) {
            let slot = base + index * stride;
            return Some(Hit {
                control: control_at(slot + row.control.load(Ordering::Relaxed)),
                limit: slot + PAGE,
                in_guard: address < slot + PAGE,
            });
        }
    }
    None
}

/// The lowest usable address and the size of a thread's stack.
pub(crate) fn extent(control: &Control) -> (usize, usize) {
    let base = control.stack_base();
    let limit = find(base).map_or(base, |hit| hit.limit);
    (limit, base - limit)
}

/// Visits every slot that was ever handed out.
pub(crate) fn for_each_used(mut visit: impl FnMut(&'static Control)) {
    for row in &TABLE[..ROWS_USED.load(Ordering::Relaxed).min(ROWS)] {
        let base = row.base.load(Ordering::Acquire);
        if base != 0 {
            for index in 0..row.used.load(Ordering::Acquire) {
                let slot = base + index * row.stride.load(Ordering::Relaxed);
                visit(control_at(slot + row.control.load(Ordering::Relaxed)));
            }
        }
    }
}

//! The frame allocator: a buddy system behind one lock, with a cache of single frames for each CPU.

use super::PhysAddr;
use crate::sync::SpinLock;
use core::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use threadbare_buddy::{Buddy, Entry};

static FRAMES: SpinLock<Option<Buddy<'static>>> = SpinLock::new(None);
static TOTAL: AtomicUsize = AtomicUsize::new(0);
/// Frames that only the kernel itself may take.
static RESERVE: AtomicUsize = AtomicUsize::new(0);
/// Whether half of the reserve is gone: kept up to date under the lock, so that the question costs one load.
static SCARCE: AtomicBool = AtomicBool::new(false);
/// The fewest frames that were free at once.
static LEAST_FREE: AtomicUsize = AtomicUsize::new(usize::MAX);
static COUNTS: crate::sync::Once<&'static [AtomicU32]> = crate::sync::Once::new();

/// For whom a frame is taken (invariant 3 of [`super`]).
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum For {
    /// The kernel's own small needs: may use the reserve.
    Kernel,
    /// Anything whose amount a program decides.
    Program,
}

/// How physical memory is used, in frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameUse {
    /// All frames that the allocator was given.
    pub total: usize,
    /// Frames free now.
    pub free: usize,
    /// Of the free ones, those kept for the kernel.
    pub reserve: usize,
}

/// How physical memory is used now.
pub fn usage() -> FrameUse {
    let free = with(|buddy| buddy.free());
    FrameUse {
        total: TOTAL.load(Ordering::Relaxed),
        free,
        reserve: reserve(),
    }
}

/// Whether the kernel lives on its reserve, and has used half of it.
#[inline]
pub fn is_scarce() -> bool {
    SCARCE.load(Ordering::Relaxed)
}

fn reserve() -> usize {
    RESERVE.load(Ordering::Relaxed)
}

/// Counts frames that the allocator was given. The reserve is 1/64 of memory, between 24 (96 KiB) and 1,024 (4 MiB).
fn add_to_total(frames: usize) {
    let total = TOTAL.load(Ordering::Relaxed) + frames;
    TOTAL.store(total, Ordering::Relaxed);
    RESERVE.store((total / 64).clamp(24, 1024), Ordering::Relaxed);
}

fn note_scarcity(buddy: &Buddy<'_>) {
    let free = buddy.free();
    SCARCE.store(free <= reserve() / 2, Ordering::Relaxed);
    if free < LEAST_FREE.load(Ordering::Relaxed) {
        LEAST_FREE.store(free, Ordering::Relaxed);
    }
}

/// The most frames that were in use at once.
pub fn most_used() -> usize {
    let total = TOTAL.load(Ordering::Relaxed);
    total - LEAST_FREE.load(Ordering::Relaxed).min(total)
}

/// Takes `2^order` consecutive frames and returns the number of the first.
pub(crate) fn allocate(order: usize, whom: For) -> Option<usize> {
    with(|buddy| {
        let kept = if whom == For::Program { reserve() } else { 0 };
        let number = (buddy.free() >= kept + (1 << order))
            .then(|| buddy.allocate(order))
            .flatten();
        note_scarcity(buddy);
        number
    })
}

/// Gives `2^order` frames back.
///
/// # Safety
/// 1. They came from [`allocate`] with this order and nothing refers to them any more: no mapping, no TLB entry.
pub(crate) unsafe fn release(number: usize, order: usize) {
    with(|buddy| {
        buddy.release(number, order);
        note_scarcity(buddy);
    });
}

/// The count of [`super::Frame`] handles for a frame.
pub(crate) fn count(number: usize) -> &'static AtomicU32 {
    #[cfg(not(target_os = "none"))]
    set_up_on_host();
    let counts = COUNTS.get().expect("the frame allocator is set up");
    &counts[number]
}

fn with<R>(action: impl FnOnce(&mut Buddy<'static>) -> R) -> R {
    #[cfg(not(target_os = "none"))]
    set_up_on_host();
    action(FRAMES.lock().as_mut().expect("the frame allocator is set up"))
}

/// Sets the allocator up over `ranges` of free frames (first number, end), placing its own tables at `tables`.
///
/// # Safety
/// 1. Called once. The ranges are ordinary memory that nothing else uses, reachable through the direct map.
/// 2. `tables` has [`table_bytes`]`(frames)` bytes of such memory, 16-byte aligned, in none of the ranges.
pub(crate) unsafe fn initialise(frames: usize, tables: PhysAddr, ranges: &[(usize, usize)]) {
    let entries: *mut Entry = super::direct(tables);
    let counts: *mut AtomicU32 = super::direct(tables.plus(frames * size_of::<Entry>()));
    // SAFETY: (2) gives room for both tables; zeroed bytes are valid entries and counters.
    let (entries, counts) = unsafe {
        entries.write_bytes(0, frames);
        counts.write_bytes(0, frames);
        (
            core::slice::from_raw_parts_mut(entries, frames),
            core::slice::from_raw_parts(counts, frames),
        )
    };
    let mut buddy = Buddy::new(entries);
    for &(start, end) in ranges {
        buddy.add(start, end);
    }
    add_to_total(buddy.free());
    COUNTS.get_or_init(|| counts);
    *FRAMES.lock() = Some(buddy);
}

/// Gives more free frames to the allocator.
///
/// # Safety
/// 1. As the ranges of [`initialise`]; inside the tables given there.
#[cfg(target_os = "none")]
pub(crate) unsafe fn add(ranges: &[(usize, usize)]) {
    with(|buddy| {
        for &(start, end) in ranges {
            buddy.add(start, end);
            add_to_total(end - start);
        }
    });
}

/// Bytes that the tables for `frames` frames take.
pub(crate) const fn table_bytes(frames: usize) -> usize {
    frames * (size_of::<Entry>() + size_of::<AtomicU32>())
}

/// On the host: "physical memory" is this many frames of ordinary memory.
#[cfg(not(target_os = "none"))]
const HOST_FRAMES: usize = 16384;

/// On the host: the address of "physical memory", allocated on first use.
#[cfg(not(target_os = "none"))]
pub(crate) fn host_memory() -> usize {
    use super::PAGE_SIZE;
    use std::alloc::{Layout, alloc_zeroed};
    static MEMORY: std::sync::OnceLock<usize> = std::sync::OnceLock::new();
    *MEMORY.get_or_init(|| {
        let layout = Layout::from_size_align(HOST_FRAMES * PAGE_SIZE, PAGE_SIZE).expect("a constant layout");
        // SAFETY: the size is not zero. The allocation is never freed.
        unsafe { alloc_zeroed(layout) as usize }
    })
}

/// On the host: sets the allocator up on first use.
#[cfg(not(target_os = "none"))]
fn set_up_on_host() {
    static READY: std::sync::Once = std::sync::Once::new();
    READY.call_once(|| {
        let tables = table_bytes(HOST_FRAMES).div_ceil(super::PAGE_SIZE);
        // SAFETY: the memory above is for nothing else; the tables lie in its first frames.
        unsafe { initialise(HOST_FRAMES, PhysAddr(0), &[(tables, HOST_FRAMES)]) }
    });
}

//! The kernel's heap: slabs of equal objects inside single pages, whole blocks of frames above that.
//!
//! Invariants:
//! 1. A slab page begins with its [`Slab`] header; objects fill it from the end, so that an object of a power of two
//!    bytes is aligned to its size.
//! 2. A slab is in its class' list exactly while it has room. A slab without objects is given back at once, but for
//!    one spare a class.

use super::frames::{self, For};
use super::{PAGE_SIZE, PhysAddr, direct};
use crate::sync::SpinLock;
use core::alloc::{GlobalAlloc, Layout};
use core::ptr;

/// Object sizes. All are multiples of 16; a request goes to the first that holds it.
const CLASSES: [usize; 13] = [16, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 2016];

#[repr(C)]
struct Slab {
    next: *mut Slab,
    previous: *mut Slab,
    /// Freed objects, linked through their first word.
    free: *mut u8,
    in_use: u16,
    /// How many objects were ever handed out: those beyond have not been touched yet.
    touched: u16,
}

const _: () = assert!(size_of::<Slab>() <= 64);

struct Class {
    /// Slabs with room.
    head: *mut Slab,
}

// SAFETY: the pointers lead to slab pages that belong to the heap alone; the lock around the classes is the only
// way to them.
unsafe impl Send for Class {}

static HEAP: SpinLock<[Class; CLASSES.len()]> = SpinLock::new(
    [const {
        Class {
            head: ptr::null_mut(),
        }
    }; CLASSES.len()],
);

/// The kernel's allocator.
#[derive(Debug)]
pub(crate) struct Heap;

#[cfg(target_os = "none")]
#[global_allocator]
static GLOBAL: Heap = Heap;

// SAFETY: slabs and blocks of frames are disjoint, live until freed, and aligned as asked (invariant 1; blocks of
// `2^order` pages are aligned to their size). Nothing here unwinds: the kernel aborts on panic.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        match class_of(layout) {
            Some(class) => allocate_object(class),
            None => frames::allocate(order_of(layout), For::Kernel)
                .map_or(ptr::null_mut(), |number| direct(PhysAddr::of_frame(number))),
        }
    }

    unsafe fn dealloc(&self, object: *mut u8, layout: Layout) {
        match class_of(layout) {
            // SAFETY: the caller's promise: `object` came from `alloc` with this layout.
            Some(class) => unsafe { free_object(class, object) },
            None => {
                let number = (object as usize - direct::<u8>(PhysAddr(0)) as usize) / PAGE_SIZE;
                // SAFETY: the same promise; the direct map is the only mapping of heap blocks.
                unsafe { frames::release(number, order_of(layout)) }
            }
        }
    }
}

/// The class for each size, in steps of 16 bytes.
const CLASS_BY_SIZE: [u8; LARGEST / 16 + 1] = {
    let mut table = [0; LARGEST / 16 + 1];
    let mut step = 0;
    let mut class = 0;
    while step < table.len() {
        if CLASSES[class] < step * 16 {
            class += 1;
        }
        table[step] = class as u8;
        step += 1;
    }
    table
};

const LARGEST: usize = CLASSES[CLASSES.len() - 1];

/// How many objects a slab of each class holds.
const CAPACITIES: [u16; CLASSES.len()] = {
    let mut table = [0; CLASSES.len()];
    let mut class = 0;
    while class < table.len() {
        table[class] = ((PAGE_SIZE - 64) / CLASSES[class]) as u16;
        class += 1;
    }
    table
};

#[inline]
fn class_of(layout: Layout) -> Option<usize> {
    if layout.align() > 16 {
        // Aligned to its size is what holds a power of two.
        let size = layout.size().max(layout.align()).next_power_of_two();
        return CLASSES.iter().position(|&class| class == size);
    }
    let class = CLASS_BY_SIZE.get(layout.size().div_ceil(16))?;
    Some(usize::from(*class))
}

fn order_of(layout: Layout) -> usize {
    let bytes = layout.size().max(layout.align());
    bytes.div_ceil(PAGE_SIZE).next_power_of_two().trailing_zeros() as usize
}

fn capacity(class: usize) -> u16 {
    CAPACITIES[class]
}

fn allocate_object(class: usize) -> *mut u8 {
    let mut heap = HEAP.lock();
    if heap[class].head.is_null() {
        let Some(number) = frames::allocate(0, For::Kernel) else {
            return ptr::null_mut();
        };
        let slab: *mut Slab = direct(PhysAddr::of_frame(number));
        let empty = Slab {
            next: ptr::null_mut(),
            previous: ptr::null_mut(),
            free: ptr::null_mut(),
            in_use: 0,
            touched: 0,
        };
        // SAFETY: the frame is new and ours.
        unsafe { slab.write(empty) };
        heap[class].head = slab;
    }
    let slab = heap[class].head;
    // SAFETY: slabs in the list are live pages with room (invariant 2), reached only under the lock. A freed
    // object's first word is the next free one; an untouched object lies inside the page by `capacity`.
    unsafe {
        (*slab).in_use += 1;
        let object = if (*slab).free.is_null() {
            (*slab).touched += 1;
            slab.cast::<u8>()
                .add(PAGE_SIZE - usize::from((*slab).touched) * CLASSES[class])
        } else {
            let object = (*slab).free;
            (*slab).free = object.cast::<*mut u8>().read();
            object
        };
        if (*slab).in_use == capacity(class) {
            unlink(&mut heap[class], slab);
        }
        object
    }
}

/// # Safety
/// 1. `object` came from [`allocate_object`] with this class and is not used any more.
unsafe fn free_object(class: usize, object: *mut u8) {
    let mut heap = HEAP.lock();
    let slab = (object as usize & !(PAGE_SIZE - 1)) as *mut Slab;
    // SAFETY: (1): the page that holds the object is a live slab of this class; the object's bytes are ours again.
    unsafe {
        object.cast::<*mut u8>().write((*slab).free);
        (*slab).free = object;
        if (*slab).in_use == capacity(class) {
            link(&mut heap[class], slab);
        }
        (*slab).in_use -= 1;
        let spare = (*slab).next.is_null() && (*slab).previous.is_null();
        if (*slab).in_use == 0 && !spare {
            unlink(&mut heap[class], slab);
            let number = (slab as usize - direct::<u8>(PhysAddr(0)) as usize) / PAGE_SIZE;
            frames::release(number, 0);
        }
    }
}

/// # Safety
/// 1. `slab` is a live slab of this class and in no list.
unsafe fn link(class: &mut Class, slab: *mut Slab) {
    // SAFETY: (1); the head, if any, is live too.
    unsafe {
        (*slab).next = class.head;
        (*slab).previous = ptr::null_mut();
        if !class.head.is_null() {
            (*class.head).previous = slab;
        }
    }
    class.head = slab;
}

/// # Safety
/// 1. `slab` is in the list of this class.
unsafe fn unlink(class: &mut Class, slab: *mut Slab) {
    // SAFETY: (1): its neighbours are live.
    unsafe {
        let (next, previous) = ((*slab).next, (*slab).previous);
        if previous.is_null() {
            class.head = next;
        } else {
            (*previous).next = next;
        }
        if !next.is_null() {
            (*next).previous = previous;
        }
        (*slab).next = ptr::null_mut();
        (*slab).previous = ptr::null_mut();
    }
}

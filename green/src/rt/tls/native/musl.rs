//! Thread-local blocks as static musl makes them.
//!
//! ```text
//!   ┌ keys: 128 pointers            rt's own, in the place of the area above a thread's stack
//!   ├ musl's block (`__copy_tls`): vector of modules, thread-locals, descriptor
//!   │   thread pointer (FS base):   self, vector, previous, next, sysinfo, stack guard, tid, …
//!   └
//! ```
//!
//! `__copy_tls` is what `pthread_create` itself calls. It and the routine that runs the destructors of keys are hidden symbols: a static
//! program can link them, a dynamic one cannot, which is why that runs in mode `pinned`.
//!
//! What `pthread_create` adds to the descriptor, and how its place is recognised on a real thread:
//!
//! | what | recognised by |
//! |---|---|
//! | `self`, stack guard | the ABI |
//! | previous, next | those of a thread and of one that it starts lead to each other; a block's ring holds nobody else |
//! | tid | holds the kernel's id of the thread. Each block gets a number that no kernel thread has |
//! | keys | the pointer that leads to a value just set |
//! | robust list | points to itself |
//! | locale | points into `__libc` |
//!
//! A thread-local with a destructor is one of std's keys here, so `finish` has one thing to do.
//!
//! Limits beyond those of glibc: `abort` and `raise` go by the descriptor's tid, so a green thread that aborts ends the process by
//! SIGSEGV instead of SIGABRT.

#![allow(
    unsafe_code,
    reason = "fenced: builds what the C library and the CPU take for a thread"
)]

use std::ffi::{c_char, c_void};
use std::io;
use std::sync::atomic::Ordering;
use std::sync::mpsc;

use super::modules::Modules;
use super::{STACK_GUARD, fresh_tid, on_a_thread, thread_pointer, word_at};
use crate::rt::control::Control;
use crate::rt::os;

const SELF: usize = 0x00;
const PREVIOUS: usize = 0x10;
const NEXT: usize = 0x18;
const SYSINFO: usize = 0x20;

/// Where the descriptor's own part begins, and how far it is searched.
const OWN: std::ops::Range<usize> = 0x30..0x100;

/// `PTHREAD_KEYS_MAX` pointers.
const KEYS: usize = 128 * 8;

/// The beginning of musl's `struct __libc`.
#[repr(C)]
struct Libc {
    flags: [c_char; 4],
    threads_minus_1: i32,
    auxiliary: *const usize,
    tls_head: *const c_void,
    tls_size: usize,
    tls_align: usize,
    tls_count: usize,
    page_size: usize,
    /// `global_locale`: six pointers.
    locale: [*const c_void; 6],
}

unsafe extern "C" {
    static __libc: Libc;
    /// Makes vector, thread-locals and descriptor in `tls_size` bytes; returns the descriptor.
    fn __copy_tls(memory: *mut c_void) -> *mut c_void;
    fn __pthread_tsd_run_dtors();
}

/// Where the fields lie.
pub(crate) struct Tls {
    size: usize,
    align: usize,
    tid: usize,
    keys: usize,
    robust: usize,
    locale: usize,
    modules: Modules,
}

impl Tls {
    /// Learns the layout from the C library and checks that a block made so works.
    ///
    /// # Errors
    /// In words for the user: what is missing or unexpected.
    pub(crate) fn probe() -> Result<Tls, String> {
        on_a_thread(Self::probe_here)
    }

    fn probe_here() -> Result<Tls, String> {
        let tp = thread_pointer();
        // SAFETY: written before main, constant in a static program.
        let (size, align) = unsafe {
            (
                (&raw const __libc.tls_size).read(),
                (&raw const __libc.tls_align).read(),
            )
        };
        if !align.is_power_of_two() || align > 4096 || !(256..1 << 20).contains(&size) {
            return Err(format!(
                "implausible thread-local sizes: {size} bytes, aligned {align}"
            ));
        }
        if !is_in_a_ring(tp) {
            return Err("the descriptor is not in a ring of threads".to_owned());
        }
        let libc_area = (&raw const __libc) as usize..(&raw const __libc) as usize + size_of::<Libc>();
        let own_tid = u32::try_from(os::thread_id()).unwrap_or(0);
        let tid = only(OWN.step_by(4), |offset| {
            // SAFETY: inside the calling thread's descriptor, which is larger than the searched part.
            unsafe { std::ptr::with_exposed_provenance::<u32>(tp + offset).read() == own_tid }
        });
        // SAFETY: as above.
        let word = |offset: usize| unsafe { word_at(tp + offset).read() };
        let tls = Tls {
            size,
            align: align.max(64),
            tid: tid.ok_or("the descriptor's thread id is not to be found")?,
            keys: find_keys(tp).ok_or("the descriptor's keys are not to be found")?,
            robust: only(OWN.step_by(8), |offset| word(offset) == tp + offset)
                .ok_or("the descriptor's robust list is not to be found")?,
            locale: only(OWN.step_by(8), |offset| libc_area.contains(&word(offset)))
                .ok_or("the descriptor's locale is not to be found")?,
            modules: Modules::list(tp, size),
        };
        tls.check()?;
        Ok(tls)
    }

    /// Bytes that a block takes.
    pub(crate) fn reserved(&self) -> usize {
        (KEYS + self.size + self.align).next_multiple_of(64)
    }

    /// Makes or renews the block above `control`, for the thread that will run there.
    ///
    /// # Errors
    /// None.
    pub(crate) fn prepare(&self, control: &'static Control) -> io::Result<()> {
        if control.tls_ready.load(Ordering::Relaxed) {
            let tp = control.thread_pointer.load(Ordering::Relaxed);
            for module in &self.modules.renewed {
                // SAFETY: the slot's former thread has ended and its block is complete.
                unsafe { module.write_image(tp) };
            }
            return Ok(());
        }
        let end = control.stack_base() + size_of::<Control>();
        // SAFETY: the pool keeps `reserved` bytes above each control block, zeroed by the kernel and used for nothing else;
        // control blocks and therefore `end` are multiples of 64.
        let tp = unsafe { self.make(end)? };
        control.thread_pointer.store(tp, Ordering::Relaxed);
        control.tls_ready.store(true, Ordering::Relaxed);
        Ok(())
    }

    /// Makes a block in the `reserved` bytes at `start`, and returns its thread pointer.
    ///
    /// # Safety
    /// The bytes are zeroed and for the block alone; `start` is a multiple of 64.
    pub(super) unsafe fn make(&self, start: usize) -> io::Result<usize> {
        let current = thread_pointer();
        let memory = (start + KEYS).next_multiple_of(16);
        // SAFETY: the caller gives the memory, `size` bytes of it and more; the offsets were found inside of descriptors.
        unsafe {
            let tp = __copy_tls(std::ptr::with_exposed_provenance_mut(memory)).expose_provenance();
            for link in [SELF, PREVIOUS, NEXT] {
                word_at(tp + link).write(tp);
            }
            for constant in [SYSINFO, STACK_GUARD, self.locale] {
                word_at(tp + constant).write(word_at(current + constant).read());
            }
            std::ptr::with_exposed_provenance_mut::<u32>(tp + self.tid).write(fresh_tid());
            word_at(tp + self.keys).write(start);
            word_at(tp + self.robust).write(tp + self.robust);
            Ok(tp)
        }
    }

    /// First thing on a block.
    pub(crate) fn begin(&self, _first: bool) {}

    /// For the check at start: nothing to see from here; the routine of musl knows.
    pub(super) fn notes_used_keys(&self, tp: usize) -> bool {
        // SAFETY: the block's keys.
        unsafe {
            let keys = word_at(tp + self.keys).read();
            (0..KEYS / 8).any(|key| word_at(keys + key * 8).read_volatile() != 0)
        }
    }

    /// The block of the check has served.
    pub(super) fn keep(&self, _trial: usize) {}

    /// Last thing on a block: the destructors of keys, std's thread-locals among them.
    pub(crate) fn finish(&self) {
        // SAFETY: runs on the block of the thread that ends, on its stack; what `pthread_exit` does.
        unsafe { __pthread_tsd_run_dtors() };
    }

    /// No libraries come later in a static program.
    pub(crate) fn watch(&self) {}
}

/// Whether the descriptors of the calling thread, at `tp`, and of one that it starts lead to each other.
fn is_in_a_ring(tp: usize) -> bool {
    // musl links a thread in once it runs, so the thread looks when the call that started it has returned.
    let (started, has_started) = mpsc::channel();
    let child = std::thread::spawn(move || {
        let own = thread_pointer();
        let _ = has_started.recv();
        // SAFETY: two words in the descriptors of two threads that live: the parent waits for us.
        unsafe { word_at(own + PREVIOUS).read() == tp && word_at(tp + NEXT).read() == own }
    });
    let _ = started.send(());
    child.join().unwrap_or(false)
}

/// The one offset for which `holds`.
fn only(mut offsets: impl Iterator<Item = usize>, holds: impl Fn(usize) -> bool) -> Option<usize> {
    let first = offsets.find(|offset| holds(*offset))?;
    offsets.all(|offset| !holds(offset)).then_some(first)
}

/// Where the descriptor at `tp`, the calling thread's, keeps the pointer to the values of its keys.
fn find_keys(tp: usize) -> Option<usize> {
    let mut key = 0;
    // SAFETY: ordinary calls of the library, whose key is released again.
    if unsafe { libc::pthread_key_create(&raw mut key, None) } != 0 {
        return None;
    }
    let place = usize::try_from(key)
        .unwrap_or(usize::MAX)
        .checked_mul(8)
        .filter(|place| *place < KEYS);
    let mark = 0x6b65_7973;
    // SAFETY: as above.
    unsafe { libc::pthread_setspecific(key, std::ptr::without_provenance(mark)) };
    let found = place.and_then(|place| {
        only(OWN.step_by(8), |offset| {
            // SAFETY: inside the calling thread's descriptor.
            let keys = unsafe { word_at(tp + offset).read() };
            // musl puts the values right above the descriptor, in the same mapping.
            let near = (tp + OWN.start..tp + 1024).contains(&keys) && keys.is_multiple_of(8);
            // SAFETY: that mapping holds the values of all keys above any such address.
            near && unsafe { word_at(keys + place).read() } == mark
        })
    });
    // SAFETY: as above.
    unsafe {
        libc::pthread_setspecific(key, std::ptr::null());
        libc::pthread_key_delete(key);
    }
    found
}

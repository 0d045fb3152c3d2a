//! Thread-local blocks as glibc makes them.
//!
//! ```text
//!   thread pointer + pthread size   ┐
//!        …   rseq area              │ struct pthread: the library's descriptor of a thread
//!        …   tid, robust list, keys │
//!   thread pointer (FS base)        ┘ tcb, dtv, self, stack guard, pointer guard
//!   thread pointer - below[1]         the program's thread-locals
//!   thread pointer - below[2]         libc's thread-locals, …
//!        …   surplus for libraries loaded later with static thread-locals
//! ```
//!
//! After the library has written the images and the vector of modules ([`vector`]), a thread of its own differs from a bare block in what `pthread_create` and `start_thread` write. This is all of it that matters to code that runs on the block:
//! `tcb` and `self`; the stack and pointer guards; `multiple_threads`; `tid`, for which each block gets a number that no kernel
//! thread can have, so that recursive mutexes tell green threads apart; the self-pointers of the robust list and of the first key
//! block; `rseq.cpu_id`, set to "not registered", since the kernel writes to the operating-system thread's own area; and the
//! resolver's state. Offsets come from `_thread_db_*`, `__rseq_offset` and from comparing with a real thread.
//!
//! Limits, documented for users: calls that pass `pthread_self()`'s kernel id to the kernel (`pthread_setaffinity_np`,
//! `pthread_getcpuclockid`, priority-inheritance mutexes) fail inside a green thread; a robust mutex that a green thread holds
//! when the process dies is not reported to its next owner; for libraries loaded later see [`late`](super::late).

#![allow(
    unsafe_code,
    reason = "fenced: builds what the C library and the CPU take for a thread"
)]

use std::ffi::{CStr, c_void};
use std::io;
use std::sync::atomic::Ordering;

use super::late::Late;
use super::modules::Modules;
use super::symbols::{resolver_variable, symbol};
use super::vector::{self, Vectors};
use super::{STACK_GUARD, fresh_tid, on_a_thread, thread_pointer, word_at};
use crate::rt::control::Control;
use crate::rt::os;

/// The C library is part of the program, and its thread-locals are part of the program's: they are renewed with them, so a slot
/// keeps no warm caches.
const STATIC: bool = cfg!(target_feature = "crt-static");

/// What the library mangles saved pointers with.
const POINTER_GUARD: usize = 0x30;
const MULTIPLE_THREADS: usize = 0x18;
const SELF: usize = 0x10;
pub(super) const DTV: usize = 0x08;
/// Entries of `specific_1stblock`, and their size.
const KEYS_PER_BLOCK: usize = 32;
const KEY_DATA: usize = 16;

/// A pthread key as in glibc's `__pthread_keys`.
#[repr(C)]
struct Key {
    sequence: usize,
    destructor: Option<unsafe extern "C" fn(*mut c_void)>,
}

/// How blocks are laid out and what the library offers for them.
pub(crate) struct Tls {
    pub(super) below: usize,
    above: usize,
    align: usize,
    tid: usize,
    robust_self: Option<usize>,
    keys_first: usize,
    keys_blocks: usize,
    key_blocks: usize,
    /// The flag that says whether any key has had a value.
    keys_used: usize,
    /// Of the vectors of modules, at start.
    generation: usize,
    rseq: Option<usize>,
    /// Where the thread-local `__resp` lies below the thread pointer, and the state in the descriptor.
    resolver: Option<(usize, usize)>,
    pub(super) vectors: Vectors,
    /// Makes the vector of modules in malloc's memory, then does what `initialise` does.
    allocate: unsafe extern "C" fn(*mut c_void) -> *mut c_void,
    /// Fills the vector of modules and writes the images. (The second argument came with 2.34: do write the images.)
    pub(super) initialise: unsafe extern "C" fn(*mut c_void, bool) -> *mut c_void,
    call_destructors: unsafe extern "C" fn(),
    init_ctype: unsafe extern "C" fn(),
    /// In a static program, where the library's thread-locals are renewed with the program's.
    free_resources: Option<unsafe extern "C" fn()>,
    keys: *const Key,
    pub(super) modules: Modules,
    pub(super) late: Late,
}

// SAFETY: the functions may be called from any thread, and `keys` points to a table that the library itself reads so.
unsafe impl Send for Tls {}
// SAFETY: as above.
unsafe impl Sync for Tls {}

/// A field of `struct pthread` as the tables for debuggers describe it: bits of an element, elements, offset.
pub(super) fn field(name: &CStr) -> Result<[usize; 3], String> {
    let address = std::ptr::with_exposed_provenance::<[u32; 3]>(symbol(name)?);
    // SAFETY: descriptors are three 32-bit words, by the interface of libthread_db.
    Ok(unsafe { address.read() }.map(|word| word as usize))
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
        // SAFETY: by their names these symbols are the functions of these types, in every glibc that has them (2.34+
        // for `_thread_db_*` in libc itself); the check below exercises them.
        let (static_info, allocate, initialise, call_destructors, init_ctype) = unsafe {
            (
                std::mem::transmute::<usize, unsafe extern "C" fn(*mut usize, *mut usize)>(symbol(
                    c"_dl_get_tls_static_info",
                )?),
                std::mem::transmute::<usize, unsafe extern "C" fn(*mut c_void) -> *mut c_void>(symbol(
                    c"_dl_allocate_tls",
                )?),
                std::mem::transmute::<usize, unsafe extern "C" fn(*mut c_void, bool) -> *mut c_void>(symbol(
                    c"_dl_allocate_tls_init",
                )?),
                std::mem::transmute::<usize, unsafe extern "C" fn()>(symbol(c"__call_tls_dtors")?),
                std::mem::transmute::<usize, unsafe extern "C" fn()>(symbol(c"__ctype_init")?),
            )
        };
        let (mut total, mut align) = (0, 0);
        // SAFETY: the function writes two words.
        unsafe { static_info(&raw mut total, &raw mut align) };
        let size_symbol = std::ptr::with_exposed_provenance::<u32>(symbol(c"_thread_db_sizeof_pthread")?);
        // SAFETY: the symbol is a 32-bit word.
        let above = unsafe { size_symbol.read() } as usize;
        if !align.is_power_of_two() || align > 4096 || above > total || !(1024..65536).contains(&total) {
            return Err(format!(
                "implausible thread-local sizes: {total} bytes, {above} above, aligned {align}"
            ));
        }
        let below = (total - above).next_multiple_of(align);
        let [tid_bits, _, tid] = field(c"_thread_db_pthread_tid")?;
        let [specific_bits, _, keys_blocks] = field(c"_thread_db_pthread_specific")?;
        let key_blocks = specific_bits / 64;
        let keys_first = keys_blocks.wrapping_sub(KEYS_PER_BLOCK * KEY_DATA);
        let [_, _, dtvp] = field(c"_thread_db_pthread_dtvp")?;
        if tid_bits != 32 || tid + 32 > above || keys_blocks + key_blocks * 8 > above || dtvp != DTV {
            return Err("unexpected descriptor fields".to_owned());
        }
        // SAFETY: the offsets lie inside the calling thread's descriptor.
        let (own_tid, own_keys, own_robust) = unsafe {
            (
                std::ptr::with_exposed_provenance::<i32>(tp + tid).read(),
                word_at(tp + keys_blocks).read(),
                word_at(tp + tid + 16).read(),
            )
        };
        if own_tid != os::thread_id() || own_keys != tp + keys_first {
            return Err("the descriptor's thread id or keys are not where they should be".to_owned());
        }
        let rseq = symbol(c"__rseq_offset").ok().map(|address| {
            // SAFETY: `__rseq_offset` is a `ptrdiff_t`.
            unsafe { word_at(address).read() }
        });
        if rseq.is_some_and(|offset| offset + 32 > above) {
            return Err("the rseq area lies outside the descriptor".to_owned());
        }
        let modules = Modules::list(tp, below);
        let tls = Tls {
            below,
            above: above.next_multiple_of(align),
            align,
            tid,
            robust_self: (own_robust == tp + tid + 16).then_some(tid + 16),
            keys_first,
            keys_blocks,
            key_blocks,
            keys_used: keys_blocks + key_blocks * 8,
            // SAFETY: the calling thread's own block.
            generation: unsafe { vector::generation(tp) },
            rseq,
            resolver: resolver(tp, above),
            vectors: Vectors::new(modules.last)?,
            allocate,
            initialise,
            call_destructors,
            init_ctype,
            // SAFETY: as above.
            free_resources: symbol(c"__libc_thread_freeres")
                .ok()
                .filter(|_| STATIC)
                .map(|address| unsafe { std::mem::transmute::<usize, unsafe extern "C" fn()>(address) }),
            keys: std::ptr::with_exposed_provenance(symbol(c"__pthread_keys")?),
            late: Late::new(&modules),
            modules,
        };
        tls.check()?;
        Ok(tls)
    }

    /// Bytes that a block takes, at most, wherever the slot's top lies.
    pub(crate) fn reserved(&self) -> usize {
        // Control blocks are aligned to 64 only.
        let slack = if self.align > 64 { self.align } else { 0 };
        vector::SIZE + self.below + self.above + slack
    }

    /// Makes or renews the block above `control`, for the thread that will run there.
    ///
    /// # Errors
    /// When there is no memory for the block's vector of modules.
    pub(crate) fn prepare(&self, control: &'static Control) -> io::Result<()> {
        if control.tls_ready.load(Ordering::Relaxed) {
            let tp = control.thread_pointer.load(Ordering::Relaxed);
            for module in &self.modules.renewed {
                // SAFETY: the slot's former thread has ended and its block is complete.
                unsafe { module.write_image(tp) };
            }
            if STATIC && let Some((variable, state)) = self.resolver {
                // SAFETY: as in `fill`; the image has the initial value.
                unsafe { word_at(tp - variable).write(tp + state) };
            }
            if self.vectors.has_newcomers() {
                self.renew_late(tp);
            }
            // SAFETY: as above; `fill` put the first vector there.
            if self.vectors.is_crowded() && !unsafe { vector::move_to_heap(tp, self.vector_of(tp)) } {
                return Err(io::ErrorKind::OutOfMemory.into());
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

    /// Where the vector of modules of the block at `tp` lies, while it lies in the slot.
    pub(super) fn vector_of(&self, tp: usize) -> usize {
        tp - self.below - vector::SIZE
    }

    /// Makes a block in the `reserved` bytes at `start`, and returns its thread pointer.
    ///
    /// # Safety
    /// The bytes are zeroed and for the block alone; `start` is a multiple of 64.
    pub(super) unsafe fn make(&self, start: usize) -> io::Result<usize> {
        let tp = (start + vector::SIZE + self.below).next_multiple_of(self.align.max(64));
        // SAFETY: the caller's promise; the block ends within the reserved bytes.
        unsafe { self.fill(tp)? };
        Ok(tp)
    }

    /// Makes a block at `tp`.
    ///
    /// # Safety
    /// `[vector_of(tp), tp + above)` is zeroed memory for the block alone.
    unsafe fn fill(&self, tp: usize) -> io::Result<()> {
        let current = thread_pointer();
        let block = std::ptr::with_exposed_provenance_mut(tp);
        // SAFETY: the caller gives the memory; every offset lies inside (checked by `probe_here`), and those of the current
        // thread's descriptor likewise.
        unsafe {
            let made = if self.vectors.is_crowded() {
                (self.allocate)(block)
            } else {
                vector::install(tp, self.vector_of(tp));
                (self.initialise)(block, true)
            };
            if made.is_null() {
                return Err(io::ErrorKind::OutOfMemory.into());
            }
            word_at(tp).write(tp);
            word_at(tp + SELF).write(tp);
            std::ptr::with_exposed_provenance_mut::<i32>(tp + MULTIPLE_THREADS).write(1);
            for guard in [STACK_GUARD, POINTER_GUARD] {
                word_at(tp + guard).write(word_at(current + guard).read());
            }
            std::ptr::with_exposed_provenance_mut::<u32>(tp + self.tid).write(fresh_tid());
            if let Some(robust) = self.robust_self {
                word_at(tp + robust).write(tp + robust);
            }
            word_at(tp + self.keys_blocks).write(tp + self.keys_first);
            if let Some(rseq) = self.rseq {
                // cpu_id_start 0, cpu_id -1: "not registered", so the library asks the kernel.
                std::ptr::with_exposed_provenance_mut::<[u32; 2]>(tp + rseq).write([0, u32::MAX]);
            }
            if let Some((variable, state)) = self.resolver {
                word_at(tp - variable).write(tp + state);
            }
        }
        Ok(())
    }

    /// First thing on a block: what `start_thread` does with the block in place.
    pub(crate) fn begin(&self, first: bool) {
        if first || STATIC {
            // SAFETY: the library's own start of a thread: it sets thread-local pointers of the character tables.
            unsafe { (self.init_ctype)() };
        }
    }

    /// For the check at start: whether a value of a key in the block at `tp` has set the flag that `finish` goes by.
    pub(super) fn notes_used_keys(&self, tp: usize) -> bool {
        // SAFETY: the flag lies in the block's descriptor.
        unsafe { std::ptr::with_exposed_provenance::<u8>(tp + self.keys_used).read_volatile() == 1 }
    }

    /// The block of the check has served.
    pub(super) fn keep(&self, trial: usize) {
        self.late.keep_model(trial);
    }

    /// Last thing on a block: the destructors of thread-locals, then of keys, as at a thread's end.
    pub(crate) fn finish(&self) {
        // SAFETY: runs on the block of the thread that ends, on its stack.
        unsafe { (self.call_destructors)() };
        let tp = thread_pointer();
        // SAFETY: the flag lies in the descriptor; only this thread writes it.
        unsafe {
            let used = std::ptr::with_exposed_provenance_mut::<u8>(tp + self.keys_used);
            if used.read() != 0 {
                used.write(0);
                for _round in 0..4 {
                    if !self.run_key_destructors(tp) {
                        break;
                    }
                }
            }
        }
        if self.has_dynamic(tp) {
            // SAFETY: this thread ends, and runs on its block.
            unsafe { vector::free_dynamic(tp) };
        }
        if let Some(free_resources) = self.free_resources {
            // SAFETY: the library's own last act of a thread: it gives up malloc's caches and the like.
            unsafe { free_resources() };
        }
    }

    /// Whether there can be thread-locals outside the static block: objects that had none there at start, or came later.
    fn has_dynamic(&self, tp: usize) -> bool {
        // SAFETY: the calling thread's own block.
        let generation = unsafe { vector::generation(tp) };
        self.modules.fixed.len() != self.modules.last || generation != self.generation
    }

    /// Runs the destructor of every key that has a value; whether any did.
    fn run_key_destructors(&self, tp: usize) -> bool {
        let mut any = false;
        for block in 0..self.key_blocks {
            // SAFETY: the vector of blocks lies in the descriptor.
            let data = unsafe { word_at(tp + self.keys_blocks + block * 8).read() };
            if data == 0 {
                continue;
            }
            for slot in 0..KEYS_PER_BLOCK {
                let entry = data + slot * KEY_DATA;
                // SAFETY: a key block is 32 pairs of sequence number and value; the table of keys has an entry for each.
                unsafe {
                    let value = word_at(entry + 8).read();
                    if value == 0 {
                        continue;
                    }
                    word_at(entry + 8).write(0);
                    let key = &*self.keys.add(block * KEYS_PER_BLOCK + slot);
                    if key.sequence == word_at(entry).read()
                        && let Some(destructor) = key.destructor
                    {
                        any = true;
                        destructor(std::ptr::with_exposed_provenance_mut(value));
                    }
                }
            }
        }
        any
    }
}

/// Where `__resp` lies below the thread pointer, and the resolver's state above it.
fn resolver(tp: usize, above: usize) -> Option<(usize, usize)> {
    let variable = resolver_variable(tp)?;
    // SAFETY: the symbol of a thread-local resolves to the calling thread's copy, a pointer.
    let state = unsafe { word_at(variable).read() };
    let below = tp.checked_sub(variable)?;
    (tp..tp + above).contains(&state).then(|| (below, state - tp))
}

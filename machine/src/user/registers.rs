//! The registers of a program that the kernel itself never uses: vector and floating-point state, FS and GS base.
//!
//! They stay in the CPU while the kernel works for the program, and change hands when tasks switch: saved for the
//! task that leaves, loaded for the one that comes, always both at once (no lazy loading, which leaks by
//! speculation: CVE-2018-3665).

use crate::cpu::features::features;
use crate::cpu::msr;
use crate::memory::OutOfMemory;
use crate::paging::USER_END;
use alloc::alloc::{Layout, alloc_zeroed, dealloc};
use core::arch::asm;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicU8, Ordering};

/// The saved registers of a task whose program is not running.
#[derive(Debug)]
pub(crate) struct SavedRegisters {
    area: Area,
    fs_base: u64,
    gs_base: u64,
}

impl SavedRegisters {
    /// The state in which a program starts.
    pub(crate) fn new() -> Result<Self, OutOfMemory> {
        Ok(SavedRegisters {
            area: Area::new()?,
            fs_base: 0,
            gs_base: 0,
        })
    }

    /// A copy of what the current program has.
    pub(crate) fn of_current() -> Result<Self, OutOfMemory> {
        let mut area = Area::new()?;
        let _interrupts = crate::irq::disable();
        // SAFETY: ring 0 (elsewhere it faults). Not optimised: the area has never been loaded from.
        unsafe { area.save(false) };
        Ok(SavedRegisters {
            area,
            fs_base: fs_base(),
            gs_base: gs_base(),
        })
    }

    /// Saves the CPU's registers here.
    ///
    /// # Safety
    /// 1. Ring 0, interrupts disabled, `control::enable_protections` has run.
    pub(crate) unsafe fn save(&mut self) {
        // SAFETY: (1).
        unsafe {
            self.area.save(true);
            (self.fs_base, self.gs_base) = bases();
        }
    }

    /// Loads the CPU's registers from here.
    ///
    /// # Safety
    /// 1. As [`SavedRegisters::save`].
    pub(crate) unsafe fn load(&self) {
        // SAFETY: (1). The bases are user addresses: the setters and the CPU allow no others.
        unsafe {
            self.area.load();
            set_bases(self.fs_base, self.gs_base);
        }
    }
}

/// What the CPU has to save and load these registers by: bits of [`MEANS`].
const XSAVE: u8 = 1 << 0;
const XSAVEOPT: u8 = 1 << 1;
const FSGSBASE: u8 = 1 << 2;

/// Set once, by [`enable`]; all CPUs are alike.
static MEANS: AtomicU8 = AtomicU8::new(0);

fn has(means: u8) -> bool {
    MEANS.load(Ordering::Relaxed) & means != 0
}

/// The user's FS and GS base. The latter is swapped out while the kernel runs.
///
/// # Safety
/// 1. Ring 0, interrupts disabled: while GS is swapped no handler may run.
unsafe fn bases() -> (u64, u64) {
    let (fs, gs): (u64, u64);
    // SAFETY: (1). CR4.FSGSBASE is set where the CPU has the instructions; nothing uses GS between the two swaps.
    unsafe {
        if has(FSGSBASE) {
            asm!("rdfsbase {}", "swapgs", "rdgsbase {}", "swapgs", out(reg) fs, out(reg) gs, options(nomem, nostack, preserves_flags));
        } else {
            (fs, gs) = (msr::read(msr::FS_BASE), msr::read(msr::KERNEL_GS_BASE));
        }
    }
    (fs, gs)
}

/// Sets them.
///
/// # Safety
/// 1. As [`bases`].
/// 2. Both are user addresses.
unsafe fn set_bases(fs: u64, gs: u64) {
    // SAFETY: as in `bases`; (2) makes them canonical.
    unsafe {
        if has(FSGSBASE) {
            asm!("wrfsbase {}", "swapgs", "wrgsbase {}", "swapgs", in(reg) fs, in(reg) gs, options(nostack, preserves_flags));
        } else {
            msr::write(msr::FS_BASE, fs);
            msr::write(msr::KERNEL_GS_BASE, gs);
        }
    }
}

/// Memory for XSAVE, or FXSAVE where the CPU has no XSAVE.
#[derive(Debug)]
struct Area {
    memory: NonNull<u8>,
    layout: Layout,
}

// SAFETY: the area is owned memory.
unsafe impl Send for Area {}
// SAFETY: shared references only read it.
unsafe impl Sync for Area {}

const FXSAVE_BYTES: usize = 512;

impl Area {
    fn new() -> Result<Area, OutOfMemory> {
        let layout = Layout::from_size_align(vector_state_size().max(FXSAVE_BYTES + 64), 64)
            .map_err(|_| OutOfMemory)?;
        // SAFETY: the size is not zero.
        let memory = NonNull::new(unsafe { alloc_zeroed(layout) }).ok_or(OutOfMemory)?;
        // An all-zero header means "initial state" to XRSTOR, but MXCSR and the x87 control word are taken from the
        // area by FXRSTOR, and MXCSR by XRSTOR too (SDM 1, 13.8.1): all exceptions masked.
        // SAFETY: inside the area: FCW at offset 0, MXCSR at 24.
        unsafe {
            memory.cast::<u16>().write(0x37f);
            memory.add(24).cast::<u32>().write(0x1f80);
        }
        Ok(Area { memory, layout })
    }

    /// XSAVEOPT may leave out what has not changed since the last XRSTOR *from the same address*, so `optimised` is for
    /// areas that keep their address and contents from load to save.
    ///
    /// # Safety
    /// 1. CR4.OSXSAVE matches the feature bit.
    unsafe fn save(&mut self, optimised: bool) {
        let area = self.memory.as_ptr();
        // SAFETY: (1); the area is large enough for every component in XCR0, and aligned to 64.
        unsafe {
            if optimised && has(XSAVEOPT) {
                asm!("xsaveopt64 [{}]", in(reg) area, in("eax") u32::MAX, in("edx") u32::MAX, options(nostack));
            } else if has(XSAVE) {
                asm!("xsave64 [{}]", in(reg) area, in("eax") u32::MAX, in("edx") u32::MAX, options(nostack));
            } else {
                asm!("fxsave64 [{}]", in(reg) area, options(nostack));
            }
        }
    }

    /// # Safety
    /// 1. As [`Area::save`].
    unsafe fn load(&self) {
        let area = self.memory.as_ptr();
        // SAFETY: (1); the area holds a state that `save` or `new` wrote, so no reserved bit is set.
        unsafe {
            if has(XSAVE) {
                asm!("xrstor64 [{}]", in(reg) area, in("eax") u32::MAX, in("edx") u32::MAX, options(nostack));
            } else {
                asm!("fxrstor64 [{}]", in(reg) area, options(nostack));
            }
        }
    }
}

impl Drop for Area {
    fn drop(&mut self) {
        // SAFETY: allocated with this layout.
        unsafe { dealloc(self.memory.as_ptr(), self.layout) }
    }
}

/// Enables all state components that the CPU has.
///
/// # Safety
/// 1. CR4.OSXSAVE is set if the CPU has XSAVE; called once per CPU.
#[cfg(target_os = "none")]
pub(crate) unsafe fn enable() {
    let features = features();
    let means = [
        (features.xsave, XSAVE),
        (features.xsaveopt, XSAVEOPT),
        (features.fsgsbase, FSGSBASE),
    ];
    let means = means
        .iter()
        .filter(|(has, _)| *has)
        .fold(0, |all, (_, bit)| all | bit);
    MEANS.store(means, Ordering::Relaxed);
    if features.xsave {
        let components = features.xsave_components;
        // SAFETY: (1). Dependent components come together on every CPU.
        unsafe {
            asm!("xsetbv", in("ecx") 0, in("eax") components as u32, in("edx") (components >> 32) as u32, options(nostack));
        }
    }
}

/// Bytes that the vector and floating-point state takes in XSAVE's standard format (or FXSAVE's 512).
pub fn vector_state_size() -> usize {
    if features().xsave {
        features().xsave_bytes
    } else {
        FXSAVE_BYTES
    }
}

/// The state components in it (XCR0).
pub fn vector_components() -> u64 {
    if features().xsave {
        features().xsave_components
    } else {
        0b11
    }
}

/// Puts the current program's vector and floating-point registers and its FS and GS base into the state in which a
/// program starts, as `execve` does.
///
/// # Errors
/// No memory for the state.
pub fn reset_registers() -> Result<(), OutOfMemory> {
    let fresh = SavedRegisters::new()?;
    let _interrupts = crate::irq::disable();
    // SAFETY: ring 0 (elsewhere it faults), interrupts disabled.
    unsafe { fresh.load() };
    Ok(())
}

/// The FS base of the current program.
pub fn fs_base() -> u64 {
    // SAFETY: the MSR exists on every x86-64 CPU.
    unsafe { msr::read(msr::FS_BASE) }
}

/// Sets the FS base of the current program; `false` when `base` is not a user address.
pub fn set_fs_base(base: u64) -> bool {
    let valid = base < USER_END as u64;
    if valid {
        // SAFETY: a canonical address, and the kernel does not use FS.
        unsafe { msr::write(msr::FS_BASE, base) };
    }
    valid
}

/// The GS base of the current program.
pub fn gs_base() -> u64 {
    // SAFETY: as `fs_base`; the user's value is the swapped-out one.
    unsafe { msr::read(msr::KERNEL_GS_BASE) }
}

/// Sets the GS base of the current program; `false` when `base` is not a user address.
pub fn set_gs_base(base: u64) -> bool {
    let valid = base < USER_END as u64;
    if valid {
        // SAFETY: a canonical address, in the MSR that holds the user's value while the kernel runs.
        unsafe { msr::write(msr::KERNEL_GS_BASE, base) };
    }
    valid
}

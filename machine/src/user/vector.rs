//! The current program's vector and floating-point state, straight to and from its memory: the part of a signal frame
//! that `struct _xstate` describes (Linux' arch/x86/include/uapi/asm/sigcontext.h).
//!
//! Rules:
//! 1. The state is in the CPU while the kernel works for the program ([`super::registers`]), so nothing is copied twice.
//! 2. The CPU itself checks what a program may have forged: XRSTOR and FXRSTOR refuse reserved bits of the header and of
//!    MXCSR by a general protection fault, which the exception table catches like a page fault. Only components in XCR0
//!    are named, none of which is the supervisor's.
//! 3. After a load that failed half-way the state is the one in which a program starts.

use super::registers::{vector_components, vector_state_size};
use crate::cpu::features::{Features, features};
use crate::paging::USER_END;
use core::arch::{asm, naked_asm};

/// A page of the area cannot be accessed, or the CPU refuses what is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VectorFault;

/// XSAVE and XRSTOR want an area at a multiple of this (SDM 1, 13.4).
pub const VECTOR_STATE_ALIGNMENT: usize = 64;

/// `FP_XSTATE_MAGIC1` and `FP_XSTATE_MAGIC2`: the marks that say "this is in XSAVE's format, and this long".
const MAGIC1: u32 = 0x4650_5853;
const MAGIC2: u32 = 0x4650_5845;
/// Bytes of [`MAGIC2`], which follows the state.
const MAGIC2_BYTES: usize = 4;
/// x87 and SSE: what FXSAVE's format holds.
const LEGACY: u64 = 0b11;

/// Bytes of the area that [`store_vector_state`] writes.
#[inline]
pub fn vector_frame_size() -> usize {
    frame_size(features())
}

#[inline]
fn frame_size(features: &Features) -> usize {
    if features.xsave {
        features.xsave_bytes + MAGIC2_BYTES
    } else {
        vector_state_size()
    }
}

/// Writes the state to the program's memory at `to`, with the marks around it.
///
/// # Errors
/// A page cannot be written, or `to` is not aligned or not the user's.
#[inline]
pub fn store_vector_state(to: usize) -> Result<(), VectorFault> {
    let features = features();
    check(to, frame_size(features))?;
    // SAFETY: the area was checked: it is the user's, aligned, and as long as all components in XCR0 and the mark.
    let fault = unsafe {
        if features.xsave {
            let size = features.xsave_bytes as u64;
            xsave_user(to, head(size), features.xsave_components, size, MAGIC2)
        } else {
            fxsave_user(to)
        }
    };
    if fault == 0 { Ok(()) } else { Err(VectorFault) }
}

/// Loads the state from the program's memory at `from`. What it holds is told by the marks (`struct _fpx_sw_bytes`): with
/// marks that make no sense it is FXSAVE's format, as for Linux. Components that it does not hold become initial.
///
/// # Errors
/// A page cannot be read, the CPU refuses the bytes, or `from` is not aligned or not the user's. The state is then the initial
/// one.
#[inline]
pub fn load_vector_state(from: usize) -> Result<(), VectorFault> {
    let features = features();
    let size = features.xsave_bytes as u64;
    // SAFETY: the area was checked: it is the user's, aligned, and as long as all components in XCR0 and the mark.
    let loaded = features.xsave
        && check(from, frame_size(features)).is_ok()
        && unsafe { xrstor_as_stored(from, head(size), features.xsave_components, size, MAGIC2) == 0 };
    if loaded { Ok(()) } else { load_any(from) }
}

/// As [`load_vector_state`], whatever the marks are.
#[cold]
fn load_any(from: usize) -> Result<(), VectorFault> {
    let features = features();
    let loaded = check(from, frame_size(features)).and_then(|()| load_checked(from, features));
    loaded.inspect_err(|_| load_initial(u64::MAX))
}

/// The first word of the marks: magic number and total size.
#[inline]
fn head(size: u64) -> u64 {
    (size + MAGIC2_BYTES as u64) << 32 | u64::from(MAGIC1)
}

/// The words of an area by which it is told what it holds.
#[derive(Default)]
#[repr(C)]
struct Marks {
    mxcsr: u64,
    magic_and_total: u64,
    components: u64,
    size: u64,
}

/// Bits of MXCSR that there are. The CPU would refuse the others; emulators do not.
const MXCSR_VALID: u64 = 0xffff;

/// Loads from an aligned area of the user's. After an error the state is in between.
fn load_checked(from: usize, features: &Features) -> Result<(), VectorFault> {
    let mut marks = Marks::default();
    // SAFETY: the area is aligned, the user's, and long enough for the marks.
    let fault = unsafe { read_marks(from, &raw mut marks) };
    if fault != 0 || marks.mxcsr & !MXCSR_VALID != 0 {
        return Err(VectorFault);
    }
    let format = extended(from, &marks, features)?;
    let all = if features.xsave {
        features.xsave_components
    } else {
        LEGACY
    };
    let others = !format.unwrap_or(LEGACY) & all;
    if others != 0 {
        load_initial(others); // first, because XRSTOR takes MXCSR along with AVX
    }
    // SAFETY: the area is aligned, the user's, and long enough for all components.
    let fault = unsafe {
        match format {
            Some(components) => xrstor_user(from, components),
            None => fxrstor_user(from),
        }
    };
    if fault == 0 { Ok(()) } else { Err(VectorFault) }
}

/// The components of an area in XSAVE's format; `None` if the marks do not say that it is.
fn extended(from: usize, marks: &Marks, features: &Features) -> Result<Option<u64>, VectorFault> {
    const LEAST: u64 = 576;
    let (magic, total, size) = (
        marks.magic_and_total as u32,
        marks.magic_and_total >> 32,
        marks.size as u32,
    );
    let size = u64::from(size);
    let sizes = LEAST <= size && size <= features.xsave_bytes as u64 && size <= total;
    if !features.xsave || magic != MAGIC1 || !sizes {
        return Ok(None);
    }
    let mut magic2 = 0;
    // SAFETY: `size` is at most that of the state, behind which the checked range has room for the mark.
    if unsafe { read_word(from + size as usize, &raw mut magic2) } != 0 {
        return Err(VectorFault);
    }
    Ok((magic2 == MAGIC2).then_some(marks.components & features.xsave_components))
}

fn check(at: usize, length: usize) -> Result<(), VectorFault> {
    let inside = at.checked_add(length).is_some_and(|end| end <= USER_END);
    if inside && at.is_multiple_of(VECTOR_STATE_ALIGNMENT) {
        Ok(())
    } else {
        Err(VectorFault)
    }
}

/// The legacy region and the header of an XSAVE area in which every component is in its initial state; only the x87
/// control word and MXCSR are taken from the legacy region (SDM 1, 13.6).
#[repr(C, align(64))]
struct Initial([u32; 144]);

static INITIAL: Initial = {
    let mut words = [0; 144];
    words[0] = 0x37f; // FCW: all exceptions masked
    words[6] = 0x1f80; // MXCSR: the same
    Initial(words)
};

/// Puts the current program's vector and floating-point state into the state in which a program starts.
pub fn reset_vector_state() {
    load_initial(u64::MAX);
}

/// Puts those `components` that the CPU has into their initial state.
fn load_initial(components: u64) {
    let area = &raw const INITIAL;
    // SAFETY: ring 0 (elsewhere XCR0 still allows the instruction); the area is aligned and valid. XRSTOR reads nothing
    // behind the header, since the header says that all components are initial.
    unsafe {
        if features().xsave {
            let components = components & vector_components();
            asm!("xrstor64 [{}]", in(reg) area, in("eax") components as u32, in("edx") (components >> 32) as u32, options(nostack));
        } else {
            asm!("fxrstor64 [{}]", in(reg) area, options(nostack));
        }
    }
}

/// An instruction that may fault; the fix-up of all in a function is its label 776.
macro_rules! may_fault {
    ($instruction:literal) => {
        concat!(
            "773: ",
            $instruction,
            "\n",
            ".pushsection .ex_table, \"a\"\n.quad 773b, 776f\n.popsection"
        )
    };
}

pub(super) use may_fault;

/// STAC at a listed site: user pages may be touched from here to the CLAC.
macro_rules! stac {
    () => {
        "772: stac
        .pushsection .smap_sites, \"a\"
        .quad 772b
        .popsection"
    };
}
pub(super) use stac;

/// The end of a function with [`may_fault!`]: user pages are closed again, and it returns 0, or 1 after a fault.
macro_rules! answer {
    () => {
        concat!(
            "xor eax, eax
            775:\n",
            $crate::trap::entry::clac!(),
            "
            ret
            776:
            mov eax, 1
            jmp 775b"
        )
    };
}
pub(super) use answer;

/// Clears the header, saves, and writes the marks: magic number and total size, components, size, and the magic number behind
/// the state. Returns 0, or 1 after a fault.
///
/// # Safety
/// 1. CR4.OSXSAVE is set. `to` is a multiple of 64, and `size` and four bytes from there on lie below `USER_END`.
#[unsafe(naked)]
unsafe extern "sysv64" fn xsave_user(to: usize, head: u64, components: u64, size: u64, magic2: u32) -> u32 {
    naked_asm!(
        "mov r9, rdx", // XSAVE wants a mask in EDX:EAX
        "xor r10d, r10d",
        "mov eax, -1",
        "mov edx, -1",
        stac!(),
        may_fault!("mov [rdi + 512], r10"), // the header: XSAVE writes only the bits of components that it saves
        may_fault!("mov [rdi + 520], r10"),
        may_fault!("mov [rdi + 528], r10"),
        may_fault!("mov [rdi + 536], r10"),
        may_fault!("mov [rdi + 544], r10"),
        may_fault!("mov [rdi + 552], r10"),
        may_fault!("mov [rdi + 560], r10"),
        may_fault!("mov [rdi + 568], r10"),
        may_fault!("xsave64 [rdi]"),
        may_fault!("mov [rdi + 464], rsi"), // bytes 464 to 511 are software's
        may_fault!("mov [rdi + 472], r9"),
        may_fault!("mov [rdi + 480], rcx"),
        may_fault!("mov [rdi + 488], r10"),
        may_fault!("mov [rdi + 496], r10"),
        may_fault!("mov [rdi + 504], r10"),
        may_fault!("mov [rdi + rcx], r8d"),
        answer!(),
    )
}

/// Loads what [`xsave_user`] has stored with the same marks, if it finds them there, and no bit of MXCSR that there is not.
/// Returns 0, or 1 otherwise and after a fault.
///
/// # Safety
/// 1. As [`xsave_user`].
#[unsafe(naked)]
unsafe extern "sysv64" fn xrstor_as_stored(
    from: usize,
    head: u64,
    components: u64,
    size: u64,
    magic2: u32,
) -> u32 {
    naked_asm!(
        stac!(),
        may_fault!("cmp [rdi + 464], rsi"),
        "jne 776f",
        may_fault!("cmp [rdi + 472], rdx"),
        "jne 776f",
        may_fault!("cmp [rdi + 480], rcx"),
        "jne 776f",
        may_fault!("cmp [rdi + rcx], r8d"),
        "jne 776f",
        may_fault!("test dword ptr [rdi + 24], {invalid}"),
        "jnz 776f",
        "mov eax, edx",
        "shr rdx, 32",
        may_fault!("xrstor64 [rdi]"),
        answer!(),
        invalid = const !MXCSR_VALID as u32,
    )
}

/// # Safety
/// 1. `to` is a multiple of 64, and 512 bytes from there on lie below `USER_END`.
#[unsafe(naked)]
unsafe extern "sysv64" fn fxsave_user(to: usize) -> u32 {
    naked_asm!(stac!(), may_fault!("fxsave64 [rdi]"), answer!(),)
}

/// # Safety
/// 1. CR4.OSXSAVE is set. `from` is a multiple of 64, and all components of XCR0 from there on lie below `USER_END`.
#[unsafe(naked)]
unsafe extern "sysv64" fn xrstor_user(from: usize, components: u64) -> u32 {
    naked_asm!(
        "mov eax, esi",
        "mov rdx, rsi",
        "shr rdx, 32",
        stac!(),
        may_fault!("xrstor64 [rdi]"),
        answer!(),
    )
}

/// # Safety
/// 1. `from` is a multiple of 64, and 512 bytes from there on lie below `USER_END`.
#[unsafe(naked)]
unsafe extern "sysv64" fn fxrstor_user(from: usize) -> u32 {
    naked_asm!(stac!(), may_fault!("fxrstor64 [rdi]"), answer!(),)
}

/// Reads MXCSR and the marks of an area. Returns 0, or 1 after a fault.
///
/// # Safety
/// 1. 512 bytes from `from` on lie below `USER_END`; `into` may be written.
#[unsafe(naked)]
unsafe extern "sysv64" fn read_marks(from: usize, into: *mut Marks) -> u32 {
    naked_asm!(
        stac!(),
        may_fault!("mov ecx, [rdi + 24]"),
        may_fault!("mov rdx, [rdi + 464]"),
        may_fault!("mov r8, [rdi + 472]"),
        may_fault!("mov r9, [rdi + 480]"),
        "mov [rsi], rcx",
        "mov [rsi + 8], rdx",
        "mov [rsi + 16], r8",
        "mov [rsi + 24], r9",
        answer!(),
    )
}

/// Reads a word. Returns 0, or 1 after a fault.
///
/// # Safety
/// 1. Four bytes from `from` on lie below `USER_END`; `into` may be written.
#[unsafe(naked)]
unsafe extern "sysv64" fn read_word(from: usize, into: *mut u32) -> u32 {
    naked_asm!(stac!(), may_fault!("mov ecx, [rdi]"), "mov [rsi], ecx", answer!(),)
}

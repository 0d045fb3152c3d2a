//! The first Rust function, and everything up to the kernel's main.

use super::pieces::Pieces;
use super::{layout, start_info};
use crate::cpu::{control, features, local};
use crate::irq::apic;
use crate::memory::{DIRECT_BASE, IMAGE_BASE, MMIO_BASE, OutOfMemory, PAGE_SIZE, PhysAddr, STACKS_BASE};
use crate::memory::{direct, frame, frames};
use crate::paging::kernel;
use crate::sync::Once;
use crate::task::{self, Registers, Task};
use crate::{time, trap, user};
use alloc::boxed::Box;
use alloc::string::String;

unsafe extern "Rust" {
    /// The kernel's main function, which [`entry!`](crate::entry) defines.
    safe fn __threadbare_main() -> !;
}

/// Names the kernel's main function: `entry!(path::to::main)`, with `fn main() -> !`, once in the image.
///
/// It is called on a guarded kernel stack as the first task, with interrupts disabled.
#[macro_export]
macro_rules! entry {
    ($main:path) => {
        #[unsafe(no_mangle)]
        extern "Rust" fn __threadbare_main() -> ! {
            const MAIN: fn() -> ! = $main;
            MAIN()
        }
    };
}

static INITRD: Once<&'static [u8]> = Once::new();
static COMMAND_LINE: Once<&'static str> = Once::new();

/// The initial RAM disk, in place; empty where there is none.
pub fn initrd() -> &'static [u8] {
    INITRD.get().copied().unwrap_or_default()
}

/// The kernel command line.
pub fn command_line() -> &'static str {
    COMMAND_LINE.get().copied().unwrap_or_default()
}

/// Entered from [`super::pvh`] in long mode, on the boot stack and the boot page tables.
pub(super) extern "sysv64" fn start(start_info: u64) -> ! {
    // SAFETY: called once, by the boot code, with what the loader passed; each step relies on those before it, in
    // this order.
    unsafe {
        let told = start_info::read(PhysAddr(start_info));
        patch_smap_sites();
        local::install_boot_cpu();
        let out_of_memory = "this machine has too little memory to boot";
        set_up_memory(&told).expect(out_of_memory);
        trap::install::initialise(local::boot_cpu()).expect(out_of_memory);
        control::enable_protections();
        user::registers::enable();
        apic::initialise().expect(out_of_memory);
        time::start();
        let main =
            Task::new("main", Box::new(()), Registers::Initial, || __threadbare_main()).expect(out_of_memory);
        task::boot_into(main)
    }
}

/// Overwrites STAC and CLAC by NOPs on a CPU without SMAP, where they are invalid. The boot page tables have the
/// kernel's text writable; nothing has executed such an instruction yet.
///
/// # Safety
/// 1. Called once, on the boot page tables, before any trap.
unsafe fn patch_smap_sites() {
    unsafe extern "C" {
        static __smap_sites_start: usize;
        static __smap_sites_end: usize;
    }
    const NOP3: [u8; 3] = [0x0f, 0x1f, 0x00];
    if features().smap {
        return;
    }
    let (start, end) = (&raw const __smap_sites_start, &raw const __smap_sites_end);
    // SAFETY: (1): the section lists the addresses of three-byte instructions.
    unsafe {
        for &site in core::slice::from_raw_parts(start, end.offset_from_unsigned(start)) {
            (site as *mut [u8; 3]).write(NOP3);
        }
    }
}

/// The first MiB is not handed out: firmware tables lie there, and other CPUs start there.
const LOW_FRAMES: usize = (1 << 20) / PAGE_SIZE;
/// What the boot page tables map.
const BOOT_MAPPED_FRAMES: usize = (4 << 30) / PAGE_SIZE;

/// Takes stock of memory, makes the real page tables, and loads them.
///
/// # Safety
/// 1. Called once at boot, on the boot page tables.
unsafe fn set_up_memory(told: &start_info::Told) -> Result<(), OutOfMemory> {
    let (initrd_start, initrd_bytes) = told.initrd;
    let initrd = (
        initrd_start.page_down().frame_number(),
        initrd_start.plus(initrd_bytes).page_up().frame_number(),
    );
    assert!(
        initrd.1 <= BOOT_MAPPED_FRAMES,
        "the initial RAM disk lies above 4 GiB"
    );
    let image = (
        layout::physical().start.frame_number(),
        layout::physical().end.frame_number(),
    );

    // Ordinary memory that is writable by the direct map, and what of it is free.
    let mut writable = Pieces::new();
    for (start, end) in told.usable() {
        writable.add(start.page_up().frame_number(), end.page_down().frame_number());
    }
    writable.remove(image.0, image.1);
    writable.remove(initrd.0, initrd.1);
    let mut free = writable.clone();
    free.remove(0, LOW_FRAMES);
    let highest = free.as_slice().iter().map(|&(_, end)| end).max().unwrap_or(0);
    let tables_frames = frames::table_bytes(highest).div_ceil(PAGE_SIZE);
    let tables = free.take(tables_frames, BOOT_MAPPED_FRAMES).ok_or(OutOfMemory)?;

    // SAFETY: (1): the pieces are ordinary memory by the loader's word, minus all that is used. Until the new tables
    // are loaded, only memory that the boot tables map is handed out.
    unsafe {
        frames::initialise(
            highest,
            PhysAddr::of_frame(tables),
            free.within(0, BOOT_MAPPED_FRAMES).as_slice(),
        );
        frame::set_image(initrd.0, initrd.1);
        COMMAND_LINE.get_or_init(|| String::from_utf8_lossy(told.command_line).into_owned().leak());
        map_kernel(&writable, initrd)?;
        frames::add(free.within(BOOT_MAPPED_FRAMES, usize::MAX).as_slice());
    }
    INITRD.get_or_init(|| {
        // SAFETY: the loader put it there; it is outside the allocator and mapped read-only from now on.
        unsafe { core::slice::from_raw_parts(direct(initrd_start), initrd_bytes) }
    });
    Ok(())
}

/// Builds the kernel's page tables and loads them: the image with W^X, ordinary memory writable, the initial RAM disk
/// read-only. The image is not in the direct map, so no page is writable under one address and executable under another.
///
/// # Safety
/// 1. Called once at boot; all frames handed out so far are mapped by the boot tables.
unsafe fn map_kernel(writable: &Pieces, initrd: (usize, usize)) -> Result<(), OutOfMemory> {
    use crate::paging::kernel::{READ_EXECUTE, READ_ONLY, READ_WRITE, map_range};
    let sections = [
        (layout::text(), READ_EXECUTE),
        (layout::rodata(), READ_ONLY),
        (layout::data(), READ_WRITE),
    ];
    // SAFETY: (1); the rights are those that the text above names.
    unsafe {
        kernel::set_root(&[DIRECT_BASE, STACKS_BASE, MMIO_BASE, IMAGE_BASE])?;
        for (section, bits) in sections {
            let physical = PhysAddr((section.start - IMAGE_BASE) as u64);
            map_range(section.start, physical, section.len(), bits)?;
        }
        let directly = writable.as_slice().iter().map(|&piece| (piece, READ_WRITE));
        for ((start, end), bits) in directly.chain([(initrd, READ_ONLY)]) {
            let from = PhysAddr::of_frame(start);
            map_range(
                DIRECT_BASE + from.0 as usize,
                from,
                (end - start) * PAGE_SIZE,
                bits,
            )?;
        }
        control::set_cr3(kernel::root().0);
    }
    Ok(())
}

//! A machine that does nothing but count, to see whether hardware virtualisation works and is fast.

use super::{memory_file::MemoryFile, stage};
use rustix::{
    event::{PollFd, PollFlags, Timespec},
    process::{Pid, PidfdFlags},
};
use std::{
    io::Write,
    path::Path,
    process::{Command, Stdio},
};

/// How long it may take. Hardware needs about 50 ms, QEMU's start included; an interpreter of instructions several
/// seconds.
const LIMIT: Timespec = Timespec {
    tv_sec: 1,
    tv_nsec: 0,
};
/// QEMU's status when the exit device is given 0x10.
const COUNTED: i32 = 33;

const ADDRESS: u32 = 0x10_0000;

/// Enters long mode, counts from twenty million to zero, ends the machine.
#[rustfmt::skip]
const CODE: [u8; 0x98] = [
    0xc7, 0x05, 0x00, 0x10, 0x10, 0x00, 0x07, 0x20, 0x10, 0x00, // mov dword ptr [0x101000], 0x102007  ; PML4[0]
    0xc7, 0x05, 0x00, 0x20, 0x10, 0x00, 0x07, 0x30, 0x10, 0x00, // mov dword ptr [0x102000], 0x103007  ; PDPT[0]
    0xc7, 0x05, 0x00, 0x30, 0x10, 0x00, 0x87, 0x00, 0x00, 0x00, // mov dword ptr [0x103000], 0x87      ; PD[0]: 2 MiB
    0xb8, 0x00, 0x10, 0x10, 0x00,                               // mov eax, 0x101000
    0x0f, 0x22, 0xd8,                                           // mov cr3, eax
    0x0f, 0x20, 0xe0,                                           // mov eax, cr4
    0x83, 0xc8, 0x20,                                           // or eax, 0x20                        ; PAE
    0x0f, 0x22, 0xe0,                                           // mov cr4, eax
    0xb9, 0x80, 0x00, 0x00, 0xc0,                               // mov ecx, 0xc0000080                 ; EFER
    0x0f, 0x32,                                                 // rdmsr
    0x0d, 0x00, 0x01, 0x00, 0x00,                               // or eax, 0x100                       ; LME
    0x0f, 0x30,                                                 // wrmsr
    0x0f, 0x20, 0xc0,                                           // mov eax, cr0
    0x0d, 0x01, 0x00, 0x00, 0x80,                               // or eax, 0x80000001                  ; PG, PE
    0x0f, 0x22, 0xc0,                                           // mov cr0, eax
    0x0f, 0x01, 0x15, 0x80, 0x00, 0x10, 0x00,                   // lgdt [0x100080]
    0xea, 0x60, 0x00, 0x10, 0x00, 0x08, 0x00,                   // jmp 8:0x100060
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0xb9, 0x00, 0x2d, 0x31, 0x01,                               // 0x60: mov ecx, 20000000
    0xff, 0xc9,                                                 // 0x65: dec ecx
    0x75, 0xfc,                                                 // jne 0x65
    0x66, 0xba, 0xf4, 0x00,                                     // mov dx, 0xf4
    0xb0, 0x10,                                                 // mov al, 0x10
    0xee,                                                       // out dx, al
    0xf4,                                                       // 0x70: hlt
    0xeb, 0xfd,                                                 // jmp 0x70
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0x0f, 0x00, 0x88, 0x00, 0x10, 0x00, 0, 0,                   // 0x80: the GDT's limit and address
    0, 0, 0, 0, 0, 0, 0, 0,                                     // 0x88: null
    0xff, 0xff, 0, 0, 0, 0x9b, 0xaf, 0,                         // 0x90: 64-bit code
];

/// Whether QEMU with KVM counts in time.
pub(super) fn works(qemu: &Path) -> bool {
    counts(stage::command(qemu), "kvm", "host").unwrap_or(false)
}

/// Whether `qemu`, given the rest of its arguments, runs the probe in time.
fn counts(qemu: Command, accelerator: &str, cpu: &str) -> Option<bool> {
    let kernel = MemoryFile::new("probe").ok()?;
    kernel.file().write_all(&image()).ok()?;
    let mut child = command(qemu, accelerator, cpu, &kernel.path()).spawn().ok()?;
    let ended = rustix::process::pidfd_open(Pid::from_child(&child), PidfdFlags::empty()).ok()?;
    let in_time = rustix::event::poll(&mut [PollFd::new(&ended, PollFlags::IN)], Some(&LIMIT));
    // After the end this does nothing.
    let _ = child.kill();
    let status = child.wait().ok()?;
    Some(in_time == Ok(1) && status.code() == Some(COUNTED))
}

fn command(mut qemu: Command, accelerator: &str, cpu: &str, kernel: &str) -> Command {
    qemu.args([
        "-nodefaults",
        "-no-user-config",
        "-display",
        "none",
        "-monitor",
        "none",
        "-no-reboot",
    ])
    .args([
        "-M",
        "microvm,acpi=off,x-option-roms=off",
        "-m",
        "16M",
        "-accel",
        accelerator,
        "-cpu",
        cpu,
    ])
    .args([
        "-device",
        "isa-debug-exit,iobase=0xf4,iosize=4",
        "-kernel",
        kernel,
    ])
    .stdin(Stdio::null())
    .stdout(Stdio::null())
    .stderr(Stdio::null());
    qemu
}

/// The code as an ELF file that a PVH boot loader takes: a file header, two program headers, a note, the code.
fn image() -> Vec<u8> {
    const NOTE: u64 = 64 + 2 * 56;
    const START: u64 = NOTE + 20;
    let mut image = Vec::with_capacity(512);
    image.extend_from_slice(b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0");
    for half in [2u16, 62] {
        image.extend(half.to_le_bytes());
    }
    image.extend(1u32.to_le_bytes());
    for long in [u64::from(ADDRESS), 64, 0] {
        image.extend(long.to_le_bytes());
    }
    image.extend(0u32.to_le_bytes());
    for half in [64u16, 56, 2, 64, 0, 0] {
        image.extend(half.to_le_bytes());
    }
    let address = u64::from(ADDRESS);
    // Type and flags; offset, virtual and physical address, size in the file and in memory, alignment.
    for (kind, flags, rest) in [
        (
            1u32,
            7u32,
            [START, address, address, CODE.len() as u64, 0x4000, 1],
        ),
        (4, 4, [NOTE, 0, 0, 20, 20, 4]),
    ] {
        image.extend(kind.to_le_bytes());
        image.extend(flags.to_le_bytes());
        image.extend(rest.iter().flat_map(|long| long.to_le_bytes()));
    }
    // XEN_ELFNOTE_PHYS32_ENTRY
    for word in [4u32, 4, 18, u32::from_le_bytes(*b"Xen\0"), ADDRESS] {
        image.extend(word.to_le_bytes());
    }
    image.extend_from_slice(&CODE);
    image
}

#[cfg(test)]
mod tests {
    use super::*;
    use object::{LittleEndian, Object, ObjectSegment, read::elf::ElfFile64};

    #[test]
    fn the_image_is_an_elf_file_with_its_code_at_its_entry() {
        let image = image();
        let file = ElfFile64::<LittleEndian>::parse(&*image).unwrap();
        assert_eq!(file.entry(), u64::from(ADDRESS));
        let segment = file.segments().next().unwrap();
        assert_eq!(
            (segment.address(), segment.data().unwrap()),
            (u64::from(ADDRESS), &CODE[..])
        );
    }

    #[test]
    fn a_machine_counts_and_ends() {
        // In software: whether there is hardware is what the probe is to find out.
        if let Ok(qemu) = crate::vm::qemu::find() {
            assert_eq!(counts(Command::new(qemu), "tcg", "max"), Some(true));
        }
    }

    #[test]
    fn counting_ends_where_it_says() {
        // The loop's jump leads back to its decrement, and the far jump to the loop's start.
        assert_eq!(CODE[0x60], 0xb9);
        assert_eq!(&CODE[0x65..0x69], [0xff, 0xc9, 0x75, 0xfc]);
        assert_eq!(&CODE[0x50..0x54], (ADDRESS + 0x60).to_le_bytes());
        assert_eq!(&CODE[0x82..0x86], (ADDRESS + 0x88).to_le_bytes());
    }
}

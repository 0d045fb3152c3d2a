//! The ground for virtio drivers: memory that devices may use, and their registers.
//!
//! Drivers themselves are the `virtio-drivers` crate and safe code above this crate.

use crate::memory::frames::{self, For};
use crate::memory::{DIRECT_BASE, IMAGE_BASE, PAGE_SIZE, PhysAddr, direct};
use crate::paging::kernel::map_device;
use core::ptr::NonNull;
use virtio_drivers::transport::mmio::{MmioTransport, VirtIOHeader};
use virtio_drivers::{BufferDirection, Hal};

/// Memory for virtio queues and buffers, as `virtio-drivers` wants it.
///
/// There is no IOMMU: a device can reach all memory, and is trusted as the machine's own.
#[derive(Debug)]
pub struct MachineHal;

// SAFETY: DMA memory is whole frames of our own, zeroed, reached through the direct map; buffers are translated to the
// physical addresses behind the direct map or the image, where memory is contiguous.
unsafe impl Hal for MachineHal {
    fn dma_alloc(pages: usize, _direction: BufferDirection) -> (u64, NonNull<u8>) {
        let Some(number) = frames::allocate(order(pages), For::Kernel) else {
            return (0, NonNull::dangling());
        };
        let address = PhysAddr::of_frame(number);
        for page in 0..pages {
            // SAFETY: the frames are new and ours.
            unsafe { crate::memory::copy::zero_page(direct(address.plus(page * PAGE_SIZE))) };
        }
        (
            address.0,
            NonNull::new(direct(address)).expect("the direct map is not at 0"),
        )
    }

    unsafe fn dma_dealloc(address: u64, _pointer: NonNull<u8>, pages: usize) -> i32 {
        // SAFETY: the caller's promise: they came from `dma_alloc` and the device is done with them.
        unsafe { frames::release(PhysAddr(address).frame_number(), order(pages)) };
        0
    }

    unsafe fn mmio_phys_to_virt(address: u64, size: usize) -> NonNull<u8> {
        // SAFETY: the caller's promise: these are device registers.
        let at = unsafe { map_device(PhysAddr(address), size) }.expect("there is memory for a page table");
        NonNull::new(at as *mut u8).expect("device registers are not at 0")
    }

    unsafe fn share(buffer: NonNull<[u8]>, _direction: BufferDirection) -> u64 {
        let address = buffer.as_ptr() as *mut u8 as usize;
        match address {
            IMAGE_BASE.. => (address - IMAGE_BASE) as u64,
            DIRECT_BASE..0xffff_c000_0000_0000 => (address - DIRECT_BASE) as u64,
            _ => panic!("a buffer for a device must not lie on a stack: {address:#x}"),
        }
    }

    unsafe fn unshare(_address: u64, _buffer: NonNull<[u8]>, _direction: BufferDirection) {}
}

fn order(pages: usize) -> usize {
    pages.next_power_of_two().trailing_zeros() as usize
}

/// A virtio device at registers in memory that has a driver to come.
pub struct MmioDevice {
    /// The way to its registers.
    pub transport: MmioTransport<'static>,
    /// Its input at the IO-APIC.
    pub interrupt: u32,
}

/// The virtio devices that the loader named on the kernel command line, as Linux takes them:
/// `virtio_mmio.device=<size>@<address>:<interrupt>`. Slots without a device are left out.
pub fn mmio_devices(command_line: &str) -> impl Iterator<Item = MmioDevice> + '_ {
    let named = command_line
        .split_whitespace()
        .filter_map(|word| word.strip_prefix("virtio_mmio.device="));
    named.filter_map(parse).filter_map(|(address, interrupt)| {
        if !is_device_range(address) {
            return None;
        }
        // SAFETY: the address lies in the hole of device registers below 4 GiB, never ordinary memory, and was named as
        // a virtio device's by the loader, once.
        unsafe {
            let at = map_device(address, REGISTERS).ok()?;
            let header = NonNull::new(at as *mut VirtIOHeader)?;
            let transport = MmioTransport::new(header, REGISTERS).ok()?;
            Some(MmioDevice { transport, interrupt })
        }
    })
}

/// Bytes of a device's registers.
const REGISTERS: usize = 512;

/// Whether an address lies where QEMU and Firecracker put device registers: between 3 and 4 GiB, below the APICs.
fn is_device_range(address: PhysAddr) -> bool {
    (0xc000_0000..0xfec0_0000).contains(&address.0)
}

/// `512@0xfeb00e00:12` as address and interrupt.
fn parse(text: &str) -> Option<(PhysAddr, u32)> {
    let (_, rest) = text.split_once('@')?;
    let (address, interrupt) = rest.split_once(':')?;
    let address = u64::from_str_radix(address.strip_prefix("0x")?, 16).ok()?;
    Some((PhysAddr(address), interrupt.split(':').next()?.parse().ok()?))
}

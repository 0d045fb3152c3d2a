//! Addresses as types, and the fixed places of the kernel's half.

/// Bytes in a page.
pub const PAGE_SIZE: usize = 4096;

/// Where physical address 0 appears in the direct map.
#[cfg(target_os = "none")]
pub(crate) const DIRECT_BASE: usize = 0xffff_8000_0000_0000;
/// The region of kernel stacks.
pub(crate) const STACKS_BASE: usize = 0xffff_c000_0000_0000;
/// The region of device registers.
#[cfg(target_os = "none")]
pub(crate) const MMIO_BASE: usize = 0xffff_d000_0000_0000;
/// Where physical address 0 would appear among the image's own addresses.
#[cfg(target_os = "none")]
pub(crate) const IMAGE_BASE: usize = 0xffff_ffff_8000_0000;

/// A physical address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PhysAddr(pub u64);

impl PhysAddr {
    /// The number of the frame that the address lies in.
    pub(crate) fn frame_number(self) -> usize {
        self.0 as usize / PAGE_SIZE
    }

    /// The first address of frame `number`.
    pub(crate) fn of_frame(number: usize) -> Self {
        PhysAddr((number * PAGE_SIZE) as u64)
    }

    /// The address `bytes` further on.
    pub(crate) fn plus(self, bytes: usize) -> Self {
        PhysAddr(self.0 + bytes as u64)
    }

    /// Rounded down to a page.
    pub(crate) fn page_down(self) -> Self {
        PhysAddr(self.0 & !(PAGE_SIZE as u64 - 1))
    }

    /// Rounded up to a page.
    pub(crate) fn page_up(self) -> Self {
        PhysAddr(self.0 + PAGE_SIZE as u64 - 1).page_down()
    }
}

/// The kernel's pointer to what lies at `address`, through the direct map. Making it is harmless; using it is not.
#[cfg(target_os = "none")]
pub(crate) fn direct<T>(address: PhysAddr) -> *mut T {
    (DIRECT_BASE + address.0 as usize) as *mut T
}

/// On the host "physical memory" is one allocation, made on first use.
#[cfg(not(target_os = "none"))]
pub(crate) fn direct<T>(address: PhysAddr) -> *mut T {
    (super::frames::host_memory() + address.0 as usize) as *mut T
}

//! The drivers behind device nodes, by number (`mknod(2)`): a node of any file system opens the same device.

use alloc::collections::BTreeMap;
use alloc::sync::Arc;

use threadbare_machine::sync::SpinLock;

use super::{DeviceNumber, FileOperations, FileType, OpenFlags};
use crate::error::Errno;

/// What a device node opens.
pub trait Device: Send + Sync {
    /// Opens the device.
    ///
    /// # Errors
    /// What `open(2)` says of the type of device.
    fn open(&self, flags: OpenFlags) -> Result<Arc<dyn FileOperations>, Errno>;
}

/// Character devices by major and minor number.
static CHARACTER: SpinLock<BTreeMap<(u32, u32), Arc<dyn Device>>> = SpinLock::new(BTreeMap::new());

/// Lets `device` stand behind the character device `number`. The last to register counts.
pub fn register(number: DeviceNumber, device: Arc<dyn Device>) {
    let _old = CHARACTER.lock().insert((number.major, number.minor), device);
}

/// Opens what stands behind a device node.
///
/// # Errors
/// `ENXIO` if nothing does, and as [`Device::open`].
pub fn open(
    kind: FileType,
    number: DeviceNumber,
    flags: OpenFlags,
) -> Result<Arc<dyn FileOperations>, Errno> {
    if kind != FileType::CharacterDevice {
        return Err(Errno::ENXIO);
    }
    let device = CHARACTER.lock().get(&(number.major, number.minor)).cloned();
    device.ok_or(Errno::ENXIO)?.open(flags)
}

//! `/proc/<pid>/maps`: the address space, a line a mapping.

use alloc::format;
use alloc::vec::Vec;

use threadbare_kernel::error::Errno;
use threadbare_kernel::vfs::proc_source::MappingInfo;
use threadbare_kernel::vfs::{DeviceNumber, Place};

use crate::process::Task;

/// The column in which names begin.
const NAME_COLUMN: usize = 73;

/// `/proc/<pid>/maps`
pub(crate) fn maps(task: &Task) -> Result<Vec<u8>, Errno> {
    let root = task.source.root(task.pid)?;
    let mut text = Vec::new();
    for mapping in task.source.mappings(task.pid)? {
        text.try_reserve(2 * NAME_COLUMN)?;
        append(&mut text, &mapping, &root)?;
    }
    Ok(text)
}

fn append(text: &mut Vec<u8>, mapping: &MappingInfo, root: &Place) -> Result<(), Errno> {
    let bit = |set: bool, letter: char| if set { letter } else { '-' };
    let (device, inode, offset) = match &mapping.file {
        Some((place, offset)) => {
            let device = place
                .mount()
                .map_or(DeviceNumber::new(0, 1), |mount| mount.file_system.device());
            (device, place.inode().metadata().inode, *offset)
        }
        None => (DeviceNumber::default(), 0, 0),
    };
    let line = format!(
        "{:08x}-{:08x} {}{}{}{} {offset:08x} {:02x}:{:02x} {inode} ",
        mapping.range.start,
        mapping.range.end,
        bit(mapping.read, 'r'),
        bit(mapping.write, 'w'),
        bit(mapping.execute, 'x'),
        if mapping.shared { 's' } else { 'p' },
        device.major,
        device.minor,
    );
    text.extend_from_slice(line.as_bytes());
    let name = match &mapping.file {
        Some((place, _)) => place.path(root)?,
        None => mapping.label.as_bytes().to_vec(),
    };
    if !name.is_empty() {
        let padding = NAME_COLUMN.saturating_sub(line.len());
        text.extend(core::iter::repeat_n(b' ', padding));
        append_escaped(text, &name, b"\n")?;
    }
    text.push(b'\n');
    Ok(())
}

/// Appends a path with the bytes of `escaped` as octal numbers, so that lines and columns stay what they are.
pub(crate) fn append_escaped(text: &mut Vec<u8>, path: &[u8], escaped: &[u8]) -> Result<(), Errno> {
    text.try_reserve(path.len().saturating_mul(4))?;
    for byte in path {
        if escaped.contains(byte) {
            text.extend_from_slice(format!("\\{byte:03o}").as_bytes());
        } else {
            text.push(*byte);
        }
    }
    Ok(())
}

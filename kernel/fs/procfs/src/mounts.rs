//! `/proc/<pid>/mounts` and `/proc/<pid>/mountinfo`: what is mounted where.

use alloc::format;
use alloc::sync::Arc;
use alloc::vec::Vec;

use threadbare_kernel::error::Errno;
use threadbare_kernel::vfs::{Mount, Place};

use crate::maps::append_escaped;
use crate::process::Task;

/// The bytes that would break a line into other columns.
const ESCAPED: &[u8] = b" \t\n\\";

/// `/proc/<pid>/mounts`
pub(crate) fn mounts(task: &Task) -> Result<Vec<u8>, Errno> {
    let root = task.source.root(task.pid)?;
    let mut text = Vec::new();
    for mount in task.source.namespace(task.pid)?.mounts()? {
        append_escaped(&mut text, &mount.source, ESCAPED)?;
        text.push(b' ');
        append_escaped(&mut text, &mount_point(&mount, &root)?, ESCAPED)?;
        let rest = format!(" {} {} 0 0\n", mount.file_system.name(), options(&mount));
        text.extend_from_slice(rest.as_bytes());
    }
    Ok(text)
}

/// `/proc/<pid>/mountinfo`
pub(crate) fn mountinfo(task: &Task) -> Result<Vec<u8>, Errno> {
    let root = task.source.root(task.pid)?;
    let mut text = Vec::new();
    for mount in task.source.namespace(task.pid)?.mounts()? {
        let parent = mount
            .on
            .as_ref()
            .and_then(Place::mount)
            .map_or(0, |parent| parent.id);
        let device = mount.file_system.device();
        let start = format!("{} {parent} {}:{} / ", mount.id, device.major, device.minor);
        text.extend_from_slice(start.as_bytes());
        append_escaped(&mut text, &mount_point(&mount, &root)?, ESCAPED)?;
        let middle = format!(" {} - {} ", options(&mount), mount.file_system.name());
        text.extend_from_slice(middle.as_bytes());
        append_escaped(&mut text, &mount.source, ESCAPED)?;
        let end: &[u8] = if mount.options.read_only {
            b" ro\n"
        } else {
            b" rw\n"
        };
        text.extend_from_slice(end);
    }
    Ok(text)
}

fn mount_point(mount: &Arc<Mount>, root: &Place) -> Result<Vec<u8>, Errno> {
    match &mount.on {
        Some(on) => on.path(root),
        None => Ok(b"/".to_vec()),
    }
}

fn options(mount: &Mount) -> alloc::string::String {
    let mut text = alloc::string::String::from(if mount.options.read_only { "ro" } else { "rw" });
    for (set, name) in [
        (mount.options.no_set_id, ",nosuid"),
        (mount.options.no_devices, ",nodev"),
        (mount.options.no_execution, ",noexec"),
    ] {
        text.push_str(if set { name } else { "" });
    }
    text + ",relatime"
}

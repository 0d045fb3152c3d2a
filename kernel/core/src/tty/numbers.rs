//! The terminals of `/dev/pts`, by number (`pts(4)`).

use super::devices;
use super::slave::Slave;
use super::state::Attributes;
use super::terminal::{Far, Master, Terminal};
use crate::error::Errno;
use crate::vfs::{AttributeChange, FileOperations, FileType, Inode, Metadata, OpenFlags};
use alloc::collections::BTreeMap;
use alloc::sync::{Arc, Weak};
use threadbare_machine::sync::SpinLock;
use threadbare_tty::Settings;

/// The most terminals that there may be (`kernel.pty.max`).
const MOST: u32 = 4096;

/// Terminals that may be there; a number whose terminal is gone is free.
static NUMBERS: SpinLock<BTreeMap<u32, Weak<Terminal>>> = SpinLock::new(BTreeMap::new());

/// Makes a terminal with the lowest free number.
///
/// # Errors
/// `ENOSPC` if all numbers are taken; `ENOMEM`.
pub(super) fn create(settings: Settings, attributes: Attributes, far: Far) -> Result<Arc<Terminal>, Errno> {
    let mut numbers = NUMBERS.lock();
    let free = |number: &u32| numbers.get(number).is_none_or(|there| there.strong_count() == 0);
    let number = (0..MOST).find(free).ok_or(Errno::ENOSPC)?;
    let terminal = Terminal::new(number, far, settings, attributes)?;
    let old = numbers.insert(number, Arc::downgrade(&terminal));
    drop(numbers);
    drop(old);
    Ok(terminal)
}

/// A new pseudo-terminal, whose slave cannot be opened yet.
///
/// # Errors
/// As [`create`].
pub(super) fn create_pair(attributes: Attributes) -> Result<Arc<Terminal>, Errno> {
    let terminal = create(Settings::COOKED, attributes, Far::Master(Master::default()))?;
    terminal.with(|state| state.locked = true);
    Ok(terminal)
}

/// The terminal with this number, unless its far side is gone.
pub(super) fn find(number: u32) -> Option<Arc<Terminal>> {
    let terminal = NUMBERS.lock().get(&number)?.upgrade()?;
    (!terminal.with(|state| state.hung_up)).then_some(terminal)
}

/// The first number at or above `from` that a terminal has.
pub fn listed(from: u32) -> Option<u32> {
    let mut from = from;
    loop {
        let number = NUMBERS.lock().range(from..).next().map(|(number, _)| *number)?;
        if find(number).is_some() {
            return Some(number);
        }
        from = number.checked_add(1)?;
    }
}

/// The node of the terminal with this number.
///
/// # Errors
/// `ENOENT` if there is none.
pub fn node(number: u32) -> Result<Arc<Node>, Errno> {
    let terminal = find(number).ok_or(Errno::ENOENT)?;
    Ok(Arc::new(Node { terminal }))
}

/// The number of the inode of a terminal's node: after those of the directory and of `ptmx`, as on Linux.
pub fn inode_of(number: u32) -> u64 {
    u64::from(number) + 3
}

/// A terminal as a file in `/dev/pts`.
#[derive(Debug)]
pub struct Node {
    terminal: Arc<Terminal>,
}

impl Inode for Node {
    fn kind(&self) -> FileType {
        FileType::CharacterDevice
    }

    fn number(&self) -> u64 {
        inode_of(self.terminal.number)
    }

    fn metadata(&self) -> Metadata {
        let attributes = self.terminal.with(|state| state.attributes);
        devices::metadata(self.number(), self.terminal.device(), attributes)
    }

    fn change(&self, change: &AttributeChange) -> Result<(), Errno> {
        self.terminal.with(|state| {
            let now = &mut state.attributes;
            now.permissions = change.permissions.map_or(now.permissions, |bits| bits & 0o7777);
            now.uid = change.uid.unwrap_or(now.uid);
            now.gid = change.gid.unwrap_or(now.gid);
        });
        Ok(())
    }

    fn open(self: Arc<Self>, flags: OpenFlags) -> Result<Arc<dyn FileOperations>, Errno> {
        Ok(Slave::open(&self.terminal, flags)?)
    }
}

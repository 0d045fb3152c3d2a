//! Shared memory of System V (`sysvipc(7)`): memory that processes find by a number.
//!
//! A segment is a file without a name, and a mapping of it is a mapping of that file. So nothing counts who is attached: the
//! mappings hold the file, and who asks for the number has them counted.
//!
//! 1. The table holds the file of a segment until it is removed (`IPC_RMID`); then only its mappings do.
//! 2. An entry whose file is gone is taken out when somebody next looks for one.
//!
//! The lock of the table is held while entries are looked at and changed. No file is made or dropped under it.

use crate::error::Errno;
use crate::vfs::{Capability, Credentials, Inode};
use alloc::sync::{Arc, Weak};
use alloc::vec::Vec;
use threadbare_machine::sync::SpinLock;

/// How many there may be (`SHMMNI`).
pub const MOST: usize = 4096;
/// Numbers are places in the table, and this times how often entries were made (`IPCMNI`).
const PLACES: u32 = 32768;

/// The key that stands for no other segment than a new one.
pub const PRIVATE: u32 = 0;

/// What is known of a segment (`shmctl(2)`).
#[derive(Clone, Debug)]
pub struct Segment {
    /// Its number.
    pub id: u32,
    /// By which it is found; [`PRIVATE`] for none.
    pub key: u32,
    /// In bytes.
    pub size: usize,
    /// Permission bits, as of a file.
    pub mode: u32,
    /// Owner and group.
    pub owner: (u32, u32),
    /// Who has made it.
    pub creator: (u32, u32),
    /// Seconds: when it was last attached, detached, changed.
    pub times: [i64; 3],
    /// Processes: who has made it, who was the last to attach or detach.
    pub processes: [u32; 2],
    file: Hold,
}

#[derive(Clone)]
enum Hold {
    Kept(Arc<dyn Inode>),
    /// It is removed, and lasts as long as mappings of it.
    Removed(Weak<dyn Inode>),
}

impl core::fmt::Debug for Hold {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Hold::Kept(_) => "Kept",
            Hold::Removed(_) => "Removed",
        })
    }
}

#[derive(Default)]
struct Table {
    entries: Vec<Option<Segment>>,
    made: u32,
}

static TABLE: SpinLock<Table> = SpinLock::new(Table {
    entries: Vec::new(),
    made: 0,
});

impl Segment {
    /// A segment that is in no table yet.
    pub fn new(
        key: u32,
        size: usize,
        mode: u32,
        file: Arc<dyn Inode>,
        by: &Credentials,
        process: u32,
    ) -> Segment {
        Segment {
            id: 0,
            key,
            size,
            mode: mode & 0o777,
            owner: (by.euid, by.egid),
            creator: (by.euid, by.egid),
            times: [0; 3],
            processes: [process, 0],
            file: Hold::Kept(file),
        }
    }

    /// The file that it is; `None` once nobody has it any more.
    pub fn file(&self) -> Option<Arc<dyn Inode>> {
        match &self.file {
            Hold::Kept(file) => Some(file.clone()),
            Hold::Removed(file) => file.upgrade(),
        }
    }

    /// Whether it goes with its last mapping.
    pub fn is_removed(&self) -> bool {
        matches!(self.file, Hold::Removed(_))
    }

    /// Checks that `who` may do what the bits of `wanted` say (4 read, 2 write, 1 execute).
    ///
    /// # Errors
    /// `EACCES`.
    pub fn check(&self, who: &Credentials, wanted: u32) -> Result<(), Errno> {
        let granted = if who.euid == self.owner.0 || who.euid == self.creator.0 {
            self.mode >> 6
        } else if who.in_group(self.owner.1) || who.in_group(self.creator.1) {
            self.mode >> 3
        } else {
            self.mode
        };
        if wanted & !granted & 7 == 0 || who.can(Capability::IpcOwner) {
            Ok(())
        } else {
            Err(Errno::EACCES)
        }
    }

    /// Checks that `who` may change or remove it.
    ///
    /// # Errors
    /// `EPERM`.
    pub fn check_owner(&self, who: &Credentials) -> Result<(), Errno> {
        let owns = who.euid == self.owner.0 || who.euid == self.creator.0;
        if owns || who.can(Capability::SysAdmin) {
            Ok(())
        } else {
            Err(Errno::EPERM)
        }
    }
}

/// Puts a new segment in the table, unless its key is taken, and returns its number.
///
/// # Errors
/// `EEXIST`; `ENOSPC` if there are too many; `ENOMEM`.
pub fn add(mut segment: Segment) -> Result<u32, Errno> {
    sweep();
    let mut table = TABLE.lock();
    if segment.key != PRIVATE
        && table
            .entries
            .iter()
            .flatten()
            .any(|other| other.key == segment.key)
    {
        return Err(Errno::EEXIST);
    }
    let free = table.entries.iter().position(Option::is_none);
    let at = free.unwrap_or(table.entries.len());
    if at >= MOST {
        return Err(Errno::ENOSPC);
    }
    if free.is_none() {
        table.entries.try_reserve(1)?;
        table.entries.push(None);
    }
    table.made = (table.made + 1) % (u32::MAX / 2 / PLACES);
    segment.id = table.made * PLACES + u32::try_from(at).unwrap_or(0);
    let id = segment.id;
    if let Some(place) = table.entries.get_mut(at) {
        *place = Some(segment);
    }
    Ok(id)
}

/// Takes out what is removed and mapped nowhere.
fn sweep() {
    loop {
        let gone = {
            let mut table = TABLE.lock();
            let is_gone = |entry: &&mut Option<Segment>| {
                let file = entry.as_ref().map(|segment| &segment.file);
                matches!(file, Some(Hold::Removed(file)) if file.strong_count() == 0)
            };
            table.entries.iter_mut().find(is_gone).and_then(Option::take)
        };
        if gone.is_none() {
            return;
        }
    }
}

/// The segment with this key.
pub fn find_key(key: u32) -> Option<Segment> {
    let table = TABLE.lock();
    table
        .entries
        .iter()
        .flatten()
        .find(|segment| segment.key == key)
        .cloned()
}

/// The segment of which `is_meant` holds.
pub fn find_that(is_meant: impl Fn(&Segment) -> bool) -> Option<Segment> {
    let count = TABLE.lock().entries.len();
    // Files are let go of with the lock released.
    let each = |at| TABLE.lock().entries.get(at).cloned().flatten();
    (0..count).filter_map(each).find(is_meant)
}

/// The segment at a place of the table, and the last place.
pub fn at(place: usize) -> (Option<Segment>, usize) {
    sweep();
    let table = TABLE.lock();
    let last = table.entries.iter().rposition(Option::is_some);
    (table.entries.get(place).cloned().flatten(), last.unwrap_or(0))
}

/// The segment with this number.
///
/// # Errors
/// `EINVAL` if there is none.
pub fn find(id: u32) -> Result<Segment, Errno> {
    sweep();
    with(id, |segment| segment.clone())
}

/// Changes the segment with this number.
///
/// # Errors
/// `EINVAL` if there is none.
pub fn with<T>(id: u32, change: impl FnOnce(&mut Segment) -> T) -> Result<T, Errno> {
    let mut table = TABLE.lock();
    let mut all = table.entries.iter_mut().flatten();
    all.find(|segment| segment.id == id)
        .map(change)
        .ok_or(Errno::EINVAL)
}

/// Removes a segment: nobody finds it by its key any more, and it goes with its last mapping (`IPC_RMID`).
///
/// # Errors
/// `EINVAL` if there is none.
pub fn remove(id: u32) -> Result<(), Errno> {
    let _file = with(id, |segment| {
        segment.key = PRIVATE;
        let Hold::Kept(file) = &segment.file else {
            return None;
        };
        let file = file.clone();
        segment.file = Hold::Removed(Arc::downgrade(&file));
        Some(file)
    })?;
    Ok(())
}

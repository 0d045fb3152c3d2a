//! Who has which name.

use super::socket::{Kind, Socket};
use crate::error::Errno;
use crate::vfs::{Inode, Place};
use alloc::collections::BTreeMap;
use alloc::sync::{Arc, Weak};
use alloc::vec::Vec;
use threadbare_machine::sync::SpinLock;

/// What a name is looked up by: each type of socket has abstract names of its own.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key {
    Abstract(Kind, Vec<u8>),
    /// File system and number of an inode, which keeps its number while a socket is bound to it.
    Inode(usize, u64),
}

/// A name that a socket has.
pub(super) struct Bound {
    pub(super) key: Key,
    /// Keeps the inode's number.
    _inode: Option<Arc<dyn Inode>>,
}

static NAMES: SpinLock<BTreeMap<Key, Weak<Socket>>> = SpinLock::new(BTreeMap::new());

/// Gives `socket` an abstract name.
///
/// # Errors
/// `EADDRINUSE`; `ENOMEM`.
pub(super) fn bind_abstract(socket: &Weak<Socket>, kind: Kind, name: &[u8]) -> Result<Bound, Errno> {
    let key = Key::Abstract(kind, copy(name)?);
    let mut names = NAMES.lock();
    if names.get(&key).is_some_and(|other| other.strong_count() > 0) {
        return Err(Errno::EADDRINUSE);
    }
    names.insert(key.clone(), socket.clone());
    Ok(Bound { key, _inode: None })
}

/// Gives `socket` the name of a file that was just made for it.
pub(super) fn bind_inode(socket: &Weak<Socket>, place: &Place) -> Result<Bound, Errno> {
    let key = key_of(place).ok_or(Errno::EINVAL)?;
    NAMES.lock().insert(key.clone(), socket.clone());
    Ok(Bound {
        key,
        _inode: Some(place.inode().clone()),
    })
}

/// Takes a name back.
pub(super) fn release(bound: &Bound) {
    let removed = NAMES.lock().remove(&bound.key);
    drop(removed);
}

/// The socket of an abstract name.
pub(super) fn find_abstract(kind: Kind, name: &[u8]) -> Result<Option<Arc<Socket>>, Errno> {
    let key = Key::Abstract(kind, copy(name)?);
    Ok(NAMES.lock().get(&key).and_then(Weak::upgrade))
}

/// The socket of a file.
pub(super) fn find_place(place: &Place) -> Option<Arc<Socket>> {
    NAMES.lock().get(&key_of(place)?).and_then(Weak::upgrade)
}

fn key_of(place: &Place) -> Option<Key> {
    let mount = place.mount()?;
    let file_system = Arc::as_ptr(&mount.file_system).cast::<()>() as usize;
    Some(Key::Inode(file_system, place.inode().number()))
}

fn copy(name: &[u8]) -> Result<Vec<u8>, Errno> {
    let mut copy = Vec::new();
    copy.try_reserve_exact(name.len())?;
    copy.extend_from_slice(name);
    Ok(copy)
}

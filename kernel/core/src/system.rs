//! What the system calls itself (`uname(2)`).

use alloc::vec::Vec;
use threadbare_machine::sync::Once;

/// What `uname -r` says: the Linux whose interface this is.
pub const RELEASE: &str = "6.1.0-threadbare";
/// What `uname -v` says.
pub const VERSION: &str = concat!("#1 Threadbare ", env!("CARGO_PKG_VERSION"));

static HOSTNAME: Once<Vec<u8>> = Once::new();

/// What `uname -n` says.
pub fn hostname() -> Vec<u8> {
    HOSTNAME.get().cloned().unwrap_or_else(|| b"threadbare".to_vec())
}

/// Sets what `uname -n` says; only the first call counts.
pub fn set_hostname(name: &[u8]) {
    HOSTNAME.get_or_init(|| name.to_vec());
}

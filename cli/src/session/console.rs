//! Text that comes from QEMU itself or from its first serial port: kept for the end, up to a limit.

use rustix::{fd::AsFd, io::Errno};

/// How many bytes of each are kept.
const CONSOLE_LIMIT: usize = 1 << 20;

/// What came from a console.
#[derive(Default)]
pub(super) struct Console {
    pub(super) bytes: Vec<u8>,
    pub(super) closed: bool,
}

impl Console {
    /// Takes what is there; may block if nothing is.
    pub(super) fn read(&mut self, from: impl AsFd) {
        let mut chunk = [0; 4096];
        match rustix::io::read(from, &mut chunk) {
            Ok(0) => self.closed = true,
            Ok(length) if self.bytes.len() < CONSOLE_LIMIT => self.bytes.extend_from_slice(&chunk[..length]),
            Ok(_) | Err(Errno::INTR | Errno::AGAIN) => {}
            Err(_) => self.closed = true,
        }
    }
}

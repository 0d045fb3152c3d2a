//! [`Options`]: what `setsockopt(2)` sets (`socket(7)`).

use core::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering};

/// The buffer of a socket at first (`net.core.wmem_default`), and the most that may be asked for (`net.core.wmem_max`).
const DEFAULT_BUFFER: usize = 212_992;

/// The least buffers that Linux grants.
const SEND_LEAST: usize = 4608;
const RECEIVE_LEAST: usize = 2304;

/// A direction of data, for what can be set for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timeout {
    /// Of receiving.
    Receive,
    /// Of sending.
    Send,
}

/// What can be set of a socket.
#[derive(Debug)]
pub struct Options {
    send_buffer: AtomicUsize,
    receive_buffer: AtomicUsize,
    /// In nanoseconds; 0 for none.
    send_timeout: AtomicU64,
    receive_timeout: AtomicU64,
    /// Flags that are only kept, as bits by their number.
    kept: AtomicU64,
    /// `SO_PRIORITY`.
    priority: AtomicU32,
    /// `SO_LINGER`: on or off, and seconds.
    linger: AtomicU64,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            send_buffer: AtomicUsize::new(DEFAULT_BUFFER),
            receive_buffer: AtomicUsize::new(DEFAULT_BUFFER),
            send_timeout: AtomicU64::new(0),
            receive_timeout: AtomicU64::new(0),
            kept: AtomicU64::new(0),
            priority: AtomicU32::new(0),
            linger: AtomicU64::new(0),
        }
    }
}

impl Options {
    /// `SO_SNDBUF` as it is told: twice what was asked for.
    pub fn send_buffer(&self) -> usize {
        self.send_buffer.load(Ordering::Relaxed)
    }

    /// `SO_RCVBUF`; it is told, and bounds nothing, as on Linux.
    pub fn receive_buffer(&self) -> usize {
        self.receive_buffer.load(Ordering::Relaxed)
    }

    /// Sets `SO_SNDBUF`.
    pub fn set_send_buffer(&self, asked: usize) {
        let size = asked.min(DEFAULT_BUFFER).saturating_mul(2).max(SEND_LEAST);
        self.send_buffer.store(size, Ordering::Relaxed);
    }

    /// Sets `SO_RCVBUF`.
    pub fn set_receive_buffer(&self, asked: usize) {
        let size = asked.min(DEFAULT_BUFFER).saturating_mul(2).max(RECEIVE_LEAST);
        self.receive_buffer.store(size, Ordering::Relaxed);
    }

    fn timeout_cell(&self, which: Timeout) -> &AtomicU64 {
        match which {
            Timeout::Receive => &self.receive_timeout,
            Timeout::Send => &self.send_timeout,
        }
    }

    /// `SO_RCVTIMEO` and `SO_SNDTIMEO` in nanoseconds; 0 for none.
    pub fn timeout(&self, which: Timeout) -> u64 {
        self.timeout_cell(which).load(Ordering::Relaxed)
    }

    /// Sets a timeout.
    pub fn set_timeout(&self, which: Timeout, nanoseconds: u64) {
        self.timeout_cell(which).store(nanoseconds, Ordering::Relaxed);
    }

    /// Whether an option is set that is only kept.
    pub fn is_set(&self, option: u32) -> bool {
        self.kept.load(Ordering::Relaxed) & bit(option) != 0
    }

    /// Keeps an option.
    pub fn set(&self, option: u32, on: bool) {
        if on {
            self.kept.fetch_or(bit(option), Ordering::Relaxed);
        } else {
            self.kept.fetch_and(!bit(option), Ordering::Relaxed);
        }
    }

    /// `SO_PRIORITY`.
    pub fn priority(&self) -> u32 {
        self.priority.load(Ordering::Relaxed)
    }

    /// Sets `SO_PRIORITY`.
    pub fn set_priority(&self, priority: u32) {
        self.priority.store(priority, Ordering::Relaxed);
    }

    /// `SO_LINGER`: whether, and how many seconds.
    pub fn linger(&self) -> [u32; 2] {
        let both = self.linger.load(Ordering::Relaxed);
        [(both >> 32) as u32, both as u32]
    }

    /// Sets `SO_LINGER`; there is nothing to linger for.
    pub fn set_linger(&self, [on, seconds]: [u32; 2]) {
        let both = u64::from(u32::from(on != 0)) << 32 | u64::from(seconds);
        self.linger.store(both, Ordering::Relaxed);
    }
}

fn bit(option: u32) -> u64 {
    1_u64.checked_shl(option).unwrap_or(0)
}

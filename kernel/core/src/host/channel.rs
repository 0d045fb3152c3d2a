//! What carries the bytes.

/// A channel of bytes to the host. Both methods are called with interrupts disabled.
pub trait ByteChannel: Send {
    /// Sends all bytes, waiting for the device as long as it takes.
    fn send(&mut self, bytes: &[u8]);

    /// Gives everything that has arrived to `take`, in order.
    fn receive(&mut self, take: &mut dyn FnMut(&[u8]));
}

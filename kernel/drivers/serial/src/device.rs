//! The line as a channel.

use alloc::boxed::Box;
use threadbare_kernel::host::{self, ByteChannel};
use threadbare_machine::io::SecondSerial;
use threadbare_machine::irq;

/// COM2's interrupt, by PC convention.
const INTERRUPT: u32 = 3;

struct Channel(SecondSerial);

/// The second serial line, if the machine has one.
pub fn find() -> Option<Box<dyn ByteChannel>> {
    let line = SecondSerial::open()?;
    irq::register(INTERRUPT, host::received).ok()?;
    Some(Box::new(Channel(line)))
}

impl ByteChannel for Channel {
    fn send(&mut self, bytes: &[u8]) {
        self.0.send(bytes);
    }

    fn receive(&mut self, take: &mut dyn FnMut(&[u8])) {
        while let Some(byte) = self.0.receive() {
            take(&[byte]);
        }
    }
}

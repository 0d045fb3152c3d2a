//! Finding and driving the device.

use alloc::boxed::Box;
use embedded_io::{BufRead, ReadReady};
use threadbare_kernel::host::{self, ByteChannel};
use threadbare_machine::io::virtio::{MachineHal, mmio_devices};
use threadbare_machine::{boot, irq};
use virtio_drivers::device::console::VirtIOConsole;
use virtio_drivers::transport::mmio::MmioTransport;
use virtio_drivers::transport::{DeviceType, Transport};

type Console = VirtIOConsole<MachineHal, MmioTransport<'static>>;

struct Channel(Console);

/// The first virtio console of the machine, taken into use.
pub fn find() -> Option<Box<dyn ByteChannel>> {
    let mut devices = mmio_devices(boot::command_line());
    let device = devices.find(|device| device.transport.device_type() == DeviceType::Console)?;
    let console = Console::new(device.transport).ok()?;
    irq::register(device.interrupt, host::received).ok()?;
    Some(Box::new(Channel(console)))
}

impl ByteChannel for Channel {
    fn send(&mut self, bytes: &[u8]) {
        self.0
            .send_bytes(bytes)
            .expect("the virtio console takes what is sent");
    }

    fn receive(&mut self, take: &mut dyn FnMut(&[u8])) {
        self.0
            .ack_interrupt()
            .expect("the virtio console's queue is intact");
        while self.0.read_ready().unwrap_or(false) {
            // All but the last byte at once; `recv` takes the last and hands the buffer back to the device.
            let Ok([rest @ .., _]) = self.0.fill_buf() else {
                break;
            };
            take(rest);
            let length = rest.len();
            self.0.consume(length);
            if let Ok(Some(last)) = self.0.recv(true) {
                take(&[last]);
            }
        }
    }
}

//! `null(4)`, `zero(4)`, `full(4)`, `random(4)`: devices without hardware.

use alloc::sync::Arc;

use threadbare_kernel::error::Errno;
use threadbare_kernel::vfs::devices::{self, Device};
use threadbare_kernel::vfs::{DeviceNumber, File, FileOperations, Offsets, OpenFlags, Sink, Source};

/// Fills a buffer with random bytes.
pub type FillRandom = fn(&mut [u8]);

/// Puts the drivers behind their numbers.
pub fn register(fill_random: FillRandom) {
    let random = Memory::Random(fill_random);
    for (minor, device) in [
        (3, Memory::Null),
        (5, Memory::Zero),
        (7, Memory::Full),
        (8, random),
        (9, random),
    ] {
        devices::register(DeviceNumber::new(1, minor), Arc::new(device));
    }
}

/// A device without hardware, and what is opened of it.
#[derive(Clone, Copy)]
pub(crate) enum Memory {
    /// Always at its end; swallows everything.
    Null,
    /// Zeroes without end; swallows everything.
    Zero,
    /// Zeroes without end; always full.
    Full,
    /// Random bytes without end; swallows everything.
    Random(FillRandom),
}

impl Device for Memory {
    fn open(&self, _: OpenFlags) -> Result<Arc<dyn FileOperations>, Errno> {
        Ok(Arc::new(*self))
    }
}

impl FileOperations for Memory {
    fn offsets(&self) -> Offsets {
        Offsets::Ignored
    }

    fn read(&self, _: &File, _: u64, sink: &mut dyn Sink) -> Result<usize, Errno> {
        let wanted = sink.remaining();
        match self {
            Memory::Null => Ok(0),
            Memory::Zero | Memory::Full => match sink.put_zeroes(wanted) {
                Ok(()) => Ok(wanted),
                Err(errno) if sink.remaining() == wanted => Err(errno),
                Err(_) => Ok(wanted - sink.remaining()),
            },
            Memory::Random(random) => fill(sink, |sink, count| {
                let mut buffer = [0; PART];
                let part = buffer.get_mut(..count).unwrap_or_default();
                random(part);
                sink.put(part)
            })
            .map(|()| wanted - sink.remaining()),
        }
    }

    fn write(&self, _: &File, _: u64, source: &mut dyn Source) -> Result<usize, Errno> {
        match self {
            Memory::Full => Err(Errno::ENOSPC),
            // As Linux does, without looking at what is written.
            Memory::Null | Memory::Zero | Memory::Random(_) => Ok(source.remaining()),
        }
    }
}

/// How much is made at a time.
const PART: usize = 512;

/// Fills a sink part by part. A fault after the first part is not reported: the count is.
fn fill(
    sink: &mut dyn Sink,
    mut part: impl FnMut(&mut dyn Sink, usize) -> Result<(), Errno>,
) -> Result<(), Errno> {
    let wanted = sink.remaining();
    while sink.remaining() > 0 {
        let count = sink.remaining().min(PART);
        match part(sink, count) {
            Ok(()) => {}
            Err(errno) if sink.remaining() == wanted => return Err(errno),
            Err(_) => break,
        }
    }
    Ok(())
}

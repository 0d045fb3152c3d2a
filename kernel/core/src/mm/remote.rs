//! Reading and writing memory that is not loaded: another process', for `/proc` and `process_vm_readv(2)`.

use super::address_space::AddressSpace;
use super::fault::Touch;
use threadbare_machine::memory::{Frame, PAGE_SIZE};

impl AddressSpace {
    /// Copies bytes from `address` on and returns how many could be read.
    pub fn read(&mut self, address: usize, into: &mut [u8]) -> usize {
        self.walk(address, into.len(), Touch::Read, |frame, offset, done, length| {
            if let Some(part) = into.get_mut(done..done + length) {
                frame.read(offset, part);
            }
        })
    }

    /// Copies bytes to `address` on and returns how many could be written.
    pub fn write(&mut self, address: usize, from: &[u8]) -> usize {
        self.walk(
            address,
            from.len(),
            Touch::Write,
            |frame, offset, done, length| {
                if let Some(part) = from.get(done..done + length) {
                    frame.write(offset, part);
                }
            },
        )
    }

    /// Brings in page by page what `length` bytes from `address` on touch, and gives for each piece its frame, its offset
    /// there, how much came before it and its length. Ends where a page cannot be had.
    fn walk(
        &mut self,
        address: usize,
        length: usize,
        touch: Touch,
        mut piece: impl FnMut(&Frame, usize, usize, usize),
    ) -> usize {
        let mut done = 0;
        while done < length {
            let Some(at) = address.checked_add(done) else {
                break;
            };
            if self.fault(at, touch).is_err() {
                break;
            }
            let offset = at % PAGE_SIZE;
            let Some(mapping) = self.space.lookup(at - offset) else {
                break;
            };
            let part = (PAGE_SIZE - offset).min(length - done);
            piece(&mapping.frame, offset, done, part);
            done += part;
        }
        done
    }
}

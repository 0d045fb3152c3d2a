//! Little-endian fields at fixed offsets of a record.

/// A record of `N` bytes whose fields are read by offset. An offset outside of the record reads as zero: offsets
/// are constants of this crate, and its tests read every one of them.
pub(crate) struct Record<'a, const N: usize>(pub(crate) &'a [u8; N]);

impl<const N: usize> Record<'_, N> {
    fn bytes<const SIZE: usize>(&self, offset: usize) -> [u8; SIZE] {
        let field = self.0.get(offset..).and_then(<[u8]>::first_chunk::<SIZE>);
        field.copied().unwrap_or([0; SIZE])
    }

    pub(crate) fn u16(&self, offset: usize) -> u16 {
        u16::from_le_bytes(self.bytes(offset))
    }

    pub(crate) fn u32(&self, offset: usize) -> u32 {
        u32::from_le_bytes(self.bytes(offset))
    }

    pub(crate) fn u64(&self, offset: usize) -> u64 {
        u64::from_le_bytes(self.bytes(offset))
    }
}

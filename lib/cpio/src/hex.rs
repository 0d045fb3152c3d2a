//! Eight hexadecimal digits at once.

/// The number that eight hexadecimal digits of either case spell, most significant first; `None` if any byte is
/// not such a digit.
///
/// All eight bytes are worked on in one register: an archive has a hundred digits an entry, and they are read
/// while the machine boots.
pub(crate) fn parse(digits: [u8; 8]) -> Option<u32> {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let bytes = u64::from_be_bytes(digits);
    // 1 in each byte that looks like a letter: digits are 0x30..=0x39, letters 0x41..=0x46 and 0x61..=0x66.
    let letter = (bytes >> 6) & ONES;
    // At most 0x0f + 9, so that no byte carries into the next.
    let value = (bytes & (0x0f * ONES)) + 9 * letter;
    let lowercase = bytes | (letter << 5);
    let spelled = value + 0x30 * ONES + 0x27 * letter;
    // 1 in each byte whose value is at least 10, which is to be so for letters and for nothing else.
    let ten_or_more = ((value + 6 * ONES) >> 4) & ONES;
    let too_large = value & (0x10 * ONES);
    if lowercase != spelled || ten_or_more != letter || too_large != 0 {
        return None;
    }
    let pairs = (value | (value >> 4)) & 0x00ff_00ff_00ff_00ff;
    let quads = (pairs | (pairs >> 8)) & 0x0000_ffff_0000_ffff;
    u32::try_from((quads | (quads >> 16)) & 0xffff_ffff).ok()
}

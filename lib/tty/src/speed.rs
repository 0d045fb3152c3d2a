//! Line speeds: the codes in `c_cflag`, and bits per second. A speed means nothing to a terminal without a line, but
//! programs read back what they set.

use linux_raw_sys::general as linux;

/// What [`linux::CBAUD`]'s codes mean: 0 to 15, then those with [`linux::CBAUDEX`].
const LOW: [u32; 16] = [
    0, 50, 75, 110, 134, 150, 200, 300, 600, 1200, 1800, 2400, 4800, 9600, 19_200, 38_400,
];
const HIGH: [u32; 16] = [
    0, 57_600, 115_200, 230_400, 460_800, 500_000, 576_000, 921_600, 1_000_000, 1_152_000, 1_500_000,
    2_000_000, 2_500_000, 3_000_000, 3_500_000, 4_000_000,
];

/// The speed that a code means; `other` if the code is `BOTHER`.
fn of_code(code: u32, other: u32) -> u32 {
    let table = if code & linux::CBAUDEX == 0 { &LOW } else { &HIGH };
    let index = usize::try_from(code & 0o17).unwrap_or(0);
    if code == linux::BOTHER {
        other
    } else {
        table.get(index).copied().unwrap_or(0)
    }
}

/// Output speed of a `c_cflag`; `other` if it leaves that to `c_ospeed`.
pub(crate) fn output(cflag: u32, other: u32) -> u32 {
    of_code(cflag & linux::CBAUD, other)
}

/// Input speed: its own code, or if that is 0 the output's.
pub(crate) fn input(cflag: u32, other: u32, output: u32) -> u32 {
    match cflag >> linux::IBSHIFT & linux::CBAUD {
        0 => output,
        code => of_code(code, other),
    }
}

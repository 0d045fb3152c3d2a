//! `adjtimex(2)`, `clock_adjtime(2)`: how the wall clock is disciplined. It is not: it runs as it was set.

use super::Call;
use crate::clock;
use crate::error::Errno;
use crate::vfs::Capability;
use linux_raw_sys::general as linux;

/// `struct timex`, in words of eight bytes: `modes` with its padding first, the time at [`TIME`].
type Timex = [u64; 26];

const MAX_ERROR: usize = 3;
const ESTIMATED_ERROR: usize = 4;
const STATUS: usize = 5;
const CONSTANT: usize = 6;
const PRECISION: usize = 7;
const TOLERANCE: usize = 8;
const TIME: usize = 9;
const TICK: usize = 11;

/// `STA_UNSYNC`: nobody has compared the clock with another.
const UNSYNCHRONISED: u64 = 0x40;
/// `TIME_ERROR`, which says the same.
const TIME_ERROR: usize = 5;
/// `ADJ_OFFSET_SS_READ`, the one mode that changes nothing.
const SINGLE_SHOT_READ: u32 = 0xa001;
/// What Linux says of a clock in this state: 16 s, and 500 parts in a million, in its unit.
const UNKNOWN_ERROR: u64 = 16_000_000;
const TOLERATED: u64 = 500 << 16;

/// `adjtimex(2)`.
pub(super) fn adjtimex(call: &mut Call<'_>, [buffer, ..]: [usize; 6]) -> Result<usize, Errno> {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "modes are the lower half of the first word"
    )]
    let modes = call.read::<Timex>(buffer)?[0] as u32;
    if modes != 0 && modes != SINGLE_SHOT_READ {
        if !call.process().credentials().can(Capability::SysTime) {
            return Err(Errno::EPERM);
        }
        return Err(call.missing("adjtimex that changes the clock".into(), Errno::EPERM));
    }
    let now = clock::realtime();
    let mut state: Timex = [0; 26];
    state[0] = u64::from(modes);
    state[MAX_ERROR] = UNKNOWN_ERROR;
    state[ESTIMATED_ERROR] = UNKNOWN_ERROR;
    state[STATUS] = UNSYNCHRONISED;
    state[CONSTANT] = 2;
    state[PRECISION] = 1;
    state[TOLERANCE] = TOLERATED;
    state[TIME] = now / 1_000_000_000;
    state[TIME + 1] = now % 1_000_000_000 / 1000;
    state[TICK] = 10_000;
    call.write(buffer, &state)?;
    Ok(TIME_ERROR)
}

/// `clock_adjtime(2)`: only the wall clock can be asked.
pub(super) fn clock_adjtime(call: &mut Call<'_>, [clock, buffer, ..]: [usize; 6]) -> Result<usize, Errno> {
    if clock == linux::CLOCK_REALTIME as usize {
        return adjtimex(call, [buffer, 0, 0, 0, 0, 0]);
    }
    super::times::clock(call, clock)?;
    Err(Errno::EOPNOTSUPP)
}

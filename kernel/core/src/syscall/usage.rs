//! What has been used: `getrusage(2)`, `times(2)`.

use super::Call;
use super::call::int;
use crate::clock;
use crate::error::Errno;
use crate::process::{TICK, Times};

const SECOND: u64 = 1_000_000_000;
const MICROSECOND: u64 = 1000;

/// `struct rusage`. What Linux does not count either is zero.
pub(super) fn rusage(times: &Times) -> [u64; 18] {
    let mut usage = [0; 18];
    usage[0] = times.user / SECOND;
    usage[1] = times.user % SECOND / MICROSECOND;
    usage[2] = times.system / SECOND;
    usage[3] = times.system % SECOND / MICROSECOND;
    usage[4] = times.most_resident / 1024;
    usage[8] = times.faults;
    usage[16] = times.voluntary_switches;
    usage[17] = times.involuntary_switches;
    usage
}

/// `getrusage(2)`.
pub(super) fn getrusage(call: &mut Call<'_>, [who, to, ..]: [usize; 6]) -> Result<usize, Errno> {
    const RUSAGE_SELF: i32 = 0;
    const RUSAGE_CHILDREN: i32 = -1;
    const RUSAGE_THREAD: i32 = 1;
    let times = match int(who) {
        RUSAGE_SELF => call.process().own_times(),
        RUSAGE_CHILDREN => call.process().usage.lock().children,
        RUSAGE_THREAD => Times {
            most_resident: call.process().own_times().most_resident,
            ..call.thread.times()
        },
        _ => return Err(Errno::EINVAL),
    };
    call.write(to, &rusage(&times))?;
    Ok(0)
}

/// `times(2)`: in hundredths of a second.
pub(super) fn times(call: &mut Call<'_>, [to, ..]: [usize; 6]) -> Result<usize, Errno> {
    let own = call.process().own_times();
    let children = call.process().usage.lock().children;
    let ticks = [own.user, own.system, children.user, children.system].map(|time| time / TICK);
    call.write_if_wanted(to, &ticks)?;
    Ok(usize::try_from(clock::monotonic() / TICK).unwrap_or(usize::MAX))
}

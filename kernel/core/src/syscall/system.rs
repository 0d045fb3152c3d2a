//! Calls about the machine as a whole.

use super::Call;
use super::memory::UserMemory;
use crate::error::Errno;
use crate::{clock, random};
use linux_raw_sys::general as linux;
use threadbare_machine::memory::{PAGE_SIZE, usage};
use zerocopy::{Immutable, IntoBytes};

/// `struct sysinfo`.
#[derive(IntoBytes, Immutable)]
#[repr(C)]
struct SystemInformation {
    uptime: u64,
    loads: [u64; 3],
    total_memory: u64,
    free_memory: u64,
    shared_memory: u64,
    buffer_memory: u64,
    total_swap: u64,
    free_swap: u64,
    processes: u16,
    padding: [u16; 3],
    total_high: u64,
    free_high: u64,
    unit: u32,
    end: u32,
}

/// `sysinfo(2)`.
pub(super) fn sysinfo(call: &mut Call<'_>, [to, ..]: [usize; 6]) -> Result<usize, Errno> {
    let frames = usage();
    let information = SystemInformation {
        uptime: clock::monotonic() / 1_000_000_000,
        loads: [0; 3],
        total_memory: (frames.total * PAGE_SIZE) as u64,
        free_memory: (frames.free * PAGE_SIZE) as u64,
        shared_memory: 0,
        buffer_memory: 0,
        total_swap: 0,
        free_swap: 0,
        processes: 1,
        padding: [0; 3],
        total_high: 0,
        free_high: 0,
        unit: 1,
        end: 0,
    };
    call.write(to, &information)?;
    Ok(0)
}

/// `getrandom(2)`: the generator is seeded before the first program runs, so it never blocks.
pub(super) fn getrandom(call: &mut Call<'_>, [to, length, flags, ..]: [usize; 6]) -> Result<usize, Errno> {
    let known = (linux::GRND_NONBLOCK | linux::GRND_RANDOM | linux::GRND_INSECURE) as usize;
    let both = (linux::GRND_RANDOM | linux::GRND_INSECURE) as usize;
    if flags & !known != 0 || flags & both == both {
        return Err(Errno::EINVAL);
    }
    let length = length.min(i32::MAX as usize);
    let mut part = [0; 256];
    let mut done = 0;
    while done < length {
        let now = (length - done).min(part.len());
        random::fill(&mut part[..now]);
        match call.memory().write_bytes(to.wrapping_add(done), &part[..now]) {
            Ok(()) => done += now,
            Err(_) if done > 0 => break,
            Err(error) => return Err(error),
        }
        if call.thread.is_ending() {
            break;
        }
    }
    Ok(done)
}

/// `getcpu(2)`.
pub(super) fn getcpu(call: &mut Call<'_>, [cpu, node, ..]: [usize; 6]) -> Result<usize, Errno> {
    call.write_if_wanted(cpu, &0u32)?;
    call.write_if_wanted(node, &0u32)?;
    Ok(0)
}

/// `membarrier(2)`: with one CPU every command is fulfilled by having been asked.
pub(super) fn membarrier(_: &mut Call<'_>, [command, flags, ..]: [usize; 6]) -> Result<usize, Errno> {
    const QUERY: usize = 0;
    const SUPPORTED: usize = 0x1f; // global, global expedited, private expedited, and registering for the two
    match command {
        _ if flags != 0 => Err(Errno::EINVAL),
        QUERY => Ok(SUPPORTED),
        command if command.is_power_of_two() && command & SUPPORTED != 0 => Ok(0),
        _ => Err(Errno::EINVAL),
    }
}

//! What a program may ask of the host's terminal. Its line discipline is the host's: settings can be read but not
//! changed.

use crate::error::Errno;
use crate::syscall::memory::UserMemory;
use linux_raw_sys::{general as linux, ioctl};
use threadbare_link::WindowSize;

/// Serves a terminal's `ioctl`.
pub(super) fn ioctl(
    window: WindowSize,
    request: u32,
    argument: usize,
    memory: &dyn UserMemory,
) -> Result<usize, Errno> {
    match request {
        ioctl::TCGETS => memory.write_bytes(argument, &settings())?,
        ioctl::TIOCGWINSZ => {
            let WindowSize {
                rows,
                columns,
                width_pixels,
                height_pixels,
            } = window;
            let words = [rows, columns, width_pixels, height_pixels];
            let mut bytes = [0; 8];
            for (place, word) in bytes.chunks_exact_mut(2).zip(words) {
                place.copy_from_slice(&word.to_le_bytes());
            }
            memory.write_bytes(argument, &bytes)?;
        }
        ioctl::TIOCGPGRP => memory.write_bytes(argument, &1u32.to_le_bytes())?,
        _ => return Err(Errno::ENOTTY),
    }
    Ok(0)
}

/// `struct termios` as the kernel has it: a terminal in cooked mode.
fn settings() -> [u8; 36] {
    let words = [
        linux::ICRNL | linux::IXON,
        linux::OPOST | linux::ONLCR,
        linux::B38400 | linux::CS8 | linux::CREAD,
        linux::ISIG
            | linux::ICANON
            | linux::ECHO
            | linux::ECHOE
            | linux::ECHOK
            | linux::ECHOCTL
            | linux::IEXTEN,
    ];
    // ^C ^\ DEL ^U ^D 0 1 0 ^Q ^S ^Z 0 ^R ^O ^W ^V
    let control = [3, 28, 127, 21, 4, 0, 1, 0, 17, 19, 26, 0, 18, 15, 23, 22, 0, 0, 0];
    let mut bytes = [0; 36];
    for (place, word) in bytes.chunks_exact_mut(4).zip(words) {
        place.copy_from_slice(&word.to_le_bytes());
    }
    bytes[17..].copy_from_slice(&control);
    bytes
}

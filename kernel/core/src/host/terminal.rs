//! What a program may ask of the host's terminal, where it has none of its own. The line discipline is the host's: settings
//! can be read but not changed, and it controls no session.

use crate::error::Errno;
use crate::syscall::memory::UserMemory;
use crate::tty::window_bytes;
use linux_raw_sys::ioctl;
use threadbare_link::WindowSize;
use threadbare_machine::sync::SpinLock;
use threadbare_tty::Settings;

static WINDOW: SpinLock<WindowSize> = SpinLock::new(WindowSize {
    rows: 0,
    columns: 0,
    width_pixels: 0,
    height_pixels: 0,
});

/// Notes the size of the host's terminal; says whether it is another one.
pub fn set_window(window: WindowSize) -> bool {
    core::mem::replace(&mut *WINDOW.lock(), window) != window
}

/// Serves a terminal's `ioctl`.
pub(super) fn ioctl(request: u32, argument: usize, memory: &dyn UserMemory) -> Result<usize, Errno> {
    let settings = Settings::COOKED.to_bytes();
    let window = *WINDOW.lock();
    match request {
        ioctl::TCGETS => memory.write_bytes(argument, settings.get(..Settings::SIZE).unwrap_or_default())?,
        ioctl::TCGETS2 => memory.write_bytes(argument, &settings)?,
        ioctl::TIOCGWINSZ => memory.write_bytes(argument, &window_bytes(window))?,
        _ => return Err(Errno::ENOTTY),
    }
    Ok(0)
}

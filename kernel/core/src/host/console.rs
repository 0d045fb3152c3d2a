//! What the machine's terminal needs of the link: keys, room for output, and what the host tells of signals and size.

use super::link::{CHANGED, LINK, index};
use super::streams;
use crate::error::Errno;
use alloc::vec::Vec;
use threadbare_link::{GuestMessage, OutputStream, WINDOW, WindowSize};

/// The screen.
const SCREEN: OutputStream = OutputStream::Stdout;

/// Waits until `ready` gives something; it is asked again after each message of the host, and after [`look_again`].
pub(crate) fn wait<T>(ready: impl FnMut() -> Option<T>) -> T {
    CHANGED.wait(ready)
}

/// Lets whoever waits here ask again.
pub(crate) fn look_again() {
    CHANGED.wake_all();
}

/// Asks for at most so many keys, unless that has been done, and takes those that have come. None at all: the end.
pub(crate) fn take_keys(most: usize) -> Option<Result<Vec<u8>, Errno>> {
    streams::ask(most);
    streams::take_input(most)
}

/// How many bytes the screen takes now.
pub(crate) fn room() -> usize {
    let link = LINK.lock();
    let output = link
        .as_ref()
        .map(|link| link.outputs[index(SCREEN)])
        .unwrap_or_default();
    let room = match output.broken {
        Some(_) => WINDOW, // nobody looks: it goes nowhere, and keeps nobody waiting
        None => WINDOW.saturating_sub(output.on_the_way),
    };
    usize::try_from(room).unwrap_or(0)
}

/// Shows bytes, not more than there is [`room`] for. `false`: there was no memory for that, and nothing was done.
pub(crate) fn show(bytes: &[u8]) -> bool {
    let mut frame = Vec::new();
    let message = GuestMessage::Write {
        stream: SCREEN,
        data: bytes,
    };
    if message.append_to(&mut frame).is_err() {
        return false;
    }
    if let Some(link) = LINK.lock().as_mut() {
        let output = &mut link.outputs[index(SCREEN)];
        if output.broken.is_none() {
            let count = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
            output.on_the_way = output.on_the_way.saturating_add(count);
            link.send_frame(&frame);
        }
    }
    true
}

/// A signal that the host sent for the program, if one has come.
pub(crate) fn take_signal() -> Option<u8> {
    let mut link = LINK.lock();
    let signals = &mut link.as_mut()?.signals;
    let first = u8::try_from(signals.trailing_zeros())
        .ok()
        .filter(|first| *first < 64)?;
    *signals &= *signals - 1;
    Some(first)
}

/// The size that the host's terminal has now, if that is news.
pub(crate) fn take_window() -> Option<WindowSize> {
    LINK.lock().as_mut()?.window.take()
}

//! Frames in and out.

use super::channel::ByteChannel;
use crate::error::Errno;
use crate::process::ExitStatus;
use crate::report;
use crate::sched::WaitQueue;
use crate::vfs::{Readiness, Watchers};
use alloc::boxed::Box;
use alloc::vec::Vec;
use threadbare_link::{
    Decoder, Features, GuestMessage, HostMessage, LogLevel, OutputStream, VERSION, WindowSize,
};
use threadbare_machine::io::{Ending, end};
use threadbare_machine::sync::SpinLock;

/// What standard input is doing.
#[derive(Debug)]
pub(super) enum Input {
    /// Nothing has been asked for.
    Idle,
    /// The host has been asked.
    Asked,
    /// These bytes have come, and are read from this place on.
    Ready(Vec<u8>, usize),
    /// The end of the file has come.
    End,
    /// Reading failed.
    Failed(Errno),
}

/// What an output stream is doing.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Output {
    /// Bytes sent and not acknowledged.
    pub(super) on_the_way: u32,
    /// What each further write fails with.
    pub(super) broken: Option<Errno>,
}

pub(super) struct Link {
    channel: Box<dyn ByteChannel>,
    decoder: Decoder,
    log_level: Option<LogLevel>,
    pub(super) input: Input,
    pub(super) wait: InputWait,
    pub(super) outputs: [Output; 2],
    /// Signals for the program that nobody has delivered yet, each by the bit of its number.
    pub(super) signals: u64,
    /// The size that the terminal has, if nobody has taken note of it yet.
    pub(super) window: Option<WindowSize>,
}

/// What is known of standard input without reading it (`poll(2)`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum InputWait {
    /// Nothing has been asked.
    Unknown,
    /// The host has been asked to tell.
    Asked,
    /// A read would not wait.
    Ready,
}

pub(super) static LINK: SpinLock<Option<Link>> = SpinLock::new(None);

/// Woken whenever a message of the host has changed something.
pub(super) static CHANGED: WaitQueue = WaitQueue::new();

/// Those who poll a standard stream: told at the same time.
pub(super) static WATCHERS: Watchers = Watchers::new();

/// Takes the channel into use, and greets.
pub fn connect(channel: Box<dyn ByteChannel>, log_level: Option<LogLevel>) {
    *LINK.lock() = Some(Link {
        channel,
        decoder: Decoder::new(),
        log_level,
        input: Input::Idle,
        wait: InputWait::Unknown,
        outputs: [Output::default(); 2],
        signals: 0,
        window: None,
    });
    send(&GuestMessage::Hello {
        version: VERSION,
        features: Features::SIGNALS.union(Features::RESIZE),
    });
}

/// Sends a message. One that cannot be encoded for want of memory is dropped.
pub fn send(message: &GuestMessage<'_>) {
    let mut frame = Vec::new();
    if message.append_to(&mut frame).is_ok()
        && let Some(link) = LINK.lock().as_mut()
    {
        link.channel.send(&frame);
    }
}

/// Logs a line, if the user wants such lines.
pub fn log(level: LogLevel, text: &str) {
    let wanted = LINK
        .lock()
        .as_ref()
        .and_then(|link| link.log_level)
        .is_some_and(|most| level <= most);
    if wanted || level == LogLevel::Error {
        send(&GuestMessage::Log { level, text });
    }
}

/// In interrupt context: the channel has something.
pub fn received() {
    let mut guard = LINK.lock();
    let Some(link) = guard.as_mut() else { return };
    let decoder = &mut link.decoder;
    let mut whole = true;
    link.channel
        .receive(&mut |bytes| whole &= decoder.push(bytes).is_ok());
    let mut changed = false;
    loop {
        match link.decoder.next_payload() {
            Ok(Some(payload)) => {
                let message = HostMessage::decode(payload);
                changed |= match message {
                    Ok(HostMessage::Signal { signal }) => {
                        link.signals |= 1u64.checked_shl(u32::from(signal)).unwrap_or(0);
                        true
                    }
                    Ok(HostMessage::Resize(window)) => {
                        link.window = Some(window);
                        true
                    }
                    message => apply(&mut link.input, &mut link.wait, &mut link.outputs, message.ok()),
                };
            }
            Ok(None) => break,
            Err(_) => {
                whole = false;
                break;
            }
        }
    }
    drop(guard);
    assert!(whole, "the host's messages cannot be understood any more");
    if changed {
        CHANGED.wake_all();
        WATCHERS.notify(Readiness::ALL);
    }
}

fn apply(
    input: &mut Input,
    wait: &mut InputWait,
    outputs: &mut [Output; 2],
    message: Option<HostMessage<'_>>,
) -> bool {
    match message {
        Some(HostMessage::InputReady) => *wait = InputWait::Ready,
        Some(HostMessage::Input { data: [] }) => *input = Input::End,
        Some(HostMessage::Input { data }) => *input = Input::Ready(data.to_vec(), 0),
        Some(HostMessage::InputError { errno }) => *input = Input::Failed(Errno::from_number(errno)),
        Some(HostMessage::Written { stream, bytes }) => {
            let output = &mut outputs[index(stream)];
            output.on_the_way = output.on_the_way.saturating_sub(bytes);
        }
        Some(HostMessage::Broken { stream, errno }) => {
            outputs[index(stream)] = Output {
                on_the_way: 0,
                broken: Some(Errno::from_number(errno)),
            };
        }
        _ => return false,
    }
    true
}

/// The place of a stream among the outputs.
pub(super) fn index(stream: OutputStream) -> usize {
    match stream {
        OutputStream::Stdout => 0,
        OutputStream::Stderr => 1,
    }
}

impl Link {
    /// Sends a message that is already framed.
    pub(super) fn send_frame(&mut self, frame: &[u8]) {
        self.channel.send(frame);
    }
}

/// Tells the host how the program ended and ends the machine.
pub fn finish(status: ExitStatus) -> ! {
    super::regular::leave_positions();
    report::send_missing();
    crate::trace::send_statistics();
    let status = match status {
        ExitStatus::Exited(status) => threadbare_link::ExitStatus::Exited(status),
        ExitStatus::Signaled(signal) => threadbare_link::ExitStatus::Signaled(signal),
    };
    send(&GuestMessage::Exit(status));
    end(Ending::Orderly)
}

//! The program's standard streams: threads that may block, so that nothing else does.
//!
//! # Invariants
//!
//! 1. The descriptors' flags are not touched: other processes may share them. If one is non-blocking, its thread
//!    waits for it.
//! 2. Standard input is read once per request, by one `read(2)` of at most the size asked for.
//! 3. A writer reports each write(2) of the program's bytes, so that credit flows while a large message is written.
//!    After an error it reports it once and swallows the rest.
//! 4. The runner's reports go by the same queue as the program's standard error, so the order of both is kept.

use rustix::{
    event::{PollFd, PollFlags},
    fd::BorrowedFd,
    fs::SeekFrom,
    io::Errno,
};
use std::{
    os::fd::OwnedFd,
    sync::{Arc, mpsc},
    thread,
};
use threadbare_link::OutputStream;

/// What a stream's thread tells.
#[derive(PartialEq, Eq, Debug)]
pub(super) enum Event {
    /// `bytes` of the program's output were taken.
    Wrote { stream: OutputStream, bytes: u32 },
    /// The stream takes no more.
    Failed { stream: OutputStream, errno: u16 },
    /// The writer has written all and ended.
    Drained,
    /// What one read gave; empty is the end of the file.
    Input(Vec<u8>),
    /// A read would not block.
    InputReady,
    /// Reading failed.
    InputFailed { errno: u16 },
}

/// Where threads put their events; whoever waits is woken.
#[derive(Clone, Debug)]
pub(super) struct Events {
    queue: mpsc::Sender<Event>,
    wake: Arc<OwnedFd>,
}

impl Events {
    /// A queue, and a descriptor that is readable while something may be in it.
    pub(super) fn new() -> rustix::io::Result<(Self, mpsc::Receiver<Event>, Arc<OwnedFd>)> {
        let flags = rustix::event::EventfdFlags::CLOEXEC | rustix::event::EventfdFlags::NONBLOCK;
        let wake = Arc::new(rustix::event::eventfd(0, flags)?);
        let (queue, events) = mpsc::channel();
        Ok((
            Self {
                queue,
                wake: Arc::clone(&wake),
            },
            events,
            wake,
        ))
    }

    fn send(&self, event: Event) {
        // The receiver is gone only when the process ends.
        let _ = self.queue.send(event);
        let _ = rustix::io::write(&self.wake, &1u64.to_ne_bytes());
    }
}

/// Something to write.
#[derive(Debug)]
pub(super) enum Item {
    /// The program's bytes, which are acknowledged.
    Output(Vec<u8>),
    /// The program's next bytes belong to this offset.
    Seek(u64),
    /// The runner's words.
    Report(String),
    /// Lines of a listing, without the command's name in front.
    Plain(String),
}

/// A thread that writes to one stream. Closing its queue makes it write the rest and end with [`Event::Drained`].
pub(super) fn writer(stream: OutputStream, events: Events) -> std::io::Result<mpsc::Sender<Item>> {
    let (queue, items) = mpsc::channel();
    let body = move || {
        let mut failed = false;
        for item in items {
            match item {
                Item::Report(text) => crate::say::say(&text),
                Item::Plain(text) => crate::say::print(&text),
                Item::Output(_) | Item::Seek(_) if failed => {}
                Item::Seek(offset) => seek(descriptor(stream), offset),
                Item::Output(data) => failed = write_all(stream, &data, &events).is_err(),
            }
        }
        events.send(Event::Drained);
    };
    thread::Builder::new()
        .name(format!("{stream:?}").to_lowercase())
        .spawn(body)?;
    Ok(queue)
}

/// Writes `data` and reports; an error is reported and returned.
fn write_all(stream: OutputStream, mut data: &[u8], events: &Events) -> Result<(), ()> {
    let fd = descriptor(stream);
    while !data.is_empty() {
        match retrying(fd, PollFlags::OUT, || rustix::io::write(fd, data)) {
            Ok(written) => {
                data = &data[written..];
                events.send(Event::Wrote {
                    stream,
                    bytes: u32::try_from(written).unwrap_or(u32::MAX),
                });
            }
            Err(error) => {
                events.send(Event::Failed {
                    stream,
                    errno: number(error),
                });
                return Err(());
            }
        }
    }
    Ok(())
}

fn descriptor(stream: OutputStream) -> BorrowedFd<'static> {
    match stream {
        OutputStream::Stdout => rustix::stdio::stdout(),
        OutputStream::Stderr => rustix::stdio::stderr(),
    }
}

/// Moves in a regular file; where that cannot be, the kernel was not told that this is one.
pub(super) fn seek(fd: BorrowedFd<'_>, offset: u64) {
    let _ = rustix::fs::seek(fd, SeekFrom::Start(offset));
}

/// Something to do with standard input.
#[derive(Clone, Copy, Debug)]
pub(super) enum Wish {
    /// Read once, at most so many bytes.
    Read(usize),
    /// Wait until a read would not block.
    Await,
}

/// A thread that fulfils wishes in their order.
pub(super) fn reader(events: Events) -> std::io::Result<mpsc::Sender<Wish>> {
    let (queue, wishes) = mpsc::channel();
    let body = move || {
        for wish in wishes {
            events.send(match wish {
                Wish::Await => {
                    // Whatever is wrong, a read will say it.
                    let _ = wait_until_ready(rustix::stdio::stdin(), PollFlags::IN);
                    Event::InputReady
                }
                Wish::Read(size) => match read(size) {
                    Ok(data) => Event::Input(data),
                    Err(error) => Event::InputFailed { errno: number(error) },
                },
            });
        }
    };
    thread::Builder::new().name("stdin".to_owned()).spawn(body)?;
    Ok(queue)
}

fn read(size: usize) -> rustix::io::Result<Vec<u8>> {
    let stdin = rustix::stdio::stdin();
    let mut data = vec![0; size];
    let length = retrying(stdin, PollFlags::IN, || rustix::io::read(stdin, &mut data))?;
    data.truncate(length);
    Ok(data)
}

/// Repeats `operation` while it is interrupted, or `fd` is non-blocking and not ready.
fn retrying<T>(
    fd: BorrowedFd<'_>,
    ready: PollFlags,
    mut operation: impl FnMut() -> rustix::io::Result<T>,
) -> rustix::io::Result<T> {
    loop {
        match operation() {
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => wait_until_ready(fd, ready)?,
            result => return result,
        }
    }
}

fn wait_until_ready(fd: BorrowedFd<'_>, ready: PollFlags) -> rustix::io::Result<()> {
    loop {
        match rustix::event::poll(&mut [PollFd::from_borrowed_fd(fd, ready)], None) {
            Err(Errno::INTR) => {}
            result => return result.map(drop),
        }
    }
}

fn number(error: Errno) -> u16 {
    u16::try_from(error.raw_os_error()).unwrap_or(5)
}

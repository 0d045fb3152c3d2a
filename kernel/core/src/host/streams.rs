//! Standard input, output and error as files.

use super::link::{CHANGED, Input, InputWait, LINK, WATCHERS, index};
use super::regular::{self, Direction};
use super::terminal;
use crate::error::Errno;
use crate::process::{Process, Thread};
use crate::signal::{Signal, SignalInfo, code, send_to_thread};
use crate::syscall::memory::UserMemory;
use crate::vfs::{
    Anonymous, AttributeChange, Descriptor, File, FileOperations, FileType, Inode, Metadata, Name, OpenFlags,
    Readiness, Sink, Source, Timestamp, Watchers,
};
use alloc::format;
use alloc::sync::Arc;
use alloc::vec::Vec;
use linux_raw_sys::general as linux;
use threadbare_link::{GuestMessage, OutputStream, StreamKind, WINDOW, WindowSize};

/// How much is asked for or sent at a time.
pub(super) const CHUNK: usize = 32 * 1024;

/// One of the three streams.
#[derive(Debug)]
pub struct StandardStream {
    /// Standard input can be read, the others written; a terminal is one file for all three.
    output: OutputStream,
    /// Whether it is the host's terminal.
    terminal: bool,
}

/// Opens descriptors 0, 1 and 2 of the first process as the host says.
///
/// # Errors
/// `ENOMEM`.
pub fn open_standard_streams(
    process: &Process,
    kinds: [StreamKind; 3],
    window: WindowSize,
) -> Result<(), Errno> {
    terminal::set_window(window);
    let limit = process.limits.lock().open_files();
    let mut output = None;
    for (fd, kind) in (0..).zip(kinds) {
        let file = match kind {
            StreamKind::Closed => continue,
            StreamKind::Pipe => open_stream(fd, false)?,
            StreamKind::Terminal => open_stream(fd, true)?,
            StreamKind::File(file) => regular::open(direction(fd), &file)?,
            StreamKind::SameAsOutput => match &output {
                Some(file) => Arc::clone(file),
                None => continue,
            },
        };
        if fd == 1 {
            output = Some(file.clone());
        }
        process.files.lock().replace(
            Descriptor {
                file,
                close_on_exec: false,
            },
            fd,
            limit,
        )?;
    }
    Ok(())
}

fn direction(fd: u32) -> Direction {
    match fd {
        0 => Direction::Input,
        1 => Direction::Output(OutputStream::Stdout),
        _ => Direction::Output(OutputStream::Stderr),
    }
}

/// Opens a stream that is no regular file.
fn open_stream(fd: u32, terminal: bool) -> Result<Arc<File>, Errno> {
    let (output, access) = match direction(fd) {
        Direction::Input => (OutputStream::Stdout, linux::O_RDONLY),
        Direction::Output(output) => (output, linux::O_WRONLY),
    };
    let (file_type, access) = if terminal {
        (FileType::CharacterDevice, linux::O_RDWR)
    } else {
        (FileType::Fifo, access)
    };
    let attributes = Anonymous::new(file_type, 0o600, Timestamp::default());
    let label = if terminal {
        Name::Static(b"/dev/console")
    } else {
        Name::copy(format!("pipe:[{}]", attributes.number()).as_bytes())?
    };
    let stream = Arc::new(StandardStream { output, terminal });
    let inode = Arc::new(StreamInode {
        attributes,
        stream: stream.clone(),
    });
    Ok(File::anonymous(inode, label, stream, OpenFlags::internal(access)))
}

/// The file behind a stream: opening `/dev/stdout` or `/proc/self/fd/1` opens the stream again.
struct StreamInode {
    attributes: Arc<Anonymous>,
    stream: Arc<StandardStream>,
}

impl Inode for StreamInode {
    fn kind(&self) -> FileType {
        self.attributes.kind()
    }

    fn metadata(&self) -> Metadata {
        self.attributes.metadata()
    }

    fn change(&self, change: &AttributeChange) -> Result<(), Errno> {
        self.attributes.change(change)
    }

    fn open(self: Arc<Self>, _flags: OpenFlags) -> Result<Arc<dyn FileOperations>, Errno> {
        Ok(self.stream.clone())
    }
}

impl FileOperations for StandardStream {
    fn read(&self, file: &File, _offset: u64, sink: &mut dyn Sink) -> Result<usize, Errno> {
        let wanted = sink.remaining().min(CHUNK);
        if wanted == 0 {
            return Ok(0);
        }
        ask(wanted);
        let thread = Thread::current();
        let interrupted = || thread.as_ref().is_some_and(|thread| thread.is_interrupted());
        let nonblocking = file.is_nonblocking();
        let bytes = if nonblocking {
            take_input(wanted).ok_or(Errno::EAGAIN)??
        } else {
            CHANGED
                .wait_until(None, interrupted, || take_input(wanted))
                .ok_or(Errno::ERESTARTSYS)??
        };
        sink.put(&bytes)?;
        Ok(bytes.len())
    }

    fn write(&self, file: &File, _offset: u64, source: &mut dyn Source) -> Result<usize, Errno> {
        let total = source.remaining();
        let mut written = 0;
        while written < total {
            let length = (total - written).min(CHUNK);
            let sent = make_room(self.output, length, file.is_nonblocking())
                .and_then(|()| send_from(self.output, length, source));
            match sent {
                Ok(()) => written += length,
                Err(_) if written > 0 => break,
                Err(error) => {
                    if error == Errno::EPIPE {
                        raise_broken_pipe();
                    }
                    return Err(error);
                }
            }
        }
        Ok(written)
    }

    fn poll(&self, file: &File) -> Readiness {
        let mut ready = Readiness::NONE;
        if file.flags().writable() {
            let output = LINK
                .lock()
                .as_ref()
                .map(|link| link.outputs[index(self.output)])
                .unwrap_or_default();
            if output.broken.is_some() {
                ready = ready | Readiness::ERROR;
            }
            if output.on_the_way < WINDOW {
                ready = ready | Readiness::WRITE;
            }
        }
        if file.flags().readable() {
            ready = ready | input_readiness();
        }
        ready
    }

    fn watchers(&self, _: &File) -> Option<&Watchers> {
        Some(&WATCHERS)
    }

    fn ioctl(
        &self,
        _file: &File,
        request: u32,
        argument: usize,
        memory: &dyn UserMemory,
    ) -> Result<usize, Errno> {
        if self.terminal {
            terminal::ioctl(request, argument, memory)
        } else {
            Err(Errno::ENOTTY)
        }
    }
}

/// Whether a read would not wait. If that is not known, the host is asked, and the answer wakes whoever polls.
fn input_readiness() -> Readiness {
    let asks = match LINK.lock().as_mut() {
        None => return Readiness::READ,
        Some(link) => match (&link.input, link.wait) {
            (Input::Ready(..) | Input::Failed(_), _) | (_, InputWait::Ready) => return Readiness::READ,
            (Input::End, _) => return Readiness::READ | Readiness::HANG_UP,
            (Input::Idle, InputWait::Unknown) => {
                link.wait = InputWait::Asked;
                true
            }
            _ => false,
        },
    };
    if asks {
        super::link::send(&GuestMessage::AwaitInput);
    }
    Readiness::NONE
}

/// Asks the host for input, unless something is there or on the way.
pub(crate) fn ask(most: usize) {
    let idle = match LINK.lock().as_mut() {
        Some(link) if matches!(link.input, Input::Idle) => {
            link.input = Input::Asked;
            link.wait = InputWait::Unknown;
            true
        }
        _ => false,
    };
    if idle {
        super::link::send(&GuestMessage::Read {
            max: u32::try_from(most.min(CHUNK)).unwrap_or(1),
        });
    }
}

/// Takes up to `most` bytes of what has come; `None` when the host has not answered yet.
pub(crate) fn take_input(most: usize) -> Option<Result<Vec<u8>, Errno>> {
    let mut guard = LINK.lock();
    let Some(link) = guard.as_mut() else {
        return Some(Ok(Vec::new()));
    };
    match &mut link.input {
        Input::Ready(bytes, at) => {
            let end = (*at + most).min(bytes.len());
            let taken = bytes[*at..end].to_vec();
            *at = end;
            if end == bytes.len() {
                link.input = Input::Idle;
            }
            Some(Ok(taken))
        }
        Input::End => {
            link.input = Input::Idle; // a terminal may go on after an end of file
            Some(Ok(Vec::new()))
        }
        Input::Failed(error) => {
            let error = *error;
            link.input = Input::Idle;
            Some(Err(error))
        }
        Input::Idle => {
            // Another thread took what came for this one's question: ask again.
            link.input = Input::Asked;
            drop(guard);
            super::link::send(&GuestMessage::Read {
                max: u32::try_from(most.min(CHUNK)).unwrap_or(1),
            });
            None
        }
        Input::Asked => None,
    }
}

/// Waits until `length` more bytes may be on the way.
pub(super) fn make_room(stream: OutputStream, length: usize, nonblocking: bool) -> Result<(), Errno> {
    let length = u32::try_from(length).unwrap_or(u32::MAX);
    let attempt = || {
        let mut guard = LINK.lock();
        let Some(link) = guard.as_mut() else {
            return Some(Ok(()));
        };
        let output = &mut link.outputs[index(stream)];
        match output.broken {
            Some(error) => Some(Err(error)),
            None if output.on_the_way + length <= WINDOW => {
                output.on_the_way += length;
                Some(Ok(()))
            }
            None => None,
        }
    };
    if nonblocking {
        return attempt().unwrap_or(Err(Errno::EAGAIN));
    }
    let thread = Thread::current();
    let interrupted = || thread.as_ref().is_some_and(|thread| thread.is_interrupted());
    CHANGED
        .wait_until(None, interrupted, attempt)
        .unwrap_or(Err(Errno::ERESTARTSYS))
}

pub(super) fn send_from(stream: OutputStream, length: usize, source: &mut dyn Source) -> Result<(), Errno> {
    let mut data = Vec::new();
    let mut frame = Vec::new();
    let encoded = data
        .try_reserve_exact(length)
        .map_err(Errno::from)
        .and_then(|()| {
            data.resize(length, 0);
            source.take(&mut data)?;
            GuestMessage::Write { stream, data: &data }
                .append_to(&mut frame)
                .map_err(|_| Errno::ENOMEM)
        });
    let mut guard = LINK.lock();
    let Some(link) = guard.as_mut() else { return Ok(()) };
    match encoded {
        Ok(()) => link.send_frame(&frame),
        Err(error) => {
            // Nothing goes: give the room back.
            let output = &mut link.outputs[index(stream)];
            output.on_the_way = output
                .on_the_way
                .saturating_sub(u32::try_from(length).unwrap_or(u32::MAX));
            return Err(error);
        }
    }
    Ok(())
}

pub(super) fn raise_broken_pipe() {
    if let Some(thread) = Thread::current() {
        let info = SignalInfo::from_process(Signal::SIGPIPE, code::SI_USER, thread.process.pid, 0);
        send_to_thread(&thread, info);
    }
}

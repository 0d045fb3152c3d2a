//! The main thread's loop.
//!
//! # Phases
//!
//! 1. *Running*: until the kernel says how the program ended, or the machine is gone, or it is killed (a signal, the
//!    time limit, a broken promise).
//! 2. *Leaving*: the machine turns itself off; if it does not within [`GRACE`], it is killed.
//! 3. *Draining*: what the program wrote and the streams did not take yet is written. After a kill this too has its
//!    limit, because whoever interrupts a run does not want to wait for a reader that sleeps.
//!
//! Phases 2 and 3 go on at the same time, and signals are heeded in all.

use super::{
    console::Console,
    end::{Cause, End},
    protocol::{Protocol, index},
    signals::{Request, Signals, means_the_end},
    streams::{self, Event, Events, Item, Wish},
    terminal::{self, RawTerminal},
};
use crate::{
    failure::{Context, Failure},
    say::printable,
    vm::Vm,
};
use rustix::{
    event::{PollFd, PollFlags, Timespec},
    fd::OwnedFd,
    io::Errno,
};
use std::{
    sync::{Arc, mpsc},
    time::{Duration, Instant},
};
use threadbare_link::{
    Crash, Decoder, GuestMessage, HostMessage, LogLevel, Missing, Observed, OutputStream, Statistics,
    WindowSize,
};

/// How long a machine may take to turn itself off.
const GRACE: Duration = Duration::from_secs(2);
/// How long a kernel may take until it speaks. Software emulation needs a tenth of a second.
const BOOT_LIMIT: Duration = Duration::from_secs(60);
/// How often it is looked whether QEMU has set up the link; it takes some milliseconds from the opening of its gate.
const SETTLE: Duration = Duration::from_millis(1);
/// So many signals to end within this time mean that the command shall end, whatever the program makes of them.
const INSISTENCE: (usize, Duration) = (3, Duration::from_secs(1));
/// Bytes read of the link at once.
const CHUNK: usize = 128 * 1024;
/// The most input that is read for one request.
const MAX_INPUT: usize = 128 * 1024;

/// Turns what the kernel tells people into text.
pub(crate) trait Reports {
    fn crash(&self, crash: &Crash<'_>) -> String;
    fn missing(&self, missing: &Missing<'_>) -> String;
    /// `None` when it goes elsewhere.
    fn observed(&self, event: &Observed<'_>) -> Option<String>;
    fn statistics(&self, statistics: &Statistics) -> String;
}

/// A running machine and its command, until one of them ends.
pub(crate) struct Conversation<'a> {
    vm: &'a mut Vm,
    signals: &'a Signals,
    reports: &'a dyn Reports,
    terminal: Option<&'a RawTerminal>,
    /// The size of the terminal as the guest knows it; unknown before it has been told.
    window: Option<WindowSize>,
    time_limit: Option<(Instant, Duration)>,

    protocol: Protocol,
    decoder: Decoder,
    chunk: Vec<u8>,
    /// For the guest, and not sent yet.
    outgoing: Vec<u8>,

    events: Events,
    incoming: mpsc::Receiver<Event>,
    wake: Arc<OwnedFd>,
    writers: [Option<mpsc::Sender<Item>>; 2],
    reader: Option<mpsc::Sender<Wish>>,
    /// Writers that have not ended.
    writing: usize,

    /// Why the machine ends or was ended; the first cause counts.
    cause: Option<Cause>,
    /// When patience ends: with the machine that starts or leaves, or with the streams.
    deadline: Option<Instant>,
    /// When the last signals came that were sent to end the command.
    insistence: Vec<Instant>,
    /// Whether QEMU waits when the link is full.
    link_waits: bool,
    link_open: bool,
    console: Console,
    errors: Console,
}

impl<'a> Conversation<'a> {
    pub(crate) fn new(
        vm: &'a mut Vm,
        signals: &'a Signals,
        reports: &'a dyn Reports,
        terminal: Option<&'a RawTerminal>,
        time_limit: Option<Duration>,
    ) -> Result<Self, Failure> {
        let (events, incoming, wake) = Events::new().context(|| "no descriptor for events")?;
        let time_limit = time_limit.and_then(|limit| Some((Instant::now().checked_add(limit)?, limit)));
        Ok(Self {
            vm,
            signals,
            reports,
            terminal,
            window: None,
            time_limit,
            protocol: Protocol::default(),
            decoder: Decoder::new(),
            chunk: vec![0; CHUNK],
            outgoing: Vec::new(),
            events,
            incoming,
            wake,
            writers: [None, None],
            reader: None,
            writing: 0,
            cause: None,
            deadline: Instant::now().checked_add(BOOT_LIMIT),
            insistence: Vec::new(),
            link_waits: false,
            link_open: true,
            console: Console::default(),
            errors: Console::default(),
        })
    }

    /// Talks until the machine has ended and its output is delivered.
    pub(crate) fn hold(mut self) -> Result<End, Failure> {
        while !self.is_over() {
            self.settle_link();
            self.wait_once()?;
            self.heed_the_clock();
            if self.machine_is_gone() {
                // No more output can come: let the writers end.
                self.writers = [None, None];
            }
        }
        let qemu = self
            .vm
            .wait()
            .context(|| "the virtual machine's end cannot be learnt")?;
        Ok(End {
            cause: self.cause,
            status: self.protocol.status(),
            greeted: self.protocol.is_greeted(),
            qemu,
            console: self.console.bytes,
            errors: self.errors.bytes,
        })
    }

    /// Looks whether QEMU has set up its end of the link, before anything can have filled it.
    fn settle_link(&mut self) {
        if !self.link_waits {
            let latest = self.protocol.is_greeted() || self.console.closed && self.errors.closed;
            self.link_waits = self.vm.make_link_wait(latest);
        }
    }

    fn is_over(&self) -> bool {
        self.machine_is_gone() && self.writing == 0 || self.patience_with_streams_ended()
    }

    fn machine_is_gone(&self) -> bool {
        !self.link_open && self.console.closed && self.errors.closed
    }

    fn wait_once(&mut self) -> Result<(), Failure> {
        let link_wants = if self.outgoing.is_empty() {
            PollFlags::IN
        } else {
            PollFlags::IN | PollFlags::OUT
        };
        let timeout = self
            .next_deadline()
            .map(|deadline| deadline.saturating_duration_since(Instant::now()));
        let timeout = timeout.and_then(|left| Timespec::try_from(left + Duration::from_millis(1)).ok());
        // Closed ones would be ready for ever.
        let mut fds = vec![
            PollFd::new(&self.wake, PollFlags::IN),
            PollFd::new(&self.signals.wake, PollFlags::IN),
        ];
        let link = self
            .link_open
            .then(|| push(&mut fds, PollFd::new(&self.vm.link, link_wants)));
        let console =
            (!self.console.closed).then(|| push(&mut fds, PollFd::new(&self.vm.console, PollFlags::IN)));
        let errors =
            (!self.errors.closed).then(|| push(&mut fds, PollFd::new(&self.vm.errors, PollFlags::IN)));
        match rustix::event::poll(&mut fds, timeout.as_ref()) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error).context(|| "waiting for the virtual machine"),
        }
        let ready: Vec<PollFlags> = fds.iter().map(PollFd::revents).collect();
        let is_ready = |at: Option<usize>| at.is_some_and(|at| !ready[at].is_empty());
        if is_ready(Some(0)) {
            self.heed_streams();
        }
        if is_ready(Some(1)) {
            self.heed_signals();
        }
        if is_ready(link) {
            self.read_link();
        }
        if is_ready(console) {
            self.console.read(&self.vm.console);
            // A kernel that says something there is dying, and may be stuck in it.
            self.leave_within_grace();
        }
        if is_ready(errors) {
            self.errors.read(&self.vm.errors);
        }
        self.write_link();
        Ok(())
    }

    /// When to look at the clock again. A machine that is gone has all the time that its readers take.
    fn next_deadline(&self) -> Option<Instant> {
        let gone = self.machine_is_gone();
        let limit = self.time_limit.filter(|_| !gone && self.cause.is_none());
        let deadline = self.deadline.filter(|_| !gone || self.is_ended_by_force());
        let settle = (!self.link_waits).then(|| Instant::now() + SETTLE);
        let limit = limit.map(|(limit, _)| limit);
        [limit, deadline, settle].into_iter().flatten().min()
    }

    fn heed_the_clock(&mut self) {
        let now = Instant::now();
        if self.machine_is_gone() {
            return;
        }
        if let Some((limit, duration)) = self.time_limit
            && now >= limit
        {
            self.end(Cause::TimeLimit(duration));
        }
        if self.deadline.is_some_and(|deadline| now >= deadline) {
            if self.protocol.is_greeted() || !self.console.bytes.is_empty() {
                self.vm.kill();
            } else {
                self.end(Cause::Link(format!(
                    "did not speak within {} s",
                    BOOT_LIMIT.as_secs()
                )));
            }
        }
    }

    fn is_ended_by_force(&self) -> bool {
        matches!(self.cause, Some(Cause::TimeLimit(_) | Cause::Signal(_)))
    }

    /// Whether the machine was ended by force and its streams took too long since.
    fn patience_with_streams_ended(&self) -> bool {
        let ended = self.is_ended_by_force() && self.machine_is_gone();
        ended && self.deadline.is_some_and(|deadline| Instant::now() >= deadline)
    }

    fn leave_within_grace(&mut self) {
        let grace = Instant::now() + GRACE;
        self.deadline = Some(self.deadline.map_or(grace, |deadline| deadline.min(grace)));
    }

    /// Ends the machine at once, for `cause`.
    fn end(&mut self, cause: Cause) {
        if self.cause.is_none() {
            self.deadline = Some(Instant::now() + GRACE);
            self.cause = Some(cause);
        }
        self.vm.kill();
    }

    fn heed_signals(&mut self) {
        for request in self.signals.take() {
            match request {
                Request::Pass(signal) => self.pass_signal(signal),
                Request::Resize => self.tell_window(),
                Request::Stop => {
                    if let Some(terminal) = self.terminal {
                        terminal.stop();
                    }
                    self.tell_window();
                }
                Request::Continue => {
                    if let Some(terminal) = self.terminal {
                        terminal.resume();
                    }
                    self.tell_window();
                }
            }
        }
    }

    /// A signal goes to the program, if its kernel can; whoever insists ends the machine.
    fn pass_signal(&mut self, signal: u8) {
        let (enough, within) = INSISTENCE;
        if means_the_end(signal) {
            self.insistence.retain(|before| before.elapsed() < within);
            self.insistence.push(Instant::now());
        }
        if self.protocol.takes_signals() && self.insistence.len() < enough {
            self.send(&HostMessage::Signal { signal });
        } else {
            self.end(Cause::Signal(signal));
        }
    }

    /// Tells the guest the size of the terminal, if it is news and there is one.
    fn tell_window(&mut self) {
        let window = terminal::window();
        if let Some(window) = window
            && self.protocol.takes_sizes()
            && self.window != Some(window)
        {
            self.window = Some(window);
            self.send(&HostMessage::Resize(window));
        }
    }

    fn heed_streams(&mut self) {
        let _ = rustix::io::read(&self.wake, &mut [0; 8]);
        let mut taken = [0u32; 2];
        while let Ok(event) = self.incoming.try_recv() {
            match event {
                Event::Wrote { stream, bytes } => taken[index(stream)] += bytes,
                Event::Failed { stream, errno } => {
                    let message = self.protocol.failed(stream, errno);
                    self.send(&message);
                }
                Event::Drained => self.writing -= 1,
                Event::Input(data) => {
                    self.protocol.answered();
                    self.send(&HostMessage::Input { data: &data });
                }
                Event::InputReady => {
                    let message = self.protocol.input_ready();
                    self.send(&message);
                }
                Event::InputFailed { errno } => {
                    self.protocol.answered();
                    self.send(&HostMessage::InputError { errno });
                }
            }
        }
        for stream in [OutputStream::Stdout, OutputStream::Stderr] {
            if !self.protocol.is_broken(stream)
                && let Some(message) = self.protocol.written(stream, taken[index(stream)])
            {
                self.send(&message);
            }
        }
    }

    fn send(&mut self, message: &HostMessage<'_>) {
        // Memory is the only thing that can be lacking: input is bounded by `MAX_INPUT`.
        if let Err(error) = message.append_to(&mut self.outgoing) {
            self.end(Cause::Link(format!("cannot be answered: {error}")));
        }
    }

    fn write_link(&mut self) {
        while !self.outgoing.is_empty() && self.link_open {
            match rustix::net::send(&self.vm.link, &self.outgoing, rustix::net::SendFlags::NOSIGNAL) {
                Ok(sent) => drop(self.outgoing.drain(..sent)),
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return,
                // The machine is gone; reading says so too.
                Err(_) => self.outgoing.clear(),
            }
        }
    }

    fn read_link(&mut self) {
        match rustix::io::read(&self.vm.link, &mut self.chunk[..]) {
            Ok(0) => self.link_open = false,
            Ok(length) => {
                let received = self
                    .decoder
                    .push(&self.chunk[..length])
                    .map_err(|error| wrong(&error));
                if let Err(what) = received.and_then(|()| self.handle_payloads()) {
                    self.end(Cause::Link(what));
                }
            }
            Err(Errno::INTR | Errno::AGAIN) => {}
            Err(_) => self.link_open = false,
        }
    }

    fn handle_payloads(&mut self) -> Result<(), String> {
        // Out of `self` while messages borrow it.
        let mut decoder = std::mem::take(&mut self.decoder);
        let mut handle_all = || {
            while let Some(payload) = decoder.next_payload().map_err(|error| wrong(&error))? {
                let message = GuestMessage::decode(payload).map_err(|error| wrong(&error))?;
                self.handle(&message)?;
            }
            Ok(())
        };
        let result = handle_all();
        self.decoder = decoder;
        result
    }

    fn handle(&mut self, message: &GuestMessage<'_>) -> Result<(), String> {
        self.protocol.accept(message)?;
        match message {
            GuestMessage::Hello { .. } => {
                self.deadline = None;
                // It may have changed since the machine's files were written.
                self.tell_window();
            }
            GuestMessage::Write { stream, data } => {
                if !self.protocol.is_broken(*stream) {
                    self.write(*stream, Item::Output(data.to_vec()))?;
                }
            }
            GuestMessage::Read { max } => {
                self.wish(Wish::Read(
                    usize::try_from(*max).unwrap_or(MAX_INPUT).min(MAX_INPUT),
                ))?;
            }
            GuestMessage::AwaitInput => self.wish(Wish::Await)?,
            // Nobody reads meanwhile, and a file does not keep anybody waiting.
            GuestMessage::SeekInput { offset } => streams::seek(rustix::stdio::stdin(), *offset),
            GuestMessage::SeekOutput { stream, offset } => {
                if !self.protocol.is_broken(*stream) {
                    self.write(*stream, Item::Seek(*offset))?;
                }
            }
            GuestMessage::Log { level, text } => self.report(&log_line(*level, text))?,
            GuestMessage::Crash(crash) => self.report(&self.reports.crash(crash))?,
            GuestMessage::Missing(missing) => self.report(&self.reports.missing(missing))?,
            GuestMessage::Observed(event) => {
                if let Some(text) = self.reports.observed(event) {
                    self.write(OutputStream::Stderr, Item::Plain(text))?;
                }
            }
            GuestMessage::Statistics(statistics) => {
                let text = self.reports.statistics(statistics);
                self.write(OutputStream::Stderr, Item::Plain(text))?;
            }
            GuestMessage::Exit(_) => self.leave_within_grace(),
        }
        Ok(())
    }

    fn report(&mut self, text: &str) -> Result<(), String> {
        self.write(OutputStream::Stderr, Item::Report(text.to_owned()))
    }

    fn write(&mut self, stream: OutputStream, item: Item) -> Result<(), String> {
        let writer = &mut self.writers[index(stream)];
        if writer.is_none() {
            *writer = Some(streams::writer(stream, self.events.clone()).map_err(|error| no_thread(&error))?);
            self.writing += 1;
        }
        if let Some(writer) = writer {
            // It ends only when its queue is closed.
            let _ = writer.send(item);
        }
        Ok(())
    }

    fn wish(&mut self, wish: Wish) -> Result<(), String> {
        if self.reader.is_none() {
            self.reader = Some(streams::reader(self.events.clone()).map_err(|error| no_thread(&error))?);
        }
        if let Some(reader) = &self.reader {
            let _ = reader.send(wish);
        }
        Ok(())
    }
}

/// What a kernel did whose bytes are no message; completes "the kernel …".
fn wrong(error: &threadbare_link::Error) -> String {
    format!("sent what cannot be understood ({error})")
}

fn no_thread(error: &std::io::Error) -> String {
    format!("cannot be served, because no thread can be started ({error})")
}

fn push<'f>(fds: &mut Vec<PollFd<'f>>, fd: PollFd<'f>) -> usize {
    fds.push(fd);
    fds.len() - 1
}

fn log_line(level: LogLevel, text: &str) -> String {
    format!(
        "kernel: {}: {}",
        format!("{level:?}").to_lowercase(),
        printable(text)
    )
}

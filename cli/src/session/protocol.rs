//! What the virtual machine may say, given what was said before.
//!
//! The machine is not trusted: it may send anything at any time. What breaks a promise of the link ends it.

use threadbare_link::{ExitStatus, Features, GuestMessage, HostMessage, OutputStream, VERSION, WINDOW};

/// The state of the link, as far as promises depend on it.
#[derive(Default, Debug)]
pub(super) struct Protocol {
    /// What the kernel can do; known from its first message on.
    features: Option<Features>,
    /// Bytes of each stream that the guest sent and that were not acknowledged.
    outstanding: [u32; 2],
    /// Those among them that the stream has taken.
    taken: [u32; 2],
    broken: [bool; 2],
    reading: bool,
    awaiting_input: bool,
    status: Option<ExitStatus>,
}

/// A broken promise, in words that complete "the kernel …".
pub(super) type Violation = &'static str;

impl Protocol {
    /// Notes `message`, or says which promise it breaks.
    pub(super) fn accept(&mut self, message: &GuestMessage<'_>) -> Result<(), Violation> {
        match message {
            _ if self.status.is_some() => return Err("went on talking after the program's end"),
            GuestMessage::Hello { .. } if self.features.is_some() => return Err("said hello twice"),
            GuestMessage::Hello { version, features } => {
                if *version != VERSION {
                    return Err(
                        "speaks another version of the link than this command: build both from the same source",
                    );
                }
                self.features = Some(*features);
            }
            _ if self.features.is_none() => return Err("did not say hello first"),
            GuestMessage::Write { stream, data } => self.note_write(*stream, data.len())?,
            GuestMessage::Read { .. } if self.reading => return Err("asked twice for standard input"),
            GuestMessage::Read { max: 0 } => return Err("asked for no standard input"),
            GuestMessage::Read { .. } => self.reading = true,
            GuestMessage::AwaitInput if self.awaiting_input => {
                return Err("asked twice when there is standard input");
            }
            GuestMessage::AwaitInput => self.awaiting_input = true,
            GuestMessage::SeekInput { .. } if self.reading => {
                return Err("moved in standard input while it was being read");
            }
            GuestMessage::Exit(status) => self.status = Some(*status),
            GuestMessage::Log { .. }
            | GuestMessage::Crash(_)
            | GuestMessage::Missing(_)
            | GuestMessage::SeekInput { .. }
            | GuestMessage::SeekOutput { .. }
            | GuestMessage::Observed(_)
            | GuestMessage::Statistics(_) => {}
        }
        Ok(())
    }

    fn note_write(&mut self, stream: OutputStream, length: usize) -> Result<(), Violation> {
        let outstanding = &mut self.outstanding[index(stream)];
        // What is under way to a broken stream is dropped, and no credit is given for it.
        if !self.broken[index(stream)] {
            *outstanding = u32::try_from(length)
                .ok()
                .and_then(|length| outstanding.checked_add(length))
                .unwrap_or(u32::MAX);
        }
        if *outstanding > WINDOW {
            Err("sent more output than may be under way")
        } else {
            Ok(())
        }
    }

    /// Whether what the guest writes to `stream` goes anywhere.
    pub(super) fn is_broken(&self, stream: OutputStream) -> bool {
        self.broken[index(stream)]
    }

    /// The stream took `bytes` more. They are acknowledged when half a window has come together: until then no writer waits, and
    /// a program that prints less is not interrupted at moments of the host's.
    pub(super) fn written(&mut self, stream: OutputStream, bytes: u32) -> Option<HostMessage<'static>> {
        let at = index(stream);
        self.taken[at] = self.taken[at].saturating_add(bytes);
        if self.taken[at] < WINDOW / 2 {
            return None;
        }
        let bytes = std::mem::take(&mut self.taken[at]);
        self.outstanding[at] = self.outstanding[at].saturating_sub(bytes);
        Some(HostMessage::Written { stream, bytes })
    }

    /// The stream takes no more.
    pub(super) fn failed(&mut self, stream: OutputStream, errno: u16) -> HostMessage<'static> {
        self.broken[index(stream)] = true;
        self.outstanding[index(stream)] = 0;
        HostMessage::Broken { stream, errno }
    }

    /// The guest's wish for input is fulfilled.
    pub(super) fn answered(&mut self) {
        self.reading = false;
    }

    /// The guest knows that there is input.
    pub(super) fn input_ready(&mut self) -> HostMessage<'static> {
        self.awaiting_input = false;
        HostMessage::InputReady
    }

    /// Whether the kernel takes signals for its program.
    pub(super) fn takes_signals(&self) -> bool {
        self.takes(Features::SIGNALS)
    }

    /// Whether the kernel wants to know the size of the terminal.
    pub(super) fn takes_sizes(&self) -> bool {
        self.takes(Features::RESIZE)
    }

    fn takes(&self, feature: Features) -> bool {
        let can = |features: Features| features.contains(feature);
        self.status.is_none() && self.features.is_some_and(can)
    }

    /// Whether the kernel ever said a word.
    pub(super) fn is_greeted(&self) -> bool {
        self.features.is_some()
    }

    /// How the program ended, if it did.
    pub(super) fn status(&self) -> Option<ExitStatus> {
        self.status
    }
}

/// The place of a stream in an array of both.
pub(super) const fn index(stream: OutputStream) -> usize {
    match stream {
        OutputStream::Stdout => 0,
        OutputStream::Stderr => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUT: OutputStream = OutputStream::Stdout;

    fn greeted() -> Protocol {
        let mut protocol = Protocol::default();
        protocol
            .accept(&GuestMessage::Hello {
                version: VERSION,
                features: Features::NONE,
            })
            .unwrap();
        protocol
    }

    #[test]
    fn the_first_message_is_a_hello_of_the_same_version_and_there_is_no_second() {
        let mut protocol = Protocol::default();
        assert!(
            protocol
                .accept(&GuestMessage::Read { max: 1 })
                .unwrap_err()
                .contains("hello first")
        );
        let other = GuestMessage::Hello {
            version: VERSION + 1,
            features: Features::NONE,
        };
        assert!(protocol.accept(&other).unwrap_err().contains("another version"));
        let hello = GuestMessage::Hello {
            version: VERSION,
            features: Features::SIGNALS,
        };
        assert_eq!(protocol.accept(&hello), Ok(()));
        assert!(protocol.takes_signals());
        assert!(protocol.accept(&hello).is_err());
    }

    #[test]
    fn output_beyond_the_window_breaks_the_promise_until_credit_comes() {
        let mut protocol = greeted();
        let half = vec![0; WINDOW as usize / 2];
        let write = GuestMessage::Write {
            stream: OUT,
            data: &half,
        };
        assert_eq!(protocol.accept(&write), Ok(()));
        assert_eq!(protocol.accept(&write), Ok(()));
        assert_eq!(protocol.written(OUT, WINDOW / 2 - 1), None);
        let credit = HostMessage::Written {
            stream: OUT,
            bytes: WINDOW / 2,
        };
        assert_eq!(protocol.written(OUT, 1), Some(credit));
        assert_eq!(protocol.accept(&write), Ok(()));
        assert!(protocol.accept(&write).is_err());
    }

    #[test]
    fn a_broken_stream_swallows_what_is_under_way() {
        let mut protocol = greeted();
        let data = vec![0; WINDOW as usize];
        let write = GuestMessage::Write {
            stream: OUT,
            data: &data,
        };
        assert_eq!(protocol.accept(&write), Ok(()));
        assert_eq!(
            protocol.failed(OUT, 32),
            HostMessage::Broken {
                stream: OUT,
                errno: 32
            }
        );
        assert!(protocol.is_broken(OUT));
        assert_eq!(protocol.accept(&write), Ok(()));
        assert!(!protocol.is_broken(OutputStream::Stderr));
    }

    #[test]
    fn there_is_one_wish_for_input_at_a_time() {
        let mut protocol = greeted();
        assert_eq!(protocol.accept(&GuestMessage::Read { max: 1 }), Ok(()));
        assert!(protocol.accept(&GuestMessage::Read { max: 1 }).is_err());
        protocol.answered();
        assert!(protocol.accept(&GuestMessage::Read { max: 0 }).is_err());
        assert_eq!(protocol.accept(&GuestMessage::Read { max: 1 }), Ok(()));
    }

    #[test]
    fn waiting_for_input_and_asking_for_it_are_separate() {
        let mut protocol = greeted();
        assert_eq!(protocol.accept(&GuestMessage::AwaitInput), Ok(()));
        assert_eq!(protocol.accept(&GuestMessage::Read { max: 1 }), Ok(()));
        assert!(protocol.accept(&GuestMessage::AwaitInput).is_err());
        assert_eq!(protocol.input_ready(), HostMessage::InputReady);
        assert_eq!(protocol.accept(&GuestMessage::AwaitInput), Ok(()));
    }

    #[test]
    fn nobody_moves_in_input_that_is_being_read() {
        let mut protocol = greeted();
        let seek = GuestMessage::SeekInput { offset: 3 };
        assert_eq!(protocol.accept(&seek), Ok(()));
        assert_eq!(protocol.accept(&GuestMessage::Read { max: 1 }), Ok(()));
        assert!(protocol.accept(&seek).is_err());
        protocol.answered();
        assert_eq!(protocol.accept(&seek), Ok(()));
    }

    #[test]
    fn nothing_follows_the_end() {
        let mut protocol = greeted();
        assert_eq!(
            protocol.accept(&GuestMessage::Exit(ExitStatus::Exited(3))),
            Ok(())
        );
        assert_eq!(protocol.status(), Some(ExitStatus::Exited(3)));
        assert!(protocol.accept(&GuestMessage::Read { max: 1 }).is_err());
    }
}

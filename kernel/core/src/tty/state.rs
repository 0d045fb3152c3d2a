//! What a terminal knows.

use crate::error::Errno;
use threadbare_link::WindowSize;
use threadbare_tty::{LineDiscipline, Settings, Signal};

/// Everything about a terminal that changes.
#[derive(Debug)]
pub(super) struct State {
    pub(super) discipline: LineDiscipline,
    pub(super) window: WindowSize,
    /// The session that it controls.
    pub(super) session: Option<u32>,
    /// The process group in the foreground.
    pub(super) group: Option<u32>,
    /// The far side is gone.
    pub(super) hung_up: bool,
    /// Only root may open it (`TIOCEXCL`).
    pub(super) exclusive: bool,
    /// How many slaves are open.
    pub(super) slaves: usize,
    /// Whether a slave was ever opened: until then the master waits.
    pub(super) was_opened: bool,
    /// No slave can be opened yet (`TIOCSPTLCK`).
    pub(super) locked: bool,
    /// The master reads packets (`TIOCPKT`).
    pub(super) packets: bool,
    /// Owner, group and permissions of its node.
    pub(super) attributes: Attributes,
    /// What has changed since [`State::changes`] was last taken.
    pub(super) changes: Changes,
}

/// What `stat(2)` tells of a terminal's node.
#[derive(Clone, Copy, Debug)]
pub(super) struct Attributes {
    /// The owner.
    pub uid: u32,
    /// The group.
    pub gid: u32,
    /// Permission bits.
    pub permissions: u32,
}

/// Whom to tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Changes {
    /// There is something for who reads the slave.
    pub(super) input: bool,
    /// There is room for who writes the slave.
    pub(super) room: bool,
    /// There is something for the far side.
    pub(super) output: bool,
    /// There is room for keys.
    pub(super) key_room: bool,
}

impl Changes {
    pub(super) const ALL: Changes = Changes {
        input: true,
        room: true,
        output: true,
        key_room: true,
    };
}

impl State {
    /// # Errors
    /// `ENOMEM`.
    pub(super) fn new(settings: Settings, attributes: Attributes) -> Result<State, Errno> {
        Ok(State {
            discipline: LineDiscipline::new(settings).map_err(|_| Errno::ENOMEM)?,
            window: WindowSize::default(),
            session: None,
            group: None,
            hung_up: false,
            exclusive: false,
            slaves: 0,
            was_opened: false,
            locked: false,
            packets: false,
            attributes,
            changes: Changes::default(),
        })
    }

    /// Takes keys; returns how many, and the signal that the last of them is.
    pub(super) fn receive(&mut self, keys: &[u8]) -> (usize, Option<Signal>) {
        let received = self.discipline.receive(keys);
        if received.taken > 0 {
            self.changes.input = true;
            // Echoes; and a key may have let output go on, or flushed it.
            self.changes.output = true;
            self.changes.room = true;
        }
        (received.taken, received.signal)
    }

    /// Takes what is there for who reads the slave, if anything is.
    pub(super) fn read(&mut self, into: &mut [u8]) -> Option<usize> {
        if !self.discipline.has_input(1) {
            return None;
        }
        self.changes.key_room = true;
        Some(self.discipline.read(into))
    }

    /// Takes output of who writes the slave.
    pub(super) fn write(&mut self, bytes: &[u8]) -> usize {
        let written = self.discipline.write(bytes);
        self.changes.output |= written > 0;
        written
    }

    /// Takes what the screen shall show.
    pub(super) fn take_output(&mut self, into: &mut [u8]) -> usize {
        let taken = self.discipline.take_output(into);
        self.changes.room |= taken > 0;
        taken
    }

    /// Whether the far side of a pseudo-terminal finds nobody any more.
    pub(super) fn is_deserted(&self) -> bool {
        self.was_opened && self.slaves == 0
    }

    /// Whether the packet mode has something to say.
    pub(super) fn has_packet(&self) -> bool {
        self.packets && self.discipline.packet().bits() != 0
    }
}

//! Output on its way to the screen, and where on its line the cursor is.

use crate::Settings;
use crate::character::{is_control, to_upper};
use alloc::collections::{TryReserveError, VecDeque};
use linux_raw_sys::general as linux;

/// How far programs may be ahead of the screen.
pub const ROOM: usize = 8192;
/// How much is kept: echoes may take the rest.
pub const SIZE: usize = ROOM + 4096;

/// Spaces between tab stops.
pub(crate) const TAB: u32 = 8;

#[derive(Debug)]
pub(crate) struct Output {
    queue: VecDeque<u8>,
    /// Where the cursor is, as far as it can be known. A line may be longer than any screen: it wraps at 2³².
    column: u32,
    /// Where it was when the current line of input began.
    input_column: u32,
}

/// There is no room.
#[derive(Debug)]
pub(crate) struct Full;

impl Output {
    pub(crate) fn new() -> Result<Output, TryReserveError> {
        let mut queue = VecDeque::new();
        queue.try_reserve_exact(SIZE)?;
        Ok(Output {
            queue,
            column: 0,
            input_column: 0,
        })
    }

    pub(crate) fn len(&self) -> usize {
        self.queue.len()
    }

    pub(crate) fn clear(&mut self) {
        self.queue.clear();
    }

    pub(crate) fn take(&mut self, into: &mut [u8]) -> usize {
        let count = into.len().min(self.queue.len());
        for (place, byte) in into.iter_mut().zip(self.queue.drain(..count)) {
            *place = byte;
        }
        count
    }

    pub(crate) fn note_input_column(&mut self) {
        self.input_column = self.column;
    }

    pub(crate) fn input_column(&self) -> u32 {
        self.input_column
    }

    pub(crate) fn move_columns(&mut self, forward: u32) {
        self.column = self.column.wrapping_add(forward);
    }

    pub(crate) fn move_back(&mut self) {
        self.column = self.column.saturating_sub(1);
    }

    /// Queues bytes as they are, all or none.
    pub(crate) fn put(&mut self, bytes: &[u8], limit: usize) -> Result<(), Full> {
        if self.queue.len() + bytes.len() > limit {
            return Err(Full);
        }
        self.queue.extend(bytes);
        Ok(())
    }

    /// Queues a byte after what `c_oflag` makes of it.
    pub(crate) fn process(&mut self, byte: u8, settings: &Settings, limit: usize) -> Result<(), Full> {
        if !settings.output(linux::OPOST) {
            return self.put(&[byte], limit);
        }
        match byte {
            b'\n' => self.newline(settings, limit),
            b'\r' => self.carriage_return(settings, limit),
            b'\t' => self.tab(settings, limit),
            b'\x08' => {
                self.put(&[byte], limit)?;
                self.move_back();
                Ok(())
            }
            _ if is_control(byte) => self.put(&[byte], limit),
            _ => {
                let upper = settings.output(linux::OLCUC);
                let byte = if upper { to_upper(byte) } else { byte };
                self.put(&[byte], limit)?;
                if !settings.is_continuation(byte) {
                    self.move_columns(1);
                }
                Ok(())
            }
        }
    }

    fn newline(&mut self, settings: &Settings, limit: usize) -> Result<(), Full> {
        let returns = settings.output(linux::ONLCR);
        self.put(if returns { b"\r\n" } else { b"\n" }, limit)?;
        if returns || settings.output(linux::ONLRET) {
            self.column = 0;
        }
        self.input_column = self.column;
        Ok(())
    }

    fn carriage_return(&mut self, settings: &Settings, limit: usize) -> Result<(), Full> {
        if settings.output(linux::ONOCR) && self.column == 0 {
            return Ok(());
        }
        let becomes_newline = settings.output(linux::OCRNL);
        self.put(if becomes_newline { b"\n" } else { b"\r" }, limit)?;
        if !becomes_newline || settings.output(linux::ONLRET) {
            self.column = 0;
            self.input_column = 0;
        }
        Ok(())
    }

    fn tab(&mut self, settings: &Settings, limit: usize) -> Result<(), Full> {
        let width = TAB - self.column % TAB;
        if settings.oflag & linux::TABDLY == linux::XTABS {
            let spaces = [b' '; TAB as usize];
            let count = usize::try_from(width).unwrap_or(0);
            self.put(spaces.get(..count).unwrap_or_default(), limit)?;
        } else {
            self.put(b"\t", limit)?;
        }
        self.move_columns(width);
        Ok(())
    }
}

//! Input that the program has not read yet.

use alloc::collections::{TryReserveError, VecDeque};

/// How much is kept.
pub const SIZE: usize = 4096;

/// A byte of input.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cell {
    pub(crate) byte: u8,
    /// A line ends with it. One that is NUL is an end of file: it ends the line and is not part of it.
    pub(crate) ends_line: bool,
}

impl Cell {
    pub(crate) const END_OF_FILE: Cell = Cell {
        byte: 0,
        ends_line: true,
    };

    fn is_end_of_file(self) -> bool {
        self.ends_line && self.byte == 0
    }
}

/// Lines that are complete, then the one that is being typed.
#[derive(Debug)]
pub(crate) struct Input {
    cells: VecDeque<Cell>,
    /// How many of the cells are complete lines: these cannot be edited any more.
    complete: usize,
    /// Whether something came since input was last empty of lines: since it is not given out by lines, or was flushed.
    begun: bool,
}

impl Input {
    pub(crate) fn new() -> Result<Input, TryReserveError> {
        let mut cells = VecDeque::new();
        cells.try_reserve_exact(SIZE)?;
        Ok(Input {
            cells,
            complete: 0,
            begun: false,
        })
    }

    pub(crate) fn len(&self) -> usize {
        self.cells.len()
    }

    pub(crate) fn complete(&self) -> usize {
        self.complete
    }

    /// Whether nothing of the current line has been typed.
    pub(crate) fn line_is_empty(&self) -> bool {
        self.cells.len() == self.complete
    }

    /// Whether the next byte begins a line; where lines mean nothing, the first byte of all does.
    pub(crate) fn begins_line(&self, canonical: bool) -> bool {
        if canonical {
            self.line_is_empty()
        } else {
            !self.begun
        }
    }

    /// The bytes of the current line, the last first.
    pub(crate) fn line_backwards(&self) -> impl Iterator<Item = u8> {
        let length = self.cells.len() - self.complete;
        self.cells.iter().rev().take(length).map(|cell| cell.byte)
    }

    /// The byte of the current line at `index`.
    pub(crate) fn line_byte(&self, index: usize) -> Option<u8> {
        let at = self.complete.checked_add(index)?;
        self.cells.get(at).map(|cell| cell.byte)
    }

    /// Adds a byte to the current line. There is room, but for what `PARMRK` doubles: that is dropped.
    pub(crate) fn push(&mut self, byte: u8) {
        self.push_cell(Cell {
            byte,
            ends_line: false,
        });
    }

    /// Ends the current line.
    pub(crate) fn end_line(&mut self, cell: Cell) {
        self.push_cell(cell);
        self.complete = self.cells.len();
    }

    fn push_cell(&mut self, cell: Cell) {
        self.begun = true;
        if self.cells.len() < SIZE {
            self.cells.push_back(cell);
        }
    }

    /// Takes the last byte of the current line back.
    pub(crate) fn pop(&mut self) -> Option<u8> {
        if self.line_is_empty() {
            return None;
        }
        self.cells.pop_back().map(|cell| cell.byte)
    }

    /// Takes the current line back.
    pub(crate) fn kill_line(&mut self) {
        self.cells.truncate(self.complete);
    }

    pub(crate) fn clear(&mut self) {
        self.cells.clear();
        self.complete = 0;
        self.begun = false;
    }

    /// From now on by lines, or from now on not: what is there becomes one line, or no line.
    pub(crate) fn change_mode(&mut self, canonical: bool) {
        for cell in &mut self.cells {
            cell.ends_line = false;
        }
        self.complete = 0;
        self.begun = !self.cells.is_empty();
        if canonical && let Some(last) = self.cells.back_mut() {
            last.ends_line = true;
            self.complete = self.cells.len();
        }
    }

    /// Takes at most one line. An end of file that comes just after what fits is taken too: it is not another line.
    pub(crate) fn take_line(&mut self, into: &mut [u8]) -> usize {
        let mut count = 0;
        while self.complete > 0
            && let Some(cell) = self.cells.front().copied()
        {
            if !cell.is_end_of_file() {
                let Some(place) = into.get_mut(count) else { break };
                *place = cell.byte;
                count += 1;
            }
            self.cells.pop_front();
            self.complete -= 1;
            if cell.ends_line {
                break;
            }
        }
        count
    }

    /// Takes bytes, whether they make a line or not.
    pub(crate) fn take_bytes(&mut self, into: &mut [u8]) -> usize {
        let count = into.len().min(self.cells.len());
        for (place, cell) in into.iter_mut().zip(self.cells.drain(..count)) {
            *place = cell.byte;
        }
        self.complete = self.complete.saturating_sub(count);
        count
    }

    /// How many bytes the complete lines have.
    pub(crate) fn complete_bytes(&self) -> usize {
        let complete = self.cells.iter().take(self.complete);
        complete.filter(|cell| !cell.is_end_of_file()).count()
    }
}

//! The same minimal HTTP in every peer that does not bring its own: a fixed answer to each request.

pub const ANSWER: &[u8] =
    b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 13\r\n\r\nHello, World!";

/// Bytes that have come and are not answered yet.
pub struct Requests {
    bytes: [u8; 4096],
    filled: usize,
}

impl Requests {
    pub fn new() -> Requests {
        Requests {
            bytes: [0; 4096],
            filled: 0,
        }
    }

    /// Where the next bytes go.
    pub fn room(&mut self) -> &mut [u8] {
        &mut self.bytes[self.filled..]
    }

    /// `count` bytes came: appends the answers to what was asked completely.
    pub fn answer(&mut self, count: usize, answers: &mut Vec<u8>) {
        self.filled += count;
        let mut start = 0;
        while let Some(end) = find_end(&self.bytes[start..self.filled]) {
            start += end;
            answers.extend_from_slice(ANSWER);
        }
        self.bytes.copy_within(start..self.filled, 0);
        self.filled -= start;
    }
}

fn find_end(bytes: &[u8]) -> Option<usize> {
    bytes
        .windows(4)
        .position(|window| window == b"\r\n\r\n")
        .map(|at| at + 4)
}

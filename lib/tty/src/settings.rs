//! [`Settings`]: `struct termios`, and what its bits mean here.

use crate::speed;
use linux_raw_sys::general as linux;

/// How a terminal behaves, with the names of `termios(3)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// `c_iflag`: what becomes of input.
    pub iflag: u32,
    /// `c_oflag`: what becomes of output.
    pub oflag: u32,
    /// `c_cflag`: the line.
    pub cflag: u32,
    /// `c_lflag`: editing, echoing, signals.
    pub lflag: u32,
    /// `c_line`: the number of the discipline, 0 for this one.
    pub line: u8,
    /// `c_cc`: control characters, and `VMIN` and `VTIME`.
    pub cc: [u8; 19],
    /// `c_ispeed`: bits per second.
    pub ispeed: u32,
    /// `c_ospeed`: bits per second.
    pub ospeed: u32,
}

impl Settings {
    /// What a new terminal has: `stty sane`, as Linux's `tty_std_termios` for a pseudo-terminal.
    pub const COOKED: Settings = Settings {
        iflag: linux::ICRNL | linux::IXON,
        oflag: linux::OPOST | linux::ONLCR,
        cflag: linux::B38400 | linux::CS8 | linux::CREAD,
        lflag: linux::ISIG
            | linux::ICANON
            | linux::ECHO
            | linux::ECHOE
            | linux::ECHOK
            | linux::ECHOCTL
            | linux::ECHOKE
            | linux::IEXTEN,
        line: 0,
        // ^C ^\ DEL ^U ^D, VTIME 0, VMIN 1, -, ^Q ^S ^Z, -, ^R ^O ^W ^V, -
        cc: [3, 28, 127, 21, 4, 0, 1, 0, 17, 19, 26, 0, 18, 15, 23, 22, 0, 0, 0],
        ispeed: 38_400,
        ospeed: 38_400,
    };

    /// Nothing is done to any byte: what the master side of a pseudo-terminal has.
    pub const RAW: Settings = Settings {
        iflag: 0,
        oflag: 0,
        lflag: 0,
        ..Settings::COOKED
    };

    /// Bytes of `struct termios` (`TCGETS`, `TCSETS`).
    pub const SIZE: usize = 36;
    /// Bytes of `struct termios2` (`TCGETS2`, `TCSETS2`), which begins as `struct termios`.
    pub const SIZE_2: usize = 44;

    /// As `struct termios2`.
    pub fn to_bytes(&self) -> [u8; Self::SIZE_2] {
        let mut bytes = [0; Self::SIZE_2];
        let words = [self.iflag, self.oflag, self.cflag, self.lflag];
        let speeds = [self.ispeed, self.ospeed];
        for (place, word) in bytes.chunks_exact_mut(4).zip(words) {
            place.copy_from_slice(&word.to_le_bytes());
        }
        bytes[16] = self.line;
        bytes[17..Self::SIZE].copy_from_slice(&self.cc);
        for (place, word) in bytes[Self::SIZE..].chunks_exact_mut(4).zip(speeds) {
            place.copy_from_slice(&word.to_le_bytes());
        }
        bytes
    }

    /// What a program set by a `struct termios2`. As on Linux, a terminal without a line has bytes of eight bits without
    /// parity and always receives, whatever it is told.
    pub fn from_bytes(bytes: &[u8; Self::SIZE_2]) -> Settings {
        let word = |at: usize| u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        let mut cc = [0; 19];
        cc.copy_from_slice(&bytes[17..Self::SIZE]);
        let cflag = word(8);
        let ospeed = speed::output(cflag, word(40));
        Settings {
            iflag: word(0),
            oflag: word(4),
            cflag: cflag & !(linux::CSIZE | linux::PARENB) | linux::CS8 | linux::CREAD,
            lflag: word(12),
            line: bytes[16],
            cc,
            ispeed: speed::input(cflag, word(36), ospeed),
            ospeed,
        }
    }

    /// What a program set by a `struct termios`, which says nothing of speeds but what is in `c_cflag`.
    pub fn from_short_bytes(&self, bytes: &[u8; Self::SIZE]) -> Settings {
        let mut long = self.to_bytes();
        long[..Self::SIZE].copy_from_slice(bytes);
        Settings::from_bytes(&long)
    }

    /// Whether input is given out by lines, and can be edited until then.
    pub const fn is_canonical(&self) -> bool {
        self.lflag & linux::ICANON != 0
    }

    /// `VMIN`: how many bytes a read waits for, if input is not given out by lines.
    pub const fn minimum(&self) -> u8 {
        self.cc[linux::VMIN as usize]
    }

    /// `VTIME`: for how many tenths of a second.
    pub const fn time(&self) -> u8 {
        self.cc[linux::VTIME as usize]
    }

    /// Whether background processes that write are stopped.
    pub const fn stops_background_output(&self) -> bool {
        self.lflag & linux::TOSTOP != 0
    }

    pub(crate) const fn input(&self, flag: u32) -> bool {
        self.iflag & flag != 0
    }

    pub(crate) const fn output(&self, flag: u32) -> bool {
        self.oflag & flag != 0
    }

    pub(crate) const fn local(&self, flag: u32) -> bool {
        self.lflag & flag != 0
    }

    /// Whether `byte` is the control character at `index`. NUL in its place means that there is none.
    pub(crate) const fn is(&self, index: u32, byte: u8) -> bool {
        byte != 0 && self.cc[index as usize] == byte
    }

    /// Whether `byte` continues a character of several bytes.
    pub(crate) const fn is_continuation(&self, byte: u8) -> bool {
        self.input(linux::IUTF8) && byte & 0xc0 == 0x80
    }

    /// Whether flow control is by the usual keys, so that a remote terminal may do it itself (`TIOCPKT_DOSTOP`).
    pub(crate) const fn has_usual_flow_control(&self) -> bool {
        self.input(linux::IXON)
            && self.cc[linux::VSTOP as usize] == 0o23
            && self.cc[linux::VSTART as usize] == 0o21
    }
}

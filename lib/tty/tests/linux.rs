//! The line discipline beside that of the host: the same keys, settings, reads and writes, and the same must come of
//! them.
//!
//! A pseudo-terminal of the host is in step when its input is drained: a read or poll that finds nothing has waited for
//! all that was typed. So each step types, reads until nothing is left, prints, and then looks at the screen.

#![forbid(unsafe_code)]

use linux_raw_sys::general as linux;
use proptest::prelude::*;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{
    ControlModes, InputModes, LocalModes, OptionalActions, OutputModes, SpecialCodeIndex, tcgetattr,
    tcsetattr,
};
use std::os::fd::OwnedFd;
use threadbare_tty::{LineDiscipline, Settings};

/// A pseudo-terminal of the host.
struct Host {
    master: OwnedFd,
    slave: OwnedFd,
}

impl Host {
    fn new() -> Host {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("the host has pseudo-terminals");
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap();
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::NONBLOCK;
        let slave = rustix::fs::open(name, flags, Mode::empty()).unwrap();
        Host { master, slave }
    }

    fn set(&self, settings: &Settings) {
        let mut termios = tcgetattr(&self.slave).unwrap();
        termios.input_modes = InputModes::from_bits_retain(settings.iflag);
        termios.output_modes = OutputModes::from_bits_retain(settings.oflag);
        termios.control_modes = ControlModes::from_bits_retain(settings.cflag);
        termios.local_modes = LocalModes::from_bits_retain(settings.lflag);
        for (index, code) in CODES {
            termios.special_codes[index] = settings.cc[code as usize];
        }
        tcsetattr(&self.slave, OptionalActions::Now, &termios).unwrap();
    }

    fn read(&self, most: usize) -> Option<Vec<u8>> {
        let mut buffer = vec![0; most];
        match rustix::io::read(&self.slave, &mut buffer) {
            Ok(count) => {
                buffer.truncate(count);
                Some(buffer)
            }
            Err(Errno::AGAIN) => None,
            Err(error) => panic!("{error}"),
        }
    }

    fn write(&self, bytes: &[u8]) -> usize {
        match rustix::io::write(&self.slave, bytes) {
            Ok(count) => count,
            Err(Errno::AGAIN) => 0,
            Err(error) => panic!("{error}"),
        }
    }

    fn screen(&self) -> Vec<u8> {
        let mut all = Vec::new();
        let now = Timespec::default();
        while poll(&mut [PollFd::new(&self.master, PollFlags::IN)], Some(&now)).unwrap() > 0 {
            let mut buffer = [0; 8192];
            let count = rustix::io::read(&self.master, &mut buffer).unwrap();
            all.extend_from_slice(&buffer[..count]);
        }
        all
    }
}

const CODES: [(SpecialCodeIndex, u32); 16] = [
    (SpecialCodeIndex::VINTR, linux::VINTR),
    (SpecialCodeIndex::VQUIT, linux::VQUIT),
    (SpecialCodeIndex::VERASE, linux::VERASE),
    (SpecialCodeIndex::VKILL, linux::VKILL),
    (SpecialCodeIndex::VEOF, linux::VEOF),
    (SpecialCodeIndex::VTIME, linux::VTIME),
    (SpecialCodeIndex::VMIN, linux::VMIN),
    (SpecialCodeIndex::VSTART, linux::VSTART),
    (SpecialCodeIndex::VSTOP, linux::VSTOP),
    (SpecialCodeIndex::VSUSP, linux::VSUSP),
    (SpecialCodeIndex::VEOL, linux::VEOL),
    (SpecialCodeIndex::VREPRINT, linux::VREPRINT),
    (SpecialCodeIndex::VDISCARD, linux::VDISCARD),
    (SpecialCodeIndex::VWERASE, linux::VWERASE),
    (SpecialCodeIndex::VLNEXT, linux::VLNEXT),
    (SpecialCodeIndex::VEOL2, linux::VEOL2),
];

/// What happens at one time.
#[derive(Clone, Debug)]
struct Step {
    settings: Option<Settings>,
    keys: Vec<u8>,
    read_size: usize,
    output: Vec<u8>,
}

/// What came of it.
#[derive(PartialEq, Eq)]
struct Seen {
    reads: Vec<Vec<u8>>,
    written: usize,
    screen: Vec<u8>,
}

impl std::fmt::Debug for Seen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let show = |bytes: &[u8]| bytes.escape_ascii().to_string();
        let reads: Vec<String> = self.reads.iter().map(|read| show(read)).collect();
        write!(
            f,
            "reads {reads:?}, wrote {}, screen {:?}",
            self.written,
            show(&self.screen)
        )
    }
}

impl Seen {
    /// Where lines mean nothing, it depends on timing how bytes are spread over reads.
    fn comparable(mut self, canonical: bool) -> Seen {
        if !canonical {
            self.reads = vec![self.reads.concat()];
        }
        self
    }
}

fn on_host(host: &Host, step: &Step) -> Seen {
    let drain = || std::iter::from_fn(|| host.read(step.read_size));
    let (mut reads, mut screen) = (Vec::new(), Vec::new());
    if let Some(settings) = &step.settings {
        host.set(settings);
        reads.extend(drain());
        screen.extend(host.screen());
    }
    if !step.keys.is_empty() {
        assert_eq!(rustix::io::write(&host.master, &step.keys), Ok(step.keys.len()));
    }
    reads.extend(drain());
    let written = if step.output.is_empty() {
        0
    } else {
        host.write(&step.output)
    };
    screen.extend(host.screen());
    Seen {
        reads,
        written,
        screen,
    }
}

fn on_ours(ours: &mut LineDiscipline, step: &Step) -> Seen {
    let look = |ours: &mut LineDiscipline| {
        let mut screen = vec![0; threadbare_tty::OUTPUT_SIZE];
        let count = ours.take_output(&mut screen);
        screen.truncate(count);
        screen
    };
    let (mut reads, mut screen) = (Vec::new(), Vec::new());
    let mut drain = |ours: &mut LineDiscipline| {
        while ours.has_input(1) {
            let mut buffer = vec![0; step.read_size];
            let count = ours.read(&mut buffer);
            buffer.truncate(count);
            reads.push(buffer);
        }
    };
    if let Some(settings) = &step.settings {
        ours.set_settings(*settings);
        drain(ours);
        screen.extend(look(ours));
    }
    let mut keys = &step.keys[..];
    loop {
        let received = ours.receive(keys);
        keys = &keys[received.taken..];
        if keys.is_empty() || received.taken == 0 {
            drain(ours);
        }
        if keys.is_empty() {
            break;
        }
    }
    let written = ours.write(&step.output);
    screen.extend(look(ours));
    Seen {
        reads,
        written,
        screen,
    }
}

/// Does the same on both.
fn compare(steps: &[Step]) {
    let host = Host::new();
    let mut ours = LineDiscipline::new(Settings::COOKED).unwrap();
    for (number, step) in steps.iter().enumerate() {
        let mut step = step.clone();
        if let Some(settings) = step.settings.as_mut().filter(|_| ours.is_stopped()) {
            // What was echoed meanwhile shall not depend on when.
            settings.oflag = ours.settings().oflag;
            settings.iflag = settings.iflag & !linux::IUTF8 | ours.settings().iflag & linux::IUTF8;
        }
        if ours.is_stopped() && matches!(step.keys[..], [3 | 26 | 28]) {
            // Echoes that are flushed before they are seen have not moved Linux's cursor.
            step.keys.clear();
        }
        let step = &step;
        let linux = on_host(&host, step);
        let here = on_ours(&mut ours, step);
        let canonical = ours.settings().is_canonical();
        let (linux, here) = (linux.comparable(canonical), here.comparable(canonical));
        assert_eq!(
            here, linux,
            "left is ours, right is the host's: step {number}, {step:?}"
        );
    }
}

fn keys(keys: &[u8]) -> Step {
    Step {
        settings: None,
        keys: keys.to_vec(),
        read_size: 100,
        output: vec![],
    }
}

fn with(settings: Settings, bytes: &[u8]) -> Step {
    Step {
        settings: Some(settings),
        ..keys(bytes)
    }
}

#[test]
fn a_new_terminal_is_cooked() {
    let host = Host::new();
    let termios = tcgetattr(&host.slave).unwrap();
    let ours = Settings::COOKED;
    assert_eq!(termios.input_modes.bits(), ours.iflag);
    assert_eq!(termios.output_modes.bits(), ours.oflag);
    assert_eq!(termios.control_modes.bits() & 0xffff, ours.cflag);
    assert_eq!(termios.local_modes.bits(), ours.lflag);
    assert_eq!(
        (termios.input_speed(), termios.output_speed()),
        (ours.ispeed, ours.ospeed)
    );
    for (index, code) in CODES {
        assert_eq!(termios.special_codes[index], ours.cc[code as usize], "{index:?}");
    }
}

#[test]
fn lines_are_edited_and_echoed() {
    compare(&[
        keys(b"hello\n"),
        keys(b"helo\x7fl\x7flo world\x17there\r"),
        keys(b"\tx\x7f\x7fy\tz\x01\x7f\x7f\x7f\x7f\n"),
        keys(b"gone\x15here\x12\n"),
        keys(b"\x16\x03\x16\x16a\x04b\x04\x04"),
        keys(b"one\ntwo\nthr"),
        keys(b"ee\n\n\x04"),
    ]);
}

#[test]
fn a_read_that_ends_at_an_end_of_file_takes_it() {
    for size in [1, 2, 3, 4, 7] {
        let step = Step {
            read_size: size,
            ..keys(b"abc\x04def\n\x04")
        };
        compare(&[step]);
    }
}

#[test]
fn an_overlong_line_keeps_its_beginning_and_can_be_ended() {
    let long: Vec<u8> = (0..4096 + 100)
        .map(|n| b'a' + u8::try_from(n % 26).unwrap())
        .collect();
    let quiet = Settings {
        lflag: Settings::COOKED.lflag & !linux::ECHO,
        ..Settings::COOKED
    };
    for length in [4093, 4094, 4095, 4096, 4097, 4196] {
        let step = |bytes: &[u8]| Step {
            read_size: 5000,
            ..with(quiet, bytes)
        };
        compare(&[step(&long[..length]), step(b"\n")]);
        compare(&[step(&long[..length]), step(b"\x7f"), step(b"\n")]);
    }
}

#[test]
fn what_was_typed_is_a_line_when_lines_begin_to_matter() {
    let raw = Settings {
        lflag: 0,
        ..Settings::COOKED
    };
    let host = Host::new();
    let mut ours = LineDiscipline::new(Settings::COOKED).unwrap();
    for (settings, bytes) in [
        (Settings::COOKED, &b"part"[..]),
        (raw, b"ial"),
        (Settings::COOKED, b""),
    ] {
        host.set(&settings);
        rustix::io::write(&host.master, bytes).unwrap();
        if bytes == b"part" {
            assert_eq!(host.read(1), None);
        }
        ours.set_settings(settings);
        ours.receive(bytes);
        // In step when the last byte has come.
        while rustix::io::ioctl_fionread(&host.slave).unwrap() < ours.input_bytes() as u64 {}
    }
    assert_eq!(host.read(100).as_deref(), Some(&b"partial"[..]));
    let mut buffer = [0; 100];
    assert_eq!(ours.read(&mut buffer), 7);
}

#[test]
fn what_a_program_sets_it_reads_back() {
    use rustix::termios::Termios;
    let host = Host::new();
    let get = |termios: &Termios| {
        let codes: Vec<u8> = CODES
            .iter()
            .map(|(index, _)| termios.special_codes[*index])
            .collect();
        let (modes, speeds) = (
            termios.control_modes.bits(),
            (termios.input_speed(), termios.output_speed()),
        );
        (modes, codes, speeds)
    };
    for (cflag, speed) in [
        (linux::CS5 | linux::PARENB, 9600),
        (linux::HUPCL | linux::CREAD, 115_200),
        (0, 12_345),
    ] {
        let mut termios = tcgetattr(&host.slave).unwrap();
        termios.control_modes = ControlModes::from_bits_retain(cflag);
        termios.set_speed(speed).unwrap();
        tcsetattr(&host.slave, OptionalActions::Now, &termios).unwrap();
        let linux = get(&tcgetattr(&host.slave).unwrap());
        // `struct termios2`, as tcsetattr made it.
        let asked = Settings {
            cflag: termios.control_modes.bits(),
            ispeed: speed,
            ospeed: speed,
            ..Settings::COOKED
        };
        let ours = Settings::from_bytes(&asked.to_bytes());
        let codes: Vec<u8> = CODES.iter().map(|(_, code)| ours.cc[*code as usize]).collect();
        assert_eq!((ours.cflag, codes, (ours.ispeed, ours.ospeed)), linux);
    }
}

fn flags(all: &'static [u32]) -> impl Strategy<Value = u32> {
    proptest::sample::subsequence(all, 0..=all.len())
        .prop_map(|flags| flags.iter().fold(0, |all, one| all | one))
}

prop_compose! {
    fn settings()(
        iflag in flags(&[
            linux::ICRNL, linux::INLCR, linux::IGNCR, linux::ISTRIP, linux::IUCLC, linux::IXON, linux::IXANY,
            linux::IMAXBEL, linux::IUTF8, linux::PARMRK,
        ]),
        oflag in flags(&[
            linux::OPOST, linux::ONLCR, linux::OCRNL, linux::ONOCR, linux::ONLRET, linux::OLCUC, linux::XTABS,
        ]),
        lflag in flags(&[
            linux::ISIG, linux::ICANON, linux::ECHO, linux::ECHOE, linux::ECHOK, linux::ECHOKE, linux::ECHONL,
            linux::ECHOCTL, linux::ECHOPRT, linux::NOFLSH, linux::IEXTEN, linux::TOSTOP,
        ]),
        usual in any::<[bool; 4]>(),
        eol in prop::sample::select(vec![0, b'x', b'\r', 0xff]),
        eol2 in prop::sample::select(vec![0, b'y', b'\t']),
        kill in prop::sample::select(vec![21, 21, 0, b'\n']),
    ) -> Settings {
        // Mostly what people use, or there would be few lines.
        let usually = |use_it: bool, flag: u32| if use_it { flag } else { 0 };
        let mut cc = Settings::COOKED.cc;
        cc[linux::VEOL as usize] = eol;
        cc[linux::VEOL2 as usize] = eol2;
        cc[linux::VKILL as usize] = kill;
        // Without ECHOCTL, Linux 6.18 loses count of its echoes at a VLNEXT after erased characters, and prints NULs.
        let lflag = if lflag & linux::ECHOCTL == 0 { lflag & !linux::ECHOPRT } else { lflag };
        Settings {
            iflag,
            oflag: oflag | usually(usual[0], linux::OPOST | linux::ONLCR),
            lflag: lflag | usually(usual[1], linux::ICANON) | usually(usual[2], linux::ECHO | linux::ECHOE) |
                usually(usual[3], linux::IEXTEN | linux::ECHOCTL),
            cc,
            ..Settings::COOKED
        }
    }
}

fn key() -> impl Strategy<Value = u8> {
    prop_oneof![
        6 => prop::sample::select(b"abcXY_ .-19".to_vec()),
        3 => prop::sample::select(vec![b'\t', 0x7f, 0x17, b' ', 0x7f]),
        2 => prop::sample::select(vec![b'\n', b'\r', 4, 0x15, 0x12, 0x16]),
        2 => prop::sample::select(vec![0xc3, 0xa4, 0xe2, 0x82, 0xac, 0xff, 0xdf, 0x00]),
        1 => prop::sample::select(vec![b'x', b'y', 0x01, 0x1b]),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let typed = prop_oneof![
        12 => prop::collection::vec(key(), 0..24),
        // Alone, because signals flush what is on its way, and flow control stops it there.
        2 => prop::sample::select(vec![vec![3], vec![28], vec![26], vec![0x11], vec![0x13]]),
    ];
    let printed = prop_oneof![
        2 => Just(vec![]),
        1 => prop::collection::vec(prop::sample::select(b"ab\tZ\r\n\x08\x07\xc3\xa4".to_vec()), 1..16),
    ];
    (
        prop::option::weighted(0.3, settings()),
        typed,
        prop::sample::select(vec![1, 3, 63, 64, 100]),
        printed,
    )
        .prop_map(|(settings, keys, read_size, output)| Step {
            settings,
            keys,
            read_size,
            output,
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_keys_with_any_settings_do_what_they_do_on_linux(steps in prop::collection::vec(step(), 1..12)) {
        compare(&steps);
    }
}

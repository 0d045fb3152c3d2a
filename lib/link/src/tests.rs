//! Every message survives the trip, however it is cut up; no bytes hurt.

use super::*;
use alloc::{boxed::Box, vec, vec::Vec};
use proptest::prelude::*;

fn sample_crash<'a>(name: &'a [u8], stack: &'a [u8]) -> Crash<'a> {
    Crash {
        signal: 11,
        code: 1,
        pid: 1,
        tid: 7,
        name,
        vector: 14,
        error_code: 6,
        address: Some(8),
        class: Some(AddressClass::NullPage),
        registers: Registers {
            rip: 0x40_1000,
            rsp: 0x7fff_0000,
            ..Registers::default()
        },
        code_address: 0x40_0ff0,
        code_bytes: &[0x90; 64],
        modules: vec![Module {
            start: 0x40_0000,
            end: 0x40_2000,
            file_offset: 0,
            path: b"/bin/demo",
        }],
        stack_address: 0x7fff_0000,
        stack,
    }
}

fn sample_spec<'a>(arguments: &'a [Vec<u8>]) -> RunSpec<'a> {
    RunSpec {
        program: b"/bin/sh",
        arguments: arguments.iter().map(Vec::as_slice).collect(),
        environment: vec![b"PATH=/bin", b"EMPTY="],
        working_directory: b"/",
        hostname: b"threadbare",
        credentials: Credentials::default(),
        umask: 0o022,
        realtime_ns: 1_790_000_000_000_000_000,
        seed: [7; 32],
        streams: [
            StreamKind::Terminal,
            StreamKind::File(HostFile {
                permissions: 0o644,
                size: u64::MAX,
                modified_ns: 1,
                position: 7,
                appends: true,
            }),
            StreamKind::SameAsOutput,
        ],
        window: WindowSize {
            rows: 24,
            columns: 80,
            ..WindowSize::default()
        },
        console: Some(Console {
            keyboard: true,
            utf8: false,
        }),
        memory_bytes: 256 << 20,
        log_level: Some(LogLevel::Debug),
        observe: Observe::default(),
        preempt_seed: Some(3),
    }
}

fn guest_samples<'a>(data: &'a [u8], text: &'a str) -> Vec<GuestMessage<'a>> {
    let site = CallSite {
        address: 0x1234,
        module: data,
        file_offset: 0x234,
    };
    vec![
        GuestMessage::Hello {
            version: VERSION,
            features: Features::SIGNALS.union(Features::RESIZE),
        },
        GuestMessage::Write {
            stream: OutputStream::Stdout,
            data,
        },
        GuestMessage::Read { max: 65_536 },
        GuestMessage::Log {
            level: LogLevel::Warn,
            text,
        },
        GuestMessage::Crash(Box::new(sample_crash(data, data))),
        GuestMessage::Missing(Missing {
            what: text,
            errno: 38,
            count: u64::MAX,
            thread: data,
            site,
        }),
        GuestMessage::Exit(ExitStatus::Signaled(9)),
        GuestMessage::AwaitInput,
        GuestMessage::SeekInput { offset: u64::MAX },
        GuestMessage::SeekOutput {
            stream: OutputStream::Stderr,
            offset: 0,
        },
    ]
}

fn host_samples(data: &[u8]) -> Vec<HostMessage<'_>> {
    vec![
        HostMessage::Input { data },
        HostMessage::InputError { errno: 5 },
        HostMessage::Written {
            stream: OutputStream::Stderr,
            bytes: WINDOW,
        },
        HostMessage::Broken {
            stream: OutputStream::Stdout,
            errno: 32,
        },
        HostMessage::Signal { signal: 2 },
        HostMessage::Resize(WindowSize::default()),
        HostMessage::InputReady,
    ]
}

#[test]
fn host_messages_survive_the_trip() {
    for message in host_samples(b"some\0bytes\xff") {
        let mut wire = vec![];
        message.append_to(&mut wire).unwrap();
        assert_eq!(HostMessage::decode(&wire[HEADER..]).unwrap(), message);
    }
}

#[test]
fn the_wire_format_is_what_the_documentation_says() {
    let mut wire = vec![];
    GuestMessage::Write {
        stream: OutputStream::Stderr,
        data: b"hi",
    }
    .append_to(&mut wire)
    .unwrap();
    assert_eq!(wire, [5, 0, 0, 0, 1, 1, 2, b'h', b'i']);
}

#[test]
fn a_frame_of_exactly_the_limit_is_accepted_and_one_byte_more_is_refused() {
    let mut decoder = Decoder::with_limit(3);
    decoder.push(&[3, 0, 0, 0, 1, 2, 3, 4, 0, 0, 0]).unwrap();
    assert_eq!(decoder.next_payload().unwrap(), Some(&[1, 2, 3][..]));
    let refused = Err(Error::TooLong { length: 4, limit: 3 });
    assert_eq!(decoder.next_payload(), refused);
    decoder.push(&[0; 64]).unwrap();
    assert_eq!(decoder.next_payload(), refused, "the error repeats");
}

#[test]
fn a_message_too_long_for_a_frame_leaves_the_buffer_alone() {
    let mut wire = vec![1, 2, 3];
    let data = vec![0; MAX_PAYLOAD as usize];
    let error = HostMessage::Input { data: &data }
        .append_to(&mut wire)
        .unwrap_err();
    assert!(matches!(error, Error::TooLong { .. }));
    assert_eq!(wire, [1, 2, 3]);
}

#[test]
fn bytes_after_a_message_are_an_error() {
    let mut wire = vec![];
    HostMessage::Signal { signal: 2 }.append_to(&mut wire).unwrap();
    wire.push(0);
    assert_eq!(HostMessage::decode(&wire[HEADER..]), Err(Error::TrailingBytes));
}

#[test]
fn an_unfinished_frame_is_noticed() {
    let mut decoder = Decoder::new();
    assert!(!decoder.has_partial_frame());
    decoder.push(&[1, 0, 0, 0, 9, 1]).unwrap();
    assert_eq!(decoder.next_payload().unwrap(), Some(&[9][..]));
    assert_eq!(decoder.next_payload().unwrap(), None);
    assert!(decoder.has_partial_frame());
}

#[test]
fn a_specification_of_another_version_is_named() {
    let arguments = [b"sh".to_vec()];
    let mut bytes = sample_spec(&arguments).encode().unwrap();
    bytes[0] ^= 0x40;
    assert_eq!(
        RunSpec::decode(&bytes),
        Err(Error::Version {
            found: VERSION ^ 0x40
        })
    );
}

#[test]
fn death_by_signal_is_told_as_a_shell_tells_it() {
    assert_eq!(ExitStatus::Exited(42).code(), 42);
    assert_eq!(ExitStatus::Signaled(11).code(), 139);
    assert_eq!(ExitStatus::Signaled(200).code(), 255);
}

proptest! {
    #[test]
    fn guest_messages_survive_any_cutting(
        data in prop::collection::vec(any::<u8>(), 0..2000), text in ".*", step in 1usize..500,
    ) {
        let sent = guest_samples(&data, &text);
        let mut wire = vec![];
        for message in &sent {
            message.append_to(&mut wire).unwrap();
        }
        let mut decoder = Decoder::new();
        let mut received = 0;
        for piece in wire.chunks(step) {
            decoder.push(piece).unwrap();
            while let Some(payload) = decoder.next_payload().unwrap() {
                prop_assert_eq!(&GuestMessage::decode(payload).unwrap(), &sent[received]);
                received += 1;
            }
        }
        prop_assert_eq!(received, sent.len());
        prop_assert!(!decoder.has_partial_frame());
    }

    #[test]
    fn specifications_survive_the_trip(arguments in prop::collection::vec(prop::collection::vec(1u8.., 0..40), 0..20)) {
        let spec = sample_spec(&arguments);
        let bytes = spec.encode().unwrap();
        prop_assert_eq!(RunSpec::decode(&bytes).unwrap(), spec);
    }

    #[test]
    fn any_bytes_are_an_answer(bytes in prop::collection::vec(any::<u8>(), 0..4000)) {
        let _ = GuestMessage::decode(&bytes);
        let _ = HostMessage::decode(&bytes);
        let _ = RunSpec::decode(&bytes);
        let mut decoder = Decoder::with_limit(1000);
        if decoder.push(&bytes).is_ok() {
            while let Ok(Some(payload)) = decoder.next_payload() {
                prop_assert!(payload.len() <= 1000);
            }
        }
    }

    #[test]
    fn damaged_messages_are_an_answer(at in any::<prop::sample::Index>(), bit in 0u8..8) {
        for message in guest_samples(b"data", "text") {
            let mut wire = vec![];
            message.append_to(&mut wire).unwrap();
            let at = HEADER + at.index(wire.len() - HEADER);
            wire[at] ^= 1 << bit;
            let _ = GuestMessage::decode(&wire[HEADER..]);
        }
    }

    #[test]
    fn any_prefix_of_a_message_is_malformed(cut in any::<prop::sample::Index>()) {
        for message in guest_samples(b"data", "text") {
            let mut wire = vec![];
            message.append_to(&mut wire).unwrap();
            let cut = HEADER + cut.index(wire.len() - HEADER);
            prop_assert_eq!(GuestMessage::decode(&wire[HEADER..cut]), Err(Error::Malformed));
        }
    }
}

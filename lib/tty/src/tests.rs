use crate::{INPUT_SIZE, LineDiscipline, OUTPUT_ROOM, OUTPUT_SIZE, Packet, Received, Settings, Signal};
use linux_raw_sys::general as linux;
use std::vec;
use std::vec::Vec;

fn cooked() -> LineDiscipline {
    LineDiscipline::new(Settings::COOKED).unwrap()
}

fn read(tty: &mut LineDiscipline) -> Vec<u8> {
    let mut buffer = vec![0; INPUT_SIZE];
    let count = tty.read(&mut buffer);
    buffer.truncate(count);
    buffer
}

fn screen(tty: &mut LineDiscipline) -> Vec<u8> {
    let mut buffer = vec![0; OUTPUT_SIZE];
    let count = tty.take_output(&mut buffer);
    buffer.truncate(count);
    buffer
}

#[test]
fn a_signal_stops_the_reception_and_flushes_what_was_typed() {
    let mut tty = cooked();
    let received = tty.receive(b"abc\ndef\x03ghi");
    let signal = Some(Signal::Interrupt);
    assert_eq!(received, Received { taken: 8, signal });
    assert!(!tty.has_input(1));
    assert_eq!(screen(&mut tty), b"^C");
    let mut bits = Packet::FLUSH_READ.bits();
    bits |= Packet::FLUSH_WRITE.bits();
    assert_eq!(tty.take_packet().bits(), bits);
    assert_eq!(tty.take_packet(), Packet::default());
}

#[test]
fn with_noflsh_a_signal_leaves_what_was_typed() {
    let mut tty = cooked();
    tty.set_settings(Settings {
        lflag: Settings::COOKED.lflag | linux::NOFLSH,
        ..Settings::COOKED
    });
    assert_eq!(tty.receive(b"a\n\x1a").signal, Some(Signal::Suspend));
    assert_eq!(read(&mut tty), b"a\n");
}

#[test]
fn complete_lines_fill_the_input_and_reading_makes_room() {
    let mut tty = cooked();
    let lines = vec![b'\n'; INPUT_SIZE + 10];
    assert_eq!(tty.receive(&lines).taken, INPUT_SIZE - 1);
    assert!(!tty.can_receive());
    assert_eq!(read(&mut tty), b"\n");
    assert!(tty.can_receive());
}

#[test]
fn programs_wait_for_the_screen_and_echoes_are_dropped_when_nothing_fits() {
    let mut tty = cooked();
    let flood = vec![b'x'; OUTPUT_SIZE];
    assert_eq!(tty.write(&flood), OUTPUT_ROOM);
    assert!(!tty.can_write());
    tty.receive(&vec![b'\t'; INPUT_SIZE]);
    tty.receive(&vec![b'y'; INPUT_SIZE]);
    assert_eq!(tty.output_bytes(), OUTPUT_SIZE);
    assert_eq!(screen(&mut tty).len(), OUTPUT_SIZE);
    assert!(tty.can_write());
}

#[test]
fn a_newline_that_becomes_two_is_written_whole_or_not() {
    let mut tty = cooked();
    assert_eq!(tty.write(&vec![b'x'; OUTPUT_ROOM - 1]), OUTPUT_ROOM - 1);
    assert_eq!(tty.write(b"\n"), 0);
}

#[test]
fn stopped_output_waits_and_what_a_program_stopped_no_key_starts() {
    let mut tty = cooked();
    tty.receive(b"\x13");
    assert_eq!((tty.write(b"a"), tty.can_write()), (0, false));
    tty.receive(b"x\x11");
    assert_eq!((tty.write(b"a"), screen(&mut tty)), (1, b"xa".to_vec()));
    tty.suspend_output(true);
    tty.receive(b"\x11");
    assert!(tty.is_stopped());
    tty.suspend_output(false);
    assert!(!tty.is_stopped());
    assert_eq!(tty.take_packet(), Packet::START);
}

#[test]
fn the_short_form_of_the_settings_keeps_a_speed_that_it_cannot_say() {
    let odd = Settings {
        cflag: linux::BOTHER | linux::CS8 | linux::CREAD,
        ispeed: 12_345,
        ospeed: 12_345,
        ..Settings::COOKED
    };
    let mut short = [0; Settings::SIZE];
    short.copy_from_slice(&odd.to_bytes()[..Settings::SIZE]);
    assert_eq!(odd.from_short_bytes(&short), odd);
    assert_eq!(Settings::COOKED.from_short_bytes(&short).ospeed, 38_400);
}

#[test]
fn columns_of_an_endless_line_wrap() {
    let mut tty = cooked();
    tty.output.move_columns(u32::MAX);
    assert_eq!(tty.write(b"ab\t"), 3);
}

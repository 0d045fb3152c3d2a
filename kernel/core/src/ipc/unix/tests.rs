use super::address::Address;
use super::queue::{Appended, OVERHEAD, Queue, Segment};
use crate::error::Errno;
use proptest::prelude::*;
use std::vec::Vec;
use threadbare_machine::memory::{Frame, PAGE_SIZE};

fn segment(length: usize) -> Segment {
    Segment::of_page(Frame::zeroed().unwrap(), length)
}

fn append(queue: &mut Queue, bytes: &[u8]) {
    let mut page = None;
    while queue.append(bytes, &mut page).unwrap() == Appended::NeedsPage {
        page = Some(Frame::zeroed().unwrap());
    }
}

/// Takes up to `room` bytes out of one segment.
fn take(queue: &mut Queue, room: usize) -> Vec<u8> {
    let Some(taken) = queue.take(room) else {
        return Vec::new();
    };
    let mut bytes = std::vec![0; taken.length];
    if let Some(page) = &taken.page {
        page.read(taken.start, &mut bytes);
    }
    bytes
}

proptest! {
    #[test]
    fn small_pieces_come_out_in_order_whatever_their_sizes(
        pieces in prop::collection::vec((1..256usize, 0..300usize), 1..60),
    ) {
        let (mut queue, mut next, mut expected) = (Queue::new(), 0u8, Vec::new());
        let mut received = Vec::new();
        for (length, room) in pieces {
            let bytes: Vec<u8> = (0..length).map(|_| { next = next.wrapping_add(1); next }).collect();
            append(&mut queue, &bytes);
            expected.extend(bytes);
            if room > 0 {
                received.extend(take(&mut queue, room));
            }
        }
        while !queue.is_empty() {
            received.extend(take(&mut queue, 100));
        }
        prop_assert_eq!(received, expected);
        prop_assert_eq!(queue.used(), 0);
    }
}

#[test]
fn small_pieces_share_a_page() {
    let mut queue = Queue::new();
    for _ in 0..PAGE_SIZE / 64 {
        append(&mut queue, &[7; 64]);
    }
    assert_eq!(queue.used(), PAGE_SIZE + OVERHEAD);
    append(&mut queue, &[7; 64]);
    assert_eq!(queue.used(), PAGE_SIZE + 64 + 2 * OVERHEAD);
}

#[test]
fn what_was_put_back_is_received_first() {
    let mut queue = Queue::new();
    append(&mut queue, b"abcdef");
    let taken = queue.take(2).unwrap();
    queue.put_back(taken);
    assert_eq!(take(&mut queue, 9), b"ab");
    assert_eq!(take(&mut queue, 9), b"cdef");
}

#[test]
fn nothing_is_appended_to_a_page_that_a_receiver_reads() {
    let mut queue = Queue::new();
    append(&mut queue, b"abc");
    let taken = queue.take(1).unwrap();
    append(&mut queue, b"d");
    assert_eq!(take(&mut queue, 9), b"bc");
    assert_eq!(take(&mut queue, 9), b"d");
    drop(taken);
}

#[test]
fn a_sender_waits_when_its_buffer_is_used_and_is_woken_at_a_quarter() {
    let mut queue = Queue::new();
    let cost = PAGE_SIZE + OVERHEAD;
    for _ in 0..4 {
        assert!(!queue.is_full(4 * cost));
        queue.push(segment(PAGE_SIZE)).unwrap();
    }
    assert!(queue.is_full(4 * cost));
    queue.take(PAGE_SIZE);
    assert!(!queue.has_room());
    queue.take(PAGE_SIZE);
    queue.take(PAGE_SIZE);
    assert!(queue.has_room());
}

#[test]
fn a_message_ends_where_its_last_page_says() {
    let mut queue = Queue::new();
    queue.push(segment(PAGE_SIZE)).unwrap();
    queue
        .push(Segment {
            ends: true,
            ..segment(5)
        })
        .unwrap();
    queue
        .push(Segment {
            ends: true,
            ..segment(9)
        })
        .unwrap();
    assert_eq!((queue.first_record(), queue.records()), (PAGE_SIZE + 5, 2));
}

#[test]
fn names_are_read_and_written_as_linux_does() {
    let mut bytes = [0; Address::MOST + 1];
    for (given, length) in [
        (&b"\x01\x00"[..], 2),
        (&b"\x01\x00/run/s"[..], 9),
        (&b"\x01\x00/run/s\0rest"[..], 9),
        (&b"\x01\x00\0any\0thing"[..], 12),
    ] {
        let address = Address::decode(given).unwrap();
        assert_eq!(address.encode(&mut bytes), length, "{address:?}");
    }
    assert_eq!(Address::decode(b"\x01"), Err(Errno::EINVAL));
    assert_eq!(Address::decode(b"\x02\x00/x"), Err(Errno::EINVAL));
    assert_eq!(Address::decode(&[1; Address::MOST + 1]), Err(Errno::EINVAL));
}

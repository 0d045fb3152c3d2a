use super::ring::{Place, Ring, Segment};
use threadbare_machine::memory::{Frame, PAGE_SIZE};

fn segment(length: usize) -> Segment {
    Segment {
        page: Frame::zeroed().unwrap(),
        start: 0,
        length,
        packet: false,
        open_ended: true,
    }
}

#[test]
fn the_capacity_counts_pages_and_not_bytes() {
    let mut ring = Ring::new(2).unwrap();
    ring.push(segment(1));
    ring.push(segment(1));
    assert!(ring.is_full());
    assert_eq!(ring.bytes(), 2);
}

#[test]
fn a_write_fills_up_the_last_page_only_if_it_fits_as_one_piece() {
    let mut ring = Ring::new(2).unwrap();
    ring.push(segment(4000));
    assert!(matches!(ring.place(96, true), Some(Place::Behind(_, range)) if range == (4000..4096)));
    assert!(matches!(ring.place(97, true), Some(Place::Fresh(None))));
    assert!(matches!(
        ring.place(PAGE_SIZE + 96, true),
        Some(Place::Behind(..))
    ));
    assert!(matches!(ring.place(96, false), Some(Place::Fresh(None))));
}

#[test]
fn nothing_is_put_behind_a_packet() {
    let mut ring = Ring::new(2).unwrap();
    ring.push(Segment {
        packet: true,
        open_ended: false,
        ..segment(10)
    });
    assert!(matches!(ring.place(1, true), Some(Place::Fresh(None))));
}

#[test]
fn a_packet_is_gone_whole_and_bytes_one_by_one() {
    let mut ring = Ring::new(3).unwrap();
    ring.push(Segment {
        packet: true,
        open_ended: false,
        ..segment(10)
    });
    ring.push(segment(10));
    ring.consume(3);
    assert_eq!(ring.bytes(), 10);
    ring.consume(3);
    assert_eq!(
        ring.first().map(|first| (first.start, first.length)),
        Some((3, 7))
    );
    ring.consume(7);
    assert!(ring.is_empty());
}

#[test]
fn one_page_that_was_read_empty_is_used_again() {
    let mut ring = Ring::new(4).unwrap();
    ring.push(segment(1));
    ring.push(segment(1));
    assert!(ring.consume(1).is_none());
    assert!(ring.consume(1).is_some(), "the second goes back");
    assert!(matches!(ring.place(1, true), Some(Place::Fresh(Some(_)))));
    assert!(matches!(ring.place(1, true), Some(Place::Fresh(None))));
}

#[test]
fn a_ring_does_not_shrink_below_what_it_holds() {
    let mut ring = Ring::new(4).unwrap();
    ring.push(segment(1));
    ring.push(segment(1));
    assert!(ring.resize(1).is_err());
    ring.resize(2).unwrap();
    assert!(ring.is_full());
    ring.resize(64).unwrap();
    assert!(!ring.is_full());
}

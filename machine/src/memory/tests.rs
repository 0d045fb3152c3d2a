use super::*;
use std::vec;

#[test]
fn a_new_frame_is_zero_and_keeps_what_is_written() {
    let frame = Frame::zeroed().unwrap();
    let mut page = vec![1; PAGE_SIZE];
    frame.read(0, &mut page);
    assert!(page.iter().all(|&byte| byte == 0));
    frame.write(4090, &[1, 2, 3, 4, 5, 6]);
    let mut end = [0; 7];
    frame.read(4089, &mut end);
    assert_eq!(end, [0, 1, 2, 3, 4, 5, 6]);
}

#[test]
fn clones_share_one_page_until_the_last_is_gone() {
    let frame = Frame::zeroed().unwrap();
    assert!(!frame.is_shared());
    let other = frame.clone();
    assert!(frame.is_shared());
    other.write(0, b"seen");
    let copy = frame.duplicate().unwrap();
    drop(other);
    assert!(!frame.is_shared());
    frame.write(0, b"gone");
    let mut bytes = [0; 4];
    copy.read(0, &mut bytes);
    assert_eq!(&bytes, b"seen");
}

#[test]
#[should_panic(expected = "past the page")]
fn a_read_past_the_page_is_refused() {
    Frame::zeroed().unwrap().read(4095, &mut [0; 2]);
}

use super::{Picture, svg};

fn picture(shift: u64) -> Picture {
    let mut picture = Picture::new("frame", "A frame");
    for line in [
        format!("point rbp | {:#x}", 0x7fff_1000 + shift),
        format!("point return address | {:#x}", 0x5555_1234 + shift),
        format!(
            "row {:#x} | {:#x} | pushed by call",
            0x7fff_1008 + shift,
            0x5555_1234 + shift
        ),
        format!(
            "row {:#x} | {:#x} | saved rbp",
            0x7fff_1000 + shift,
            0x7fff_1040 + shift
        ),
        format!("row {:#x} | 0x1111 | a local", 0x7fff_0ff0 + shift),
        "row rax | 0x2 | the sum".to_owned(),
    ] {
        picture.line(&line);
    }
    picture
}

#[test]
fn an_svg_is_the_same_wherever_the_stack_lies() {
    assert_eq!(svg::draw(&picture(0)), svg::draw(&picture(0x10_0000)));
}

#[test]
fn an_svg_changes_with_what_was_seen() {
    let mut other = picture(0);
    other.line("row rbx | 0x3 | another");
    assert_ne!(svg::draw(&other), svg::draw(&picture(0)));
}

#[test]
fn addresses_are_told_by_the_points_that_are_near() {
    let picture = picture(0);
    assert_eq!(picture.relative(0, 0x7fff_1000).as_deref(), Some("rbp"));
    assert_eq!(picture.relative(0, 0x7fff_1008).as_deref(), Some("rbp + 8"));
    assert_eq!(picture.relative(0, 0x7fff_0ff0).as_deref(), Some("rbp - 16"));
    assert_eq!(picture.relative(0, 0x1111), None);
}

#[test]
fn the_terminal_shows_real_addresses_and_who_points_at_them() {
    let text = picture(0).text();
    assert!(
        text.contains("0x7fff1000 │ 0x000000007fff1040 │ saved rbp       <- rbp"),
        "{text}"
    );
}

#[test]
fn a_column_tells_addresses_by_its_own_points_first() {
    let mut picture = picture(0);
    picture.line("column another stack");
    picture.line("point stack pointer | 0x7fff0e00");
    assert_eq!(
        picture.relative(1, 0x7fff_0e08).as_deref(),
        Some("stack pointer + 8")
    );
    assert_eq!(picture.relative(0, 0x7fff_0e08).as_deref(), Some("rbp - 504"));
}

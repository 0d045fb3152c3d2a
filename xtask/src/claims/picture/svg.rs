//! A picture as SVG: columns side by side, addresses relative, the same bytes at each run.

use super::{Column, Picture, Place, Row};
use std::fmt::Write;

/// Measures in pixels. A character of the font is about 7.3 wide.
const CELL_WIDTH: usize = 190;
const CELL_HEIGHT: usize = 26;
const PLACE_WIDTH: usize = 130;
const CHARACTER: usize = 8;
const MARGIN: usize = 16;
const TOP: usize = 76;
/// Between rows whose addresses are not neighbours.
const GAP: u64 = 8;

pub(super) fn draw(picture: &Picture) -> String {
    let widths: Vec<usize> = picture
        .columns
        .iter()
        .map(|column| width(picture, column))
        .collect();
    let title = picture.title.chars().count() * CHARACTER + 2 * MARGIN;
    let total = (widths.iter().sum::<usize>() + MARGIN).max(title);
    let rows = picture.columns.iter().map(|column| column.rows.len()).max();
    let height = TOP + (rows.unwrap_or(0) + gaps(picture)) * CELL_HEIGHT + MARGIN;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{total}\" height=\"{height}\" font-family=\"monospace\" \
         font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"#fdfdf8\"/>\n"
    );
    text(&mut svg, MARGIN, 28, "start", "bold", &picture.title);
    let mut left = 0;
    for (column, width) in picture.columns.iter().zip(widths) {
        column_of(&mut svg, picture, column, left);
        left += width;
    }
    svg.push_str("</svg>\n");
    svg
}

/// The most gaps that a column has.
fn gaps(picture: &Picture) -> usize {
    let of = |column: &Column| {
        column
            .rows
            .windows(2)
            .filter(|pair| apart(&pair[0], &pair[1]))
            .count()
    };
    picture.columns.iter().map(of).max().unwrap_or(0)
}

/// Whether something lies between two rows that is not drawn.
fn apart(above: &Row, below: &Row) -> bool {
    match (&above.place, &below.place) {
        (Place::Address(above), Place::Address(below)) => above.abs_diff(*below) != GAP,
        _ => false,
    }
}

fn width(picture: &Picture, column: &Column) -> usize {
    let longest = column
        .rows
        .iter()
        .map(|row| note(picture, row).chars().count())
        .max();
    let cells = PLACE_WIDTH + CELL_WIDTH + MARGIN + longest.unwrap_or(0) * CHARACTER;
    cells.max(column.title.chars().count() * CHARACTER) + MARGIN
}

/// What stands to the right of a cell: its meaning, and who points at it.
fn note(picture: &Picture, row: &Row) -> String {
    let arrows = match row.place {
        Place::Address(address) => picture.at(address).join(", "),
        Place::Register(_) => String::new(),
    };
    if arrows.is_empty() {
        return row.meaning.clone();
    }
    format!("{} ← {arrows}", row.meaning).trim_start().to_owned()
}

fn column_of(svg: &mut String, picture: &Picture, column: &Column, left: usize) {
    text(svg, left + MARGIN, TOP - 18, "start", "normal", &column.title);
    let mut top = TOP;
    for (index, row) in column.rows.iter().enumerate() {
        if index > 0 && apart(&column.rows[index - 1], row) {
            text(
                svg,
                left + PLACE_WIDTH + CELL_WIDTH / 2,
                top + 17,
                "middle",
                "normal",
                "⋮",
            );
            top += CELL_HEIGHT;
        }
        cell(svg, picture, row, left, top);
        top += CELL_HEIGHT;
    }
}

fn cell(svg: &mut String, picture: &Picture, row: &Row, left: usize, top: usize) {
    let base = top + 17;
    let x = left + PLACE_WIDTH;
    let _ = writeln!(
        svg,
        "<rect x=\"{x}\" y=\"{top}\" width=\"{CELL_WIDTH}\" height=\"{CELL_HEIGHT}\" fill=\"#ffffff\" stroke=\"#445\"/>"
    );
    let place = match &row.place {
        Place::Address(address) => shown(picture, *address),
        Place::Register(name) => name.clone(),
    };
    let value = row.value.map_or_else(String::new, |value| shown(picture, value));
    text(svg, x - 8, base, "end", "normal", &place);
    text(svg, x + CELL_WIDTH / 2, base, "middle", "normal", &value);
    text(
        svg,
        x + CELL_WIDTH + 8,
        base,
        "start",
        "normal",
        &note(picture, row),
    );
}

fn shown(picture: &Picture, value: u64) -> String {
    picture.relative(value).unwrap_or_else(|| format!("{value:#x}"))
}

fn text(svg: &mut String, x: usize, y: usize, anchor: &str, weight: &str, words: &str) {
    if words.is_empty() {
        return;
    }
    let words = words
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    let _ = writeln!(
        svg,
        "<text x=\"{x}\" y=\"{y}\" text-anchor=\"{anchor}\" font-weight=\"{weight}\" fill=\"#223\">{words}</text>"
    );
}

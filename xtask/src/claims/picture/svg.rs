//! A picture as SVG: columns side by side, addresses relative, the same bytes at each run.

use super::{Picture, Place, Row};
use std::fmt::Write;

/// Measures in pixels; CHARACTER is how wide a character of the font is at most.
const CELL_HEIGHT: usize = 26;
const CHARACTER: usize = 8;
const MARGIN: usize = 16;
const TITLE: usize = 44;
/// What is less is a number, even if it lies near a point.
const SMALLEST_ADDRESS: u64 = 0x1_0000;
/// How far apart the addresses of neighbours are at most.
const WORD: u64 = 8;

/// A column, ready to be drawn: the texts of its rows, and how wide they are.
struct Laid<'a> {
    title: &'a str,
    rows: Vec<Texts>,
    place: usize,
    cell: usize,
    width: usize,
}

/// The three texts of a row, and whether something is left out above it.
struct Texts {
    place: String,
    value: String,
    note: String,
    apart: bool,
}

pub(super) fn draw(picture: &Picture) -> String {
    let columns: Vec<Laid<'_>> = (0..picture.columns.len())
        .map(|index| lay(picture, index))
        .collect();
    let title = picture.title.chars().count() * CHARACTER + 2 * MARGIN;
    let width = columns
        .iter()
        .map(|column| column.width)
        .sum::<usize>()
        .max(title);
    let titled = columns.iter().any(|column| !column.title.is_empty());
    let top = TITLE + if titled { CELL_HEIGHT } else { 0 };
    let lines = |column: &Laid<'_>| column.rows.len() + column.rows.iter().filter(|row| row.apart).count();
    let height = top + columns.iter().map(lines).max().unwrap_or(0) * CELL_HEIGHT + MARGIN;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" font-family=\"monospace\" \
         font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"#fdfdf8\"/>\n"
    );
    svg.push_str("<g font-weight=\"bold\">\n");
    text(&mut svg, MARGIN, 28, "start", &picture.title);
    svg.push_str("</g>\n");
    let mut left = 0;
    for column in &columns {
        column_of(&mut svg, column, left, top);
        left += column.width;
    }
    svg.push_str("</svg>\n");
    svg
}

fn lay(picture: &Picture, index: usize) -> Laid<'_> {
    let column = &picture.columns[index];
    let mut rows: Vec<Texts> = Vec::new();
    for (number, row) in column.rows.iter().enumerate() {
        let above = number.checked_sub(1).map(|above| &column.rows[above]);
        rows.push(texts(picture, index, row, above));
    }
    let longest = |of: fn(&Texts) -> &str| {
        let lengths = rows.iter().map(|row| of(row).chars().count());
        lengths.max().unwrap_or(0) * CHARACTER
    };
    let (place, cell) = (
        longest(|row| &row.place) + 2 * MARGIN,
        longest(|row| &row.value).max(64) + MARGIN,
    );
    let width = place + cell + longest(|row| &row.note) + 2 * MARGIN;
    Laid {
        title: &column.title,
        rows,
        place,
        cell,
        width: width.max((column.title.chars().count() + 4) * CHARACTER),
    }
}

fn texts(picture: &Picture, index: usize, row: &Row, above: Option<&Row>) -> Texts {
    let shown = |value| {
        let relative = picture.relative(index, value);
        relative.unwrap_or_else(|| format!("{value:#x}"))
    };
    let (place, others) = match &row.place {
        Place::Register(name) => (name.clone(), String::new()),
        // The first point at an address is its name, the others point at it.
        Place::Address(address) => {
            let points = picture.at(*address);
            (shown(*address), points.get(1..).unwrap_or_default().join(", "))
        }
    };
    let arrow = if others.is_empty() { "" } else { " ← " };
    Texts {
        place,
        value: row.value.map_or_else(String::new, |value| match value {
            ..SMALLEST_ADDRESS => format!("{value:#x}"),
            _ => shown(value),
        }),
        note: format!("{}{arrow}{others}", row.meaning),
        apart: above.is_some_and(|above| apart(above, row)),
    }
}

/// Whether something lies between two rows that is not drawn.
fn apart(above: &Row, below: &Row) -> bool {
    match (&above.place, &below.place) {
        (Place::Address(above), Place::Address(below)) => above.abs_diff(*below) > WORD,
        _ => false,
    }
}

fn column_of(svg: &mut String, column: &Laid<'_>, left: usize, top: usize) {
    text(svg, left + MARGIN, top - 10, "start", column.title);
    let (x, cell) = (left + column.place, column.cell);
    let mut top = top;
    for row in &column.rows {
        if row.apart {
            text(svg, x + cell / 2, top + 17, "middle", "⋮");
            top += CELL_HEIGHT;
        }
        let _ = writeln!(
            svg,
            "<rect x=\"{x}\" y=\"{top}\" width=\"{cell}\" height=\"{CELL_HEIGHT}\" fill=\"#ffffff\" stroke=\"#445\"/>"
        );
        text(svg, x - 8, top + 17, "end", &row.place);
        text(svg, x + cell / 2, top + 17, "middle", &row.value);
        text(svg, x + cell + 8, top + 17, "start", &row.note);
        top += CELL_HEIGHT;
    }
}

fn text(svg: &mut String, x: usize, y: usize, anchor: &str, words: &str) {
    if words.is_empty() {
        return;
    }
    let words = words
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    let _ = writeln!(
        svg,
        "<text x=\"{x}\" y=\"{y}\" text-anchor=\"{anchor}\" fill=\"#223\">{words}</text>"
    );
}

//! A picture in a terminal: real addresses, one cell a line, columns below each other.

use super::{Column, Picture, Place};
use std::fmt::Write;

pub(super) fn draw(picture: &Picture) -> String {
    let mut text = format!("    {}\n", picture.title);
    for column in &picture.columns {
        column_of(picture, column, &mut text);
    }
    text
}

fn column_of(picture: &Picture, column: &Column, text: &mut String) {
    if !column.title.is_empty() {
        let _ = writeln!(text, "\n    {}", column.title);
    }
    let width = column.rows.iter().map(|row| row.meaning.chars().count()).max();
    let border = format!("    {:18} ├────────────────────┤\n", "");
    for row in &column.rows {
        let place = match &row.place {
            Place::Address(address) => format!("{address:#x}"),
            Place::Register(name) => name.clone(),
        };
        let value = row
            .value
            .map_or_else(|| "-".to_owned(), |value| format!("{value:#018x}"));
        let arrows = match row.place {
            Place::Address(address) => picture.at(address).join(", "),
            Place::Register(_) => String::new(),
        };
        let arrow = if arrows.is_empty() { "" } else { "  <- " };
        let meaning = &row.meaning;
        let line = format!("{meaning:<width$}{arrow}{arrows}", width = width.unwrap_or(0));
        text.push_str(&border);
        let _ = writeln!(text, "    {place:>18} │ {value:^18} │ {}", line.trim_end());
    }
    text.push_str(&border);
}

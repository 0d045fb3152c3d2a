//! Pictures of memory and registers, drawn from what a run printed.
//!
//! In the terminal a picture shows the addresses of that very run. In `docs/claims/pictures/` it is an SVG that must not change
//! from run to run, so there each address is told as a distance from a *point*, a value to which the run gave a name. What is
//! neither a point nor near one is shown as it was seen: a run that yields another value fails the comparison.

mod svg;
mod text;

use super::catalogue::FOLDER;
use super::protocol::{number, pair};
use crate::tally::Tally;
use crate::workspace;
use anyhow::{Context, Result};
use std::collections::BTreeSet;
use std::fs;

/// How far from a point an address is told by it.
const NEAR: u64 = 4096;

/// Columns of cells, and the values that have names.
#[derive(Debug, Default)]
pub(super) struct Picture {
    name: String,
    title: String,
    points: Vec<Point>,
    columns: Vec<Column>,
}

/// A value with a name.
#[derive(Debug)]
struct Point {
    name: String,
    value: u64,
    /// How many columns had begun when it was named: addresses of the last of them are told by it first.
    column: usize,
}

#[derive(Debug, Default)]
struct Column {
    title: String,
    rows: Vec<Row>,
}

/// A word: where it is, what it holds, and what that means.
#[derive(Debug)]
struct Row {
    place: Place,
    value: Option<u64>,
    meaning: String,
}

#[derive(Debug)]
enum Place {
    Address(u64),
    Register(String),
}

impl Picture {
    pub(super) fn new(name: &str, title: &str) -> Picture {
        Picture {
            name: name.to_owned(),
            title: title.to_owned(),
            ..Picture::default()
        }
    }

    /// Takes a line between `picture` and `end`.
    pub(super) fn line(&mut self, line: &str) {
        if let Some((name, value)) = line.strip_prefix("point ").and_then(pair) {
            self.points.extend(number(value).map(|value| Point {
                name: name.to_owned(),
                value,
                column: self.columns.len(),
            }));
        } else if let Some(title) = line.strip_prefix("column ") {
            self.columns.push(Column {
                title: title.to_owned(),
                rows: Vec::new(),
            });
        } else if let Some((place, (value, meaning))) = line
            .strip_prefix("row ")
            .and_then(pair)
            .and_then(|(place, rest)| Some((place, pair(rest)?)))
        {
            let place = number(place).map_or_else(|| Place::Register(place.to_owned()), Place::Address);
            let row = Row {
                place,
                value: number(value),
                meaning: meaning.to_owned(),
            };
            match self.columns.last_mut() {
                Some(column) => column.rows.push(row),
                None => self.columns.push(Column {
                    title: String::new(),
                    rows: vec![row],
                }),
            }
        }
    }

    /// The picture for a terminal.
    pub(super) fn text(&self) -> String {
        text::draw(self)
    }

    /// The names of the points that lie at `address`.
    fn at(&self, address: u64) -> Vec<&str> {
        let here = self.points.iter().filter(|point| point.value == address);
        here.map(|point| point.name.as_str()).collect()
    }

    /// `value`, in the column `index`, as a point or as a distance from one that is near: from the column's own if it has one.
    fn relative(&self, index: usize, value: u64) -> Option<String> {
        if let Some(name) = self.at(value).first() {
            return Some((*name).to_owned());
        }
        let near = |point: &&Point| point.value.abs_diff(value) < NEAR;
        let own = self.points.iter().filter(|point| point.column == index + 1);
        let point = own.chain(&self.points).find(near)?;
        let sign = if value > point.value { '+' } else { '-' };
        Some(format!("{} {sign} {}", point.name, point.value.abs_diff(value)))
    }
}

fn path(picture: &str) -> std::path::PathBuf {
    workspace::root()
        .join(FOLDER)
        .join("pictures")
        .join(format!("{picture}.svg"))
}

/// Writes the SVG of each picture.
pub(super) fn write<'a>(pictures: impl Iterator<Item = &'a Picture>) -> Result<()> {
    for picture in pictures {
        let path = path(&picture.name);
        fs::write(&path, svg::draw(picture)).with_context(|| format!("cannot write {}", path.display()))?;
        println!("drew {}", path.display());
    }
    Ok(())
}

/// Compares each picture with its file; with `complete`, there must be no other files.
pub(super) fn compare<'a>(pictures: impl Iterator<Item = &'a Picture>, complete: bool) -> Result<Tally> {
    let mut tally = Tally::default();
    let mut drawn = BTreeSet::new();
    for picture in pictures {
        let path = path(&picture.name);
        let same = fs::read_to_string(&path).is_ok_and(|text| text == svg::draw(picture));
        tally += Tally::of(same);
        if !same {
            println!(
                "claims: {} is not what the run draws; see `cargo xtask claims --pictures`",
                path.display()
            );
        }
        drawn.insert(path);
    }
    let folder = workspace::root().join(FOLDER).join("pictures");
    for entry in folder.read_dir().into_iter().flatten().filter(|_| complete) {
        let path = entry?.path();
        if !drawn.contains(&path) {
            println!("claims: no run draws {}", path.display());
            tally += Tally::of(false);
        }
    }
    println!("\npictures: {} as drawn; {} not", tally.passed, tally.failed);
    Ok(tally)
}

#[cfg(test)]
mod tests;

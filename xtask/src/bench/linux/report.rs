//! The table.

use super::super::table;
use super::readings::{Reading, Readings};
use super::reference;

const OURS: &str = "threadbare";
/// How the titles of wall times end.
const WALL: &str = "wall";

/// Prints a row for each of `rows`, the reasons of what is absent, and a count of what is lost.
pub(super) fn print(rows: &[String], columns: &[(String, Readings)]) {
    println!("instructions per operation; wall: nanoseconds per operation in software emulation");
    println!(
        "lean: Linux 6.1 configured as small and fast as we could, as published; **: more than it, or than Debian\n"
    );
    for line in table::lines(&table(rows, columns)) {
        println!("{line}");
    }
    for (title, readings) in columns.iter().filter(|(title, _)| !title.ends_with(WALL)) {
        for (row, reading) in readings {
            if let Reading::Absent(why) = reading {
                println!("{title}: {row}: {why}");
            }
        }
    }
    let (lost, measured) = tally(rows, columns);
    println!("\n{measured} rows measured, {lost} lost");
}

/// The same as comma-separated values, empty where there is none.
pub(super) fn csv(rows: &[String], columns: &[(String, Readings)]) -> String {
    let titles = columns
        .iter()
        .map(|(title, _)| format!(",{}", title.replace(", ", " ")));
    let mut text = format!("row,lean{}\n", titles.collect::<String>());
    for row in rows {
        let lean = reference::lean(row).map_or(String::new(), |cost| format!("{cost:.0}"));
        let cells = columns
            .iter()
            .map(|(_, readings)| cost(readings, row).map_or(",".to_owned(), |cost| format!(",{cost:.1}")));
        text += &format!("{row},{lean}{}\n", cells.collect::<String>());
    }
    text
}

fn table(rows: &[String], columns: &[(String, Readings)]) -> Vec<Vec<String>> {
    let titles = columns.iter().map(|(title, _)| title.clone());
    let mut lines = vec![
        ["test", "lean"]
            .map(str::to_owned)
            .into_iter()
            .chain(titles)
            .chain(["ours : lean".to_owned()])
            .collect(),
    ];
    for row in rows {
        let lean = reference::lean(row);
        let cells = columns.iter().map(|(title, readings)| match readings.get(row) {
            Some(Reading::Cost(cost)) if title == OURS && is_lost(row, columns) => format!("{cost:.0} **"),
            Some(Reading::Cost(cost)) => format!("{cost:.0}"),
            Some(Reading::Absent(_)) => "absent".to_owned(),
            None => String::new(),
        });
        let ratio = ours(columns, row).zip(lean).map(|(ours, lean)| ours / lean);
        lines.push(
            [
                row.clone(),
                lean.map_or(String::new(), |cost| format!("{cost:.0}")),
            ]
            .into_iter()
            .chain(cells)
            .chain([ratio.map_or(String::new(), |ratio| format!("{ratio:.2}"))])
            .collect(),
        );
    }
    lines
}

fn cost(readings: &Readings, row: &str) -> Option<f64> {
    match readings.get(row) {
        Some(Reading::Cost(cost)) => Some(*cost),
        _ => None,
    }
}

fn ours(columns: &[(String, Readings)], row: &str) -> Option<f64> {
    let (_, readings) = columns.iter().find(|(title, _)| title == OURS)?;
    cost(readings, row)
}

/// Whether lean, or where there is no such figure any column of Debian by instructions, is cheaper.
fn is_lost(row: &str, columns: &[(String, Readings)]) -> bool {
    let rivals = columns
        .iter()
        .filter(|(title, _)| title != OURS && !title.ends_with(WALL));
    let best = rivals
        .filter_map(|(_, readings)| cost(readings, row))
        .chain(reference::lean(row))
        .min_by(f64::total_cmp);
    ours(columns, row)
        .zip(best)
        .is_some_and(|(ours, best)| ours > best)
}

fn tally(rows: &[String], columns: &[(String, Readings)]) -> (usize, usize) {
    let measured = rows.iter().filter(|row| ours(columns, row).is_some());
    (
        rows.iter().filter(|row| is_lost(row, columns)).count(),
        measured.count(),
    )
}

#[cfg(test)]
mod tests {
    use super::{Reading, Readings, csv, table};

    fn column(title: &str, row: &str, reading: Reading) -> (String, Readings) {
        (title.to_owned(), [(row.to_owned(), reading)].into())
    }

    #[test]
    fn a_row_that_costs_more_than_the_rival_is_marked() {
        let rows = ["getppid".to_owned()];
        let cell =
            |cost| table(&rows, &[column("threadbare", "getppid", Reading::Cost(cost))])[1][2..].to_vec();
        assert_eq!(cell(390.0), ["390 **", "2.00"]);
        assert_eq!(cell(97.5), ["98", "0.50"]);
    }

    #[test]
    fn what_is_absent_is_an_empty_value() {
        let rows = ["getppid".to_owned()];
        let columns = [column("threadbare", "getppid", Reading::Absent("no".into()))];
        assert_eq!(csv(&rows, &columns), "row,lean,threadbare\ngetppid,195,\n");
    }
}

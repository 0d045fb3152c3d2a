//! A table in Markdown: readable as it is, and ready for a document.

/// The rows as lines, with columns padded to the same width.
pub(super) fn lines(rows: &[Vec<String>]) -> Vec<String> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        rows.iter()
            .filter_map(|row| row.get(column))
            .map(|cell| cell.chars().count())
            .max()
    };
    let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or(0)).collect();
    let mut lines: Vec<String> = rows.iter().map(|row| line(row, &widths)).collect();
    if !lines.is_empty() {
        lines.insert(
            1,
            line(
                &widths.iter().map(|width| "-".repeat(*width)).collect::<Vec<_>>(),
                &widths,
            ),
        );
    }
    lines
}

fn line(cells: &[String], widths: &[usize]) -> String {
    let padded = cells
        .iter()
        .zip(widths)
        .map(|(cell, width)| format!("{cell:width$}"));
    format!("| {} |", padded.collect::<Vec<_>>().join(" | "))
}

#[cfg(test)]
mod tests {
    use super::lines;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = [
            vec!["".into(), "one".into()],
            vec!["long name".into(), "2".into()],
        ];
        assert_eq!(
            lines(&rows),
            [
                "|           | one |",
                "| --------- | --- |",
                "| long name | 2   |"
            ]
        );
    }
}

//! What has to change in one list of lines to get another.

/// Beyond so many pairs of lines a difference is one block against the other.
const PAIRS_MAX: usize = 1_000_000;

/// Returns the lines of both, each behind a blank when it is in both, `-` when only `expected` has it and `+` when only
/// `found` has it.
pub(super) fn diff<'a>(expected: &[&'a str], found: &[&'a str]) -> Vec<(char, &'a str)> {
    let (rows, columns) = (expected.len(), found.len());
    let only = |sign: char, lines: &[&'a str]| -> Vec<(char, &'a str)> {
        lines.iter().map(|line| (sign, *line)).collect()
    };
    if rows.saturating_mul(columns) > PAIRS_MAX {
        return [only('-', expected), only('+', found)].concat();
    }
    // common[row][column]: how many lines the rests from there on have in common, in order.
    let mut common = vec![vec![0_u32; columns + 1]; rows + 1];
    for row in (0..rows).rev() {
        for column in (0..columns).rev() {
            common[row][column] = match expected[row] == found[column] {
                true => common[row + 1][column + 1] + 1,
                false => common[row + 1][column].max(common[row][column + 1]),
            };
        }
    }
    let (mut row, mut column, mut lines) = (0, 0, Vec::with_capacity(rows + columns));
    while row < rows && column < columns {
        if expected[row] == found[column] {
            lines.push((' ', expected[row]));
            (row, column) = (row + 1, column + 1);
        } else if common[row + 1][column] >= common[row][column + 1] {
            lines.push(('-', expected[row]));
            row += 1;
        } else {
            lines.push(('+', found[column]));
            column += 1;
        }
    }
    lines.extend(only('-', &expected[row..]));
    lines.extend(only('+', &found[column..]));
    lines
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(expected: &str, found: &str) -> String {
        let words = |text: &'static str| text.split(' ').collect::<Vec<_>>();
        let (expected, found) = (expected.to_string().leak(), found.to_string().leak());
        let lines = diff(&words(expected), &words(found));
        let lines: Vec<String> = lines
            .iter()
            .map(|(sign, line)| format!("{sign}{line}"))
            .collect();
        lines.join("|")
    }

    #[test]
    fn common_lines_stay() {
        assert_eq!(shown("a b c d", "a x c"), " a|-b|+x| c|-d");
        assert_eq!(shown("a", "a b"), " a|+b");
    }

    proptest! {
        #[test]
        fn both_sides_can_be_read_back(expected in "[ab]{0,8}", found in "[abc]{0,8}") {
            let lines = |text: &'static str| text.split("").collect::<Vec<_>>();
            let (expected, found) = (lines(expected.leak()), lines(found.leak()));
            let difference = diff(&expected, &found);
            let without = |sign: char| -> Vec<&str> {
                let kept = difference.iter().filter(|(found, _)| *found != sign);
                kept.map(|(_, line)| *line).collect()
            };
            prop_assert_eq!(without('+'), expected);
            prop_assert_eq!(without('-'), found);
        }
    }
}

//! The table: one row per goal, ours beside the others.

use crate::bench::contender::{NAMES, OURS};

/// What a row has to reach.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Goal {
    /// Ours over the better of the others is at most this.
    Ratio(f64),
    /// Ours is at most this, whatever the others need.
    AtMost(f64),
    /// Told for the reader only.
    None,
}

/// One line of the table; fewer is better everywhere.
#[derive(Clone, Debug)]
pub(super) struct Row {
    /// What was measured, with its unit.
    pub(super) name: String,
    /// In the order of the contenders; absent where a program has nothing like it.
    pub(super) figures: [Option<f64>; 3],
    pub(super) goal: Goal,
}

impl Row {
    pub(super) fn new(name: impl Into<String>, figures: [f64; 3], goal: Goal) -> Self {
        Self {
            name: name.into(),
            figures: figures.map(Some),
            goal,
        }
    }

    fn ratio(&self) -> Option<f64> {
        let others = self.figures[OURS + 1..].iter().flatten().copied();
        let best = others.min_by(f64::total_cmp)?;
        (best > 0.0).then_some(self.figures[OURS]? / best)
    }

    /// Says whether the goal is reached; nothing when there is none.
    pub(super) fn is_met(&self) -> Option<bool> {
        match self.goal {
            Goal::Ratio(limit) => Some(self.ratio().is_some_and(|ratio| ratio <= limit)),
            Goal::AtMost(limit) => Some(self.figures[OURS].is_some_and(|ours| ours <= limit)),
            Goal::None => None,
        }
    }

    /// Writes the line.
    pub(super) fn line(&self) -> String {
        let mut cells = vec![self.name.clone()];
        cells.extend(
            self.figures
                .map(|figure| figure.map_or("-".into(), rounded)),
        );
        cells.push(
            self.ratio()
                .map_or("-".into(), |ratio| format!("{ratio:.2}")),
        );
        cells.push(match self.goal {
            Goal::Ratio(limit) => format!("<= {limit}x"),
            Goal::AtMost(limit) => format!("<= {}", rounded(limit)),
            Goal::None => "-".into(),
        });
        let verdict = match self.is_met() {
            Some(true) => "yes",
            Some(false) => "**no**",
            None => "-",
        };
        cells.push(verdict.into());
        format!("| {} |", cells.join(" | "))
    }
}

/// Writes the head of the table.
pub(super) fn head() -> String {
    let [ours, prometheus, victoria] = NAMES;
    format!(
        "| what | {ours} | {prometheus} | {victoria} | ratio to the better | goal | met |\n|---|---|---|---|---|---|---|"
    )
}

/// Writes three digits that count.
fn rounded(figure: f64) -> String {
    match figure.abs() {
        0.0 => "0".into(),
        100.0.. => format!("{figure:.0}"),
        10.0.. => format!("{figure:.1}"),
        1.0.. => format!("{figure:.2}"),
        _ => format!("{figure:.3}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_better_of_the_others_counts() {
        let row = Row::new("a", [3.0, 10.0, 5.0], Goal::Ratio(0.6));
        assert_eq!(
            row.line(),
            "| a | 3.00 | 10.0 | 5.00 | 0.60 | <= 0.6x | yes |"
        );
        let row = Row::new("b", [3.1, 5.0, 1000.0], Goal::Ratio(0.6));
        assert_eq!(
            row.line(),
            "| b | 3.10 | 5.00 | 1000 | 0.62 | <= 0.6x | **no** |"
        );
    }

    #[test]
    fn a_program_without_a_figure_is_no_rival() {
        let mut row = Row::new("c", [0.5, 0.25, 9.0], Goal::AtMost(1.0));
        row.figures[1] = None;
        assert_eq!(
            row.line(),
            "| c | 0.500 | - | 9.00 | 0.06 | <= 1.00 | yes |"
        );
        row.figures = [None, None, Some(1.0)];
        assert_eq!(row.line(), "| c | - | - | 1.00 | - | <= 1.00 | **no** |");
        row.goal = Goal::None;
        assert_eq!(row.is_met(), None);
        let row = Row::new("e", [0.0; 3], Goal::AtMost(0.0));
        assert_eq!(row.line(), "| e | 0 | 0 | 0 | - | <= 0 | yes |");
    }

    #[test]
    fn as_many_columns_everywhere() {
        let head = head();
        let row = Row::new("d", [0.0; 3], Goal::None).line();
        for line in head.lines().chain([&*row]) {
            assert_eq!(line.matches('|').count(), 8, "{line}");
        }
    }
}

//! An answer as promtool prints it.

use super::answer::{Answer, Point};

/// Writes `series => value @[time]`, and for a range the samples below their series.
pub(super) fn render(answer: &Answer) -> String {
    let at = |point: &Point| format!("{} @[{}]", point.value, point.time);
    match answer {
        Answer::Single(kind, point) if kind == "scalar" => format!("scalar: {}\n", at(point)),
        Answer::Single(_, point) => format!("{}\n", point.value),
        Answer::Instant(all) => all
            .iter()
            .flat_map(|series| series.points.iter().map(|point| (&series.labels, point)))
            .map(|(labels, point)| format!("{labels} => {}\n", at(point)))
            .collect(),
        Answer::Range(all) => all
            .iter()
            .map(|series| {
                let points: Vec<String> = series.points.iter().map(at).collect();
                format!("{} =>\n{}\n", series.labels, points.join("\n"))
            })
            .collect(),
    }
}

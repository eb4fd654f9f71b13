//! An answer as lines for people.

use super::answer::{Answer, Series};
use super::sparkline::{self, WIDTH};
use crate::commands::shown::COLUMN_MAX;

/// Writes one line per series.
pub(super) fn render(answer: &Answer) -> String {
    match answer {
        Answer::Single(_, point) => format!("{} @{}\n", point.value, point.time),
        Answer::Instant(all) => all
            .iter()
            .flat_map(|series| series.points.iter().map(|point| (&series.labels, point)))
            .map(|(labels, point)| format!("{labels} {} @{}\n", point.value, point.time))
            .collect(),
        Answer::Range(all) => drawn(all),
    }
}

/// Draws each series beside its name, its lowest, highest and last value; all drawings cover the same time.
fn drawn(all: &[Series]) -> String {
    let seconds = |series: &Series| -> Vec<(f64, f64)> {
        let number = |text: &str| text.parse().unwrap_or(f64::NAN);
        let points = series.points.iter();
        points
            .map(|p| (number(&p.time), number(&p.value)))
            .collect()
    };
    let points: Vec<_> = all.iter().map(seconds).collect();
    let times = points.iter().flatten().map(|(time, _)| *time);
    let (begin, end) = times.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), time| {
        (low.min(time), high.max(time))
    });
    let names: Vec<String> = all.iter().map(|series| series.labels.to_string()).collect();
    let width = names.iter().map(|name| name.chars().count()).max();
    let width = width.unwrap_or(0).min(COLUMN_MAX);
    let mut text = String::new();
    for ((name, points), series) in names.iter().zip(&points).zip(all) {
        let drawing = sparkline::draw(points, (begin, end));
        let last = series.points.last().map_or("", |point| &point.value);
        let values = points.iter().map(|(_, value)| *value);
        let low = values.clone().fold(f64::NAN, f64::min);
        let high = values.fold(f64::NAN, f64::max);
        let padding = width.saturating_sub(name.chars().count());
        text.push_str(&format!(
            "{name}{:padding$}  {drawing:WIDTH$}  min {low} max {high} last {last} ({} points)\n",
            "",
            points.len()
        ));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(data: &str, expected: &str) {
        let answer = Answer::read(&serde_json::from_str(data).unwrap()).unwrap();
        assert_eq!(render(&answer), expected);
    }

    #[test]
    fn one_line_per_series() {
        check(
            r#"{"resultType":"scalar","result":[1.500,"2"]}"#,
            "2 @1.5\n",
        );
        check(
            r#"{"resultType":"vector","result":[{"metric":{"__name__":"up","job":"a"},"value":[1,"1"]}]}"#,
            "up{job=\"a\"} 1 @1\n",
        );
        check(
            r#"{"resultType":"vector","result":[{"metric":{"a":"\u001b[2J"},"value":[1,"1"]}]}"#,
            "{a=\"\\\\u{1b}[2J\"} 1 @1\n",
        );
        check(
            r#"{"resultType":"vector","result":[{"metric":{"__name__":"h"},"histogram":[1,{"count":"3","sum":"4.5"}]}]}"#,
            "h count 3 sum 4.5 @1\n",
        );
    }

    #[test]
    fn a_range_is_drawn() {
        let empty = " ".repeat(WIDTH - 2);
        check(
            r#"{"resultType":"matrix","result":[{"metric":{"job":"a"},"values":[[1,"1"],[2,"4"]]}]}"#,
            &format!("{{job=\"a\"}}  ▁█{empty}  min 1 max 4 last 4 (2 points)\n"),
        );
    }
}

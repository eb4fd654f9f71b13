//! When two sets of series are the same to a script.

use plimsoll_promql::SeriesPoint;
use plimsoll_types::{Counts, Histogram, Labels};

use super::number::is_close;
use super::{Mismatch, text};
use crate::answer::{Bucket, Found, FoundHistogram};
use crate::script::{ExpectedSeries, When};

/// Compares the series of an instant query.
pub(super) fn vector(
    wanted: &[ExpectedSeries],
    found: &[(Labels, Found)],
    ordered: bool,
) -> Result<(), Mismatch> {
    for (place, (labels, value)) in found.iter().enumerate() {
        let shown = || text::found(labels, std::slice::from_ref(value));
        let position = wanted.iter().position(|wanted| wanted.labels == *labels);
        let Some(position) = position else {
            return Err(Mismatch::new(
                text::series_list(wanted),
                format!("also {}", shown()),
            ));
        };
        let wanted = &wanted[position];
        if found[..place].iter().any(|(earlier, _)| earlier == labels) {
            return Err(Mismatch::new(
                text::series(wanted),
                format!("twice {labels}"),
            ));
        }
        if !wanted
            .points
            .first()
            .is_some_and(|point| is_same(point.as_ref(), Some(value)))
        {
            return Err(Mismatch::new(text::series(wanted), shown()));
        }
        if ordered && position != place {
            let wanted = format!("{labels} at place {}", position + 1);
            return Err(Mismatch::new(wanted, format!("at place {}", place + 1)));
        }
    }
    missing(wanted, found.iter().map(|(labels, _)| labels))
}

/// Compares the series of a range query, which must be sorted.
pub(super) fn matrix(
    wanted: &[ExpectedSeries],
    found: &[(Labels, Vec<(i64, Found)>)],
    when: &When,
) -> Result<(), Mismatch> {
    for (labels, points) in found {
        let shown = || text::found_points(labels, points);
        let Some(wanted) = wanted.iter().find(|wanted| wanted.labels == *labels) else {
            return Err(Mismatch::new(
                text::series_list(wanted),
                format!("also {}", shown()),
            ));
        };
        let mut found = points.iter().peekable();
        let mut times = when.times().zip(&wanted.points);
        let is_same = times.all(|(time, point)| {
            let found = found.next_if(|(found, _)| *found == time);
            is_same(point.as_ref(), found.map(|(_, value)| value))
        });
        if !is_same || found.next().is_some() {
            return Err(Mismatch::new(text::series(wanted), shown()));
        }
    }
    if !found.is_sorted_by(|a, b| a.0 < b.0) {
        let labels: Vec<String> = found.iter().map(|(labels, _)| labels.to_string()).collect();
        return Err(Mismatch::new(
            "series in the order of their labels",
            labels.join(" "),
        ));
    }
    missing(wanted, found.iter().map(|(labels, _)| labels))
}

fn missing<'a>(
    wanted: &[ExpectedSeries],
    mut found: impl Iterator<Item = &'a Labels> + Clone,
) -> Result<(), Mismatch> {
    let is_there = |wanted: &&ExpectedSeries| found.clone().any(|labels| *labels == wanted.labels);
    match wanted.iter().find(|wanted| !is_there(wanted)) {
        None => Ok(()),
        Some(wanted) => {
            let others: Vec<String> = found.by_ref().map(Labels::to_string).collect();
            let got = format!("no such series, only [{}]", others.join(" "));
            Err(Mismatch::new(text::series(wanted), got))
        }
    }
}

fn is_same(wanted: Option<&SeriesPoint>, found: Option<&Found>) -> bool {
    match (wanted, found) {
        (None, None) => true,
        (Some(SeriesPoint::Float(wanted)), Some(Found::Float(found))) => is_close(*wanted, *found),
        (Some(SeriesPoint::Histogram { value, has_hint }), Some(Found::Histogram(found))) => {
            match found {
                FoundHistogram::Whole(found) => {
                    is_same_histogram(value, found)
                        && (!has_hint || value.reset_hint == found.reset_hint)
                }
                FoundHistogram::Shown {
                    count,
                    sum,
                    buckets,
                } => {
                    is_close(value.count(), *count)
                        && is_close(value.sum, *sum)
                        && are_same_buckets(&Bucket::of(value), buckets)
                }
            }
        }
        _ => false,
    }
}

fn is_same_histogram(a: &Histogram, b: &Histogram) -> bool {
    let (a, b) = (a.compacted(), b.compacted());
    let all_close =
        |a: &[f64], b: &[f64]| a.len() == b.len() && a.iter().zip(b).all(|(a, b)| is_close(*a, *b));
    a.schema == b.schema
        && is_close(a.count(), b.count())
        && is_close(a.sum, b.sum)
        && a.custom_bounds == b.custom_bounds
        && a.zero_threshold == b.zero_threshold
        && is_close(a.zero_count(), b.zero_count())
        && a.positive_spans == b.positive_spans
        && a.negative_spans == b.negative_spans
        && all_close(&sides(&a).0, &sides(&b).0)
        && all_close(&sides(&a).1, &sides(&b).1)
}

/// Returns the counts of positive and of negative buckets.
fn sides(histogram: &Histogram) -> (Vec<f64>, Vec<f64>) {
    let floats = |counts: &[u64]| counts.iter().map(|count| *count as f64).collect();
    match &histogram.counts {
        Counts::Integer(counts) => (floats(&counts.positive), floats(&counts.negative)),
        Counts::Float(counts) => (counts.positive.clone(), counts.negative.clone()),
    }
}

/// Bounds are computed from the schema on both sides, so that their last digits may differ.
fn are_same_buckets(a: &[Bucket], b: &[Bucket]) -> bool {
    a.len() == b.len()
        && a.iter().zip(b).all(|(a, b)| {
            a.rule == b.rule
                && is_close(a.lower, b.lower)
                && is_close(a.upper, b.upper)
                && is_close(a.count, b.count)
        })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::notation::{labels, points};

    fn expected(lines: &[(&str, &str)]) -> Vec<ExpectedSeries> {
        let series = |(metric, values): &(&str, &str)| ExpectedSeries {
            labels: labels(metric).unwrap(),
            points: points(values).unwrap(),
        };
        lines.iter().map(series).collect()
    }

    fn found(point: &SeriesPoint) -> Found {
        match point {
            SeriesPoint::Float(value) => Found::Float(*value),
            SeriesPoint::Histogram { value, .. } => {
                Found::Histogram(FoundHistogram::Whole(Arc::clone(value)))
            }
        }
    }

    fn answer(lines: &[(&str, &str)]) -> Vec<(Labels, Vec<(i64, Found)>)> {
        let timed = |series: ExpectedSeries| {
            let points = series.points.iter().enumerate();
            let points = points.filter_map(|(at, point)| Some((10 * at as i64, point.as_ref()?)));
            let points = points.map(|(at, point)| (at, found(point)));
            (series.labels, points.collect())
        };
        expected(lines).into_iter().map(timed).collect()
    }

    #[test]
    fn matrices_agree_in_series_times_and_values() {
        let wanted = expected(&[("b", "_ 1 2"), ("a", "3")]);
        let (start, end, step) = (0, 50, 10);
        let when = When::Range { start, end, step };
        let check = |lines: &[(&str, &str)]| matrix(&wanted, &answer(lines), &when).is_ok();
        assert!(check(&[("a", "3"), ("b", "_ 1 2.0000001")]));
        assert!(!check(&[("b", "_ 1 2"), ("a", "3")]), "not sorted");
        assert!(!check(&[("a", "3")]));
        assert!(!check(&[("a", "3"), ("b", "_ 1 2"), ("c", "1")]));
        assert!(!check(&[("a", "3"), ("b", "0 1 2")]));
        assert!(!check(&[("a", "3"), ("b", "_ 1 2 3")]));
        assert!(!check(&[("a", "3"), ("b", "_ 1")]));
        assert!(!check(&[("a", "3"), ("b", "_ 1 _ 2")]));
        assert!(!check(&[("a", "{{}}"), ("b", "_ 1 2")]));
    }

    #[test]
    fn vectors_are_ordered_when_they_must_be() {
        let wanted = expected(&[("b", "1"), ("a", "2")]);
        let one = |name: &str, value: f64| (labels(name).unwrap(), Found::Float(value));
        let right = [one("b", 1.0), one("a", 2.0)];
        let turned = [one("a", 2.0), one("b", 1.0)];
        assert!(vector(&wanted, &right, true).is_ok());
        assert!(vector(&wanted, &turned, true).is_err());
        assert!(vector(&wanted, &turned, false).is_ok());
        assert!(vector(&wanted, &[one("b", 1.0), one("b", 1.0)], false).is_err());
        assert!(vector(&wanted, &right[..1], false).is_err());
        assert!(vector(&wanted, &[one("b", 1.0), one("a", f64::NAN)], false).is_err());
    }

    #[test]
    fn histograms_agree_in_all_but_empty_buckets_and_unnamed_hints() {
        let check = |wanted: &str, got: &str| {
            let (wanted, got) = (points(wanted).unwrap(), points(got).unwrap());
            is_same(wanted[0].as_ref(), got[0].as_ref().map(found).as_ref())
        };
        let plain = "{{sum:5 count:3 offset:1 buckets:[1 2]}}";
        assert!(check(
            plain,
            "{{sum:5 count:3 buckets:[0 1 2 0] counter_reset_hint:gauge}}"
        ));
        for other in [
            "{{sum:6 count:3 offset:1 buckets:[1 2]}}",
            "{{sum:5 count:4 offset:1 buckets:[1 2]}}",
            "{{sum:5 count:3 buckets:[1 2]}}",
            "{{sum:5 count:3 offset:1 buckets:[2 1]}}",
            "{{schema:1 sum:5 count:3 offset:1 buckets:[1 2]}}",
            "{{sum:5 count:3 offset:1 buckets:[1 2] z_bucket_w:1}}",
            "{{sum:5 count:3 offset:1 buckets:[1 2] n_buckets:[1]}}",
            "3",
        ] {
            assert!(!check(plain, other), "{other}");
        }
        let hinted = "{{count:1 counter_reset_hint:unknown}}";
        assert!(check(hinted, "{{count:1}}"));
        assert!(!check(hinted, "{{count:1 counter_reset_hint:gauge}}"));
    }

    #[test]
    fn a_shown_histogram_is_compared_by_its_buckets() {
        let wanted = points("{{sum:5 count:4 z_bucket:1 z_bucket_w:0.5 buckets:[1 0 2]}}").unwrap();
        let shown = |count: f64| {
            let bucket = |rule, lower, upper, count| Bucket {
                rule,
                lower,
                upper,
                count,
            };
            Found::Histogram(FoundHistogram::Shown {
                count: 4.0,
                sum: 5.0,
                buckets: vec![
                    bucket(3, -0.5, 0.5, 1.0),
                    bucket(0, 0.5, 1.0, 1.0),
                    bucket(0, 2.0, 4.0, count),
                ],
            })
        };
        assert!(is_same(wanted[0].as_ref(), Some(&shown(2.0))));
        assert!(!is_same(wanted[0].as_ref(), Some(&shown(3.0))));
    }
}

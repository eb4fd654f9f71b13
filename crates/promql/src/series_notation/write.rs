//! A histogram in the notation that is read back, in one spelling: two histograms are the same to a test when it is.

use std::collections::BTreeMap;
use std::fmt::Write;

use plimsoll_types::{Histogram, ResetHint};

use super::hints::buckets;
use crate::number::format;

/// Writes a histogram as tests write it: fields that are zero, and empty buckets at both ends, are left out.
pub fn histogram_notation(histogram: &Histogram) -> String {
    let mut fields = Vec::new();
    let mut number = |name: &str, value: f64| {
        if value != 0.0 {
            fields.push(format!("{name}:{}", format(value)));
        }
    };
    number("schema", f64::from(histogram.schema));
    number("count", histogram.count());
    number("sum", histogram.sum);
    number("z_bucket", histogram.zero_count());
    number("z_bucket_w", histogram.zero_threshold);
    if !histogram.custom_bounds.is_empty() {
        fields.push(format!("custom_values:{}", list(&histogram.custom_bounds)));
    }
    let hint = match histogram.reset_hint {
        ResetHint::Unknown => None,
        ResetHint::Reset => Some("reset"),
        ResetHint::NotReset => Some("not_reset"),
        ResetHint::Gauge => Some("gauge"),
    };
    fields.extend(hint.map(|hint| format!("counter_reset_hint:{hint}")));
    side("", &buckets(histogram, true), &mut fields);
    side("n_", &buckets(histogram, false), &mut fields);
    format!("{{{{{}}}}}", fields.join(" "))
}

fn side(prefix: &str, counts: &BTreeMap<i64, f64>, fields: &mut Vec<String>) {
    let mut filled = counts.iter().filter(|(_, count)| **count != 0.0);
    let Some((first, _)) = filled.next() else {
        return;
    };
    let last = filled.next_back().map_or(*first, |(index, _)| *index);
    if *first != 0 {
        fields.push(format!("{prefix}offset:{first}"));
    }
    // Spans of a hostile histogram may lie billions of buckets apart.
    if last - first > BUCKETS_MAX {
        let sparse = counts
            .iter()
            .map(|(index, count)| format!("{index}={count}"));
        let sparse: Vec<String> = sparse.collect();
        fields.push(format!("{prefix}buckets:[{}]", sparse.join(" ")));
        return;
    }
    let count = |index| counts.get(&index).copied().unwrap_or(0.0);
    let dense: Vec<f64> = (*first..=last).map(count).collect();
    fields.push(format!("{prefix}buckets:{}", list(&dense)));
}

/// More buckets in a row than any histogram that somebody writes down.
const BUCKETS_MAX: i64 = 10_000;

fn list(numbers: &[f64]) -> String {
    let mut text = String::from("[");
    for (index, number) in numbers.iter().enumerate() {
        let blank = if index > 0 { " " } else { "" };
        write!(text, "{blank}{}", format(*number)).expect("writing to a string never fails");
    }
    text + "]"
}

#[cfg(test)]
mod tests {
    use super::super::{SeriesPoint, parse_points};
    use super::*;

    fn again(text: &str) -> String {
        match parse_points(text).unwrap().remove(0) {
            Some(SeriesPoint::Histogram { value, .. }) => histogram_notation(&value),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_was_written_is_read_back() {
        for text in [
            "{{}}",
            "{{schema:1 count:32.1 sum:-0.3 z_bucket:7.1 z_bucket_w:0.05 offset:-3 buckets:[5.1 10 7] n_offset:-5 n_buckets:[4.1 5]}}",
            "{{schema:-53 count:1 custom_values:[5 10] buckets:[1 0 2]}}",
            "{{count:4 sum:+Inf counter_reset_hint:not_reset buckets:[4]}}",
        ] {
            assert_eq!(again(text), text);
        }
    }

    #[test]
    fn empty_buckets_at_the_ends_do_not_count() {
        assert_eq!(
            again("{{buckets:[0 0 1 0 2 0]}}"),
            "{{offset:2 buckets:[1 0 2]}}"
        );
        assert_eq!(again("{{buckets:[0 0]}}"), "{{}}");
    }
}

//! Names of recorded metrics.

use std::time::Duration;

use plimsoll_types::{format_duration, parse_duration};

use super::expression::{is_recorded, ranges};
use super::subject::{At, Found, Subject};
use super::{Context, Level, Lint, Run};
use crate::model::Kind;

pub(super) static RANGE: Lint = Lint {
    name: "recorded-range",
    level: Level::Mistake,
    finds: "a recorded metric whose name says another range than its expression has",
    why: "A name such as `job:errors:rate5m` is all that a reader of a dashboard or an alert sees. When the expression looks \
          back over ten minutes instead, burn rates and thresholds that were calculated for five are wrong. It is found when \
          the expression has ranges and none of them is the one in the name.",
    remedy: "Change the name or the range.",
    bad: "- record: job:errors:rate5m\n  expr: sum by (job) (rate(errors_total[10m]))\n",
    good: "- record: job:errors:rate10m\n  expr: sum by (job) (rate(errors_total[10m]))\n",
    asks_server: false,
    run: Run::Rule(range),
};

pub(super) static NAME: Lint = Lint {
    name: "recording-name",
    level: Level::Advice,
    finds: "a recorded metric whose name has no colon",
    why: "By custom recorded metrics are named level:metric:operations, and colons are kept for them. A name without looks \
          like something scraped: nobody finds the rule, and an exporter may use the same name one day. Names ending with \
          `_info` are passed over, because those carry labels and no measurement.",
    remedy: "Name it by its labels, its metric and what was done: `job:http_requests:rate5m`.",
    bad: "- record: request_rate\n  expr: sum by (job) (rate(http_requests_total[5m]))\n",
    good: "- record: job:http_requests:rate5m\n  expr: sum by (job) (rate(http_requests_total[5m]))\n",
    asks_server: false,
    run: Run::Rule(name),
};

fn range(subject: &Subject<'_>, _: &Context<'_>, found: &mut Found) {
    let Kind::Record { name } = &subject.rule.kind else {
        return;
    };
    let Some(told) = range_in_name(name) else {
        return;
    };
    let ranges = ranges(&subject.rule.expr);
    let shown: Vec<String> = ranges
        .iter()
        .filter_map(|millis| u64::try_from(*millis).ok())
        .map(Duration::from_millis)
        .filter(|range| *range != told)
        .map(format_duration)
        .collect();
    if !ranges.is_empty() && shown.len() == ranges.len() {
        let message = format!(
            "the name says {}, the expression looks back over {}",
            format_duration(told),
            shown.join(" and ")
        );
        found.at(subject, At::Name, message, None);
    }
}

fn name(subject: &Subject<'_>, _: &Context<'_>, found: &mut Found) {
    if let Kind::Record { name } = &subject.rule.kind
        && !is_recorded(name)
        && !name.ends_with("_info")
    {
        let message = format!("{name} looks like a scraped metric");
        let hint = "name it level:metric:operations".to_owned();
        found.at(subject, At::Name, message, Some(hint));
    }
}

/// Returns the duration at the end of the last part of a recorded name: 5 minutes of `job:errors:ratio_rate5m`.
fn range_in_name(name: &str) -> Option<Duration> {
    let (_, operations) = name.rsplit_once(':')?;
    let is_duration = |character: char| character.is_ascii_digit() || "smhdwy".contains(character);
    let begin = operations
        .rfind(|character| !is_duration(character))
        .map_or(0, |at| at + 1);
    // Words end with letters of units too: `increase5m` ends with `se5m`.
    let tail = &operations[begin..];
    let digits = tail.find(|character: char| character.is_ascii_digit())?;
    let before = operations[..begin + digits].chars().next_back();
    let begins_word =
        before.is_none_or(|character| character.is_ascii_alphabetic() || character == '_');
    parse_duration(&tail[digits..])
        .ok()
        .filter(|range| begins_word && !range.is_zero())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_at_the_end_of_a_name_is_read() {
        for (name, expected) in [
            ("job:errors:rate5m", Some(300)),
            ("slo:sli_error:ratio_rate30d", Some(30 * 86_400)),
            ("verb:requests:increase1h30m", Some(5400)),
            ("job:test:count_over_time1m", Some(60)),
            ("http_requests:burnrate_2d", Some(2 * 86_400)),
            ("node:cpu:p99", None),
            ("rate5m", None),
            ("a:b:sum", None),
            ("a:b:", None),
            ("a:b:top5", None),
        ] {
            let seconds = range_in_name(name).map(|range| range.as_secs());
            assert_eq!(seconds, expected, "{name}");
        }
    }
}

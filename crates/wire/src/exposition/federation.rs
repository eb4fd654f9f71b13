//! What `/federate` writes as text: every series untyped, with its time, its labels as they are, empty ones too.

use plimsoll_types::{Labels, METRIC_NAME, Timestamp, is_legacy_label_name, is_legacy_metric_name};

use super::encode::underscored;
use super::format::Escaping;
use super::number::write_go_float;
use super::scan::{write_quoted, write_series};

/// Appends the line that begins a metric.
pub fn write_untyped_head(out: &mut String, metric: &str, escaping: Escaping) {
    let metric = metric_name(metric, escaping);
    out.push_str("# TYPE ");
    match is_legacy_metric_name(&metric) {
        true => out.push_str(&metric),
        false => write_quoted(out, &metric),
    }
    out.push_str(" untyped\n");
}

/// Appends a sample: the labels of the series, then `others`, which may have empty values.
pub fn write_untyped_sample(
    out: &mut String,
    labels: &Labels,
    others: &[(&str, &str)],
    value: f64,
    timestamp: Timestamp,
    escaping: Escaping,
) {
    let metric = metric_name(labels.metric_name().unwrap_or_default(), escaping);
    let own = labels.iter().filter(|(name, _)| *name != METRIC_NAME);
    let pairs = own.chain(others.iter().copied());
    let is_plain = |name: &str| escaping == Escaping::AllowUtf8 || is_legacy_label_name(name);
    if pairs.clone().all(|(name, _)| is_plain(name)) {
        write_series(out, &metric, "", pairs);
    } else {
        let escaped: Vec<(String, &str)> = pairs
            .map(|(name, value)| (underscored(name, false), value))
            .collect();
        let pairs = escaped.iter().map(|(name, value)| (name.as_str(), *value));
        write_series(out, &metric, "", pairs);
    }
    out.push(' ');
    write_go_float(out, value);
    out.push(' ');
    out.push_str(&timestamp.millis().to_string());
    out.push('\n');
}

fn metric_name(metric: &str, escaping: Escaping) -> std::borrow::Cow<'_, str> {
    match escaping == Escaping::AllowUtf8 || is_legacy_metric_name(metric) {
        true => metric.into(),
        false => underscored(metric, true).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(escaping: Escaping) -> String {
        let mut out = String::new();
        let labels = Labels::from_pairs([("__name__", "my.metric"), ("a b", "x\ny")]);
        let at = Timestamp::from_millis(1500);
        write_untyped_head(&mut out, "my.metric", escaping);
        write_untyped_sample(&mut out, &labels, &[("instance", "")], 1e6, at, escaping);
        out
    }

    #[test]
    fn names_are_written_as_the_reader_wants_them() {
        assert_eq!(
            written(Escaping::AllowUtf8),
            "# TYPE \"my.metric\" untyped\n{\"my.metric\",\"a b\"=\"x\\ny\",instance=\"\"} 1e+06 1500\n"
        );
        assert_eq!(
            written(Escaping::Underscores),
            "# TYPE my_metric untyped\nmy_metric{a_b=\"x\\ny\",instance=\"\"} 1e+06 1500\n"
        );
    }
}

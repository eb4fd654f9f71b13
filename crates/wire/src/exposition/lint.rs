//! What is legal in an exposition and against the conventions of its readers.
//!
//! The rules are those of `promtool check metrics`, which are those of Prometheus' page on naming: help, snake_case, base
//! units, suffixes and labels that belong to one type only.

use plimsoll_types::{BUCKET_LABEL, MetricType, QUANTILE_LABEL};

use super::family::Family;

/// A convention that a metric breaks.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// Name of the metric as it is exposed.
    pub metric: String,
    /// What to do about it.
    pub text: String,
}

/// Looks at every family; sorted by metric and text, nothing twice.
pub fn lint(families: &[Family]) -> Vec<Problem> {
    const RULES: [fn(&Seen<'_>, &mut Vec<String>); 7] = [
        help,
        suffixes,
        labels,
        units,
        type_in_name,
        spelling,
        abbreviations,
    ];
    let mut problems = Vec::new();
    for family in families {
        let seen = Seen::new(family);
        let mut texts = Vec::new();
        RULES.iter().for_each(|rule| rule(&seen, &mut texts));
        problems.extend(texts.into_iter().map(|text| Problem {
            metric: seen.name.to_owned(),
            text,
        }));
    }
    problems.sort();
    problems.dedup();
    problems
}

/// Returns the name under which a family is exposed: a counter's lost its `_total` when it was read.
pub fn exposed_name(family: &Family) -> &str {
    let first = family.samples.first();
    let exposed = first.and_then(|sample| sample.labels.metric_name());
    let is_counter = family.metadata.metric_type == MetricType::Counter;
    exposed.filter(|_| is_counter).unwrap_or(&family.name)
}

/// A family and the name under which it is exposed.
struct Seen<'a> {
    family: &'a Family,
    name: &'a str,
    metric_type: MetricType,
}

impl<'a> Seen<'a> {
    fn new(family: &'a Family) -> Self {
        Self {
            family,
            name: exposed_name(family),
            metric_type: family.metadata.metric_type,
        }
    }

    fn is(&self, types: &[MetricType]) -> bool {
        types.contains(&self.metric_type)
    }

    /// Says whether a word stands in the name, between underscores or at its end.
    fn has_word(&self, word: &str) -> bool {
        self.name.split('_').skip(1).any(|part| part == word)
    }
}

fn help(seen: &Seen<'_>, texts: &mut Vec<String>) {
    if seen.family.metadata.help.is_empty() {
        texts.push("no help text".into());
    }
}

fn suffixes(seen: &Seen<'_>, texts: &mut Vec<String>) {
    use MetricType::{Counter, GaugeHistogram, Histogram, Summary, Unknown};
    let ends = |suffix| seen.name.ends_with(suffix);
    if seen.is(&[Counter]) && !ends("_total") {
        texts.push(r#"counter metrics should have "_total" suffix"#.into());
    }
    if seen.is(&[Unknown]) {
        return;
    }
    if !seen.is(&[Counter]) && ends("_total") {
        texts.push(r#"non-counter metrics should not have "_total" suffix"#.into());
    }
    let is_histogram = seen.is(&[Histogram, GaugeHistogram]);
    if !is_histogram && ends("_bucket") {
        texts.push(r#"non-histogram metrics should not have "_bucket" suffix"#.into());
    }
    for suffix in ["_count", "_sum"] {
        if !is_histogram && !seen.is(&[Summary]) && ends(suffix) {
            texts.push(format!(
                "non-histogram and non-summary metrics should not have \"{suffix}\" suffix"
            ));
        }
    }
}

fn labels(seen: &Seen<'_>, texts: &mut Vec<String>) {
    use MetricType::{GaugeHistogram, Histogram, Summary, Unknown};
    let samples = seen.family.samples.iter();
    let names = samples.flat_map(|sample| sample.labels.iter().map(|(name, _)| name));
    for name in names {
        if name == BUCKET_LABEL && !seen.is(&[Histogram, GaugeHistogram, Unknown]) {
            texts.push(r#"non-histogram metrics should not have "le" label"#.into());
        }
        if name == QUANTILE_LABEL && !seen.is(&[Summary, Unknown]) {
            texts.push(r#"non-summary metrics should not have "quantile" label"#.into());
        }
        if is_camel_case(name) {
            texts.push("label names should be written in 'snake_case' not 'camelCase'".into());
        }
    }
}

fn units(seen: &Seen<'_>, texts: &mut Vec<String>) {
    for word in seen.name.split('_') {
        if let Some(base) = base_unit(word).filter(|base| *base != word) {
            texts.push(format!("use base unit {base:?} instead of {word:?}"));
            return;
        }
    }
}

/// Returns the base unit of what a word measures, when it is a unit.
fn base_unit(word: &str) -> Option<&'static str> {
    const BASES: [&str; 11] = [
        "amperes", "bytes", "celsius", "grams", "joules", "kelvin", "meters", "metres", "moles",
        "seconds", "volts",
    ];
    const OTHERS: [(&str, &str); 14] = [
        ("bits", "bytes"),
        ("calories", "joules"),
        ("days", "seconds"),
        ("fahrenheit", "celsius"),
        ("hours", "seconds"),
        ("inches", "meters"),
        ("kelvins", "kelvin"),
        ("miles", "meters"),
        ("minutes", "seconds"),
        ("ounces", "grams"),
        ("pounds", "grams"),
        ("rankine", "celsius"),
        ("weeks", "seconds"),
        ("yards", "meters"),
    ];
    const PREFIXES: [&str; 18] = [
        "pico", "nano", "micro", "milli", "centi", "deci", "deca", "hecto", "kilo", "kibi", "mega",
        "mebi", "giga", "gibi", "tera", "tebi", "peta", "pebi",
    ];
    let known = |word: &str| {
        let base = BASES.into_iter().find(|base| *base == word);
        let other = OTHERS.into_iter().find(|(unit, _)| *unit == word);
        base.or(other.map(|(_, base)| base))
    };
    let mut prefixes = PREFIXES.iter();
    known(word).or_else(|| prefixes.find_map(|prefix| known(word.strip_prefix(prefix)?)))
}

fn type_in_name(seen: &Seen<'_>, texts: &mut Vec<String>) {
    let name = seen.metric_type.as_str();
    if seen.metric_type != MetricType::Unknown
        && seen.metric_type != MetricType::Info
        && seen.has_word(name)
    {
        texts.push(format!("metric name should not include type '{name}'"));
    }
}

fn spelling(seen: &Seen<'_>, texts: &mut Vec<String>) {
    if seen.name.contains(':') {
        texts.push("metric names should not contain ':'".into());
    }
    if is_camel_case(seen.name) {
        texts.push("metric names should be written in 'snake_case' not 'camelCase'".into());
    }
}

fn is_camel_case(name: &str) -> bool {
    let bytes = name.as_bytes();
    bytes
        .windows(2)
        .any(|two| two[0].is_ascii_lowercase() && two[1].is_ascii_uppercase())
}

fn abbreviations(seen: &Seen<'_>, texts: &mut Vec<String>) {
    const UNITS: [&str; 14] = [
        "s", "ms", "us", "ns", "sec", "b", "kb", "mb", "gb", "tb", "pb", "m", "h", "d",
    ];
    let lower = seen.name.to_ascii_lowercase();
    if lower.split('_').skip(1).any(|part| UNITS.contains(&part)) {
        texts.push("metric names should not contain abbreviated units".into());
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Format, Options, read_families};
    use super::*;

    #[test]
    fn says_what_promtool_says() {
        let text = b"# TYPE foo_count gauge\nfoo_count 1\n# HELP a_total x\n# TYPE a_total gauge\na_total 1\n\
            # TYPE bMs counter\nbMs 2\n# HELP lat_milliseconds t\n# TYPE lat_milliseconds gauge\n\
            lat_milliseconds 1\n# TYPE gauge_x gauge\ngauge_x{le=\"1\",fooBar=\"x\"} 1\nsome_ms 1\n\
            # HELP ok_seconds_total t\n# TYPE ok_seconds_total counter\nok_seconds_total 1\n";
        let families = read_families(Format::PrometheusText004, text, Options::default()).unwrap();
        let shown: Vec<String> = lint(&families)
            .into_iter()
            .map(|problem| format!("{} {}", problem.metric, problem.text))
            .collect();
        assert_eq!(
            shown,
            [
                "a_total non-counter metrics should not have \"_total\" suffix",
                "bMs counter metrics should have \"_total\" suffix",
                "bMs metric names should be written in 'snake_case' not 'camelCase'",
                "bMs no help text",
                "foo_count no help text",
                "foo_count non-histogram and non-summary metrics should not have \"_count\" suffix",
                "gauge_x label names should be written in 'snake_case' not 'camelCase'",
                "gauge_x no help text",
                "gauge_x non-histogram metrics should not have \"le\" label",
                "lat_milliseconds use base unit \"seconds\" instead of \"milliseconds\"",
                "some_ms metric names should not contain abbreviated units",
                "some_ms no help text",
            ]
        );
    }
}

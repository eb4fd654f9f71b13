//! What the converters of all formats need: names and labels that are legal here, counts as a section of `sli`.

use std::collections::BTreeMap;

use plimsoll_runtime::config::{Diagnostic, Severity, Source, Span, Tree};
use plimsoll_types::{BUCKET_LABEL, METRIC_NAME, MatchOp, Matcher, format_duration};

use super::query::{Counting, Shares, Sum, Term, counting, is_same, printed};
use crate::export::native::{Written, list, section};
use crate::export::text;

/// Labels that an alert of ours has by itself.
const OWN_LABELS: [&str; 5] = ["slo", "service", "objective", "severity", "window"];
/// How often PromQL is asked that is no sum of counters: as often as the shortest window of alerts, over a range in which
/// `rate` sees several samples whatever the scrape interval is.
const EVERY: &str = "5m";

/// An SLO while it is converted: what it becomes, and what is said of it.
pub(super) struct Draft<'a> {
    pub(super) source: &'a Source,
    pub(super) written: Written,
    pub(super) kept: Vec<String>,
    pub(super) findings: Vec<Diagnostic>,
}

impl<'a> Draft<'a> {
    pub(super) fn new(source: &'a Source) -> Self {
        Self {
            source,
            written: Written::default(),
            kept: Vec::new(),
            findings: Vec::new(),
        }
    }

    pub(super) fn kept(&mut self, text: impl Into<String>) {
        self.kept.push(text.into());
    }

    pub(super) fn warned(&mut self, span: Span, message: impl Into<String>) {
        self.findings.push(self.source.warning(span, message));
    }

    pub(super) fn refused(&mut self, span: Span, message: impl Into<String>) {
        self.findings.push(self.source.error(span, message));
    }

    pub(super) fn has_errors(&self) -> bool {
        let mut findings = self.findings.iter();
        findings.any(|finding| finding.severity == Severity::Error)
    }

    /// Returns a name with the letters that names have here; others become `-`.
    pub(super) fn name(&mut self, name: &str, span: Span) -> String {
        let legal = legal_name(name);
        if legal != name {
            self.warned(span, format!("the name {name:?} becomes `{legal}`"));
        }
        legal
    }

    /// Returns labels without those that we set ourselves.
    pub(super) fn labels(&mut self, all: &Texts, span: Span) -> Texts {
        let mut free = all.clone();
        for own in OWN_LABELS {
            if let Some(value) = free.remove(own) {
                let message = format!(
                    "the label {own}={value:?} is left out: alerts and metrics have one of this name"
                );
                self.warned(span, message);
            }
        }
        free
    }

    /// Sets the SLI to two sums of counters, or says why they are none that can be counted.
    pub(super) fn events(&mut self, shares: &Shares) -> Result<(), String> {
        let (part, all) = match shares {
            Shares::Bad(part, all) | Shares::Good(part, all) => (part, all),
        };
        if part.by != all.by {
            return Err("its two numbers are summed by different labels".into());
        }
        let valid = one(all)?;
        let sli = match shares {
            Shares::Bad(bad, _) => match rest(bad, valid) {
                Some(good) => of_part(valid, "good", good),
                None => of_part(valid, "bad", one(bad)?),
            },
            Shares::Good(good, _) => of_part(valid, "good", one(good)?),
        };
        if !part.by.is_empty() {
            let by = part.by.iter().map(|label| text(label)).collect();
            self.written.dimensions = section([("by", Tree::List(by))]);
            self.kept(format!("a budget for each {}", part.by.join(", ")));
        }
        self.written.sli = sli;
        self.kept("events are counted from the series themselves, exactly");
        Ok(())
    }

    /// Sets the SLI to PromQL that is asked: bad and all events, with `$window` in the place of the range.
    pub(super) fn queries(&mut self, part: (&str, &str), all: &str, why: &str, span: Span) {
        let texts = [part.1, all].map(|text| text.replace("$window", "5m"));
        let counting = counting(&[&texts[0], &texts[1]]);
        self.written.sli = match counting {
            Some(counting) => {
                let word = match counting {
                    Counting::Rates => text("rates"),
                    Counting::Events => Tree::Null,
                };
                let parts = section([
                    ("valid", text(all)),
                    (part.0, text(part.1)),
                    ("counting", word),
                    ("every", text(EVERY)),
                ]);
                section([("queries", parts)])
            }
            None => {
                let share = format!("({})\n/\n({})", part.1.trim(), all.trim());
                section([(
                    "ratio",
                    section([(part.0, text(&share)), ("every", text(EVERY))]),
                )])
            }
        };
        self.asked(why, span);
    }

    /// Sets the SLI to PromQL for the share of bad events.
    pub(super) fn ratio(&mut self, bad: &str, why: &str, span: Span) {
        let parts = section([("bad", text(bad)), ("every", text(EVERY))]);
        self.written.sli = section([("ratio", parts)]);
        self.asked(why, span);
    }

    fn asked(&mut self, why: &str, span: Span) {
        let message = format!(
            "events cannot be counted, because {why}: PromQL is asked every {EVERY} instead"
        );
        self.warned(span, message);
    }
}

pub(super) type Texts = BTreeMap<String, String>;

/// Returns a name with the letters that names have here.
pub(crate) fn legal_name(name: &str) -> String {
    let is_legal =
        |character: char| character.is_ascii_alphanumeric() || matches!(character, '-' | '_' | '.');
    let replaced = |character| if is_legal(character) { character } else { '-' };
    name.chars().take(100).map(replaced).collect()
}

fn one(sum: &Sum) -> Result<&[Matcher], String> {
    match sum.terms.as_slice() {
        [
            Term {
                is_negative: false,
                matchers,
            },
        ] => Ok(matchers),
        _ => Err("it adds several selectors".into()),
    }
}

/// Finds `all - good` in what is given as bad events.
fn rest<'a>(bad: &'a Sum, valid: &[Matcher]) -> Option<&'a [Matcher]> {
    match bad.terms.as_slice() {
        [all, good] if !all.is_negative && good.is_negative && is_same(&all.matchers, valid) => {
            Some(&good.matchers)
        }
        _ => None,
    }
}

/// Writes `events`, or `latency` where the part is a bucket of the whole.
pub(super) fn of_part(valid: &[Matcher], word: &str, part: &[Matcher]) -> Tree {
    if word == "good"
        && let Some(latency) = latency(valid, part)
    {
        return latency;
    }
    let parts = section([
        ("valid", text(&printed(valid))),
        (word, text(&printed(part))),
    ]);
    section([("events", parts)])
}

/// Reads `x_count{...}` and `x_bucket{..., le="0.3"}` as the histogram `x` with a threshold.
fn latency(all: &[Matcher], bucket: &[Matcher]) -> Option<Tree> {
    let stem = name(all)?.strip_suffix("_count")?;
    if name(bucket)?.strip_suffix("_bucket")? != stem {
        return None;
    }
    let (edges, others): (Vec<Matcher>, Vec<Matcher>) = bucket
        .iter()
        .cloned()
        .partition(|matcher| matcher.name() == BUCKET_LABEL);
    let [edge] = edges.as_slice() else {
        return None;
    };
    if edge.op() != MatchOp::Equal || !is_same(&others[1..], &all[1..]) {
        return None;
    }
    let bound: f64 = edge.value().parse().ok()?;
    let unit = stem.ends_with("_milliseconds").then_some("milliseconds");
    let seconds = if unit.is_some() {
        bound / 1000.0
    } else {
        bound
    };
    let mut histogram = all.to_vec();
    histogram[0] = Matcher::equal(METRIC_NAME, stem);
    Some(section([(
        "latency",
        section([
            ("histogram", text(&printed(&histogram))),
            ("unit", unit.map_or(Tree::Null, text)),
            ("below", text(&threshold(seconds)?)),
        ]),
    )]))
}

/// Writes a threshold in seconds: as a length of time where it is whole milliseconds, else as a number.
pub(crate) fn threshold(seconds: f64) -> Option<String> {
    if !(seconds.is_finite() && seconds > 0.0) {
        return None;
    }
    let millis = seconds * 1000.0;
    let rounded = millis.round();
    let length = std::time::Duration::from_millis(rounded as u64);
    match (millis - rounded).abs() < 1e-9 && length.as_secs_f64() == seconds {
        true => Some(format_duration(length)),
        false => Some(seconds.to_string()),
    }
}

fn name(matchers: &[Matcher]) -> Option<&str> {
    let first = matchers.first()?;
    (first.name() == METRIC_NAME).then(|| first.value())
}

/// How an alert of an SLO is written: what both severities share, and what each has of its own.
#[derive(Clone, Debug, Default)]
pub(super) struct Alerts {
    pub(super) name: String,
    pub(super) labels: Texts,
    pub(super) annotations: Texts,
    pub(super) page: Texts,
    pub(super) ticket: Texts,
    /// Sections of `windows`; none for those that a file gets that says nothing.
    pub(super) windows: Vec<Tree>,
}

impl Alerts {
    pub(super) fn tree(&self) -> Tree {
        let labelled = |labels: &Texts| match labels.is_empty() {
            true => Tree::Null,
            false => section([("labels", crate::export::native::map(labels))]),
        };
        section([
            ("name", crate::export::native::optional(&self.name)),
            ("labels", crate::export::native::map(&self.labels)),
            ("annotations", crate::export::native::map(&self.annotations)),
            ("page", labelled(&self.page)),
            ("ticket", labelled(&self.ticket)),
            ("windows", list(self.windows.clone())),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::query::selector;

    #[test]
    fn a_bucket_of_the_whole_is_a_latency() {
        let check = |all: &str, part: &str, expected: Option<&str>| {
            let found = latency(&selector(all).unwrap(), &selector(part).unwrap());
            let found = found.map(|tree| crate::export::to_yaml(&tree));
            assert_eq!(found.as_deref(), expected, "{part}");
        };
        check(
            "a_seconds_count{x=\"y\"}",
            "a_seconds_bucket{le=\"0.4\",x=\"y\"}",
            Some("latency:\n  histogram: a_seconds{x=\"y\"}\n  below: 400ms\n"),
        );
        check(
            "a_milliseconds_count",
            "a_milliseconds_bucket{le=\"2.5\"}",
            Some(
                "latency:\n  histogram: a_milliseconds\n  unit: milliseconds\n  below: \"0.0025\"\n",
            ),
        );
        check("a_count{x=\"y\"}", "a_bucket{le=\"0.4\"}", None);
        check("a_count", "b_bucket{le=\"0.4\"}", None);
        check("a_count", "a_bucket{le=~\"0.4|1\"}", None);
        check("a_count", "a_bucket{le=\"+Inf\"}", None);
    }

    #[test]
    fn thresholds_are_lengths_of_time_where_they_can() {
        for (seconds, expected) in [
            (0.3, "300ms"),
            (5.0, "5s"),
            (0.0005, "0.0005"),
            (0.1, "100ms"),
        ] {
            assert_eq!(threshold(seconds).as_deref(), Some(expected));
        }
    }
}

//! Events of a histogram below a threshold: classic buckets and native histograms.

use plimsoll_types::{BUCKET_LABEL, METRIC_NAME, MatchOp, Matcher};

use plimsoll_runtime::config::Spanned;

use super::watches::counter;
use super::{Exclusion, Reading, Watch, Weight};
use crate::file::{Context, metric_of};

/// How a histogram is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Series `_bucket`, `_count` and `_sum`.
    Classic,
    /// One series whose samples are histograms.
    Native,
}

/// A histogram by its name.
pub(super) struct Buckets {
    pub(super) matchers: Vec<Matcher>,
    pub(super) form: Form,
}

/// Which side of the threshold is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    AtOrBelow,
    Above,
}

impl Buckets {
    /// Reads the selector and the form of a histogram; a suffix of the classic form is refused, because each of the three
    /// says something else.
    pub(super) fn read(
        selector: &Spanned<String>,
        form: Option<&Spanned<String>>,
        section: plimsoll_runtime::config::Span,
        field: &str,
        ctx: &mut Context<'_>,
    ) -> Option<Self> {
        if selector.is_empty() {
            ctx.error(section, format!("the field `{field}` is missing"));
            return None;
        }
        let form = match form.map(|form| (form, form.as_str())) {
            None | Some((_, "classic")) => Form::Classic,
            Some((_, "native")) => Form::Native,
            Some((word, _)) => {
                ctx.findings
                    .unknown_word(word, "form of a histogram", &["classic", "native"]);
                return None;
            }
        };
        let matchers = ctx.selector(selector)?;
        let name = metric_of(&matchers)?;
        let suffix = ["_bucket", "_count", "_sum"];
        if let Some(suffix) = suffix.iter().find(|suffix| name.ends_with(**suffix)) {
            let message = format!("expected the name of a histogram without `{suffix}`");
            ctx.error(selector.span, message);
            return None;
        }
        if matchers
            .iter()
            .any(|matcher| matcher.name() == BUCKET_LABEL)
        {
            let message = "the label `le` is chosen by the threshold";
            ctx.error(selector.span, message);
            return None;
        }
        Some(Self { matchers, form })
    }

    /// Returns what counts all observations; bad until the other watch says otherwise, or good, if those above are.
    pub(super) fn all(&self, side: Side, exclude: &[Exclusion]) -> Watch {
        let matchers = match self.form {
            Form::Classic => self.renamed("_count"),
            Form::Native => self.matchers.clone(),
        };
        match side {
            Side::AtOrBelow => counter(matchers, 0, 1, exclude),
            Side::Above => counter(matchers, 1, 0, exclude),
        }
    }

    /// Returns what counts the observations at or below `bound`, in the metric's unit.
    pub(super) fn part(
        &self,
        bound: f64,
        side: Side,
        objective: Option<usize>,
        exclude: &[Exclusion],
    ) -> Watch {
        let (matchers, reading) = match self.form {
            Form::Classic => {
                let mut matchers = self.renamed("_bucket");
                matchers.push(edge(bound));
                (matchers, Reading::Counter)
            }
            Form::Native => (self.matchers.clone(), Reading::AtOrBelow(bound)),
        };
        let weight = match side {
            Side::AtOrBelow => Weight { good: 1, bad: -1 },
            Side::Above => Weight { good: -1, bad: 1 },
        };
        Watch {
            matchers,
            reading,
            weight,
            exclude: exclude.to_vec(),
            objective,
            needed: true,
        }
    }

    /// Returns what is not exact about thresholds.
    pub(super) fn caveat(&self) -> String {
        match self.form {
            Form::Classic => "exact where the threshold is the edge of a bucket; without such a bucket there is no data",
            Form::Native => {
                "where a threshold lies within a bucket, what is in that bucket counts as too slow"
            }
        }
        .to_owned()
    }

    fn renamed(&self, suffix: &str) -> Vec<Matcher> {
        let matchers = self.matchers.iter();
        let renamed = matchers.map(|matcher| {
            let is_name = matcher.name() == METRIC_NAME && matcher.op() == MatchOp::Equal;
            match is_name {
                true => Matcher::equal(METRIC_NAME, &format!("{}{suffix}", matcher.value())),
                false => matcher.clone(),
            }
        });
        renamed.collect()
    }
}

/// Returns the condition on `le` of a bucket. Client libraries write a whole number as `1`, Prometheus 3 stores `1.0`, and
/// Go writes large and small numbers with an exponent.
fn edge(bound: f64) -> Matcher {
    let plain = format!("{bound}");
    let mut spellings = vec![plain.clone()];
    if !plain.contains('.') {
        spellings.push(format!("{plain}.0"));
    }
    let scientific = format!("{bound:e}");
    if let Some((digits, exponent)) = scientific.split_once('e') {
        let (sign, exponent) = match exponent.strip_prefix('-') {
            Some(exponent) => ('-', exponent),
            None => ('+', exponent),
        };
        spellings.push(format!("{digits}e{sign}{exponent:0>2}"));
    }
    let escape = |text: &String| text.replace('.', "\\.").replace('+', "\\+");
    let expression: Vec<_> = spellings.iter().map(escape).collect();
    Matcher::new(MatchOp::Regex, BUCKET_LABEL, &expression.join("|"))
        .expect("digits, escaped dots and signs are an expression")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edge_is_found_in_all_spellings() {
        for (bound, spellings, others) in [
            (0.3, ["0.3", "3e-01"], ["0.30001", "03"]),
            (1.0, ["1", "1.0"], ["1.5", "10"]),
            (1e6, ["1e+06", "1000000.0"], ["1e+05", "1e06"]),
            (0.00001, ["1e-05", "0.00001"], ["1e-06", "0.0001"]),
            (2.5, ["2.5", "2.5e+00"], ["2x5", "2.50"]),
        ] {
            let edge = edge(bound);
            assert!(spellings.iter().all(|text| edge.matches(text)), "{edge}");
            assert!(!others.iter().any(|text| edge.matches(text)), "{edge}");
        }
    }
}

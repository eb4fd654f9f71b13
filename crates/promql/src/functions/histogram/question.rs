//! What a query asks of each histogram: quantiles or a fraction.

use std::collections::HashMap;

use plimsoll_types::Histogram;

use crate::annotation::{Annotation, Repair};
use crate::error::QueryError;
use crate::evaluate::{Column, SAME_LABELSET, Scalars};
use crate::number;

use super::buckets::{self, Bucket};
use super::ranks::{self, Nan};

/// A function over histograms. Its answers are series: one per histogram, or one per quantile that has a label.
pub(super) enum Question<'a> {
    /// Quantiles; with a label when there may be several.
    Quantiles {
        label: Option<&'a str>,
        quantiles: Vec<Quantile>,
        /// The values of the label, one per answer.
        values: Vec<String>,
    },
    /// The share of observations above the first and at most the second.
    Fraction(Scalars, Scalars),
}

/// One quantile at every step.
pub(super) struct Quantile {
    scalars: Scalars,
    /// Which answer it belongs to: always the same, or one per step because the label says the quantile.
    answers: Vec<usize>,
}

impl Quantile {
    fn answer(&self, step: usize) -> usize {
        match self.answers.as_slice() {
            [always] => *always,
            steps => steps[step],
        }
    }
}

/// What is worth telling about the histograms of one group.
#[derive(Default)]
pub(super) struct Findings {
    repair: Option<Repair>,
    nan_hit: bool,
    nan_counted: bool,
    /// There were classic buckets and a native histogram at the same step.
    pub(super) is_mixed: bool,
}

impl<'a> Question<'a> {
    /// Asks for one quantile without a label.
    pub(super) fn quantile(scalars: Scalars) -> Self {
        Self::Quantiles {
            label: None,
            quantiles: vec![Quantile {
                scalars,
                answers: vec![0],
            }],
            values: vec![String::new()],
        }
    }

    /// Asks for several quantiles, told apart by a label.
    pub(super) fn quantiles(label: &'a str, asked: Vec<Scalars>) -> Self {
        let mut values: Vec<String> = Vec::new();
        let mut known: HashMap<String, usize> = HashMap::new();
        let mut answer = |quantile: f64| {
            let value = label_value(quantile);
            *known.entry(value).or_insert_with_key(|value| {
                values.push(value.clone());
                values.len() - 1
            })
        };
        let quantiles = asked.into_iter().map(|scalars| Quantile {
            answers: match &scalars {
                Scalars::Constant(quantile) => vec![answer(*quantile)],
                Scalars::Steps(quantiles) => quantiles.iter().map(|q| answer(*q)).collect(),
            },
            scalars,
        });
        Self::Quantiles {
            label: Some(label),
            quantiles: quantiles.collect(),
            values,
        }
    }

    /// Returns the label and its value in each answer.
    pub(super) fn answers(&self) -> Vec<Option<(&'a str, &str)>> {
        match self {
            Self::Quantiles { label, values, .. } => values
                .iter()
                .map(|value| label.map(|label| (label, value.as_str())))
                .collect(),
            Self::Fraction(..) => vec![None],
        }
    }

    /// Answers for the classic buckets of a step, in ascending order of bounds.
    pub(super) fn classic(
        &self,
        (step, time): (usize, i64),
        buckets: &mut Vec<Bucket>,
        answers: &mut [Column],
        findings: &mut Findings,
    ) -> Result<(), QueryError> {
        match self {
            Self::Quantiles { quantiles, .. } => answer_each(quantiles, step, answers, |q| {
                let (value, raised) = buckets::quantile(q, buckets);
                if let Some(raised) = raised {
                    findings.repaired(Repair::new(raised.buckets, raised.difference, time));
                }
                value
            }),
            Self::Fraction(low, high) => {
                let value = buckets::fraction(low.at(step), high.at(step), buckets);
                answers[0].set_float(step, value);
                Ok(())
            }
        }
    }

    /// Answers for the native histogram of a step.
    pub(super) fn native(
        &self,
        step: usize,
        histogram: &Histogram,
        answers: &mut [Column],
        findings: &mut Findings,
    ) -> Result<(), QueryError> {
        match self {
            Self::Quantiles { quantiles, .. } => answer_each(quantiles, step, answers, |q| {
                let (value, nan) = ranks::quantile(q, histogram);
                findings.saw(nan);
                value
            }),
            Self::Fraction(low, high) => {
                let (value, nan) = ranks::fraction(low.at(step), high.at(step), histogram);
                findings.saw(nan);
                answers[0].set_float(step, value);
                Ok(())
            }
        }
    }

    /// Returns the annotations for what was found in a histogram of the metric `name`. What a calculation tells names
    /// the metric by `kept`: empty when the name was dropped before.
    pub(super) fn annotations(
        &self,
        findings: Findings,
        name: &str,
        kept: &str,
    ) -> Vec<Annotation> {
        let mixed = findings.is_mixed.then(|| Annotation::MixedClassicNative {
            name: name.to_string(),
        });
        let name = kept.to_string();
        let repair = findings
            .repair
            .map(|repair| Annotation::ForcedMonotonicity {
                name: name.clone(),
                repair: Some(repair),
            });
        let hit = findings
            .nan_hit
            .then(|| Annotation::QuantileIsNan { name: name.clone() });
        let counted = findings.nan_counted.then_some(match self {
            Self::Quantiles { .. } => Annotation::QuantileSkewedByNan { name },
            Self::Fraction(..) => Annotation::FractionWithoutNan { name },
        });
        [mixed, repair, hit, counted]
            .into_iter()
            .flatten()
            .collect()
    }
}

impl Findings {
    fn repaired(&mut self, repair: Repair) {
        match &mut self.repair {
            Some(known) => known.join(repair),
            None => self.repair = Some(repair),
        }
    }

    fn saw(&mut self, nan: Nan) {
        self.nan_hit |= nan == Nan::Hit;
        self.nan_counted |= nan == Nan::Counted;
    }
}

/// Answers for every quantile; those outside 0 to 1 are what lies beyond all observations.
fn answer_each(
    quantiles: &[Quantile],
    step: usize,
    answers: &mut [Column],
    mut calculate: impl FnMut(f64) -> f64,
) -> Result<(), QueryError> {
    for quantile in quantiles {
        let answer = &mut answers[quantile.answer(step)];
        if answer.is_present(step) {
            return Err(QueryError::execution(SAME_LABELSET));
        }
        let value = match quantile.scalars.at(step) {
            q if q.is_nan() => f64::NAN,
            q if q < 0.0 => f64::NEG_INFINITY,
            q if q > 1.0 => f64::INFINITY,
            q => calculate(q),
        };
        answer.set_float(step, value);
    }
    Ok(())
}

/// Writes a quantile as a label value: whole numbers with a fraction, as OpenMetrics asks for.
fn label_value(quantile: f64) -> String {
    let text = number::format(quantile);
    match text
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'-')
    {
        true => text + ".0",
        false => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_say_the_quantile() {
        for (quantile, expected) in [
            (0.5, "0.5"),
            (1.0, "1.0"),
            (0.0, "0.0"),
            (-2.0, "-2.0"),
            (1e-9, "1e-09"),
            (f64::NAN, "NaN"),
            (f64::INFINITY, "+Inf"),
        ] {
            assert_eq!(label_value(quantile), expected);
        }
    }

    #[test]
    fn quantiles_that_change_get_an_answer_per_value() {
        let asked = vec![Scalars::Steps(vec![0.5, 0.9, 0.5]), Scalars::Constant(0.25)];
        let question = Question::quantiles("q", asked);
        let answers = question.answers();
        let expected = ["0.5", "0.9", "0.25"].map(|value| Some(("q", value)));
        assert_eq!(answers, expected);
        let mut columns = vec![Column::default(); 3];
        columns.iter_mut().for_each(|column| column.reset(3));
        for step in 0..3 {
            let histogram = Histogram::default();
            let mut findings = Findings::default();
            let done = question.native(step, &histogram, &mut columns, &mut findings);
            assert!(done.is_ok());
        }
        let present: Vec<_> = columns.iter().map(Column::present_count).collect();
        assert_eq!(present, [2, 1, 3]);
    }
}

//! Compares what a subject answered with what a script expects.

mod number;
mod series;
mod text;

use crate::answer::{Answer, AnswerValue};
use crate::script::{Eval, ExpectedValue, Message, When};
use crate::subject::Refusal;

use number::is_close;
use series::{matrix, vector};
pub(crate) use text::shown;

/// Prometheus' API tells so many annotations of a kind, and how many more there are.
const OMITTED: [&str; 2] = [
    " more warning annotations omitted",
    " more info annotations omitted",
];

/// What was wanted and what was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mismatch {
    pub(crate) wanted: String,
    pub(crate) got: String,
}

impl Mismatch {
    pub(crate) fn new(wanted: impl Into<String>, got: impl Into<String>) -> Self {
        Self {
            wanted: wanted.into(),
            got: got.into(),
        }
    }
}

/// Checks why a query failed. Prometheus finds some mistakes when it evaluates that others find when they read.
pub(crate) fn refusal(wanted: &Message, found: &Refusal) -> Result<(), Mismatch> {
    let fits = match found {
        Refusal::Failed(message) | Refusal::Unread(message) => wanted.fits(message),
        Refusal::Broken(_) => false,
    };
    match fits {
        true => Ok(()),
        false => Err(Mismatch::new(
            format!("a failure: {wanted:?}"),
            format!("{found:?}"),
        )),
    }
}

/// Checks warnings and infos.
pub(crate) fn annotations(eval: &Eval, answer: &Answer) -> Result<(), Mismatch> {
    for (kind, wanted, none, found) in [
        ("warning", &eval.warnings, eval.no_warning, &answer.warnings),
        ("info", &eval.infos, eval.no_info, &answer.infos),
    ] {
        let mismatch = |wanted: String| Err(Mismatch::new(wanted, format!("{found:?}")));
        if none && !found.is_empty() {
            return mismatch(format!("no {kind}"));
        }
        let missing = wanted
            .iter()
            .find(|wanted| !found.iter().any(|text| wanted.fits(text)));
        if let Some(missing) = missing {
            return mismatch(format!("a {kind}: {missing:?}"));
        }
        let is_covered = |text: &String| {
            OMITTED.iter().any(|omitted| text.ends_with(omitted))
                || wanted.iter().any(|wanted| wanted.fits(text))
        };
        if !wanted.is_empty() && !found.iter().all(is_covered) {
            return mismatch(format!("only {kind}s such as {wanted:?}"));
        }
    }
    Ok(())
}

/// Checks the value of a query.
pub(crate) fn value(eval: &Eval, found: &AnswerValue) -> Result<(), Mismatch> {
    match (&eval.value, found, &eval.when) {
        (ExpectedValue::Scalar(wanted), AnswerValue::Scalar(found), _)
            if is_close(*wanted, *found) =>
        {
            Ok(())
        }
        (ExpectedValue::String(wanted), AnswerValue::String(found), _) if wanted == found => Ok(()),
        (ExpectedValue::Series(wanted), AnswerValue::Vector(found), When::Instant(_)) => {
            vector(wanted, found, eval.ordered)
        }
        (ExpectedValue::Series(wanted), AnswerValue::Matrix(found), times)
        | (ExpectedValue::Matrix(times, wanted), AnswerValue::Matrix(found), _)
            if times.step().is_some() =>
        {
            matrix(wanted, found, times)
        }
        (wanted, found, _) => Err(Mismatch::new(text::wanted(wanted), text::value(found))),
    }
}

/// Checks one step of a range query against what is expected of an instant query.
pub(crate) fn step(eval: &Eval, range: &Answer, at: i64) -> Result<(), Mismatch> {
    let AnswerValue::Matrix(series) = &range.value else {
        return Err(Mismatch::new("a matrix", text::value(&range.value)));
    };
    if !series.is_sorted_by(|a, b| a.0 < b.0) {
        return Err(Mismatch::new(
            "series in the order of their labels",
            text::value(&range.value),
        ));
    }
    let found = series.iter().filter_map(|(labels, points)| {
        let point = points.iter().find(|(time, _)| *time == at)?;
        Some((labels.clone(), point.1.clone()))
    });
    let found: Vec<_> = found.collect();
    match (&eval.value, &found[..]) {
        (ExpectedValue::Scalar(_), [(labels, crate::Found::Float(scalar))])
            if labels.is_empty() =>
        {
            value(eval, &AnswerValue::Scalar(*scalar))
        }
        _ => value(eval, &AnswerValue::Vector(found)),
    }
}

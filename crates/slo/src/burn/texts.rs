//! What people read of an alert: labels and annotations, with the whole numbers that they come from.

use std::fmt;
use std::time::Duration;

use plimsoll_types::{ALERT_NAME, Alert, Annotations, Labels, Timestamp, format_duration};

use super::Subject;
use super::condition::Condition;
use super::exhaustion::Exhaustion;
use super::state::{RESEND, Told};
use crate::{Basis, BurnRule, Counts, Severity};

/// What speaks for an alert.
#[derive(Clone, Copy)]
pub(super) enum Cause<'a> {
    Rule(&'a BurnRule, &'a Condition),
    Forecast(&'a Exhaustion),
    /// After a restart, or when the policy makes no alerts any more.
    Unknown,
}

/// `page` or `ticket`, the value of the label `severity`.
impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Makes the alert as it is sent.
pub(super) fn alert(subject: &Subject<'_>, cause: Cause<'_>, told: &Told, now: Timestamp) -> Alert {
    // As Prometheus does: who hears nothing for four resends takes it for over.
    let ends_at = told.ended.unwrap_or(now + 4 * RESEND);
    Alert {
        labels: labels(subject, told.severity),
        annotations: annotations(subject, cause),
        starts_at: told.since,
        ends_at: Some(ends_at),
        generator_url: subject.url.to_owned(),
    }
}

/// The identity of an alert of one severity. Names come last: nobody can give it another one.
pub(super) fn labels(subject: &Subject<'_>, severity: Severity) -> Labels {
    let policy = subject.policy;
    let tier = match severity {
        Severity::Page => &policy.page_labels,
        Severity::Ticket => &policy.ticket_labels,
    };
    let mut labels = subject.labels.to_builder();
    labels.set("severity", &severity.to_string());
    for (name, value) in policy.labels.iter().chain(tier.iter()) {
        labels.set(name, value);
    }
    labels.set("service", subject.service);
    labels.set("slo", subject.name);
    labels.set("objective", subject.objective);
    for (name, value) in subject.group.iter() {
        labels.set(name, value);
    }
    labels.set(ALERT_NAME, policy.name.as_deref().unwrap_or_default());
    labels.build()
}

fn annotations(subject: &Subject<'_>, cause: Cause<'_>) -> Annotations {
    let (summary, description) = match cause {
        Cause::Rule(rule, found) => (
            format!("{} burns its error budget too fast", subject.id),
            sentence(subject, rule, found),
        ),
        Cause::Forecast(forecast) => (
            format!("{} is about to use up its error budget", subject.id),
            forecast_sentence(forecast),
        ),
        Cause::Unknown => (
            format!("{} burned its error budget too fast", subject.id),
            String::new(),
        ),
    };
    let own = [("summary", summary), ("description", description)];
    let own = own.into_iter().filter(|(_, text)| !text.is_empty());
    let written = subject.policy.annotations.iter();
    let written = written.map(|(name, text)| (name.to_owned(), text.to_owned()));
    Annotations::from_pairs(
        own.map(|(name, text)| (name.to_owned(), text))
            .chain(written),
    )
}

/// The evidence in a sentence, such as `1204 of 60100 events were bad in 1h (0), 20 times what the budget allows`.
fn sentence(subject: &Subject<'_>, rule: &BurnRule, found: &Condition) -> String {
    let long = window(rule.long, found.long);
    let short = rule.short.zip(found.short);
    let short = short.map_or_else(String::new, |(length, counts)| {
        format!(" and {}", window(length, counts))
    });
    let burn = found.long_burn.unwrap_or(0.0);
    let basis = match rule.basis {
        Basis::Traffic => "as fast as the budget of",
        Basis::Budget => "as fast as mean traffic would spend the budget of",
    };
    format!(
        "{long}{short}: {} times {basis} {} % over {} allows; the rule asks for {}",
        number(burn),
        subject.target,
        format_duration(subject.window_length()),
        number(rule.factor),
    )
}

pub(super) fn forecast_sentence(forecast: &Exhaustion) -> String {
    format!(
        "{} % of the budget is left; used up {} (p10), {} (p50), {} (p90)",
        number(forecast.remaining * 100.0),
        left(forecast.p10),
        left(forecast.p50),
        left(forecast.p90),
    )
}

fn left(time: Option<Duration>) -> String {
    // Nobody forecasts a month to the second.
    let minutes = |time: Duration| Duration::from_secs(time.as_secs() / 60 * 60);
    time.map_or_else(
        || "not in sight".into(),
        |time| format!("in {}", format_duration(minutes(time))),
    )
}

pub(super) fn window(length: Duration, counts: Counts) -> String {
    let (bad, valid) = (counts.bad, counts.valid());
    format!(
        "{bad} of {valid} events were bad in {}",
        format_duration(length)
    )
}

pub(super) fn optional(burn: Option<f64>) -> String {
    burn.map_or_else(|| "no data".into(), number)
}

/// At most two digits after the point, none that say nothing.
pub(super) fn number(value: f64) -> String {
    ((value * 100.0).round() / 100.0).to_string()
}

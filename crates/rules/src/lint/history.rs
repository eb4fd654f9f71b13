//! Alerts that the server has watched for long and that never change.

use std::time::Duration;

use plimsoll_types::format_duration;

use super::expression::selectors;
use super::meaning::reaches_nobody;
use super::subject::{At, Found, Subject};
use super::{Context, Firing, Level, Lint, Run};
use crate::model::Kind;

pub(super) static NEVER_FIRED: Lint = Lint {
    name: "never-fired",
    level: Level::Advice,
    finds: "an alert that the server has evaluated for two weeks or more and that never fired",
    why: "Perhaps nothing ever went wrong. Perhaps the expression has never been able to fire, and nobody knows whether it \
          works. Only asked of a server that evaluates this very expression under this name.",
    remedy: "Test it with `plimsoll test rules`, or lower the threshold for a moment and watch it fire; then silence this \
             finding beside the rule.",
    bad: "",
    good: "",
    asks_server: true,
    run: Run::Rule(never),
};

pub(super) static ALWAYS_FIRING: Lint = Lint {
    name: "always-firing",
    level: Level::Risk,
    finds: "an alert that has fired nearly all the time for a day or more",
    why: "An alert that always fires tells nothing: it is muted, and with it the day on which it would have been right. \
          Heartbeats (`vector(1)`) and alerts of severity `none` and `info` are meant to fire and are passed over.",
    remedy: "Repair what it is about, move its threshold, or remove it.",
    bad: "",
    good: "",
    asks_server: true,
    run: Run::Rule(always),
};

const WATCHED_MIN: Duration = Duration::from_hours(14 * 24);
const FIRED_MIN: Duration = Duration::from_hours(24);
/// A restart of the server or a lost scrape leaves gaps.
const ALWAYS: f64 = 0.98;

fn never(subject: &Subject<'_>, context: &Context<'_>, found: &mut Found) {
    if let Some(firing) = firing(subject, context)
        && firing.share == 0.0
        && firing.watched >= WATCHED_MIN
    {
        let message = format!("this has not fired once in {}", days(firing.watched));
        found.at(
            subject,
            At::Name,
            message,
            Some("does it work? plimsoll test rules shows it".into()),
        );
    }
}

fn always(subject: &Subject<'_>, context: &Context<'_>, found: &mut Found) {
    let is_meant = reaches_nobody(subject) || selectors(&subject.rule.expr).is_empty();
    if let Some(firing) = firing(subject, context)
        && !is_meant
        && firing.share >= ALWAYS
        && firing.watched >= FIRED_MIN
    {
        let percent = (firing.share * 100.0).floor();
        let message = format!(
            "this fired in {percent} % of the last {}",
            days(firing.watched)
        );
        found.at(subject, At::Name, message, None);
    }
}

fn firing(subject: &Subject<'_>, context: &Context<'_>) -> Option<Firing> {
    match &subject.rule.kind {
        Kind::Alert { name, .. } => context.facts.firing(name, &subject.rule.expr),
        Kind::Record { .. } => None,
    }
}

/// Shows whole days, or whole hours below two days.
fn days(watched: Duration) -> String {
    let hours = watched.as_secs() / 3600;
    let rounded = if hours < 48 { hours } else { hours / 24 * 24 };
    format_duration(Duration::from_hours(rounded))
}

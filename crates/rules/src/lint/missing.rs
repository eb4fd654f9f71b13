//! What an alert should tell the person who gets it: how bad it is, what is wrong, what to do, whose it is.

use super::expression::selectors;
use super::meaning::reaches_nobody;
use super::subject::{At, Found, Subject};
use super::{Level, Lint, Run, words};

/// How a finding is told.
#[derive(Debug)]
pub(super) struct Words {
    /// What the alert lacks: "has no severity".
    lacks: &'static str,
    /// What all of them lack.
    all_lack: &'static str,
    hint: &'static str,
}

pub(super) static SEVERITY: Lint = Lint {
    name: "missing-severity",
    level: Level::Advice,
    finds: "an alert without a severity",
    why: "Routing decides by labels who is woken and who is mailed. An alert without `severity` (or `priority`, `level`, \
          `urgency`) takes the default route, and nobody can tell a page from a note.",
    remedy: "Set the label `severity`, for all rules of a group at once in its `labels`.",
    bad: "- alert: Down\n  expr: up == 0\n  for: 5m\n",
    good: "- alert: Down\n  expr: up == 0\n  for: 5m\n  labels: {severity: ticket}\n",
    asks_server: false,
    run: Run::Missing(
        |subject| subject.severity().is_none() && !is_heartbeat(subject),
        Words {
            lacks: "has no severity",
            all_lack: "has a severity",
            hint: "set the label `severity`",
        },
    ),
};

pub(super) static SUMMARY: Lint = Lint {
    name: "missing-summary",
    level: Level::Advice,
    finds: "an alert that does not say in words what is wrong",
    why: "The person who is woken reads a name, labels and annotations. Without `summary`, `description` or `message` the \
          first minutes of every incident go into finding out what the expression means.",
    remedy: "Say in one sentence what users notice, with the numbers: `{{ $labels.job }} fails \
             {{ $value | humanizePercentage }} of requests`.",
    bad: "- alert: Down\n  expr: up == 0\n  for: 5m\n  labels: {severity: page}\n",
    good: "- alert: Down\n  expr: up == 0\n  for: 5m\n  labels: {severity: page}\n  \
           annotations: {summary: '{{ $labels.job }} is down'}\n",
    asks_server: false,
    run: Run::Missing(
        |subject| {
            !subject.has_annotation(words::SUMMARY)
                && !reaches_nobody(subject)
                && !is_heartbeat(subject)
        },
        Words {
            lacks: "does not say what is wrong",
            all_lack: "says what is wrong",
            hint: "add the annotation `summary`",
        },
    ),
};

pub(super) static RUNBOOK: Lint = Lint {
    name: "missing-runbook",
    level: Level::Advice,
    finds: "an alert without a link to its runbook",
    why: "A page at night is answered by somebody who did not write the rule. Alerts of severity `info` or `none` and \
          heartbeats (`vector(1)`) are passed over.",
    remedy: "Add the annotation `runbook_url`: what it means, what to look at, how to end it, whom to ask.",
    bad: "- alert: Down\n  expr: up == 0\n  for: 5m\n  labels: {severity: page}\n",
    good: "- alert: Down\n  expr: up == 0\n  for: 5m\n  labels: {severity: page}\n  \
           annotations: {runbook_url: 'https://runbooks.example/down'}\n",
    asks_server: false,
    run: Run::Missing(
        |subject| {
            !subject.has_annotation(words::RUNBOOK)
                && !reaches_nobody(subject)
                && !is_heartbeat(subject)
        },
        Words {
            lacks: "has no link to a runbook",
            all_lack: "has a link to a runbook",
            hint: "add the annotation `runbook_url`",
        },
    ),
};

pub(super) static OWNER: Lint = Lint {
    name: "missing-owner",
    level: Level::Advice,
    finds: "an alert that belongs to nobody",
    why: "An alert without an owner is answered by whoever is new. A label or annotation whose name holds `team`, `owner`, \
          `squad` or `oncall` counts, in the rule or in its group; so does grouping by such a label.",
    remedy: "Set the label `team`, for all rules of a group at once in its `labels`.",
    bad: "- alert: Down\n  expr: up == 0\n  for: 5m\n  labels: {severity: page}\n",
    good: "- alert: Down\n  expr: up == 0\n  for: 5m\n  labels: {severity: page, team: storage}\n",
    asks_server: false,
    run: Run::Missing(
        |subject| {
            !subject.has_label(words::OWNER)
                && !subject.has_annotation(words::OWNER)
                && !subject.groups_by(words::OWNER)
                && !reaches_nobody(subject)
                && !is_heartbeat(subject)
        },
        Words {
            lacks: "belongs to nobody",
            all_lack: "belongs to somebody",
            hint: "set the label `team`, in the group for all of its rules",
        },
    ),
};

/// Runs over the alerts of a file; when each of several lacks something, one finding says so: the file does not know
/// the custom, and a finding per rule would hide the others.
pub(super) fn run<'a>(
    subjects: impl Iterator<Item = Subject<'a>>,
    lacks: fn(&Subject<'_>) -> bool,
    words: &Words,
    found: &mut Found,
) {
    let alerts: Vec<Subject<'_>> = subjects.filter(Subject::is_alert).collect();
    let wrong: Vec<&Subject<'_>> = alerts.iter().filter(|alert| lacks(alert)).collect();
    let hint = || Some(words.hint.to_owned());
    if wrong.len() == alerts.len() && wrong.len() > 2 {
        let message = format!(
            "none of the {} alerts of this file {}",
            wrong.len(),
            words.all_lack
        );
        found.at(wrong[0], At::Name, message, hint());
        return;
    }
    for subject in wrong {
        let message = format!("the alert {} {}", subject.rule.name(), words.lacks);
        found.at(subject, At::Name, message, hint());
    }
}

/// Says whether an alert fires always and on purpose, so that its absence is noticed.
fn is_heartbeat(subject: &Subject<'_>) -> bool {
    selectors(&subject.rule.expr).is_empty()
}

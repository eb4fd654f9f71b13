//! Labels that change while an alert goes on: each change is another alert.

use plimsoll_promql::ExprKind;

use super::subject::{At, Found, Subject};
use super::{Context, Level, Lint, Run};

pub(super) static VALUE_IN_LABEL: Lint = Lint {
    name: "value-in-label",
    level: Level::Mistake,
    finds: "a label of an alert that shows the value",
    why: "An alert is known by its labels. A label that shows the value changes at every evaluation: each time the old alert \
          ends, a new one begins to wait for its `for`, and so it never fires, or fires anew each time. A value that only \
          decides (`{{ if gt $value 90.0 }}`) is passed over.",
    remedy: "Show the value in an annotation; those may change.",
    bad: "- alert: DiskFull\n  expr: disk_used_ratio > 0.9\n  for: 10m\n  labels: {used: '{{ $value }}'}\n",
    good: "- alert: DiskFull\n  expr: disk_used_ratio > 0.9\n  for: 10m\n  annotations: {summary: '{{ $value }} used'}\n",
    asks_server: false,
    run: Run::Rule(values),
};

pub(super) static UNBOUNDED_LABEL: Lint = Lint {
    name: "unbounded-label",
    level: Level::Risk,
    finds: "an alert with one instance per something that is made anew all the time: an id, an address, for pages a pod",
    why: "Grouping by a label without bounds makes an alert per value: thousands of notices in the worst hour, and none that \
          lives long enough for its `for` when the thing behind the label is replaced. Pods are short-lived too, so a page \
          per pod is one page per restart; warnings per pod are passed over, because they are read and not answered.",
    remedy: "Group by what a person acts on: service, deployment, node. Ids belong into logs and traces.",
    bad: "- alert: SlowRequests\n  expr: max by (request_id) (request_duration_seconds) > 5\n  for: 1m\n",
    good: "- alert: SlowRequests\n  expr: max by (service) (request_duration_seconds) > 5\n  for: 1m\n",
    asks_server: false,
    run: Run::Rule(groups),
};

/// Labels whose values are made anew all the time, whatever they are used for.
const UNBOUNDED: &[&str] = &[
    "id",
    "uid",
    "uuid",
    "guid",
    "pod_uid",
    "container_id",
    "request_id",
    "trace_id",
    "span_id",
    "session",
    "session_id",
    "user_id",
    "customer_id",
    "order_id",
    "email",
    "client_ip",
    "remote_addr",
    "remote_address",
    "url",
    "query",
    "pod_template_hash",
];

/// Labels whose values live for as long as a replica.
const SHORT_LIVED: &[&str] = &["pod", "pod_name", "replicaset", "pod_ip"];

fn values(subject: &Subject<'_>, _: &Context<'_>, found: &mut Found) {
    if !subject.is_alert() {
        return;
    }
    for (name, text) in &subject.rule.labels {
        if shows_value(text) {
            let message = format!(
                "the label {name} changes with the value, and each change is another alert"
            );
            let hint = Some("annotations may change, labels may not".into());
            found.at(subject, At::Label(name.clone()), message, hint);
        }
    }
}

/// Says whether a template writes the value out: an action that names it and is no condition.
fn shows_value(template: &str) -> bool {
    let actions = template.split("{{").skip(1);
    let mut actions = actions.filter_map(|rest| rest.split_once("}}").map(|(action, _)| action));
    actions.any(|action| {
        let words = action.trim_start_matches('-').trim();
        let is_condition = ["if ", "else if ", "with "]
            .iter()
            .any(|word| words.starts_with(word));
        !is_condition
            && (words.contains("$value")
                || words.split([' ', '(', '|']).any(|word| word == ".Value"))
    })
}

fn groups(subject: &Subject<'_>, _: &Context<'_>, found: &mut Found) {
    if !subject.is_alert() {
        return;
    }
    // What is grouped finely and then added up again makes no alerts of its own.
    let mut open = vec![&subject.rule.expr];
    while let Some(expr) = open.pop() {
        let ExprKind::Aggregate(aggregate) = &expr.kind else {
            open.extend(expr.children());
            continue;
        };
        if aggregate.without {
            continue;
        }
        let wrong = |label: &&String| {
            UNBOUNDED.contains(&label.as_str())
                || (subject.pages() && SHORT_LIVED.contains(&label.as_str()))
        };
        if let Some(label) = aggregate.grouping.iter().find(wrong) {
            let message = format!("an alert for each {label}, and there is no end of them");
            found.at(subject, At::Expr(expr.span), message, None);
        }
    }
}

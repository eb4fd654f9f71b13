//! An explanation as a page for somebody who was just woken up, or should have been.

use plimsoll_types::{Labels, Timestamp};
use serde_json::Value;

use super::list::named;
use super::page::Page;
use crate::commands::Failure;
use crate::commands::shown::{counted, harmless, list, read_time, text, time, time_from};

/// Writes a section per alert.
pub(super) fn render(explained: &[Value], now: Timestamp) -> String {
    let mut page = Page::default();
    for answer in explained {
        alert(&mut page, answer, now);
        for channel in list(&answer["channels"]) {
            self::channel(&mut page, channel, now);
        }
        not_routed(&mut page, answer);
        notices(&mut page, &answer["notifications"], now);
    }
    page.into_text()
}

/// Leaves what holds for one receiver.
///
/// # Errors
/// When there is no such receiver.
pub(super) fn keep_receiver(answer: &mut Value, receiver: &str) -> Result<(), Failure> {
    let is_known = |answer: &Value| {
        let mut told = list(&answer["channels"]).map(|channel| &channel["receiver"]);
        let mut others = list(&answer["notRoutedTo"]);
        told.any(|name| name == receiver) || others.any(|name| name == receiver)
    };
    if !is_known(answer) {
        return Err(Failure::failed(format!(
            "there is no receiver {receiver:?}"
        )));
    }
    if let Some(channels) = answer["channels"].as_array_mut() {
        channels.retain(|channel| channel["receiver"] == receiver);
    }
    if let Some(others) = answer["notRoutedTo"].as_array_mut() {
        others.retain(|name| name == receiver);
    }
    Ok(())
}

fn alert(page: &mut Page, answer: &Value, now: Timestamp) {
    page.title(&named(&labels(&answer["labels"])));
    let alert = &answer["alert"];
    let starts_at = read_time(&alert["startsAt"]);
    let what = match starts_at {
        None if is_unread(answer) => "not known whether it fires; this is where it would go".into(),
        None => "does not fire; this is where it would go".into(),
        Some(_) if is_resolved(alert, now) => {
            let ended = read_time(&alert["endsAt"]).unwrap_or(now);
            format!("resolved since {}", time_from(ended, now))
        }
        Some(at) => format!("fires since {}", time_from(at, now)),
    };
    page.line(1, &what);
    if let Some(summary) = alert["annotations"]["summary"].as_str() {
        page.line(1, &harmless(summary));
    }
    let channels: Vec<&Value> = list(&answer["channels"]).collect();
    let told = channels
        .iter()
        .filter(|channel| !channel["told"].is_null())
        .count();
    if starts_at.is_some() && !channels.is_empty() {
        page.line(
            1,
            &format!("told: {told} of {}", counted(channels.len(), "integration")),
        );
    }
}

/// Says whether the server does not know all that was written before it began.
fn is_unread(answer: &Value) -> bool {
    list(&answer["channels"]).any(|channel| channel["why"]["kind"] == "rows_unread")
}

fn is_resolved(alert: &Value, now: Timestamp) -> bool {
    read_time(&alert["endsAt"]).is_some_and(|at| at <= now)
}

fn channel(page: &mut Page, channel: &Value, now: Timestamp) {
    page.gap();
    let (receiver, integration) = (text(&channel["receiver"]), text(&channel["integration"]));
    let why = &channel["why"];
    let kind = why["kind"].as_str().unwrap_or_default();
    // A receiver without integrations has a name alone.
    let target = match kind {
        "no_integration" => receiver,
        _ => format!("{receiver} {integration}"),
    };
    page.line(1, &format!("{target}: {}", verdict(channel, kind, now)));
    for (name, what) in reasons(kind, channel, now) {
        page.fact(2, name, &what);
    }
    if let Some(at) = read_time(&channel["nextAt"]).filter(|_| kind != "being_told") {
        page.fact(2, "next", &next(kind, at, now));
    }
    page.fact(2, "route", &text(&channel["route"]));
    page.fact(2, "group", &text(&channel["group"]));
}

/// Says in a few words whether somebody knows.
fn verdict(channel: &Value, kind: &str, now: Timestamp) -> String {
    let told = &channel["told"];
    if let Some(at) = read_time(&told["at"]) {
        let via = match told["via"].as_str() {
            Some(via) => format!(", by {} in its place", harmless(via)),
            None => String::new(),
        };
        let what = match told["isResolved"].as_bool() {
            Some(true) => "told that it is resolved",
            _ => "told that it fires",
        };
        return format!("{what}, {}{via}", time_from(at, now));
    }
    match kind {
        "waiting" | "warm_up" | "queued" | "being_told" => "NOT TOLD YET".into(),
        "no_alert" => "would be told".into(),
        "rows_unread" => "NOT KNOWN".into(),
        "not_leading" => "another replica decides".into(),
        _ => "NOT TOLD".into(),
    }
}

/// Says why, a line each with its name; what another version knows is told in the server's words.
fn reasons(kind: &str, channel: &Value, now: Timestamp) -> Vec<(&'static str, String)> {
    let why = &channel["why"];
    let because = |what: &str| vec![("why", what.to_owned())];
    match kind {
        "no_alert" => because("no such alert is known: nothing was posted, or it is over"),
        "rows_unread" => because(
            "the server could not read yet what was written before it began, so it may have been told",
        ),
        "waiting" => because(&waiting(why)),
        "warm_up" => because(
            "it began before this process did, and what inhibits it may still be heard of (warm_up)",
        ),
        "silenced" => silenced(why, now),
        "inhibited" => inhibited(why),
        "muted" => because(&muted(why)),
        "being_told" => because("an attempt is under way"),
        "queued" => queued(why),
        "nothing_new" => {
            because("it was told and nothing is new; it is told again after repeat_interval")
        }
        "resolved_not_wanted" => because(
            "it is resolved, and the receiver does not hear of that: send_resolved is false",
        ),
        "resolved_unheard" => because("it is resolved, and the receiver never heard that it fired"),
        "resolved_told" => because("it is resolved and that was told: all is done"),
        "not_leading" => because("ask the replica that leads"),
        "no_integration" => because("the receiver has no integration: it tells nobody"),
        _ => because(&text(&channel["text"])),
    }
}

fn waiting(why: &Value) -> String {
    match why["timer"].as_str() {
        Some("group_wait") => {
            "others of its group may come; they are told together (group_wait)".into()
        }
        Some("group_interval") => {
            "its group was told lately, and is told again after group_interval".into()
        }
        Some("resolve_interval") => {
            "its group was told lately; that alerts are resolved is told after resolve_interval"
                .into()
        }
        _ => format!("it waits for {}", text(&why["timer"])),
    }
}

fn silenced(why: &Value, now: Timestamp) -> Vec<(&'static str, String)> {
    let mut reasons = Vec::new();
    for by in list(&why["by"]) {
        let (id, who) = (text(&by["id"]), text(&by["createdBy"]));
        let until = read_time(&by["endsAt"]).map_or_else(String::new, |at| time_from(at, now));
        reasons.push((
            "why",
            format!("silenced by {who} until {until}, silence {id}"),
        ));
    }
    for by in list(&why["by"]) {
        reasons.push((
            "to end it",
            format!("plimsoll silence expire {}", text(&by["id"])),
        ));
    }
    reasons
}

fn inhibited(why: &Value) -> Vec<(&'static str, String)> {
    let (other, rule) = (named(&labels(&why["labels"])), &why["rule"]);
    let by = text(&why["by"]);
    vec![
        (
            "why",
            format!("inhibited while {other} fires, by inhibit_rules[{rule}]"),
        ),
        ("who knows", format!("plimsoll alert explain {by}")),
    ]
}

fn muted(why: &Value) -> String {
    let by: Vec<String> = list(&why["by"]).map(text).collect();
    match by.is_empty() {
        true => "the route is silent outside of its active_time_intervals".into(),
        false => format!("the route is silent in the time interval {}", by.join(", ")),
    }
}

fn queued(why: &Value) -> Vec<(&'static str, String)> {
    let failures = why["failures"].as_u64().unwrap_or(0);
    match usize::try_from(failures).unwrap_or(usize::MAX) {
        0 => vec![("why", "its notice waits for its turn".into())],
        count => vec![
            ("why", format!("{} failed", counted(count, "attempt"))),
            ("last error", text(&why["error"])),
        ],
    }
}

fn next(kind: &str, at: Timestamp, now: Timestamp) -> String {
    let what = match kind {
        "queued" => "the next attempt",
        "nothing_new" => "it is told again, if it fires still",
        "silenced" => "it is told, if it fires still",
        "waiting" | "warm_up" => "it is told",
        _ => "it is looked at again",
    };
    // What is due and was not done yet is done at once.
    match at <= now {
        true => format!("now: {what}"),
        false => format!("{}: {what}", time_from(at, now)),
    }
}

fn not_routed(page: &mut Page, answer: &Value) {
    let names: Vec<String> = list(&answer["notRoutedTo"]).map(text).collect();
    if !names.is_empty() {
        page.gap();
        page.line(1, &format!("no route leads to: {}", names.join(", ")));
    }
}

fn notices(page: &mut Page, notices: &Value, now: Timestamp) {
    let mut all = list(notices).peekable();
    if all.peek().is_some() {
        page.gap();
        page.line(1, "last notices:");
    }
    for notice in all {
        let at = read_time(&notice["at"]).map_or_else(String::new, |at| time_from(at, now));
        let (receiver, integration) = (text(&notice["receiver"]), text(&notice["integration"]));
        let (firing, resolved) = (&notice["firing"], &notice["resolved"]);
        let mut line = format!(
            "{at}  {receiver} {integration}  {}: {firing} firing, {resolved} resolved ({})",
            text(&notice["outcome"]),
            text(&notice["reason"])
        );
        if let Some(error) = notice["error"].as_str().filter(|error| !error.is_empty()) {
            line.push_str(&format!(": {}", harmless(error)));
        }
        if let Some(at) = read_time(&notice["retryAt"]) {
            line.push_str(&format!("; again at {}", time(at)));
        }
        page.line(2, &line);
    }
}

fn labels(value: &Value) -> Labels {
    let pairs = value.as_object().into_iter().flatten();
    Labels::from_pairs(pairs.map(|(name, value)| (name, value.as_str().unwrap_or_default())))
}

#[cfg(test)]
mod tests;

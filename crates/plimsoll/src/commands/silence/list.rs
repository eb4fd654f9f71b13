//! `plimsoll silence list`: what is silenced, by whom and until when.

use std::time::Duration;

use clap::ValueEnum;
use plimsoll_types::{Timestamp, parse_duration};
use plimsoll_wire::alertmanager::{ListedMatcher, ListedSilence, SilenceState};

use crate::commands::alert::{Alerting, filters, matchers};
use crate::commands::shown::{counted, distance, harmless, now, table as columns};
use crate::commands::{Failure, print};

/// List silences that hold or will, with who made them and why
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    plimsoll silence list\n  \
    plimsoll silence list --expired --output json\n  \
    plimsoll silence list --within 2h\n  \
    plimsoll silence expire $(plimsoll silence list job=db --output ids)")]
pub(crate) struct Arguments {
    /// Only those with this matcher, written just so; a first word alone is the name of an alert
    #[arg(value_name = "MATCHER")]
    matchers: Vec<String>,
    /// Only those that are over
    #[arg(long)]
    expired: bool,
    /// Only those that end within this time; with --expired, that ended within it
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    within: Option<Duration>,
    /// Only those of this author
    #[arg(long, value_name = "NAME")]
    author: Option<String>,
    #[command(flatten)]
    server: Alerting,
    /// How they are printed
    #[arg(
        long,
        short,
        value_enum,
        value_name = "FORMAT",
        default_value = "table"
    )]
    output: Output,
}

#[derive(Clone, Copy, ValueEnum)]
enum Output {
    /// For people
    Table,
    /// As the server answers it; plimsoll silence import reads it
    Json,
    /// The ids alone
    Ids,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let parameters = filters(&matchers(&arguments.matchers)?);
    let mut silences: Vec<ListedSilence> = arguments.server.get("silences", &parameters)?;
    let now = now();
    silences.retain(|silence| arguments.wants(silence, now));
    match arguments.output {
        Output::Json => {
            let text = serde_json::to_string(&silences).map_err(Failure::failed)?;
            print(&format!("{text}\n"))
        }
        Output::Ids => {
            let ids = silences
                .iter()
                .map(|silence| format!("{}\n", harmless(&silence.id)));
            print(&ids.collect::<String>())
        }
        Output::Table => {
            eprintln!("{}", counted(silences.len(), "silence"));
            match silences.is_empty() {
                true => Ok(()),
                false => print(&table(&silences, now)),
            }
        }
    }
}

impl Arguments {
    fn wants(&self, silence: &ListedSilence, now: Timestamp) -> bool {
        let is_over = silence.status.state == SilenceState::Expired;
        let is_near = self.within.is_none_or(|within| match is_over {
            true => silence.ends_at + within >= now,
            false => silence.ends_at <= now + within,
        });
        let is_theirs = self
            .author
            .as_ref()
            .is_none_or(|author| *author == silence.created_by);
        is_over == self.expired && is_near && is_theirs
    }
}

fn table(silences: &[ListedSilence], now: Timestamp) -> String {
    let line = |silence: &ListedSilence| {
        let (state, at) = match silence.status.state {
            SilenceState::Active => ("active", silence.ends_at),
            SilenceState::Pending => ("pending", silence.starts_at),
            SilenceState::Expired => ("expired", silence.ends_at),
        };
        let verb = match silence.status.state {
            SilenceState::Active => "ends",
            SilenceState::Pending => "begins",
            SilenceState::Expired => "ended",
        };
        vec![
            harmless(&silence.id),
            state.to_owned(),
            format!("{verb} {}", distance(at, now)),
            harmless(&silence.created_by),
            harmless(&about(silence)),
            harmless(&comment(silence)),
        ]
    };
    let lines: Vec<_> = silences.iter().map(line).collect();
    columns(
        &["id", "state", "when", "by", "matchers", "comment"],
        &lines,
    )
}

/// Writes the sets of matchers, `or` between them, and whom it holds for.
fn about(silence: &ListedSilence) -> String {
    let extras = &silence.extras;
    let sets = std::iter::once(&silence.matchers).chain(&extras.matcher_sets);
    let sets: Vec<String> = sets.map(|set| shown(set)).collect();
    let mut text = sets.join(" or ");
    if !extras.receiver_matcher_sets.is_empty() {
        let receivers = extras.receiver_matcher_sets.iter();
        let receivers: Vec<String> = receivers.map(|set| shown(set)).collect();
        text.push_str(&format!(" for receivers {}", receivers.join(" or ")));
    }
    text
}

/// Writes the comment, before it how the silence comes again or ends.
fn comment(silence: &ListedSilence) -> String {
    let extras = &silence.extras;
    let mut text = String::new();
    if let Some(recurrence) = &extras.recurrence {
        text.push_str(&format!("[{} {}] ", recurrence.rrule, recurrence.time_zone));
    }
    if let Some(grace) = &extras.until_resolved_grace {
        text.push_str(&format!("[until resolved for {grace}] "));
    }
    text + &silence.comment
}

fn shown(set: &[ListedMatcher]) -> String {
    let one = |matcher: &ListedMatcher| {
        let op = match (matcher.is_equal, matcher.is_regex) {
            (true, false) => "=",
            (false, false) => "!=",
            (true, true) => "=~",
            (false, true) => "!~",
        };
        format!("{}{op}{:?}", matcher.name, matcher.value)
    };
    format!("{{{}}}", set.iter().map(one).collect::<Vec<_>>().join(","))
}

fn duration(text: &str) -> Result<Duration, String> {
    parse_duration(text).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        arguments: Arguments,
    }

    fn silence(state: &str, ends_at: &str) -> ListedSilence {
        serde_json::from_value(serde_json::json!({
            "id": "8ac1", "status": {"state": state}, "updatedAt": "2026-11-21T02:00:00Z", "comment": "new\u{1b} disk",
            "createdBy": "ops", "endsAt": ends_at, "startsAt": "2026-11-21T02:00:00Z",
            "matchers": [{"name": "job", "value": "db", "isRegex": false, "isEqual": true}],
            "matcherSets": [[{"name": "a", "value": "b.*", "isRegex": true, "isEqual": false}]],
            "recurrence": {"rrule": "FREQ=DAILY", "timeZone": "Europe/Berlin"},
        }))
        .unwrap()
    }

    fn three_o_clock() -> Timestamp {
        let at: jiff::Timestamp = "2026-11-21T03:00:00Z".parse().unwrap();
        Timestamp::from_millis(at.as_millisecond())
    }

    #[test]
    fn one_line_per_silence() {
        let silences = [silence("active", "2026-11-21T04:30:00Z")];
        let expected = "id    state   when           by   matchers                  comment\n\
            8ac1  active  ends in 1h30m  ops  {job=\"db\"} or {a!~\"b.*\"}  [FREQ=DAILY Europe/Berlin] new\\u{1b} disk\n";
        assert_eq!(table(&silences, three_o_clock()), expected);
    }

    #[test]
    fn those_that_are_wanted() {
        let wants = |words: &[&str], silence: &ListedSilence| {
            let line = Line::parse_from([&["x"], words].concat());
            line.arguments.wants(silence, three_o_clock())
        };
        let (active, over) = (
            silence("active", "2026-11-21T05:00:00Z"),
            silence("expired", "2026-11-21T01:00:00Z"),
        );
        assert!(wants(&[], &active) && !wants(&[], &over));
        assert!(wants(&["--expired"], &over) && !wants(&["--expired"], &active));
        assert!(wants(&["--within", "2h"], &active) && !wants(&["--within", "1h"], &active));
        assert!(wants(&["--expired", "--within", "2h"], &over));
        assert!(!wants(&["--expired", "--within", "1h"], &over));
        assert!(wants(&["--author", "ops"], &active) && !wants(&["--author", "ann"], &active));
    }
}

//! `plimsoll silence import`: makes silences from what `amtool silence query -o json` or ours printed.

use std::path::PathBuf;

use plimsoll_types::Timestamp;
use plimsoll_wire::alertmanager::{
    ListedSilence, PostedSilence, SilenceState, decode_silence, encode_silence,
};
use serde_json::Value;

use crate::commands::alert::Alerting;
use crate::commands::shown::{counted, harmless, now};
use crate::commands::{Failure, input, print};

/// Make silences from what amtool silence query -o json or plimsoll silence list -o json printed
///
/// Prints the new ids. Those that are over, and those that the server has already, are left out: a second run adds nothing.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    amtool silence query -o json > silences.json; plimsoll silence import silences.json\n  \
    plimsoll silence list -o json --server http://old:9093 | plimsoll silence import")]
pub(crate) struct Arguments {
    /// Lists of silences in JSON; standard input when there are none, and for -
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Make those that the server has already, too
    #[arg(long, short)]
    force: bool,
    #[command(flatten)]
    server: Alerting,
}

/// What becomes of the silences of all files.
#[derive(Default)]
struct Outcome {
    made: usize,
    over: usize,
    known: usize,
    failed: usize,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let lists = arguments.lists()?;
    let mut there: Vec<PostedSilence> = match arguments.force {
        true => Vec::new(),
        false => there(&arguments.server)?,
    };
    let mut outcome = Outcome::default();
    for (name, list) in &lists {
        for (index, entry) in list.iter().enumerate() {
            if let Err(failure) = one(arguments, entry, &mut there, &mut outcome) {
                eprint!("{name}: silence {}: {failure}", index + 1);
                outcome.failed += 1;
            }
        }
    }
    eprintln!(
        "{} made, {} over, {} there already",
        counted(outcome.made, "silence"),
        outcome.over,
        outcome.known
    );
    match outcome.failed {
        0 => Ok(()),
        failed => Err(Failure::failed(format!(
            "{} could not be made",
            counted(failed, "silence")
        ))),
    }
}

impl Arguments {
    /// Reads all files before anything is sent, so that a file that is none changes nothing.
    fn lists(&self) -> Result<Vec<(String, Vec<Value>)>, Failure> {
        let read = |(path, bytes): (PathBuf, Vec<u8>)| {
            let name = path.display().to_string();
            match serde_json::from_slice(&bytes) {
                Ok(list) => Ok((name, list)),
                Err(error) => Err(Failure::failed(format!(
                    "{name} is no list of silences in JSON: {error}"
                ))),
            }
        };
        input::read(&self.files)?.into_iter().map(read).collect()
    }
}

/// Makes one silence, unless it is over or there.
fn one(
    arguments: &Arguments,
    entry: &Value,
    there: &mut Vec<PostedSilence>,
    outcome: &mut Outcome,
) -> Result<(), Failure> {
    let silence = decode_silence(entry.to_string().as_bytes()).map_err(Failure::failed)?;
    let silence = comparable(silence);
    if entry["status"]["state"] == "expired" || is_over(&silence, now()) {
        outcome.over += 1;
        return Ok(());
    }
    if !arguments.force && there.iter().any(|known| is_same(known, &silence)) {
        outcome.known += 1;
        return Ok(());
    }
    let answer = arguments
        .server
        .post("api/v2/silences", encode_silence(&silence))?;
    let id = answer["silenceID"].as_str();
    let id = id.ok_or_else(|| Failure::failed("the server's answer has no silenceID"))?;
    print(&format!("{}\n", harmless(id)))?;
    outcome.made += 1;
    there.push(silence);
    Ok(())
}

/// Says whether it has ended since somebody looked; one that comes again may end later than its first window.
fn is_over(silence: &PostedSilence, now: Timestamp) -> bool {
    silence.extras.recurrence.is_none() && silence.ends_at.is_some_and(|at| at <= now)
}

/// Returns the silences that hold or will.
fn there(server: &Alerting) -> Result<Vec<PostedSilence>, Failure> {
    let expired = [("expired", "false".to_owned())];
    let mut listed: Vec<ListedSilence> = server.get("silences", &expired)?;
    listed.retain(|silence| silence.status.state != SilenceState::Expired);
    Ok(listed.into_iter().map(posted).collect())
}

fn posted(silence: ListedSilence) -> PostedSilence {
    let annotations = silence.annotations.iter();
    comparable(PostedSilence {
        id: None,
        annotations: annotations
            .map(|(name, text)| (name.to_owned(), text.to_owned()))
            .collect(),
        matchers: silence.matchers,
        starts_at: Some(silence.starts_at),
        ends_at: Some(silence.ends_at),
        created_by: silence.created_by,
        comment: silence.comment,
        extras: silence.extras,
    })
}

/// Forgets the id, which means nothing elsewhere, and sorts. Of one that comes again the first window counts, and not the
/// one that was next when somebody looked.
fn comparable(mut silence: PostedSilence) -> PostedSilence {
    silence.id = None;
    silence.matchers.sort();
    silence
        .extras
        .matcher_sets
        .iter_mut()
        .for_each(|set| set.sort());
    silence.extras.matcher_sets.sort();
    silence.annotations.sort();
    if let Some(recurrence) = &silence.extras.recurrence {
        silence.starts_at = recurrence.starts_at.or(silence.starts_at);
        silence.ends_at = recurrence.ends_at.or(silence.ends_at);
    }
    silence
}

/// Says whether two say the same: the start may differ, since one in the past becomes the time at which it was made.
fn is_same(a: &PostedSilence, b: &PostedSilence) -> bool {
    let rule = |silence: &PostedSilence| {
        let recurrence = silence.extras.recurrence.as_ref();
        recurrence.map(|recurrence| (recurrence.rrule.clone(), recurrence.time_zone.clone()))
    };
    a.matchers == b.matchers
        && a.extras.matcher_sets == b.extras.matcher_sets
        && a.extras.receiver_matcher_sets == b.extras.receiver_matcher_sets
        && a.extras.until_resolved_grace == b.extras.until_resolved_grace
        && rule(a) == rule(b)
        && a.ends_at == b.ends_at
        && (&a.created_by, &a.comment) == (&b.created_by, &b.comment)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(entry: &Value) -> PostedSilence {
        comparable(decode_silence(entry.to_string().as_bytes()).unwrap())
    }

    #[test]
    fn the_same_silence_is_known_again() {
        let matcher =
            |name: &str| json!({"name": name, "value": "x", "isRegex": false, "isEqual": true});
        let entry = json!({
            "id": "8ac1", "status": {"state": "active"}, "updatedAt": "2026-11-21T02:00:00Z", "comment": "c", "createdBy": "me",
            "startsAt": "2026-11-21T02:00:00Z", "endsAt": "2026-11-21T05:00:00Z", "matchers": [matcher("a"), matcher("b")],
        });
        let silence = read(&entry);
        assert_eq!(silence.id, None);
        let listed: ListedSilence = serde_json::from_value(entry.clone()).unwrap();
        let mut later = entry.clone();
        later["startsAt"] = "2026-11-21T03:00:00Z".into();
        later["matchers"] = json!([matcher("b"), matcher("a")]);
        assert!(is_same(&posted(listed), &read(&later)));
        for (field, value) in [
            ("endsAt", json!("2026-11-21T06:00:00Z")),
            ("comment", json!("d")),
            ("matchers", json!([matcher("a")])),
            ("untilResolvedGrace", json!("5m")),
        ] {
            let mut other = entry.clone();
            other[field] = value;
            assert!(!is_same(&silence, &read(&other)), "{field}");
        }
    }

    #[test]
    fn of_one_that_comes_again_the_first_window_counts() {
        let silence = read(&json!({
            "comment": "c", "createdBy": "me", "startsAt": "2026-11-28T02:00:00Z", "endsAt": "2026-11-28T05:00:00Z",
            "matchers": [{"name": "a", "value": "x", "isRegex": false}],
            "recurrence": {"rrule": "FREQ=WEEKLY", "timeZone": "UTC", "startsAt": "2026-11-21T02:00:00Z", "endsAt": "2026-11-21T05:00:00Z"},
        }));
        let at = silence.starts_at.unwrap().millis();
        assert_eq!(
            at,
            "2026-11-21T02:00:00Z"
                .parse::<jiff::Timestamp>()
                .unwrap()
                .as_millisecond()
        );
    }
}

//! `plimsoll silence add`: makes a silence.

use clap::ValueEnum;
use plimsoll_types::Timestamp;
use plimsoll_wire::alertmanager::{PostedSilence, encode_silence};

use super::draft::{Draft, Signature, preview};
use crate::commands::alert::{Alerting, alerts_table};
use crate::commands::shown::{harmless, now};
use crate::commands::{Failure, environment, print};

/// Make a silence; prints its id, and on stderr which alerts it is about
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    plimsoll silence add DiskFull instance=db-1 --duration 2h --comment 'new disk'\n  \
    plimsoll silence add cluster=batch --start 2026-11-21T22:00 --end 2026-11-22T04:00 \\\n      \
        --recurrence 'FREQ=WEEKLY;BYDAY=SA' --zone Europe/Berlin --comment 'weekly reindex'\n  \
    plimsoll silence add service=pay --until-resolved --grace 15m --comment 'INC-7'")]
pub(crate) struct Arguments {
    #[command(flatten)]
    draft: Draft,
    /// Why
    #[arg(long, short, value_name = "TEXT", required = true)]
    comment: String,
    /// Who makes it; your login when absent
    #[arg(long, short, value_name = "NAME")]
    author: Option<String>,
    /// A text that belongs to it, such as ticket=INC-7; may be repeated
    #[arg(long = "annotation", value_name = "NAME=TEXT", value_parser = annotation)]
    annotations: Vec<(String, String)>,
    #[command(flatten)]
    server: Alerting,
    /// How the answer is printed
    #[arg(long, short, value_enum, value_name = "FORMAT", default_value = "id")]
    output: Output,
}

#[derive(Clone, Copy, ValueEnum)]
enum Output {
    /// The id alone
    Id,
    /// As the server answers it
    Json,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let now = now();
    let signature = Signature {
        author: author(arguments.author.as_deref())?,
        comment: arguments.comment.clone(),
        annotations: arguments.annotations.clone(),
    };
    let silence = arguments.draft.silence(signature, now)?;
    tell_preview(&arguments.server, &silence, now);
    let answer = arguments
        .server
        .post("api/v2/silences", encode_silence(&silence))?;
    match arguments.output {
        Output::Json => print(&format!("{answer}\n")),
        Output::Id => match answer["silenceID"].as_str() {
            Some(id) => print(&format!("{}\n", harmless(id))),
            None => Err(Failure::failed("the server's answer has no silenceID")),
        },
    }
}

/// Tells which alerts it is about. A server without previews, such as an Alertmanager, makes the silence all the same.
fn tell_preview(server: &Alerting, silence: &PostedSilence, now: Timestamp) {
    let Ok(preview) = preview(server, silence) else {
        return;
    };
    eprintln!("{}", preview.summary());
    if !preview.alerts.is_empty() {
        eprint!("{}", alerts_table(&preview.alerts, now));
    }
}

/// Returns who makes the silence.
fn author(given: Option<&str>) -> Result<String, Failure> {
    let login = || environment("USER").or_else(|| environment("LOGNAME"));
    let author = given.map(str::to_owned).or_else(login);
    author.filter(|author| !author.is_empty()).ok_or_else(|| {
        Failure::usage("who makes the silence is not known here; say it with --author")
    })
}

fn annotation(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, text)) if !name.is_empty() => Ok((name.to_owned(), text.to_owned())),
        _ => Err("expected a name and a text, such as ticket=INC-7".into()),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use serde_json::{Value, json};

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        arguments: Arguments,
    }

    const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

    fn posted(words: &[&str]) -> Result<Value, String> {
        let words = [&["x", "--comment", "c"], words].concat();
        let line = Line::try_parse_from(words).map_err(|error| error.to_string())?;
        let signature = Signature {
            author: "me".into(),
            comment: "c".into(),
            annotations: line.arguments.annotations,
        };
        let silence = line.arguments.draft.silence(signature, NOW);
        let silence = silence.map_err(|failure| failure.to_string())?;
        Ok(serde_json::from_slice(&encode_silence(&silence)).unwrap())
    }

    #[test]
    fn flags_become_a_silence() {
        let matcher = |name: &str, value: &str| json!({"isEqual": true, "isRegex": false, "name": name, "value": value});
        let plain = posted(&["Down", "job=db"]).unwrap();
        let expected = json!({
            "comment": "c", "createdBy": "me", "startsAt": "0001-01-01T00:00:00.000Z", "endsAt": "2027-01-15T09:00:00.000Z",
            "matchers": [matcher("alertname", "Down"), matcher("job", "db")],
        });
        assert_eq!(plain, expected);
        let rich = posted(&[
            "a=b",
            "--or",
            "{c=\"d\"}",
            "--receiver",
            "chat",
            "--annotation",
            "ticket=7",
            "--recurrence",
            "FREQ=DAILY",
            "--zone",
            "Europe/Berlin",
        ]);
        let rich = rich.unwrap();
        assert_eq!(rich["matcherSets"], json!([[matcher("c", "d")]]));
        assert_eq!(
            rich["receiverMatcherSets"],
            json!([[matcher("name", "chat")]])
        );
        assert_eq!(rich["annotations"], json!({"ticket": "7"}));
        assert_eq!(
            rich["recurrence"],
            json!({"rrule": "FREQ=DAILY", "timeZone": "Europe/Berlin"})
        );
        let until = posted(&["a=b", "--until-resolved", "--grace", "15m"]).unwrap();
        assert_eq!(until["untilResolvedGrace"], "15m");
    }

    #[test]
    fn what_is_missing_or_wrong_is_said() {
        let check = |words: &[&str], expected: &str| {
            let said = posted(words).unwrap_err();
            assert!(said.contains(expected), "{words:?}: {said}");
        };
        check(&[], "MATCHER");
        check(&["a=b", "--annotation", "x"], "ticket=INC-7");
        check(&["a=b", "c"], "a matcher looks like");
        let without_comment = Line::try_parse_from(["x", "a=b"]);
        assert!(without_comment.is_err());
        assert_eq!(author(Some("ann")).unwrap(), "ann");
        assert!(author(Some("")).is_err());
    }
}

//! `plimsoll budget correct add`: a correction from now on in force.

use clap::ValueEnum;
use plimsoll_types::Timestamp;
use serde_json::{Value, json};

use super::author;
use crate::commands::shown::{now, text};
use crate::commands::slo::{Named, Objectives};
use crate::commands::{Failure, print};

/// Correct what was counted in some time, past or to come; prints the id of the correction
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    plimsoll budget correct add checkout/availability --from 2026-11-21T22:00:00Z --for 2h --reason 'new database'\n  \
    plimsoll budget correct add checkout/availability --kind bad --from 2026-11-20T10:00:00Z --to 2026-11-20T10:12:00Z \\\n      \
        --reason 'the load balancer dropped requests that nobody counted'\n  \
    plimsoll budget correct add batch/freshness --from 2026-11-22T01:00:00Z --for 1h \\\n      \
        --repeat 'FREQ=WEEKLY;BYDAY=SU' --zone Europe/Athens --reason 'weekly reindex'")]
pub(crate) struct Arguments {
    #[command(flatten)]
    named: Named,
    /// What its events count as
    #[arg(long, value_enum, value_name = "KIND", default_value = "exclude")]
    kind: Kind,
    /// When it begins, such as 2026-11-21T22:00:00Z
    #[arg(long, value_name = "TIME")]
    from: String,
    /// When it ends
    #[arg(
        long,
        value_name = "TIME",
        conflicts_with = "length",
        required_unless_present = "length"
    )]
    to: Option<String>,
    /// How long it is, such as 2h
    #[arg(long = "for", value_name = "DURATION", id = "length")]
    length: Option<String>,
    /// When it comes again: an RFC 5545 rule
    #[arg(long, value_name = "RRULE")]
    repeat: Option<String>,
    /// The zone of that rule; UTC when absent
    #[arg(long, value_name = "ZONE", requires = "repeat")]
    zone: Option<String>,
    /// Which groups, such as region="eu"; all when absent
    #[arg(long = "match", value_name = "CONDITIONS")]
    condition: Option<String>,
    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Who does it; your login when absent
    #[arg(long, value_name = "NAME")]
    author: Option<String>,
    /// Its id; one made of the time when absent
    #[arg(long = "id", value_name = "NAME")]
    correction: Option<String>,
    #[command(flatten)]
    server: Objectives,
}

#[derive(Clone, Copy, ValueEnum)]
enum Kind {
    /// They are left out
    Exclude,
    /// They count as good
    Good,
    /// They count as bad
    Bad,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let author = author(arguments.author.as_deref())?;
    let body = body(arguments, &author, now());
    let path = arguments.named.path("corrections");
    let answer = arguments
        .server
        .post(&path, body.to_string().into_bytes())?;
    print(&format!("{}\n", text(&answer["id"])))
}

fn body(arguments: &Arguments, author: &str, now: Timestamp) -> Value {
    let made = || format!("c{}", now.millis());
    let mut body = json!({
        "id": arguments.correction.clone().unwrap_or_else(made),
        "kind": match arguments.kind {
            Kind::Exclude => "exclude",
            Kind::Good => "good",
            Kind::Bad => "bad",
        },
        "from": arguments.from,
        "reason": arguments.reason,
        "author": author,
    });
    for (name, value) in [
        ("to", &arguments.to),
        ("for", &arguments.length),
        ("repeat", &arguments.repeat),
        ("zone", &arguments.zone),
        ("match", &arguments.condition),
    ] {
        if let Some(value) = value {
            body[name] = Value::from(value.as_str());
        }
    }
    body
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

    fn parsed(words: &[&str]) -> Result<Arguments, clap::Error> {
        let words = [&["x", "a/b", "--from", "t", "--reason", "r"], words].concat();
        Line::try_parse_from(words).map(|line| line.arguments)
    }

    #[test]
    fn flags_become_a_correction() {
        let arguments = parsed(&["--for", "2h", "--kind", "bad", "--match", "a=\"b\""]).unwrap();
        let expected = json!({
            "id": "c7", "kind": "bad", "from": "t", "for": "2h", "match": "a=\"b\"", "reason": "r", "author": "ann",
        });
        assert_eq!(body(&arguments, "ann", Timestamp::from_millis(7)), expected);
    }

    #[test]
    fn a_correction_has_one_end() {
        assert!(parsed(&[]).is_err());
        assert!(parsed(&["--for", "2h", "--to", "t"]).is_err());
        assert!(parsed(&["--for", "2h", "--zone", "UTC"]).is_err());
    }
}

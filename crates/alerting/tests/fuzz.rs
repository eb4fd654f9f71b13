//! Hostile configurations: none makes the reader panic, and what is taken can be shown, routed and asked for its times.

use plimsoll_alerting::config::{Options, parse};
use plimsoll_alerting::matchers::{self, Mode};
use plimsoll_types::{Labels, Timestamp};

const FILE: &str = "global: {resolve_timeout: 5m}\nroute:\n  receiver: a\n  group_by: [b, 'c d']\n  routes:\n  - matchers: ['a=\"b\"', '{c=~\"d|e\",\"f g\"!=h}']\n    continue: true\n    \
    mute_time_intervals: [t]\n    routes:\n    - {match_re: {a: 'b.*'}, match: {c: d}, group_by: ['...'], labels: {x: y}}\nreceivers:\n- name: a\n- name: b\n  webhook_configs: [{url: 'http://h/'}]\n\
    inhibit_rules:\n- {source_matchers: [a=b], target_match: {c: d}, equal: [e]}\ntime_intervals:\n- name: t\n  time_intervals:\n  - times: [{start_time: '09:00', end_time: '24:00'}]\n    \
    weekdays: ['monday:friday']\n    days_of_month: ['1:-1']\n    months: ['may:8']\n    years: [2020]\n    location: Europe/Berlin\n\
    plimsoll:\n  tiers: {P1: a, P2: {receiver: b, group_wait: 1m}}\n  heartbeats: [{name: x, matchers: [a=b], timeout: 5m}]\n";

/// Puts pieces of the file, or other bytes, over parts of the file.
fn mutated(choices: &[(u16, u16, u8)]) -> String {
    let mut text = FILE.as_bytes().to_vec();
    for (at, from, length) in choices {
        let at = usize::from(*at) % text.len();
        let from = usize::from(*from) % FILE.len();
        let piece = match length % 3 {
            0 => FILE.as_bytes()[from..(from + usize::from(*length)).min(FILE.len())].to_vec(),
            1 => vec![*length],
            _ => [
                &b"{"[..],
                b"\xc3\xa4",
                b"\t",
                b"'",
                b"|\n",
                b"}",
                b": ",
                b"-1",
                b"0s",
                b"&a ",
                b"*a",
            ][from % 11]
                .to_vec(),
        };
        let end = (at + usize::from(*length) % 20).min(text.len());
        text.splice(at..end, piece);
    }
    String::from_utf8_lossy(&text).into_owned()
}

#[test]
fn configurations() {
    bolero::check!()
        .with_type::<(Vec<(u16, u16, u8)>, i64)>()
        .for_each(|(choices, at)| {
            let text = mutated(&choices[..choices.len().min(8)]);
            match parse("am.yml".as_ref(), &text, &Options::default()) {
                Ok(loaded) => {
                    let config = loaded.config;
                    let labels = Labels::from_pairs([("a", "b"), ("c", "d")]);
                    assert!(!config.route.matching(&labels).is_empty());
                    for (name, _) in config.intervals.iter() {
                        config.intervals.contains(name, Timestamp::from_millis(*at));
                    }
                    // What is shown is itself a configuration, but for what became of secrets.
                    assert!(config.original.contains("route:"));
                }
                Err(errors) => assert!(errors.has_errors() && !errors.to_string().is_empty()),
            }
        });
}

#[test]
fn texts_of_matchers() {
    bolero::check!().with_type::<String>().for_each(|text| {
        for mode in [Mode::Fallback, Mode::Classic, Mode::Utf8] {
            match matchers::parse(text, mode) {
                Ok(parsed) => {
                    let shown = matchers::display(&parsed.matchers);
                    let again = matchers::parse(&shown, Mode::Fallback).unwrap();
                    assert_eq!(again.matchers, parsed.matchers, "{shown}");
                }
                Err(error) => {
                    let range = error.range();
                    assert!(text.get(range.clone()).is_some(), "{text:?} {range:?}");
                }
            }
        }
    });
}

#[test]
fn the_file_itself_is_good() {
    let loaded = parse("am.yml".as_ref(), FILE, &Options::default());
    let loaded = loaded.unwrap_or_else(|findings| panic!("{findings}"));
    assert!(loaded.warnings.is_empty(), "{:?}", loaded.warnings);
}

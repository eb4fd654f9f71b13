//! Configurations with something wrong.

use plimsoll_testkit::Seed;

use crate::damage::{with_line_twice, with_replacement, without_line};

/// Pieces of files and what they are replaced by.
const REPLACEMENTS: [(&str, &str); 52] = [
    ("receiver: 'r1'", "receiver: 'gone'"),
    ("receiver: 'r1'", "receiver: ''"),
    ("receiver: 'r0'", "receiver: ''"),
    ("receiver: 'r0'", "reciever: 'r0'"),
    ("receiver: 'r0'", "receiver: 'r0'\n  continue: true"),
    ("receiver: 'r0'", "receiver: 'r0'\n  continue: false"),
    ("receiver: 'r0'", "receiver: 'r0'\n  match: {a: 'x'}"),
    ("receiver: 'r0'", "receiver: 'r0'\n  matchers: ['a=x']"),
    ("receiver: 'r0'", "receiver: 'r0'\n  matchers: []"),
    (
        "receiver: 'r0'",
        "receiver: 'r0'\n  mute_time_intervals: [nights]",
    ),
    (
        "receiver: 'r0'",
        "receiver: 'r0'\n  active_time_intervals: [office]",
    ),
    ("receiver: 'r0'", "receiver: 'r0'\n  group_interval: 0s"),
    ("receiver: 'r0'", "receiver: 'r0'\n  repeat_interval: 0"),
    (
        "receiver: 'r0'",
        "receiver: 'r0'\n  repeat_interval: 1y2w3d4h5m6s7ms",
    ),
    ("receiver: 'r0'", "receiver: 'r0'\n  repeat_interval: 293y"),
    ("receiver: 'r0'", "receiver: 'r0'\n  group_wait:"),
    ("receiver: 'r0'", "receiver: 'r0'\n  group_wait: 30"),
    ("receiver: 'r0'", "receiver: 'r0'\n  group_wait: -5s"),
    ("continue: true", "continue: maybe"),
    ("continue: true", "continue: 1"),
    ("continue: true", "continue:"),
    ("continue: true", "mute_time_intervals: [nights, office]"),
    ("continue: true", "active_time_intervals: [nights, gone]"),
    ("group_by: [a]", "group_by: [a, a]"),
    ("group_by: [a]", "group_by: [a, '...']"),
    ("group_by: [a]", "group_by: ['a-b']"),
    ("group_by: [a]", "group_by: ['']"),
    ("group_by: [a]", "group_by: a"),
    ("group_by: [a]", "group_by:"),
    ("match: {", "match: {'a-b': c, "),
    ("match: {", "match: {g: , h: 1, "),
    ("match_re: {", "match_re: {'a-b': c, "),
    ("match_re: {", "match_re: {g: '(', "),
    ("match_re: {", "match_re: {g: 'x)|(y', "),
    ("match_re: {", "match_re: {g: , "),
    ("matchers: [", "matchers: ['a', "),
    ("matchers: [", "matchers: ['', "),
    ("matchers: [", "matchers: [['a=b'], "),
    ("name: 'r2'", "name: 'r1'"),
    ("name: 'r2'", "name: ''"),
    ("name: 'r2'", "nome: 'r2'"),
    ("name: nights", "name: office"),
    ("name: nights", "name: ''"),
    ("name: office", "names: office"),
    ("equal: ['b']", "equal: ['b-c']"),
    ("equal: ['b']", "equal: ['']"),
    ("equal: ['b']", "equal: b"),
    ("equal: ['b']", "equal: [b, b]"),
    ("resolve_timeout: 5m", "resolve_timeout: 5"),
    ("resolve_timeout: 5m", "resolve_timeout:"),
    ("resolve_timeout: 5m", "resolve_timeouts: 5m"),
    ("end_time: '06:00'", "end_time: '00:00'"),
];

/// Damages a file once or twice.
pub(super) fn damaged(text: &str, random: &mut Seed) -> String {
    let mut text = text.to_owned();
    for _ in 0..1 + random.below(2) {
        text = match random.below(10) {
            0 => without_line(&text, random),
            1 => with_line_twice(&text, random),
            _ => with_replacement(&text, &REPLACEMENTS, random),
        };
    }
    text
}

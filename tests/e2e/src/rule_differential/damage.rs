//! Rule files with something wrong.

use plimsoll_testkit::Seed;

use crate::damage::{joined, lines, with_line_twice, with_replacement, without_line};

/// Pieces of rule files and what they are replaced by.
const REPLACEMENTS: [(&str, &str); 40] = [
    ("record:", "alert:"),
    ("alert:", "record:"),
    ("expr:", "exp:"),
    ("expr:", "for:"),
    ("name: g0", "name: g1"),
    ("name: g0", "name: ''"),
    ("name: g0", "nam: g0"),
    ("rules:", "rule:"),
    ("groups:", "group:"),
    ("groups:", "groups: []\nx:"),
    ("for: '", "for: '-"),
    ("for: '1m'", "for: 60"),
    ("for: '30s'", "for: 0"),
    ("for: '30s'", "for: 1y2w3d"),
    ("'1m'", "'1m1m'"),
    ("'1m'", "''"),
    ("labels: {", "labels: {__name__: 'x', "),
    ("labels: {", "labels: {'': 'x', "),
    ("labels: {", "labels: {a: 1, b: true, c: null, "),
    ("labels: {", "labels: {a: [1], "),
    ("annotations: {", "annotations: {'': 'x', "),
    ("annotations:", "annotation:"),
    ("labels:", "annotations:"),
    ("    labels:", "    annotations: {x: 'y'}\n    labels:"),
    ("    labels:", "    for: 1m\n    labels:"),
    ("    labels:", "    keep_firing_for: 1m\n    labels:"),
    ("sum", "sun"),
    (" by (job) ", " by job "),
    ("[157s]", ""),
    ("[97s]", "[97x]"),
    ("])", "]"),
    (" (", " (("),
    ("up", "\"up\""),
    ("{{ $labels", "{{ $label"),
    ("}}", "}"),
    ("{{", "{"),
    ("limit: ", "limit: -"),
    ("limit: ", "limit: x"),
    ("record: 'job:r0'", "record: ''"),
    ("record: 'job:r0'", "record: 'x{a=\"b\"}'"),
];

/// Damages a rule file once or twice.
pub(super) fn damaged(text: &str, random: &mut Seed) -> String {
    let mut text = text.to_owned();
    for _ in 0..1 + random.below(2) {
        text = match random.below(10) {
            0 => without_line(&text, random),
            1 => with_line_twice(&text, random),
            2 => with_other_indent(&text, random),
            3 => with_rule_twice(&text),
            _ => with_replacement(&text, &REPLACEMENTS, random),
        };
    }
    text
}

fn with_other_indent(text: &str, random: &mut Seed) -> String {
    let (mut lines, at) = lines(text, random);
    // What stands before the first line of a file's root go-yaml passes over with all that follows.
    let at = at.max(1);
    lines[at] = match random.percent(50) {
        true => format!(" {}", lines[at]),
        false => lines[at].trim_start().to_owned(),
    };
    joined(&lines)
}

/// Repeats the last rule, which is a duplicate and legal.
fn with_rule_twice(text: &str) -> String {
    match text.rfind("  - ") {
        Some(at) => format!("{text}{}", &text[at..]),
        None => text.to_owned(),
    }
}

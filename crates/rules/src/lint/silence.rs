//! `# plimsoll: disable=NAME`: a finding that was read and decided about.
//!
//! A comment holds for the rule inside which it stands or directly above which it is written; above the first rule of a
//! group, beside the group's `name`, it holds for the group; before `groups:` it holds for the file.

use plimsoll_runtime::config::{Diagnostic, Span};

use super::subject::{Finding, Subject};
use super::{find, nearest};
use crate::model::{Group, Rule, RuleFile};

const MARK: &str = "# plimsoll: disable=";

/// What the comments of a file switch off.
#[derive(Debug)]
pub(super) struct Silences {
    list: Vec<(Scope, &'static str)>,
    /// Names in comments that no lint has.
    pub(super) unknown: Vec<Diagnostic>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scope {
    File,
    Group(usize),
    Rule(usize, usize),
}

impl Silences {
    pub(super) fn read(file: &RuleFile) -> Self {
        let mut silences = Self {
            list: Vec::new(),
            unknown: Vec::new(),
        };
        let mut offset = 0;
        for line in file.source.text().split_inclusive('\n') {
            if let Some(at) = line.find(MARK) {
                silences.comment(file, offset, at, line);
            }
            offset += line.len();
        }
        silences
    }

    fn comment(&mut self, file: &RuleFile, offset: usize, at: usize, line: &str) {
        // A comment alone on its line is about what comes next.
        let is_alone = line[..at].trim().is_empty();
        let place = if is_alone {
            offset + line.len()
        } else {
            offset + at
        };
        let scope = scope(file, place, is_alone);
        let mut begin = at + MARK.len();
        for name in line[begin..].split(',') {
            let (word, start) = (name.trim(), begin + name.len() - name.trim_start().len());
            begin += name.len() + 1;
            // Whatever follows a space is the reason.
            let word = word.split_whitespace().next().unwrap_or_default();
            match find(word) {
                Some(lint) => self.list.push((scope, lint.name)),
                None => {
                    let span = Span {
                        start: (offset + start) as u32,
                        end: (offset + start + word.len()) as u32,
                    };
                    let found = file.source.warning(
                        span,
                        format!("there is no lint {word:?}, so nothing is disabled"),
                    );
                    self.unknown.push(match nearest(word) {
                        Some(name) => found.with_hint(format!("did you mean `{name}`?")),
                        None => found,
                    });
                }
            }
        }
    }

    /// Says whether a lint passes over a rule.
    pub(super) fn hides(&self, lint: &str, subject: &Subject<'_>) -> bool {
        self.holds(lint, subject.group_index, subject.rule_index)
    }

    /// Says whether a finding is not shown.
    pub(super) fn hides_at(&self, lint: &str, finding: &Finding) -> bool {
        self.holds(lint, finding.group_index, finding.rule_index)
    }

    fn holds(&self, lint: &str, group: usize, rule: usize) -> bool {
        self.list.iter().any(|(scope, name)| {
            let is_here = match scope {
                Scope::File => true,
                Scope::Group(of) => *of == group,
                Scope::Rule(of, index) => (*of, *index) == (group, rule),
            };
            is_here && *name == lint
        })
    }
}

/// Finds what a comment at a byte is about: the rule that has it, or the rule, group or file that begins after it.
fn scope(file: &RuleFile, at: usize, is_alone: bool) -> Scope {
    let text = file.source.text();
    let line_of = |byte: usize| text[..byte.min(text.len())].matches('\n').count();
    let line = line_of(at);
    for (index, group) in file.groups.iter().enumerate() {
        let is_inside = |rule: &Rule| {
            let last = end(rule).saturating_sub(1);
            line_of(rule.spans.whole.start as usize) <= line && line <= line_of(last)
        };
        let inside = group.rules.iter().position(is_inside);
        let next = || {
            if is_alone {
                next_rule(text, group, at)
            } else {
                None
            }
        };
        if let Some(rule) = inside.or_else(next) {
            return Scope::Rule(index, rule);
        }
    }
    let has_begun = |group: &Group| line_of(group.spans.name.start as usize) <= line;
    match file.groups.iter().rposition(has_begun) {
        Some(index) => Scope::Group(index),
        None => first_group(file, at),
    }
}

/// Returns where the last value of a rule ends.
fn end(rule: &Rule) -> usize {
    let spans = &rule.spans;
    let fields = spans.labels.values().chain(spans.annotations.values());
    let values = fields.map(|field| field.value);
    let parts = [
        spans.whole,
        spans.name,
        spans.expr.whole,
        spans.hold,
        spans.keep_firing_for,
    ];
    let ends = parts.into_iter().chain(values).map(|span| span.end);
    ends.max().unwrap_or(0) as usize
}

/// Returns the rule before which nothing but comments and empty lines stand, seen from a byte.
fn next_rule(text: &str, group: &Group, at: usize) -> Option<usize> {
    group.rules.iter().position(|rule| {
        let begin = rule.spans.whole.start as usize;
        at <= begin && is_between(text, at, begin)
    })
}

/// A comment directly above a group is about the group, one further up about the file.
fn first_group(file: &RuleFile, at: usize) -> Scope {
    let first = file
        .groups
        .first()
        .map(|group| group.spans.name.start as usize);
    match first {
        Some(begin) if at <= begin && is_between(file.source.text(), at, begin) => Scope::Group(0),
        _ => Scope::File,
    }
}

/// Says whether only comments, empty lines and the stroke of a list stand between two bytes.
fn is_between(text: &str, from: usize, to: usize) -> bool {
    text.get(from..to).is_some_and(|between| {
        between.lines().all(|line| {
            let line = line.trim();
            let line = line.strip_prefix('-').unwrap_or(line).trim();
            line.is_empty() || line.starts_with('#') || line == "name:"
        })
    })
}

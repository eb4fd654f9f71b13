//! Lints: what is legal in a rule file and does not do what its author wants.
//!
//! A [`Lint`] is a row of [`ALL`]: it says what it finds, why that matters and what to do, and carries a rule that it finds
//! and the same rule mended, which a test runs. Findings point at the place in the file. Each can be silenced beside the
//! rule (`# plimsoll: disable=NAME`), beside a group, at the head of the file, or by name for a whole run.
//!
//! A lint that cries wolf is switched off together with all others, so each is narrow on purpose: it finds what is
//! wrong or risky in nearly all cases, and passes over what only may be. What it believes of names and values is in
//! `lint/domain.rs` and `lint/words.rs`.

mod always_true;
mod caret;
mod cause;
mod churn;
mod division;
mod domain;
mod expression;
mod facts;
mod history;
mod interval;
mod meaning;
mod missing;
mod missing_for;
mod page;
mod recording;
mod short_range;
mod silence;
mod subject;
#[cfg(test)]
mod tests;
mod twice;
mod unknown_metric;
mod unreachable;
mod words;

use std::time::Duration;

use plimsoll_runtime::config::{Diagnostic, Span};

use crate::model::RuleFile;
pub use facts::{Facts, Firing, NoFacts};
pub use page::page;
use silence::Silences;
use subject::{At, Finding, Found, Subject};

/// How sure a finding is, and how bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Not wrong, but others do it differently for a reason.
    Advice,
    /// Works on most days.
    Risk,
    /// Cannot be what was meant.
    Mistake,
}

impl Level {
    /// Returns the word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Advice => "advice",
            Self::Risk => "risk",
            Self::Mistake => "mistake",
        }
    }
}

/// Something that is looked for.
#[derive(Debug)]
pub struct Lint {
    /// Its name, as `--lint` and `# plimsoll: disable=` take it.
    pub name: &'static str,
    /// How bad it is.
    pub level: Level,
    /// What it finds: one sentence.
    pub finds: &'static str,
    /// Why it matters: whole sentences, with what is passed over on purpose.
    pub why: &'static str,
    /// What to do instead: whole sentences.
    pub remedy: &'static str,
    /// Rules that it finds, as the items of `rules:`.
    pub bad: &'static str,
    /// The same rules as they should be.
    pub good: &'static str,
    /// It needs a server to ask.
    pub asks_server: bool,
    run: Run,
}

/// What a lint looks at.
#[derive(Debug)]
enum Run {
    /// A rule on its own.
    Rule(fn(&Subject<'_>, &Context<'_>, &mut Found)),
    /// An alert that lacks something; when all alerts of a file lack it, that is one finding.
    Missing(fn(&Subject<'_>) -> bool, missing::Words),
    /// The file as a whole.
    File(fn(&RuleFile, &mut Found)),
}

/// What a lint may ask beside the rules.
struct Context<'a> {
    file: &'a RuleFile,
    facts: &'a dyn Facts,
    options: &'a Options,
}

/// All lints, in the order in which the manual shows them: mistakes first.
pub const ALL: &[&Lint] = &[
    &unreachable::LINT,
    &always_true::LINT,
    &short_range::LINT,
    &churn::VALUE_IN_LABEL,
    &recording::RANGE,
    &unknown_metric::LINT,
    &twice::LINT,
    &churn::UNBOUNDED_LABEL,
    &missing_for::LINT,
    &division::LINT,
    &cause::LINT,
    &history::ALWAYS_FIRING,
    &history::NEVER_FIRED,
    &missing::SEVERITY,
    &missing::SUMMARY,
    &missing::RUNBOOK,
    &missing::OWNER,
    &recording::NAME,
];

/// Which lints run, and what they assume.
#[derive(Clone, Debug)]
pub struct Options {
    /// Names of those that run; none means all.
    pub only: Vec<String>,
    /// Names of those that do not.
    pub disabled: Vec<String>,
    /// How far apart samples are taken to be where no server tells; above 0, default 15 s. A shorter one than is real
    /// hides findings, a longer one makes false ones.
    pub scrape_interval: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            only: Vec::new(),
            disabled: Vec::new(),
            scrape_interval: Duration::from_secs(15),
        }
    }
}

impl Options {
    /// Says whether a lint runs.
    pub fn runs(&self, lint: &Lint) -> bool {
        let named = |names: &[String]| names.iter().any(|name| name == lint.name);
        (self.only.is_empty() || named(&self.only)) && !named(&self.disabled)
    }

    /// Returns the first name that no lint has, with the name that was meant if one is near.
    pub fn unknown_name(&self) -> Option<(&str, Option<&'static str>)> {
        let names = self.only.iter().chain(&self.disabled);
        let mut unknown = names.filter(|name| find(name).is_none());
        unknown.next().map(|name| (&**name, nearest(name)))
    }
}

/// Returns the lint of a name.
pub fn find(name: &str) -> Option<&'static Lint> {
    ALL.iter().copied().find(|lint| lint.name == name)
}

/// Returns the name of a lint that may have been meant.
fn nearest(name: &str) -> Option<&'static str> {
    let distances = ALL
        .iter()
        .map(|lint| (words::distance(name, lint.name), lint.name));
    let nearest = distances.min().filter(|(distance, _)| *distance <= 4);
    nearest.map(|(_, name)| name)
}

/// Looks for everything in a good file that is legal and most likely not meant. Findings are warnings in the order of
/// the file.
pub fn lint(file: &RuleFile, options: &Options, facts: &dyn Facts) -> Vec<Diagnostic> {
    let silences = Silences::read(file);
    let context = Context {
        file,
        facts,
        options,
    };
    let mut findings: Vec<(Span, &Lint, Finding)> = Vec::new();
    for lint in ALL.iter().filter(|lint| options.runs(lint)) {
        let found = run(lint, &context, &silences).into_iter();
        findings.extend(found.map(|finding| (place(file, &finding), *lint, finding)));
    }
    findings.sort_by_key(|(span, ..)| span.start);
    let shown = findings.into_iter().map(|(span, lint, finding)| {
        let message = format!(
            "{} [{}: {}]",
            finding.message,
            lint.level.as_str(),
            lint.name
        );
        let shown = file.source.warning(span, message);
        match finding.hint {
            Some(hint) => shown.with_hint(hint),
            None => shown,
        }
    });
    silences.unknown.iter().cloned().chain(shown).collect()
}

/// Returns where a finding is written.
fn place(file: &RuleFile, finding: &Finding) -> Span {
    let rule = &file.groups[finding.group_index].rules[finding.rule_index];
    match &finding.at {
        At::Name => rule.spans.name,
        At::Expr(part) => caret::span(&file.source, rule, *part),
        At::Label(name) => rule
            .spans
            .labels
            .get(name)
            .map_or(rule.spans.name, |label| label.name),
    }
}

fn run(lint: &Lint, context: &Context<'_>, silences: &Silences) -> Vec<Finding> {
    let subjects = || {
        let subjects = subject::subjects(context.file);
        subjects.filter(|subject| !silences.hides(lint.name, subject))
    };
    let mut found = Found::default();
    match &lint.run {
        Run::Rule(run) => subjects().for_each(|subject| run(&subject, context, &mut found)),
        Run::Missing(lacks, words) => missing::run(subjects(), *lacks, words, &mut found),
        Run::File(run) => run(context.file, &mut found),
    }
    let mut findings = found.0;
    findings.retain(|finding| !silences.hides_at(lint.name, finding));
    findings
}

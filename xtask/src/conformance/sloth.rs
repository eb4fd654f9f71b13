//! Sloth's examples: the rules made from each are those that Sloth made of it, rule by rule.
//!
//! Two expressions are the same when they parse to the same tree: blanks and line breaks do not count. The version and
//! the label of the script that made the files are taken from these, because they say nothing about the examples.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use plimsoll_promql::parse;
use plimsoll_runtime::config::Source;
use plimsoll_slo::export::sloth::{Options, rules};
use plimsoll_slo::export::{Rule, RuleFile, RuleGroup, RuleKind};
use plimsoll_slo::import::{Format, documents, sloth};
use plimsoll_types::parse_duration;
use serde::Deserialize;

use super::Case;

/// Where Sloth keeps what it made, beside the examples.
const GENERATED: &str = "_gen";

pub(super) fn cases(folder: &Path) -> anyhow::Result<Vec<Case>> {
    let mut pairs = Vec::new();
    find(folder, &mut pairs)?;
    pairs.sort();
    let case = |(input, expected): &(PathBuf, PathBuf)| Case {
        name: input.display().to_string(),
        verdict: judged(input, expected).map_err(|error| format!("{error:#}")),
    };
    Ok(pairs.iter().map(case).collect())
}

/// Finds examples with what was made of them, in this folder and those below.
fn find(folder: &Path, pairs: &mut Vec<(PathBuf, PathBuf)>) -> anyhow::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            find(&path, pairs)?;
            continue;
        }
        let made = folder
            .join(GENERATED)
            .join(path.file_name().unwrap_or_default());
        if made.is_file() {
            pairs.push((path, made));
        }
    }
    Ok(())
}

fn judged(input: &Path, expected: &Path) -> anyhow::Result<()> {
    let expected = read_rules(expected)?;
    let options = options(&expected);
    let mut made = Vec::new();
    for source in parts(input)? {
        let format = Format::of(&source)?;
        let (spec, _) = sloth::read(&source, format)?;
        made.push(rules(&spec, &options)?);
    }
    same("number of documents", &expected.len(), &made.len())?;
    for (expected, made) in expected.iter().zip(&made) {
        same("object", &expected.object, &made.object)?;
        let names = |file: &RuleFile| -> Vec<String> {
            file.groups.iter().map(|group| group.name.clone()).collect()
        };
        same("groups", &names(expected), &names(made))?;
        for (expected, made) in expected.groups.iter().zip(&made.groups) {
            same_group(expected, made).with_context(|| format!("group {}", expected.name))?;
        }
    }
    Ok(())
}

fn parts(path: &Path) -> anyhow::Result<Vec<Source>> {
    Ok(documents(path, &std::fs::read_to_string(path)?)?)
}

fn same_group(expected: &RuleGroup, made: &RuleGroup) -> anyhow::Result<()> {
    same("interval", &expected.interval, &made.interval)?;
    let names = |group: &RuleGroup| -> Vec<RuleKind> {
        group.rules.iter().map(|rule| rule.kind.clone()).collect()
    };
    same("rules", &names(expected), &names(made))?;
    for (expected, made) in expected.rules.iter().zip(&made.rules) {
        same_rule(expected, made).with_context(|| format!("{:?}", expected.kind))?;
    }
    Ok(())
}

fn same_rule(expected: &Rule, made: &Rule) -> anyhow::Result<()> {
    same("expr", &printed(&expected.expr), &printed(&made.expr))?;
    same("for", &expected.hold, &made.hold)?;
    same("labels", &expected.labels, &made.labels)?;
    same("annotations", &expected.annotations, &made.annotations)
}

/// Returns an expression as we print it, or its text when it is none.
fn printed(expr: &str) -> String {
    parse(expr).map_or_else(|_| expr.trim().to_owned(), |tree| tree.to_string())
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, expected: &T, made: &T) -> anyhow::Result<()> {
    if expected != made {
        bail!("{what}\n  expected: {expected:?}\n  made:     {made:?}");
    }
    Ok(())
}

/// Returns what the run that made the files was told on its command line.
fn options(expected: &[RuleFile]) -> Options {
    let mut options = Options::default();
    let groups = expected.iter().flat_map(|file| &file.groups);
    for rule in groups.flat_map(|group| &group.rules) {
        if let Some(version) = rule.labels.get("sloth_version") {
            options.version.clone_from(version);
        }
        if let Some(command) = rule.labels.get("cmd") {
            options.labels.insert("cmd".into(), command.clone());
        }
    }
    options
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct RawFile {
    #[serde(rename = "apiVersion")]
    _api_version: String,
    #[serde(rename = "kind")]
    _kind: String,
    metadata: Option<RawMetadata>,
    spec: Option<RawGroups>,
    groups: Vec<RawGroup>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct RawMetadata {
    name: String,
    namespace: String,
    labels: BTreeMap<String, String>,
    annotations: BTreeMap<String, String>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct RawGroups {
    groups: Vec<RawGroup>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct RawGroup {
    name: String,
    interval: Option<String>,
    rules: Vec<RawRule>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct RawRule {
    record: String,
    alert: String,
    expr: String,
    #[serde(rename = "for")]
    hold: Option<String>,
    labels: BTreeMap<String, String>,
    annotations: BTreeMap<String, String>,
}

/// Reads files of rules as Prometheus and its operator have them.
fn read_rules(path: &Path) -> anyhow::Result<Vec<RuleFile>> {
    let sources = parts(path)?;
    sources.iter().map(|source| file(source.parse()?)).collect()
}

fn file(raw: RawFile) -> anyhow::Result<RuleFile> {
    let groups = raw.spec.map_or(raw.groups, |spec| spec.groups);
    Ok(RuleFile {
        object: raw.metadata.map(|metadata| sloth::ObjectMeta {
            name: metadata.name,
            namespace: metadata.namespace,
            labels: metadata.labels,
            annotations: metadata.annotations,
        }),
        groups: groups
            .into_iter()
            .map(group)
            .collect::<anyhow::Result<_>>()?,
    })
}

fn group(raw: RawGroup) -> anyhow::Result<RuleGroup> {
    let interval = raw.interval.map(|text| parse_duration(&text)).transpose()?;
    let rule = |raw: RawRule| {
        Ok(Rule {
            kind: match raw.record.is_empty() {
                true => RuleKind::Alert(raw.alert),
                false => RuleKind::Record(raw.record),
            },
            expr: raw.expr,
            hold: raw
                .hold
                .map(|text| parse_duration(&text))
                .transpose()?
                .unwrap_or_default(),
            labels: raw.labels,
            annotations: raw.annotations,
        })
    };
    Ok(RuleGroup {
        name: raw.name,
        interval,
        rules: raw
            .rules
            .into_iter()
            .map(rule)
            .collect::<anyhow::Result<_>>()?,
    })
}

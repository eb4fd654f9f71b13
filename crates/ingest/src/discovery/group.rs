//! Groups of targets, and the list of them that files and HTTP servers send.
//!
//! ```json
//! [{"targets": ["10.0.0.1:9100"], "labels": {"rack": "7"}}]
//! ```

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;
use std::path::Path;
use std::sync::Arc;

use plimsoll_runtime::config::{Diagnostic, Diagnostics, Severity, Source};
use plimsoll_types::{ByteCount, Labels, LabelsBuilder};
use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// The label that holds where to scrape.
pub(super) const ADDRESS: &str = "__address__";

/// Targets with labels in common.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TargetGroup {
    /// Where it comes from, such as `hosts.yml:0`; no two groups of one provider share it.
    pub source: String,
    /// The labels of each target; `__address__` is among them.
    pub targets: Vec<Labels>,
    /// The labels of all targets; a target's own win.
    pub labels: Labels,
}

/// All groups of a job, in the order of its providers.
pub type Groups = Arc<[Arc<TargetGroup>]>;

/// The most targets and groups of one provider: what a scrape process can serve, with room.
const TARGETS_MAX: usize = 500_000;
/// What the labels of groups may need in memory once each target has them.
const LABELS_MAX: ByteCount = ByteCount::MIB.times(512);

/// How large a list of groups is.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Size {
    groups: usize,
    targets: usize,
    label_bytes: usize,
}

impl Size {
    /// Counts one more group.
    pub(super) fn add(&mut self, targets: usize, label_bytes: usize) {
        self.groups += 1;
        self.targets = self.targets.saturating_add(targets);
        self.label_bytes = targets
            .saturating_mul(label_bytes)
            .saturating_add(self.label_bytes);
    }

    /// Says what is wrong when it is too large.
    pub(super) fn check(&self) -> Result<(), String> {
        let Self {
            groups, targets, ..
        } = *self;
        if groups.saturating_add(targets) > TARGETS_MAX {
            return Err(format!(
                "expected at most {TARGETS_MAX} groups and targets, found {groups} and {targets}"
            ));
        }
        if self.label_bytes as u64 > LABELS_MAX.0 {
            return Err(format!(
                "expected at most {LABELS_MAX} of labels, a group's counted for each of its targets"
            ));
        }
        Ok(())
    }
}

/// A list that is not read further than any list of targets or groups may be long.
#[derive(Debug)]
struct List<T>(Vec<T>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(ListVisitor(PhantomData))
    }
}

struct ListVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ListVisitor<T> {
    type Value = List<T>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<List<T>, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            if items.len() == TARGETS_MAX {
                let message = format!("expected at most {TARGETS_MAX} groups and targets");
                return Err(A::Error::custom(message));
            }
            items.push(item);
        }
        Ok(List(items))
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawGroup {
    #[serde(default)]
    targets: Option<List<String>>,
    #[serde(default)]
    labels: Option<BTreeMap<String, String>>,
}

/// Reads a list of groups from JSON; `path` is what the diagnostics show.
pub(super) fn from_json(path: &Path, text: &str) -> Result<Vec<Group>, Diagnostics> {
    let raw: List<RawGroup> = serde_json::from_str(text).map_err(|error| {
        let whole = error.to_string();
        // The place goes where an editor looks for it.
        let message = whole.split(" at line ").next().unwrap_or(&whole);
        let mut diagnostic = Diagnostic::file(path, Severity::Error, message);
        (diagnostic.line, diagnostic.column) = (error.line(), error.column().max(1));
        diagnostic.excerpt = text
            .lines()
            .nth(error.line().saturating_sub(1))
            .map(Into::into);
        Diagnostics::from(diagnostic)
    })?;
    checked(path, raw)
}

/// Reads a list of groups from YAML.
pub(super) fn from_yaml(source: &Source) -> Result<Vec<Group>, Diagnostics> {
    // A file that is being rewritten is empty for a moment; whoever wants no targets writes `[]`.
    if source.text().trim().is_empty() {
        return Err(whole(
            source.path(),
            "expected a list of target groups, found nothing",
        )
        .into());
    }
    checked(source.path(), source.parse()?)
}

/// A group as it was written.
#[derive(Debug)]
pub(super) struct Group {
    targets: Vec<String>,
    labels: BTreeMap<String, String>,
}

impl Group {
    /// Makes the group that scraping sees, with one more label for all targets.
    pub(super) fn into_target_group(
        self,
        source: String,
        meta_label: &str,
        meta_value: &str,
    ) -> Arc<TargetGroup> {
        let mut labels = LabelsBuilder::default();
        for (name, value) in &self.labels {
            labels.set(name, value);
        }
        labels.set(meta_label, meta_value);
        Arc::new(TargetGroup {
            source,
            targets: self.targets.iter().map(|target| address(target)).collect(),
            labels: labels.build(),
        })
    }
}

/// Returns the labels of a target that is known by its address alone.
pub(super) fn address(target: &str) -> Labels {
    Labels::from_pairs([(ADDRESS, target)])
}

fn checked(path: &Path, List(raw): List<RawGroup>) -> Result<Vec<Group>, Diagnostics> {
    let mut groups = Vec::with_capacity(raw.len());
    let mut size = Size::default();
    for (index, raw) in raw.into_iter().enumerate() {
        let labels = raw.labels.unwrap_or_default();
        let targets = raw.targets.map_or_else(Vec::new, |targets| targets.0);
        let bytes = labels.iter().map(|(name, value)| name.len() + value.len());
        size.add(targets.len(), bytes.sum());
        size.check().map_err(|message| whole(path, message))?;
        if labels.contains_key("") {
            let message = format!("expected the name of a label, found nothing in group {index}");
            return Err(whole(path, message).into());
        }
        groups.push(Group { targets, labels });
    }
    Ok(groups)
}

fn whole(path: &Path, message: impl Into<String>) -> Diagnostic {
    Diagnostic::file(path, Severity::Error, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> Result<Vec<Group>, Diagnostics> {
        from_json("hosts.json".as_ref(), text)
    }

    fn yaml(text: &str) -> Result<Vec<Group>, Diagnostics> {
        from_yaml(&Source::new("hosts.yml".as_ref(), text).unwrap())
    }

    #[test]
    fn reads_the_same_from_both_formats() {
        let both = [
            json(r#"[{"targets": ["a:1", "b:2"], "labels": {"x": "1", "gone": ""}}, {}]"#),
            yaml("- targets: ['a:1', 'b:2']\n  labels: {x: 1, gone: ''}\n- {}\n"),
        ];
        for groups in both {
            let groups: Vec<_> = groups
                .unwrap()
                .into_iter()
                .map(|group| group.into_target_group("s".into(), "__meta_url", "u"))
                .collect();
            assert_eq!(groups.len(), 2);
            assert_eq!(groups[0].targets, [address("a:1"), address("b:2")]);
            assert_eq!(groups[0].labels.to_string(), r#"{__meta_url="u", x="1"}"#);
            assert!(groups[1].targets.is_empty());
        }
    }

    #[test]
    fn says_where_it_stopped() {
        let cases = [
            ("[{\"targets\": [\"a:1\"", "hosts.json:1:19: error: EOF"),
            (
                "[\n  {\"target\": []}]",
                "hosts.json:2:11: error: unknown field",
            ),
            (
                "[{\"targets\": [9100]}]",
                "hosts.json:1:18: error: invalid type",
            ),
            ("[null]", "hosts.json:1:5: error: invalid type"),
            ("", "hosts.json"),
            ("[] []", "hosts.json:1:4: error: trailing"),
            (
                "[{\"labels\": {\"\": \"x\"}}]",
                "hosts.json: error: expected the name",
            ),
        ];
        for (text, expected) in cases {
            let error = json(text).unwrap_err().to_string();
            assert!(error.starts_with(expected), "{text:?}: {error}");
        }
        for text in [
            "",
            " \n",
            "- targets: [a\n",
            "- target: [a]\n",
            "targets: [a]\n",
        ] {
            let error = yaml(text).unwrap_err().to_string();
            assert!(error.starts_with("hosts.yml:"), "{text:?}: {error}");
        }
    }

    #[test]
    fn hostile_lists_end_in_a_value_or_an_error() {
        bolero::check!().for_each(|bytes: &[u8]| {
            if let Ok(text) = std::str::from_utf8(bytes) {
                let _ = json(text);
                if let Ok(source) = Source::new("hosts.yml".as_ref(), text) {
                    let _ = from_yaml(&source);
                }
            }
        });
    }
}

//! Our own files, written: what importers and `slo init` make, and the catalog itself.

mod catalog;
mod policy;
mod sli;

use std::collections::BTreeMap;
use std::time::Duration;

use plimsoll_runtime::config::Tree;
use plimsoll_types::format_duration;

use super::{entry, text, texts, to_yaml};

pub use catalog::{NotWritable, files};

/// A file of ours, section by section.
#[derive(Clone, Debug, Default)]
pub struct Document {
    /// Lines of comment at its top, without `#`.
    pub comment: Vec<String>,
    /// The service.
    pub service: String,
    /// Of all its SLOs.
    pub labels: BTreeMap<String, String>,
    /// Its SLOs.
    pub slos: Vec<Written>,
    /// Its composites, as sections.
    pub composites: Vec<Tree>,
}

/// One of `slos`; sections that are empty are not written.
#[derive(Clone, Debug, Default)]
pub struct Written {
    /// Its name.
    pub name: String,
    /// For people.
    pub description: String,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// What is promised.
    pub objectives: Vec<WrittenObjective>,
    /// Lengths of time and sections of the calendar.
    pub windows: Vec<Tree>,
    /// `Null` for occurrences.
    pub method: Tree,
    /// The section of one kind.
    pub sli: Tree,
    /// The section.
    pub dimensions: Tree,
    /// `Null` for `ignore`.
    pub no_data: Tree,
    /// `none`, the section, or `Null` for what a file gets that says nothing.
    pub alerts: Tree,
    /// The section.
    pub budget: Tree,
    /// Sections.
    pub corrections: Vec<Tree>,
}

/// One of `objectives`.
#[derive(Clone, Debug, Default)]
pub struct WrittenObjective {
    /// Empty where there is one.
    pub name: String,
    /// A percentage such as `99.9`.
    pub objective: String,
    /// A threshold such as `300ms`.
    pub below: Option<String>,
}

impl Document {
    /// Writes the file.
    pub fn to_yaml(&self) -> String {
        let mut out = String::new();
        for line in self.comment.iter().flat_map(|text| text.lines()) {
            // A lone carriage return ends a comment, too.
            out.push_str(&format!("# {}\n", line.replace(char::is_control, " ")));
        }
        let mut entries = vec![
            entry("version", text(crate::file::VERSION)),
            entry("service", text(&self.service)),
        ];
        entries.extend(texts("labels", &self.labels));
        if !self.slos.is_empty() {
            let slos = self.slos.iter().map(Written::tree).collect();
            entries.push(entry("slos", Tree::List(slos)));
        }
        if !self.composites.is_empty() {
            entries.push(entry("composites", Tree::List(self.composites.clone())));
        }
        out.push_str(&to_yaml(&Tree::Map(entries)));
        out
    }
}

impl Written {
    fn tree(&self) -> Tree {
        let mut entries = vec![entry("name", text(&self.name))];
        if !self.description.is_empty() {
            entries.push(entry("description", text(&self.description)));
        }
        entries.extend(texts("labels", &self.labels));
        entries.extend(self.objective());
        match self.windows.as_slice() {
            [] => {}
            [one] => entries.push(entry("window", one.clone())),
            several => entries.push(entry("windows", Tree::List(several.to_vec()))),
        }
        let sections = [
            ("method", &self.method),
            ("sli", &self.sli),
            ("dimensions", &self.dimensions),
            ("no_data", &self.no_data),
            ("alerts", &self.alerts),
            ("budget", &self.budget),
        ];
        let written = sections
            .into_iter()
            .filter(|(_, tree)| **tree != Tree::Null);
        entries.extend(written.map(|(name, tree)| entry(name, tree.clone())));
        if !self.corrections.is_empty() {
            entries.push(entry("corrections", Tree::List(self.corrections.clone())));
        }
        Tree::Map(entries)
    }

    fn objective(&self) -> Option<(String, Tree)> {
        let number = |objective: &WrittenObjective| Tree::Plain(objective.objective.clone());
        if let [one] = self.objectives.as_slice()
            && one.name.is_empty()
            && one.below.is_none()
        {
            return Some(entry("objective", number(one)));
        }
        let tiers = self.objectives.iter().map(|one| {
            let mut entries = vec![
                entry("name", text(&one.name)),
                entry("objective", number(one)),
            ];
            entries.extend(one.below.iter().map(|below| entry("below", text(below))));
            Tree::Map(entries)
        });
        Some(entry("objectives", Tree::List(tiers.collect())))
    }
}

/// Makes a section; entries that are `Null` are left out.
pub(crate) fn section<const N: usize>(entries: [(&str, Tree); N]) -> Tree {
    let written = entries.into_iter().filter(|(_, tree)| *tree != Tree::Null);
    Tree::Map(written.map(|(name, tree)| entry(name, tree)).collect())
}

/// Writes a length of time.
pub(crate) fn duration(length: Duration) -> Tree {
    text(&format_duration(length))
}

/// Writes a text, unless it is empty.
pub(crate) fn optional(value: &str) -> Tree {
    match value.is_empty() {
        true => Tree::Null,
        false => text(value),
    }
}

/// Writes texts by name, unless there are none.
pub(crate) fn map(all: &BTreeMap<String, String>) -> Tree {
    texts("", all).map_or(Tree::Null, |(_, tree)| tree)
}

/// Writes a number as it is, without an exponent.
pub(crate) fn number(value: f64) -> Tree {
    Tree::Plain(value.to_string())
}

/// Writes a list, unless it is empty.
pub(crate) fn list(items: Vec<Tree>) -> Tree {
    match items.is_empty() {
        true => Tree::Null,
        false => Tree::List(items),
    }
}

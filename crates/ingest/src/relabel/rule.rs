//! One rule, and which combinations of its fields Prometheus refuses.

use std::sync::LazyLock;

use plimsoll_types::{Pattern, is_legacy_label_name};
use regex::Regex;

/// What a rule does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Sets a label when the sources match.
    Replace,
    /// Keeps the set when the sources match.
    Keep,
    /// Drops the set when the sources match.
    Drop,
    /// Keeps the set when the sources equal the target label.
    KeepEqual,
    /// Drops the set when the sources equal the target label.
    DropEqual,
    /// Sets a label to a hash of the sources modulo a number.
    HashMod,
    /// Copies labels whose names match.
    LabelMap,
    /// Removes labels whose names match.
    LabelDrop,
    /// Removes labels whose names do not match.
    LabelKeep,
    /// Sets a label to the sources in lower case.
    Lowercase,
    /// Sets a label to the sources in upper case.
    Uppercase,
}

impl Action {
    /// Every action under the name that files use.
    pub const ALL: [(&str, Self); 11] = [
        ("replace", Self::Replace),
        ("keep", Self::Keep),
        ("drop", Self::Drop),
        ("keepequal", Self::KeepEqual),
        ("dropequal", Self::DropEqual),
        ("hashmod", Self::HashMod),
        ("labelmap", Self::LabelMap),
        ("labeldrop", Self::LabelDrop),
        ("labelkeep", Self::LabelKeep),
        ("lowercase", Self::Lowercase),
        ("uppercase", Self::Uppercase),
    ];

    /// Returns the action with a name, in any case as Prometheus does.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, action)| *action)
    }

    /// Returns the name that files use.
    pub fn name(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(_, action)| *action == self)
            .map_or("", |(name, _)| name)
    }

    /// Says whether the rule names one label to set or to compare with.
    fn needs_target(self) -> bool {
        matches!(
            self,
            Self::Replace
                | Self::HashMod
                | Self::Lowercase
                | Self::Uppercase
                | Self::KeepEqual
                | Self::DropEqual
        )
    }
}

/// The fields of a rule before they are checked; the defaults are Prometheus'.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleParts {
    /// Labels whose values are joined; default: none.
    pub source_labels: Vec<String>,
    /// What stands between two values; default `;`.
    pub separator: String,
    /// The expression, matched against the whole; default `(.*)`.
    pub regex: String,
    /// For `hashmod`, at least 1; default 0.
    pub modulus: u64,
    /// The label that is set; default: none.
    pub target_label: String,
    /// The value that is set; default `$1`.
    pub replacement: String,
    /// What the rule does; default `replace`.
    pub action: Action,
    /// Whether label names have the classic alphabet only; default: no, any UTF-8.
    pub legacy_names: bool,
}

impl Default for RuleParts {
    fn default() -> Self {
        Self {
            source_labels: Vec::new(),
            separator: ";".to_owned(),
            regex: "(.*)".to_owned(),
            modulus: 0,
            target_label: String::new(),
            replacement: "$1".to_owned(),
            action: Action::Replace,
            legacy_names: false,
        }
    }
}

/// The field of a rule that an error is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleField {
    /// `action`, or the rule as a whole.
    Action,
    /// `source_labels`.
    SourceLabels,
    /// `regex`.
    Regex,
    /// `modulus`.
    Modulus,
    /// `target_label`.
    TargetLabel,
    /// `replacement`.
    Replacement,
}

/// A rule that Prometheus refuses.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct RuleError {
    /// Which field is wrong.
    pub field: RuleField,
    message: String,
}

/// A checked rule.
#[derive(Clone, Debug)]
pub struct RelabelConfig {
    parts: RuleParts,
    regex: Pattern,
}

impl PartialEq for RelabelConfig {
    fn eq(&self, other: &Self) -> bool {
        self.parts == other.parts
    }
}

impl RelabelConfig {
    /// Checks a rule.
    ///
    /// # Errors
    /// The expression is malformed, a name is not valid, or a field is missing or without meaning for the action.
    pub fn new(parts: RuleParts) -> Result<Self, RuleError> {
        let regex = Pattern::new(&parts.regex).map_err(|reason| RuleError {
            field: RuleField::Regex,
            message: format!("the regular expression is malformed: {reason}"),
        })?;
        let rule = Self { parts, regex };
        rule.check_required()?;
        rule.check_names()?;
        rule.check_unused()?;
        Ok(rule)
    }

    fn check_required(&self) -> Result<(), RuleError> {
        let (action, parts) = (self.parts.action, &self.parts);
        if action == Action::HashMod && parts.modulus == 0 {
            return Err(self.refuse(RuleField::Modulus, "needs a `modulus` of at least 1"));
        }
        if action.needs_target() && parts.target_label.is_empty() {
            return Err(self.refuse(RuleField::TargetLabel, "needs a `target_label`"));
        }
        Ok(())
    }

    fn check_names(&self) -> Result<(), RuleError> {
        let parts = &self.parts;
        let (target, replacement) = (&*parts.target_label, &*parts.replacement);
        if parts.action.needs_target() && !self.is_target(target) {
            return Err(bad_name(RuleField::TargetLabel, target));
        }
        if parts.action == Action::LabelMap && !self.is_template(replacement) {
            return Err(bad_name(RuleField::Replacement, replacement));
        }
        let recases = matches!(parts.action, Action::Lowercase | Action::Uppercase);
        if recases && replacement != RuleParts::default().replacement {
            return Err(self.refuse(RuleField::Replacement, "takes no `replacement`"));
        }
        Ok(())
    }

    /// Only `replace` expands its target; a name that is yet to be expanded can be judged only roughly.
    fn is_target(&self, name: &str) -> bool {
        if self.parts.action == Action::Replace && name.contains('$') {
            return self.is_template(name);
        }
        self.is_label_name(name)
    }

    fn is_template(&self, name: &str) -> bool {
        match self.parts.legacy_names {
            true => is_legacy_template(name),
            false => !name.is_empty(),
        }
    }

    /// Fields that an action does not look at are mistakes, because their author expects an effect.
    fn check_unused(&self) -> Result<(), RuleError> {
        let (parts, default) = (&self.parts, RuleParts::default());
        let changed = [
            (
                RuleField::SourceLabels,
                "source_labels",
                !parts.source_labels.is_empty(),
            ),
            (
                RuleField::TargetLabel,
                "target_label",
                !parts.target_label.is_empty(),
            ),
            (RuleField::Regex, "regex", parts.regex != default.regex),
            (RuleField::Modulus, "modulus", parts.modulus != 0),
            (
                RuleField::Action,
                "separator",
                parts.separator != default.separator,
            ),
            (
                RuleField::Replacement,
                "replacement",
                parts.replacement != default.replacement,
            ),
        ];
        let used: &[&str] = match parts.action {
            Action::LabelDrop | Action::LabelKeep => &["regex"],
            Action::KeepEqual | Action::DropEqual => &["source_labels", "target_label"],
            _ => return Ok(()),
        };
        match changed
            .into_iter()
            .find(|(_, name, changed)| *changed && !used.contains(name))
        {
            Some((field, name, _)) => Err(self.refuse(field, &format!("takes no `{name}`"))),
            None => Ok(()),
        }
    }

    fn refuse(&self, field: RuleField, reason: &str) -> RuleError {
        RuleError {
            field,
            message: format!("the action `{}` {reason}", self.parts.action.name()),
        }
    }

    /// Returns the fields as they were checked.
    pub fn parts(&self) -> &RuleParts {
        &self.parts
    }

    /// Returns the labels whose values are joined.
    pub fn source_labels(&self) -> &[String] {
        &self.parts.source_labels
    }

    /// Returns what stands between two values.
    pub fn separator(&self) -> &str {
        &self.parts.separator
    }

    /// Returns the compiled expression.
    pub fn regex(&self) -> &Pattern {
        &self.regex
    }

    /// Returns the modulus; at least 1 for `hashmod`.
    pub fn modulus(&self) -> u64 {
        self.parts.modulus
    }

    /// Returns the label that is set.
    pub fn target_label(&self) -> &str {
        &self.parts.target_label
    }

    /// Returns the value that is set.
    pub fn replacement(&self) -> &str {
        &self.parts.replacement
    }

    /// Returns what the rule does.
    pub fn action(&self) -> Action {
        self.parts.action
    }

    /// Says whether a name may be a label's under the scheme of this rule.
    pub(super) fn is_label_name(&self, name: &str) -> bool {
        match self.parts.legacy_names {
            true => is_legacy_label_name(name),
            false => !name.is_empty(),
        }
    }
}

fn bad_name(field: RuleField, name: &str) -> RuleError {
    RuleError {
        field,
        message: format!("`{name}` is not a valid label name here"),
    }
}

/// Says whether a template can expand to a classic label name: `foo_${1}`, `$1_bar`.
fn is_legacy_template(template: &str) -> bool {
    static TEMPLATE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?-u)^(?:[a-zA-Z_]|\$\{\w+\}|\$\w+)(?:\w|\$\{\w+\}|\$\w+)*$")
            .expect("a constant expression")
    });
    TEMPLATE.is_match(template)
}

//! One relabelling rule as it is written.

use plimsoll_runtime::config::Spanned;
use serde::Deserialize;

/// `relabel_configs`: one rule. Rules run in order on a label set; the first that drops it ends it.
///
/// The same keys stand in `metric_relabel_configs`, `alert_relabel_configs` and `write_relabel_configs`. A key that is written
/// without a value is the empty text, not its default.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct RawRelabel {
    /// Labels whose values are joined; an absent one is empty.
    /// Default: none.
    #[serde(default)]
    pub(in crate::config) source_labels: Vec<Spanned<String>>,
    /// What stands between the joined values.
    /// Default: `;`.
    #[serde(default = "default_separator")]
    pub(in crate::config) separator: String,
    /// What must match, as a whole. For `labelmap`, `labeldrop` and `labelkeep` it is about label names.
    /// Default: `(.*)`.
    #[serde(default = "default_regex")]
    pub(in crate::config) regex: Spanned<String>,
    /// What `hashmod` divides by, above 0. Required there.
    /// Default: none.
    #[serde(default)]
    pub(in crate::config) modulus: Spanned<u64>,
    /// The label to set, or to compare with. Required for `replace`, `hashmod`, `lowercase`, `uppercase`, `keepequal` and
    /// `dropequal`; `replace` expands `$1` and `${name}` in it.
    /// Default: none.
    #[serde(default)]
    pub(in crate::config) target_label: Spanned<String>,
    /// The new value; `$1` and `${name}` stand for what groups of `regex` matched. An empty one removes the label.
    /// Default: `$1`.
    #[serde(default = "default_replacement")]
    pub(in crate::config) replacement: Spanned<String>,
    /// What to do: `replace` sets the label; `keep` and `drop` act on the whole set by `regex`, `keepequal` and `dropequal` by
    /// `target_label`; `hashmod` sets the hash modulo `modulus`; `labelmap` copies labels whose names match; `labeldrop` and
    /// `labelkeep` remove labels by name; `lowercase` and `uppercase` set the joined values in that case.
    /// Default: `replace`.
    #[serde(default = "default_action")]
    pub(in crate::config) action: Spanned<String>,
}

fn default_separator() -> String {
    ";".to_owned()
}

fn default_regex() -> Spanned<String> {
    "(.*)".to_owned().into()
}

fn default_replacement() -> Spanned<String> {
    "$1".to_owned().into()
}

fn default_action() -> Spanned<String> {
    "replace".to_owned().into()
}

//! One relabelling rule as it is written.

use plimsoll_runtime::config::Spanned;
use serde::Deserialize;

/// One rule. Absent fields have Prometheus' defaults; a field without a value is the empty text.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct RawRelabel {
    #[serde(default)]
    pub(in crate::config) source_labels: Vec<Spanned<String>>,
    #[serde(default = "default_separator")]
    pub(in crate::config) separator: String,
    #[serde(default = "default_regex")]
    pub(in crate::config) regex: Spanned<String>,
    #[serde(default)]
    pub(in crate::config) modulus: Spanned<u64>,
    #[serde(default)]
    pub(in crate::config) target_label: Spanned<String>,
    #[serde(default = "default_replacement")]
    pub(in crate::config) replacement: Spanned<String>,
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

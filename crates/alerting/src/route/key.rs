//! Keys of routes and groups: names that receivers know a group by, so they are written exactly as Alertmanager writes them.
//!
//! ```text
//! {}/{severity="page"}/{team=~"a|b"}:{alertname="Down", job="node"}
//! '------- matchers of each route --' '--- the group's labels ----'
//! ```

use plimsoll_gotemplate::quoted;
use plimsoll_types::Labels;

/// Returns the key of a route.
pub(super) fn path(parent: Option<&str>, matchers: &str) -> String {
    match parent {
        Some(parent) => format!("{parent}/{matchers}"),
        None => matchers.to_owned(),
    }
}

/// Returns what tells a route from siblings with the same matchers.
pub(super) fn numbered(parent: &str, matchers: &str, number: usize) -> String {
    format!("{parent}/{matchers}/{number}")
}

/// Returns the key of a group.
pub(super) fn group_key(route: &str, labels: &Labels) -> String {
    let mut key = String::with_capacity(route.len() + labels.byte_count() + 16);
    key.push_str(route);
    key.push_str(":{");
    for (index, (name, value)) in labels.iter().enumerate() {
        if index > 0 {
            key.push_str(", ");
        }
        key.push_str(name);
        key.push('=');
        key.push_str(&quoted(value));
    }
    key.push('}');
    key
}

//! The configuration as others may see it: what was written, the main defaults filled in, no comments, no secrets.
//!
//! `/api/v1/status/config` shows it, and Thanos' sidecar reads the external labels out of it.

use std::fmt;

use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::{Config, ScrapeConfig};

/// What stands in the place of a secret, as in Prometheus.
const MASK: &str = "<secret>";

/// Keys whose value nobody may see, with all that is nested in it.
const SECRET_KEYS: [&str; 19] = [
    "password",
    "credentials",
    "bearer_token",
    "client_secret",
    "client_certificate_key",
    "secret",
    "secrets",
    "secret_key",
    "access_key",
    "token",
    "auth_token",
    "application_secret",
    "application_credential_secret",
    "application_key",
    "consumer_key",
    "secret_token",
    "key",
    "headers",
    "proxy_connect_header",
];

/// One value of a YAML document, keys in the order of the file.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Tree {
    Null,
    /// A number or a truth value: written without quotes.
    Plain(String),
    Text(String),
    List(Vec<Tree>),
    Map(Vec<(String, Tree)>),
}

/// Writes a document that was loaded as `config`.
pub(super) fn write(mut document: Tree, config: &Config) -> String {
    if document == Tree::Null {
        document = Tree::Map(Vec::new());
    }
    fill_in(&mut document, config);
    mask(&mut document);
    let mut text = String::new();
    match &document {
        Tree::Map(entries) if !entries.is_empty() => write_map(&mut text, entries, 0, false),
        _ => text.push_str("{}\n"),
    }
    text
}

/// Adds what applies where the file says nothing: the times and the jobs' main settings.
fn fill_in(document: &mut Tree, config: &Config) {
    let duration = |duration| Tree::Plain(plimsoll_types::format_duration(duration));
    let global = &config.global;
    document.default_entry("global", Tree::Map(Vec::new()));
    let Some(section) = document.get_mut("global") else {
        return;
    };
    if *section == Tree::Null {
        *section = Tree::Map(Vec::new());
    }
    if let Some(labels) = section.get_mut("external_labels") {
        // With the environment's variables in their places.
        let pairs = global.external_labels.iter();
        *labels = Tree::Map(
            pairs
                .map(|(name, value)| (name.into(), Tree::Text(value.into())))
                .collect(),
        );
    }
    section.default_entry("evaluation_interval", duration(global.evaluation_interval));
    section.default_entry("scrape_timeout", duration(global.scrape_timeout));
    section.default_entry("scrape_interval", duration(global.scrape_interval));
    let Some(Tree::List(jobs)) = document.get_mut("scrape_configs") else {
        return;
    };
    for job in jobs {
        let name = match job.get_mut("job_name") {
            Some(Tree::Text(name) | Tree::Plain(name)) => name.clone(),
            _ => continue,
        };
        let mut loaded = config.scrape_configs.iter();
        if let Some(loaded) = loaded.find(|loaded| loaded.job_name == name) {
            fill_in_job(job, loaded);
        }
    }
}

fn fill_in_job(job: &mut Tree, loaded: &ScrapeConfig) {
    let plain = |text: &str| Tree::Plain(text.into());
    let duration = |duration| Tree::Plain(plimsoll_types::format_duration(duration));
    let settings = [
        (
            "honor_timestamps",
            plain(&loaded.honor_timestamps.to_string()),
        ),
        ("scrape_interval", duration(loaded.scrape_interval)),
        ("scrape_timeout", duration(loaded.scrape_timeout)),
        ("metrics_path", Tree::Text(loaded.metrics_path.clone())),
        ("scheme", plain(loaded.scheme.as_str())),
    ];
    let Tree::Map(entries) = job else { return };
    for (key, value) in settings {
        if !entries.iter().any(|(found, _)| found == key) {
            entries.push((key.into(), value));
        }
    }
}

fn mask(tree: &mut Tree) {
    match tree {
        Tree::Map(entries) => {
            for (key, value) in entries {
                match SECRET_KEYS.contains(&key.as_str()) {
                    true => hide(value),
                    false => mask(value),
                }
            }
        }
        Tree::List(items) => items.iter_mut().for_each(mask),
        Tree::Text(text) => {
            mask_user_info(text);
            mask_password(text);
        }
        Tree::Null | Tree::Plain(_) => {}
    }
}

/// Hides every value below a secret's key; the names of headers stay.
fn hide(tree: &mut Tree) {
    match tree {
        Tree::Map(entries) => entries.iter_mut().for_each(|(_, value)| hide(value)),
        Tree::List(items) => items.iter_mut().for_each(hide),
        Tree::Null => {}
        Tree::Plain(_) | Tree::Text(_) => *tree = Tree::Plain(MASK.into()),
    }
}

/// Hides the password of a URL and whatever stands beside it.
fn mask_user_info(text: &mut String) {
    let Some(begin) = text.find("://").map(|at| at + 3) else {
        return;
    };
    let end = text[begin..]
        .find(['/', '?', '#'])
        .unwrap_or(text.len() - begin);
    if let Some(at) = text[begin..begin + end].rfind('@') {
        text.replace_range(begin..begin + at, "xxxxx");
    }
}

/// Hides a password among the parameters of a URL, as those of databases may have one.
fn mask_password(text: &mut String) {
    const NAMES: [&str; 2] = ["?password=", "&password="];
    if !text.contains("://") {
        return;
    }
    for name in NAMES {
        let Some(begin) = text.find(name).map(|at| at + name.len()) else {
            continue;
        };
        let end = text[begin..].find('&').unwrap_or(text.len() - begin);
        text.replace_range(begin..begin + end, "xxxxx");
    }
}

impl Tree {
    fn get_mut(&mut self, key: &str) -> Option<&mut Self> {
        let Self::Map(entries) = self else {
            return None;
        };
        let found = entries.iter_mut().find(|(found, _)| found == key);
        found.map(|(_, value)| value)
    }

    /// Puts an entry in front unless there is one.
    fn default_entry(&mut self, key: &str, value: Self) {
        if let Self::Map(entries) = self
            && !entries.iter().any(|(found, _)| found == key)
        {
            entries.insert(0, (key.into(), value));
        }
    }
}

fn write_map(text: &mut String, entries: &[(String, Tree)], depth: usize, follows_dash: bool) {
    for (index, (key, value)) in entries.iter().enumerate() {
        if index > 0 || !follows_dash {
            text.push_str(&"  ".repeat(depth));
        }
        write_text(text, key);
        text.push(':');
        match value {
            Tree::Map(entries) if !entries.is_empty() => {
                text.push('\n');
                write_map(text, entries, depth + 1, false);
            }
            Tree::List(items) if !items.is_empty() => {
                text.push('\n');
                write_list(text, items, depth);
            }
            leaf => write_leaf(text, leaf),
        }
    }
}

/// Lists stand below their key without being indented, as Prometheus writes them.
fn write_list(text: &mut String, items: &[Tree], depth: usize) {
    for item in items {
        text.push_str(&"  ".repeat(depth));
        text.push('-');
        match item {
            Tree::Map(entries) if !entries.is_empty() => {
                text.push(' ');
                write_map(text, entries, depth + 1, true);
            }
            Tree::List(items) if !items.is_empty() => {
                text.push('\n');
                write_list(text, items, depth + 1);
            }
            leaf => write_leaf(text, leaf),
        }
    }
}

fn write_leaf(text: &mut String, leaf: &Tree) {
    text.push(' ');
    match leaf {
        Tree::Null => text.push_str("null"),
        Tree::Plain(plain) => text.push_str(plain),
        Tree::Text(value) => write_text(text, value),
        Tree::List(_) => text.push_str("[]"),
        Tree::Map(_) => text.push_str("{}"),
    }
    text.push('\n');
}

/// Writes a text so that it reads back as that text: plain when nothing about it is special, in quotes otherwise.
fn write_text(text: &mut String, value: &str) {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'/' | b'.');
    let is_inner =
        |byte: u8| is_word(byte) || matches!(byte, b'-' | b'*' | b'+' | b'$' | b'(' | b')');
    let begins_plain = value
        .bytes()
        .next()
        .is_some_and(|byte| is_word(byte) && !byte.is_ascii_digit() && byte != b'.');
    // `15s`, but neither a number in any of its spellings nor a date.
    let is_duration = value
        .bytes()
        .all(|byte| byte.is_ascii_digit() || b"smhdwy".contains(&byte))
        && value.starts_with(|first: char| first.is_ascii_digit())
        && value.ends_with(|last: char| last.is_ascii_alphabetic());
    let is_reserved = matches!(
        value.to_ascii_lowercase().as_str(),
        "null" | "true" | "false" | "yes" | "no" | "on" | "off" | "y" | "n"
    );
    if is_duration || (begins_plain && !is_reserved && value.bytes().all(is_inner)) {
        text.push_str(value);
    } else {
        let quoted = serde_json::to_string(value).expect("a string becomes JSON");
        // JSON strings are YAML strings in double quotes.
        text.push_str(&quoted);
    }
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TreeVisitor)
    }
}

struct TreeVisitor;

impl<'de> Visitor<'de> for TreeVisitor {
    type Value = Tree;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_unit<E>(self) -> Result<Tree, E> {
        Ok(Tree::Null)
    }

    fn visit_none<E>(self) -> Result<Tree, E> {
        Ok(Tree::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Tree, E> {
        Ok(Tree::Plain(value.to_string()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Tree, E> {
        Ok(Tree::Plain(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Tree, E> {
        Ok(Tree::Plain(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Tree, E> {
        Ok(Tree::Plain(format!("{value:?}")))
    }

    fn visit_str<E>(self, value: &str) -> Result<Tree, E> {
        Ok(Tree::Text(value.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Tree, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            items.push(item);
        }
        Ok(Tree::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Tree, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry::<String, Tree>()? {
            entries.push(entry);
        }
        Ok(Tree::Map(entries))
    }
}

#[cfg(test)]
mod tests {
    use crate::config;

    fn shown(text: &str) -> String {
        let loaded = config::parse("prometheus.yml".as_ref(), text, &|_| None);
        loaded.expect("a valid configuration").yaml
    }

    #[test]
    fn shows_what_is_in_force_without_secrets() {
        let text = "# a comment\nglobal:\n  external_labels: {cluster: 'eu 1', number: '1'}\nscrape_configs:\n\
            - job_name: node\n  basic_auth: {username: ann, password: hunter2}\n  \
            http_headers: {X-Key: {secrets: [hunter3], values: [plain]}}\n  \
            proxy_url: http://bob:hunter4@proxy:1\n  \
            relabel_configs:\n  - {source_labels: [a, b], regex: 'x:(.*)', target_label: c}\n  \
            static_configs:\n  - targets: ['db:9100']\n";
        let yaml = shown(text);
        assert!(!yaml.contains("hunter"), "{yaml}");
        assert_eq!(
            yaml,
            "global:\n  scrape_interval: 1m\n  scrape_timeout: 10s\n  evaluation_interval: 1m\n  \
             external_labels:\n    cluster: \"eu 1\"\n    number: \"1\"\nscrape_configs:\n- job_name: node\n  \
             basic_auth:\n    username: ann\n    password: <secret>\n  http_headers:\n    X-Key:\n      \
             secrets:\n      - <secret>\n      values:\n      - plain\n  proxy_url: \"http://xxxxx@proxy:1\"\n  \
             relabel_configs:\n  - source_labels:\n    - a\n    - b\n    regex: \"x:(.*)\"\n    target_label: c\n  \
             static_configs:\n  - targets:\n    - \"db:9100\"\n  honor_timestamps: true\n  scrape_interval: 1m\n  \
             scrape_timeout: 10s\n  metrics_path: /metrics\n  scheme: http\n"
        );
        assert!(shown(&yaml).contains("username: ann"), "it reads back");
    }

    #[test]
    fn passwords_of_databases_are_not_shown() {
        for url in [
            "postgres://ann:hunter2@db/plimsoll",
            "postgres://db/plimsoll?password=hunter2&user=ann",
            "postgres://db/plimsoll?user=ann&password=hunter2",
        ] {
            let yaml = shown(&format!("plimsoll: {{state: {{url: '{url}'}}}}\n"));
            assert!(
                !yaml.contains("hunter2") && yaml.contains("xxxxx"),
                "{yaml}"
            );
        }
    }

    #[test]
    fn an_empty_file_shows_the_defaults() {
        assert!(shown("").starts_with("global:\n  scrape_interval: 1m\n"));
    }
}

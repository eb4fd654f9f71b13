//! A YAML document without its comments and places: what is read to be changed a little and written again.

use std::fmt;

use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// What stands in the place of a secret, as in Prometheus.
const MASK: &str = "<secret>";

/// One value of a YAML document, keys in the order of the file.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Tree {
    /// Nothing.
    #[default]
    Null,
    /// A number or a truth value: written without quotes.
    Plain(String),
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Tree>),
    /// A mapping.
    Map(Vec<(String, Tree)>),
}

impl Tree {
    /// Writes the document as Prometheus writes its own: lists are not indented, an empty one is `{}`.
    pub fn to_yaml(&self) -> String {
        let mut text = String::new();
        match self {
            Self::Map(entries) if !entries.is_empty() => write_map(&mut text, entries, 0, false),
            _ => text.push_str("{}\n"),
        }
        text
    }

    /// Returns the value of a key; `None` when this is no mapping or has no such key.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Self> {
        let Self::Map(entries) = self else {
            return None;
        };
        let found = entries.iter_mut().find(|(found, _)| found == key);
        found.map(|(_, value)| value)
    }

    /// Puts an entry in front unless there is one.
    pub fn default_entry(&mut self, key: &str, value: Self) {
        if let Self::Map(entries) = self
            && !entries.iter().any(|(found, _)| found == key)
        {
            entries.insert(0, (key.into(), value));
        }
    }

    /// Puts `<secret>` in the place of every value; the keys stay, and so does what is nothing.
    pub fn hide(&mut self) {
        match self {
            Self::Map(entries) => entries.iter_mut().for_each(|(_, value)| value.hide()),
            Self::List(items) => items.iter_mut().for_each(Self::hide),
            Self::Null => {}
            Self::Plain(_) | Self::Text(_) => *self = Self::Plain(MASK.into()),
        }
    }

    /// Hides users and passwords in URLs, in every text.
    pub fn hide_in_urls(&mut self) {
        match self {
            Self::Map(entries) => entries
                .iter_mut()
                .for_each(|(_, value)| value.hide_in_urls()),
            Self::List(items) => items.iter_mut().for_each(Self::hide_in_urls),
            Self::Text(text) => {
                mask_user_info(text);
                mask_password(text);
            }
            Self::Null | Self::Plain(_) => {}
        }
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
        write_quoted(text, value);
    }
}

/// Says whether YAML breaks a line at a character, or does not take it as it is.
fn is_special(character: char) -> bool {
    let is_mark = matches!(
        character,
        '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}'
    );
    is_mark || character.is_control()
}

/// Writes a text in double quotes, with escapes that JSON has, too.
fn write_quoted(text: &mut String, value: &str) {
    text.push('"');
    for character in value.chars() {
        match character {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            other if is_special(other) => {
                text.push_str(&format!("\\u{:04x}", u32::from(other)));
            }
            other => text.push(other),
        }
    }
    text.push('"');
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
    use super::*;
    use crate::config::parse;

    fn tree(text: &str) -> Tree {
        parse("a.yml".as_ref(), text).expect("valid")
    }

    #[test]
    fn what_is_written_reads_back() {
        bolero::check!()
            .with_type::<Vec<(String, String)>>()
            .for_each(|pairs| {
                let text = |text: &String| Tree::Text(text.replace('\0', ""));
                let mut entries: Vec<(String, Tree)> = Vec::new();
                for (key, value) in pairs {
                    let key = format!("k{}{key}", entries.len()).replace('\0', "");
                    entries.push((key, Tree::List(vec![text(value), Tree::Null])));
                }
                let written = Tree::Map(entries);
                let yaml = written.to_yaml();
                match pairs.is_empty() {
                    true => assert_eq!(yaml, "{}\n"),
                    false => assert_eq!(tree(&yaml), written, "{yaml}"),
                }
            });
    }

    #[test]
    fn keeps_order_and_kinds() {
        let text = "b: 1\na:\n- x: true\n  z: \"1\"\n- []\n-\n  - 1.5\nc: {}\nd: null\n";
        assert_eq!(tree(text).to_yaml(), text);
    }

    #[test]
    fn secrets_go_and_keys_stay() {
        let mut hidden = tree("a: [b, {c: 1}]\nd:\n");
        hidden.hide();
        assert_eq!(hidden.to_yaml(), "a:\n- <secret>\n- c: <secret>\nd: null\n");
        let mut urls = tree("a: ['http://u:p@h/x', 'http://h/?x=1&password=y']\n");
        urls.hide_in_urls();
        let expected = "a:\n- \"http://xxxxx@h/x\"\n- \"http://h/?x=1&password=xxxxx\"\n";
        assert_eq!(urls.to_yaml(), expected);
    }
}

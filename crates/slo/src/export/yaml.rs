//! YAML for people: texts of several lines stand as blocks, because rules and queries are read more than anything else.

use plimsoll_runtime::config::Tree;

/// Writes a document; lists are indented below their key.
pub fn to_yaml(tree: &Tree) -> String {
    let mut text = String::new();
    match tree {
        Tree::Map(entries) if !entries.is_empty() => map(&mut text, entries, 0, false),
        Tree::List(items) if !items.is_empty() => list(&mut text, items, 0),
        leaf => {
            self::leaf(&mut text, leaf, 0);
            text.push('\n');
        }
    }
    text
}

fn map(text: &mut String, entries: &[(String, Tree)], depth: usize, follows_dash: bool) {
    for (index, (key, value)) in entries.iter().enumerate() {
        if index > 0 || !follows_dash {
            indent(text, depth);
        }
        scalar(text, key, None);
        text.push(':');
        match value {
            Tree::Map(entries) if !entries.is_empty() => {
                text.push('\n');
                map(text, entries, depth + 1, false);
            }
            Tree::List(items) if !items.is_empty() => {
                text.push('\n');
                list(text, items, depth + 1);
            }
            leaf => {
                text.push(' ');
                self::leaf(text, leaf, depth + 1);
                text.push('\n');
            }
        }
    }
}

fn list(text: &mut String, items: &[Tree], depth: usize) {
    for item in items {
        indent(text, depth);
        text.push('-');
        match item {
            Tree::Map(entries) if !entries.is_empty() => {
                text.push(' ');
                map(text, entries, depth + 1, true);
            }
            Tree::List(items) if !items.is_empty() => {
                text.push('\n');
                list(text, items, depth + 1);
            }
            leaf => {
                text.push(' ');
                self::leaf(text, leaf, depth + 1);
                text.push('\n');
            }
        }
    }
}

/// Writes what has nothing in it, without the line break behind it.
fn leaf(text: &mut String, leaf: &Tree, depth: usize) {
    match leaf {
        Tree::Null => text.push_str("null"),
        Tree::Plain(plain) => text.push_str(plain),
        Tree::Text(value) => scalar(text, value, Some(depth)),
        Tree::List(_) => text.push_str("[]"),
        Tree::Map(_) => text.push_str("{}"),
    }
}

/// Writes a text so that it reads back as that text; `depth` is where the lines of a block stand, `None` where there can
/// be no block.
fn scalar(text: &mut String, value: &str, depth: Option<usize>) {
    match depth {
        Some(depth) if is_block(value) => block(text, value, depth),
        _ if is_plain(value) => text.push_str(value),
        _ => quoted(text, value),
    }
}

fn indent(text: &mut String, depth: usize) {
    text.extend(std::iter::repeat_n("  ", depth));
}

/// Says whether a text can stand as a block: a reader takes the first line's indentation for that of the block, and
/// nothing in a block can be escaped.
fn is_block(value: &str) -> bool {
    let content = value.strip_suffix('\n').unwrap_or(value);
    let is_clean = |character: char| character == '\n' || !is_special(character);
    content.contains('\n')
        && !content.starts_with(['\n', ' '])
        && !content.ends_with('\n')
        && value.chars().all(is_clean)
        && content.lines().all(|line| !line.ends_with(' '))
}

/// `|` ends with one line break and `|-` with none.
fn block(text: &mut String, value: &str, depth: usize) {
    text.push_str(if value.ends_with('\n') { "|" } else { "|-" });
    for line in value.lines() {
        text.push('\n');
        if !line.is_empty() {
            indent(text, depth);
            text.push_str(line);
        }
    }
}

/// Says whether a text can stand without quotes and is no other thing then: no number, no truth value, no date.
fn is_plain(value: &str) -> bool {
    let is_word = |character: char| character.is_ascii_alphanumeric() || "_./-".contains(character);
    let is_duration = value.starts_with(|first: char| first.is_ascii_digit())
        && value.ends_with(|last: char| "smhdwy".contains(last))
        && value
            .chars()
            .all(|c| c.is_ascii_digit() || "smhdwy".contains(c));
    let is_reserved = matches!(
        value.to_ascii_lowercase().as_str(),
        "null" | "true" | "false" | "yes" | "no" | "on" | "off" | "y" | "n"
    );
    let begins = value.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
    is_duration || begins && !is_reserved && is_prose(value, is_word)
}

/// Words with single spaces between them, and what PromQL needs in the middle of a line.
fn is_prose(value: &str, is_word: impl Fn(char) -> bool) -> bool {
    let is_inner = |c: char| is_word(c) || " (){}[]=~\"|+*<>$,;!?%^'\\".contains(c);
    value.chars().all(|c| is_inner(c) || c == ':')
        && !value.contains(": ")
        && !value.ends_with([' ', ':'])
}

fn is_special(character: char) -> bool {
    let is_mark = matches!(
        character,
        '\u{85}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}'
    );
    is_mark || character.is_control()
}

/// Writes a text in double quotes, with escapes that JSON has, too.
fn quoted(text: &mut String, value: &str) {
    text.push('"');
    for character in value.chars() {
        match character {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            other if is_special(other) => text.push_str(&format!("\\u{:04x}", u32::from(other))),
            other => text.push(other),
        }
    }
    text.push('"');
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use plimsoll_runtime::config::parse;

    use super::*;

    fn read(text: &str) -> Tree {
        parse(Path::new("x.yml"), text).unwrap_or_else(|error| panic!("{error}\n{text}"))
    }

    #[test]
    fn what_is_written_reads_back() {
        bolero::check!()
            .with_type::<Vec<(String, String)>>()
            .for_each(|pairs| {
                let value = |text: &String| Tree::Text(text.replace('\0', ""));
                let mut entries = Vec::new();
                for (key, text) in pairs {
                    let key = format!("k{}{key}", entries.len()).replace('\0', "");
                    let list = Tree::List(vec![
                        value(text),
                        Tree::Map(vec![("a".into(), value(text))]),
                    ]);
                    entries.push((key, list));
                }
                let written = Tree::Map(entries);
                assert_eq!(read(&to_yaml(&written)), written);
            });
    }

    #[test]
    fn texts_that_look_like_something_else_stay_texts() {
        for text in [
            "1",
            "1.5",
            "true",
            "no",
            "~",
            "",
            "null",
            "0x1f",
            "1e3",
            "2026-01-01",
            "a: b",
            "a #b",
            "- a",
            "5m",
            "1h30m",
            "up{job=\"x\"}",
            "sum(rate(a[5m]))",
            "a\nb",
            "a\nb\n",
            " a\nb",
            "a\n\nb\n",
            "a \nb",
            "a\n\n",
            "\u{85}a\nb",
            "a:",
            "x{a=\"b: c\"}",
            "y",
            "[a]",
            "{a}",
            "!a",
            "%a",
            "@a",
            "`a",
            "'a'",
            "a'b",
            "inf",
            "a,b",
            "a\tb",
            "1_000",
            "12:30",
        ] {
            let tree = Tree::Map(vec![("key".into(), Tree::Text(text.into()))]);
            let written = to_yaml(&tree);
            assert_eq!(read(&written), tree, "{written}");
        }
        let tree = read("a: |-\n  x\n  y\n");
        assert_eq!(to_yaml(&tree), "a: |-\n  x\n  y\n");
    }
}

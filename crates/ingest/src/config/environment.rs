//! `$NAME` and `${NAME}` in external labels, as Go's `os.Expand` reads them.

use super::Environment;

/// Expands variables; also returns the names of those that are not set or empty. `$$` is a dollar.
pub(super) fn expand(text: &str, environment: Environment<'_>) -> (String, Vec<String>) {
    let (mut expanded, mut missing) = (String::with_capacity(text.len()), Vec::new());
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        expanded.push_str(&rest[..at]);
        let (name, after) = variable(&rest[at + 1..]);
        rest = after;
        match name {
            Name::Variable("$") => expanded.push('$'),
            Name::Variable(name) => match environment(name).filter(|value| !value.is_empty()) {
                Some(value) => expanded.push_str(&value),
                None => missing.push(name.to_owned()),
            },
            Name::NotOne => expanded.push('$'),
            Name::Malformed => {}
        }
    }
    expanded.push_str(rest);
    (expanded, missing)
}

enum Name<'a> {
    Variable(&'a str),
    /// No name follows: the dollar stays.
    NotOne,
    /// Braces without a name: they go.
    Malformed,
}

/// Splits the name behind a dollar from the rest.
fn variable(rest: &str) -> (Name<'_>, &str) {
    const SPECIAL: [char; 17] = [
        '*', '#', '$', '@', '!', '?', '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9',
    ];
    if let Some(inner) = rest.strip_prefix('{') {
        return match inner.split_once('}') {
            Some(("", after)) => (Name::Malformed, after),
            Some((name, after)) => (Name::Variable(name), after),
            None => (Name::Malformed, inner),
        };
    }
    if rest.starts_with(SPECIAL) {
        return (Name::Variable(&rest[..1]), &rest[1..]);
    }
    let end = rest
        .find(|character: char| !(character.is_ascii_alphanumeric() || character == '_'))
        .unwrap_or(rest.len());
    match rest.split_at(end) {
        ("", after) => (Name::NotOne, after),
        (name, after) => (Name::Variable(name), after),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expands_as_go_does() {
        let environment = |name: &str| match name {
            "ZONE" => Some("eu-1".to_owned()),
            "EMPTY" => Some(String::new()),
            _ => None,
        };
        for (text, expected, absent) in [
            ("plain", "plain", vec![]),
            ("a-${ZONE}", "a-eu-1", vec![]),
            ("$ZONE-b", "eu-1-b", vec![]),
            ("$ZONEb", "", vec!["ZONEb"]),
            ("${EMPTY}x", "x", vec!["EMPTY"]),
            ("a$$b", "a$b", vec![]),
            ("a$ b", "a$ b", vec![]),
            ("$", "$", vec![]),
            ("${}x", "x", vec![]),
            ("${ZONE", "ZONE", vec![]),
            ("$1x", "x", vec!["1"]),
        ] {
            let (expanded, missing) = expand(text, &environment);
            assert_eq!(
                (expanded.as_str(), missing),
                (expected, absent.iter().map(ToString::to_string).collect()),
                "{text}"
            );
        }
    }
}

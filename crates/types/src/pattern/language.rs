//! Which texts an expression accepts, as far as that is plain to see: whoever has an index looks few texts up instead of
//! trying the expression on all of them.

use std::sync::Arc;

use regex_syntax::hir::{Class, Hir, HirKind, Look, Repetition};

/// Alternations as long as a list that a user interface fills in are still told apart.
const LITERALS_MAX: usize = 10_000;
/// Sets that come of multiplying, as `(a|b)(c|d)` and `(?i)abc` do, stay small: above that trying is cheaper.
const PRODUCT_MAX: usize = 256;
const LITERAL_BYTES_MAX: usize = 1 << 20;
/// A class of more characters is no alternation that somebody wrote down.
const CLASS_MAX: usize = 32;

/// What an expression accepts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Language {
    /// Every text: `.*`.
    Everything,
    /// Every text but the empty one: `.+`.
    EverythingButEmpty,
    /// These and no others: sorted, none twice, perhaps none at all.
    Literals(Arc<[Box<str>]>),
    /// Anything else; what is accepted begins with `prefix`, which may be empty.
    Others {
        /// What each accepted text begins with.
        prefix: Box<str>,
    },
}

impl Language {
    /// Looks at an expression of Rust's dialect. One that does not compile is not looked at closely.
    pub(super) fn of(expression: &str) -> Self {
        let unknown = || Self::Others { prefix: "".into() };
        let Ok(hir) = regex_syntax::parse(expression) else {
            return unknown();
        };
        let hir = without_anchors(&hir);
        match minimum_of_anything(&hir) {
            Some(0) => return Self::Everything,
            Some(1) => return Self::EverythingButEmpty,
            _ => {}
        }
        if let Some(found) = literals(&hir).and_then(texts) {
            return Self::Literals(found);
        }
        let (prefix, _) = prefix(&hir);
        let end = match std::str::from_utf8(&prefix) {
            Ok(_) => prefix.len(),
            Err(error) => error.valid_up_to(),
        };
        let prefix = std::str::from_utf8(&prefix[..end]);
        prefix.map_or_else(
            |_| unknown(),
            |prefix| Self::Others {
                prefix: prefix.into(),
            },
        )
    }
}

fn texts(mut found: Vec<Vec<u8>>) -> Option<Arc<[Box<str>]>> {
    found.sort_unstable();
    found.dedup();
    let texts = found.into_iter().map(String::from_utf8);
    texts
        .map(|text| text.ok().map(String::into_boxed_str))
        .collect()
}

/// Takes `^` from the front and `$` from the end, of each branch when there are branches: all texts are whole here.
fn without_anchors(hir: &Hir) -> Hir {
    let is = |part: Option<&Hir>, look: Look| {
        part.is_some_and(|part| *part.kind() == HirKind::Look(look))
    };
    match hir.kind() {
        HirKind::Capture(capture) => without_anchors(&capture.sub),
        HirKind::Alternation(branches) => {
            Hir::alternation(branches.iter().map(without_anchors).collect())
        }
        HirKind::Concat(parts) => {
            let mut rest = &parts[..];
            while is(rest.first(), Look::Start) {
                rest = &rest[1..];
            }
            while is(rest.last(), Look::End) {
                rest = &rest[..rest.len() - 1];
            }
            match rest {
                [only] => without_anchors(only),
                _ => Hir::concat(rest.to_vec()),
            }
        }
        _ => hir.clone(),
    }
}

/// Returns 0 for `.*` and 1 for `.+`.
fn minimum_of_anything(hir: &Hir) -> Option<u32> {
    match hir.kind() {
        HirKind::Repetition(repetition) if repetition.max.is_none() => {
            is_any_character(&repetition.sub).then_some(repetition.min)
        }
        _ => None,
    }
}

fn is_any_character(hir: &Hir) -> bool {
    match hir.kind() {
        HirKind::Capture(capture) => is_any_character(&capture.sub),
        HirKind::Class(Class::Unicode(class)) => match class.ranges() {
            [range] => range.start() == '\0' && range.end() == char::MAX,
            _ => false,
        },
        _ => false,
    }
}

/// Returns all that is accepted, when it is a small set.
fn literals(hir: &Hir) -> Option<Vec<Vec<u8>>> {
    match hir.kind() {
        HirKind::Empty => Some(vec![Vec::new()]),
        HirKind::Literal(literal) => Some(vec![literal.0.to_vec()]),
        HirKind::Class(Class::Unicode(class)) => {
            let count: usize = class.ranges().iter().map(|range| range.len()).sum();
            let characters = || class.ranges().iter().flat_map(|r| r.start()..=r.end());
            (count <= CLASS_MAX).then(|| characters().map(|c| c.to_string().into()).collect())
        }
        // That which nothing fits is written as a class of no bytes.
        HirKind::Class(Class::Bytes(class)) => class.ranges().is_empty().then(Vec::new),
        HirKind::Look(_) => None,
        HirKind::Capture(capture) => literals(&capture.sub),
        HirKind::Repetition(repetition) => repeated(repetition),
        HirKind::Concat(parts) => {
            let mut all = vec![Vec::new()];
            for part in parts {
                all = product(&all, &literals(part)?)?;
            }
            Some(all)
        }
        HirKind::Alternation(branches) => {
            let mut all = Vec::new();
            let mut bytes = 0;
            for branch in branches {
                let more = literals(branch)?;
                bytes += more.iter().map(Vec::len).sum::<usize>();
                all.extend(more);
                if all.len() > LITERALS_MAX || bytes > LITERAL_BYTES_MAX {
                    return None;
                }
            }
            Some(all)
        }
    }
}

fn repeated(repetition: &Repetition) -> Option<Vec<Vec<u8>>> {
    let max = repetition.max.filter(|max| *max <= CLASS_MAX as u32)?;
    let one = literals(&repetition.sub)?;
    let mut so_often = vec![Vec::new()];
    let mut all = Vec::new();
    for count in 0..=max {
        if count >= repetition.min {
            all.extend(so_often.iter().cloned());
        }
        if all.len() > PRODUCT_MAX {
            return None;
        }
        if count < max {
            so_often = product(&so_often, &one)?;
        }
    }
    Some(all)
}

/// Returns each of `first` followed by each of `then`.
fn product(first: &[Vec<u8>], then: &[Vec<u8>]) -> Option<Vec<Vec<u8>>> {
    let count = first.len() * then.len();
    let limit = match first.len().min(then.len()) {
        0 | 1 => LITERALS_MAX,
        _ => PRODUCT_MAX,
    };
    let length = |all: &[Vec<u8>]| all.iter().map(Vec::len).sum::<usize>();
    let bytes = length(first) * then.len() + length(then) * first.len();
    let pairs = || first.iter().flat_map(|a| then.iter().map(move |b| (a, b)));
    (count <= limit && bytes <= LITERAL_BYTES_MAX)
        .then(|| pairs().map(|(a, b)| [&a[..], b].concat()).collect())
}

/// Returns what all accepted texts begin with, and whether that is all of each.
fn prefix(hir: &Hir) -> (Vec<u8>, bool) {
    match hir.kind() {
        HirKind::Empty => (Vec::new(), true),
        HirKind::Literal(literal) => (literal.0.to_vec(), true),
        HirKind::Capture(capture) => prefix(&capture.sub),
        HirKind::Repetition(repetition) if repetition.min > 0 => (prefix(&repetition.sub).0, false),
        HirKind::Concat(parts) => {
            let mut whole = Vec::new();
            for part in parts {
                let (more, is_all) = prefix(part);
                whole.extend(more);
                if !is_all {
                    return (whole, false);
                }
            }
            (whole, true)
        }
        HirKind::Alternation(branches) => {
            let shared = |a: Vec<u8>, b: Vec<u8>| {
                let equal = a.iter().zip(&b).take_while(|(a, b)| a == b).count();
                a[..equal].to_vec()
            };
            let all = branches.iter().map(|branch| prefix(branch).0);
            (all.reduce(shared).unwrap_or_default(), false)
        }
        HirKind::Class(_) | HirKind::Look(_) | HirKind::Repetition(_) => (Vec::new(), false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(expression: &str, expected: &[&str]) {
        match Language::of(&format!("(?s:{expression})")) {
            Language::Literals(found) => {
                let found: Vec<&str> = found.iter().map(|text| &**text).collect();
                assert_eq!(found, expected, "{expression}");
            }
            other => panic!("{expression}: {other:?}"),
        }
    }

    #[test]
    fn alternations_of_literals_are_sets() {
        check("a|b|c", &["a", "b", "c"]);
        check("api|node|api", &["api", "node"]);
        check("(a|b)c", &["ac", "bc"]);
        check("^(?:GET|POST)$", &["GET", "POST"]);
        check("^a$|^b$", &["a", "b"]);
        check("|a", &["", "a"]);
        check("a?", &["", "a"]);
        check("a{2,3}", &["aa", "aaa"]);
        check("[45]xx", &["4xx", "5xx"]);
        check("(?i)ab", &["AB", "Ab", "aB", "ab"]);
        check("10\\.0\\.0\\.1:9100", &["10.0.0.1:9100"]);
        check("\u{fc}|\u{e9}a", &["\u{e9}a", "\u{fc}"]);
        check("", &[""]);
        check("a\n", &["a\n"]);
        check("[^\\x{0}-\\x{10FFFF}]", &[]);
        let many: Vec<String> = (0..5000).map(|number| format!("pod-{number:04}")).collect();
        let expected: Vec<&str> = many.iter().map(String::as_str).collect();
        check(&many.join("|"), &expected);
    }

    #[test]
    fn others_are_told_by_what_they_begin_with() {
        let check = |expression: &str, expected: &str| {
            let prefix = expected.into();
            let found = Language::of(&format!("(?s:{expression})"));
            assert_eq!(found, Language::Others { prefix }, "{expression}");
        };
        check("api-.*", "api-");
        check("api-(a|b).*", "api-");
        check("^api.+", "api");
        check("(foo|foobar).*", "foo");
        check(".*foo", "");
        check("a+", "a");
        check("\u{fc}[\u{e8}-\u{f8}]{9}", "\u{fc}");
        check("(?m)^a", "");
        check("a(?-u:\\b)", "a");
        check("(?i)abcdefghijkl", "");
        check("[a-z]{3}", "");
        check("x{100}y*", "x");
    }

    #[test]
    fn what_takes_anything_is_known() {
        for (expression, expected) in [
            (".*", Language::Everything),
            ("(.*)", Language::Everything),
            ("^.*$", Language::Everything),
            (".*?", Language::Everything),
            (".+", Language::EverythingButEmpty),
        ] {
            let found = Language::of(&format!("(?s:{expression})"));
            assert_eq!(found, expected, "{expression}");
        }
        let one_line = Language::of("(?s:(?-s:.*))");
        assert_eq!(one_line, Language::Others { prefix: "".into() });
    }
}

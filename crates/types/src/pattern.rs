//! Regular expressions in Go's dialect, as selectors, `label_replace` and relabelling rules are written in it.

mod expand;
mod language;
mod translate;

use regex::{Regex, RegexBuilder};

pub use self::language::Language;
use self::translate::translate;

/// What one compiled expression may take, tried in this order: almost all fit the first, and who holds many of them can
/// bound the sum.
const COMPILED_BYTES_CLASSES: [usize; 5] = [64 << 10, 1 << 20, 4 << 20, 10 << 20, 32 << 20];

/// An expression that does not compile; its text is one line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct InvalidPattern {
    reason: String,
}

/// A regular expression of Go's dialect (RE2 syntax) that matches whole texts, its dot any character.
///
/// Matching takes time linear in the text: there are no back references.
#[derive(Clone, Debug)]
pub struct Pattern {
    regex: Regex,
    language: Language,
    compiled_bytes_max: usize,
}

impl Pattern {
    /// Compiles an expression.
    ///
    /// # Errors
    /// [`InvalidPattern`] when it is malformed or needs more than 32 MiB.
    pub fn new(expression: &str) -> Result<Self, InvalidPattern> {
        let refuse = |reason| InvalidPattern { reason };
        let translated = format!("(?s:{})", translate(expression).map_err(refuse)?);
        let anchored = format!("^{translated}$");
        for compiled_bytes_max in COMPILED_BYTES_CLASSES {
            let mut builder = RegexBuilder::new(&anchored);
            match builder.size_limit(compiled_bytes_max).build() {
                Ok(regex) => {
                    return Ok(Self {
                        regex,
                        language: Language::of(&translated),
                        compiled_bytes_max,
                    });
                }
                Err(regex::Error::CompiledTooBig(_)) => {}
                Err(error) => return Err(refuse(reason(expression, &error))),
            }
        }
        Err(refuse("it is too large once compiled".to_owned()))
    }

    /// Says whether all of a text matches.
    pub fn is_match(&self, text: &str) -> bool {
        match &self.language {
            Language::Everything => true,
            Language::EverythingButEmpty => !text.is_empty(),
            Language::Literals(all) => all.binary_search_by(|one| (**one).cmp(text)).is_ok(),
            Language::Others { .. } => self.regex.is_match(text),
        }
    }

    /// Returns what is accepted, as far as that is plain to see.
    pub fn language(&self) -> &Language {
        &self.language
    }

    /// Returns all texts that match, sorted, when they are a small set: `a|b`, `(a|b)c`, `[45]xx`.
    pub fn literals(&self) -> Option<&[Box<str>]> {
        match &self.language {
            Language::Literals(all) => Some(all),
            _ => None,
        }
    }

    /// Returns the expression in the dialect of the crate `regex`, with an anchor at either end: what an automaton is
    /// built of that has to accept the same texts.
    pub fn anchored(&self) -> &str {
        self.regex.as_str()
    }

    /// Expands `$1`, `${name}` and `$$` in a template with what a text was matched by, as Go's `Regexp.Expand` does;
    /// groups that are unknown or did not match are empty. `None` when the text does not match.
    pub fn expand(&self, text: &str, template: &str) -> Option<String> {
        let found = self.regex.captures(text)?;
        Some(expand::expand(&self.regex, &found, template))
    }

    /// Returns an upper bound of the bytes that the compiled expression takes: 64 KiB, 1 MiB, 4 MiB, 10 MiB or 32 MiB.
    pub fn compiled_bytes_max(&self) -> usize {
        self.compiled_bytes_max
    }
}

/// The last line of the engine's many.
fn reason(expression: &str, error: &regex::Error) -> String {
    // The engine speaks about the text with our anchors; the plain one has better words.
    match Regex::new(expression) {
        Err(regex::Error::Syntax(plain)) => last_line(&plain),
        _ => last_line(&error.to_string()),
    }
}

fn last_line(text: &str) -> String {
    let line = text.lines().last().unwrap_or(text);
    line.trim_start_matches("error: ").to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_expression() -> impl Strategy<Value = String> {
        let leaf = prop_oneof![
            Just("a"),
            Just("b"),
            Just("ab"),
            Just(""),
            Just("."),
            Just(".*"),
            Just(".+"),
            Just("[ab]"),
            Just("\\n"),
            Just("\u{fc}"),
            Just("^"),
            Just("$"),
            Just("\\b"),
            Just("(?i)A"),
            Just("[^a]"),
        ];
        leaf.prop_map(str::to_owned)
            .prop_recursive(4, 24, 3, |inner| {
                prop_oneof![
                    prop::collection::vec(inner.clone(), 1..4).prop_map(|all| all.join("|")),
                    prop::collection::vec(inner.clone(), 1..4).prop_map(|all| all.concat()),
                    (
                        inner.clone(),
                        prop_oneof![
                            Just("?"),
                            Just("*"),
                            Just("{2}"),
                            Just("{1,3}"),
                            Just("{0}")
                        ]
                    )
                        .prop_map(|(inner, often)| format!("(?:{inner}){often}")),
                    inner.prop_map(|inner| format!("({inner})")),
                ]
            })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]
        #[test]
        fn short_cuts_accept_the_same(expression in any_expression(), texts in prop::collection::vec("[abAB\n\u{fc}]{0,4}", 0..20)) {
            let pattern = Pattern::new(&expression).unwrap();
            let regex = Regex::new(pattern.anchored()).unwrap();
            let literals = pattern.literals().into_iter().flatten().map(|text| text.to_string());
            for text in texts.into_iter().chain(literals).chain([String::new()]) {
                let expected = regex.is_match(&text);
                prop_assert_eq!(pattern.is_match(&text), expected, "{} {:?}", &expression, &text);
                if let (true, Language::Others { prefix }) = (expected, pattern.language()) {
                    prop_assert!(text.starts_with(&**prefix), "{} {:?}", &expression, &text);
                }
            }
        }
    }

    fn reason(pattern: &str) -> String {
        Pattern::new(pattern).unwrap_err().to_string()
    }

    #[test]
    fn reads_go_s_dialect() {
        for (pattern, text, expected) in [
            ("a.c", "a\nc", true),
            ("b", "abc", false),
            ("a|b", "b", true),
            ("yolo-{1}", "yolo-", true),
            ("yolo-{x}", "yolo-{x}", true),
            ("{,2}", "{,2}", true),
            ("[[]+", "[[", true),
            ("[]a]+", "a]", true),
            ("[^]a]", "b", true),
            ("[[:alpha:]]+", "abc", true),
            ("[a&&b]+", "a&b", true),
            ("\\Qa.b\\E", "a.b", true),
            ("\\Qa.b\\E", "axb", false),
            ("\\d{2,3}", "123", true),
            ("\\d", "\u{663}", false),
            ("\\D", "\u{663}", true),
            ("\\w+", "\u{fc}", false),
            ("[^\\W]", "\u{fc}", false),
            ("[^\\W]", "u", true),
            ("a\\sb", "a\u{a0}b", false),
            ("(?i)\\w", "\u{212a}", true),
            ("\u{fc}\\b", "\u{fc}", false),
            ("a\\b-b", "a-b", true),
            ("[\\w-.]+", "my-host.org", true),
            ("[\\d-a]+", "1-a", true),
            ("[+--]+", "+,-", true),
            ("[a-z&&a]+", "s&", true),
            ("[a[b]+", "[ab", true),
            ("[[a-z]]", "a]", true),
            ("[a~~b]", "~", true),
            ("\\<a\\>", "<a>", true),
            ("\\b{start}a", "a", false),
            ("\\101\\x42\\x{43}", "ABC", true),
            ("[\\]\\-\\x41]+", "]-A", true),
            ("\\pL\\p{Greek}\\p{^Greek}", "a\u{3b1}b", true),
            ("(?P<n>a)(?<m>b)(?:c)(?i:D)", "abcd", true),
            ("\\ \\/\\_", " /_", true),
            ("a\\Bb", "ab", true),
            ("a\\B", "a", false),
            ("{", "{", true),
            ("a{1", "a{1", true),
            ("(?i)A", "a", true),
            ("", "", true),
        ] {
            let regex = Pattern::new(pattern).unwrap();
            assert_eq!(regex.is_match(text), expected, "{pattern} {text:?}");
        }
        assert_eq!(reason("abc(def"), "unclosed group");
        for pattern in [
            "[a--b]", "[z-a]", "[a-\\d]", "[a", "a\\", "\\1", "\\u0041", "\\Z", "\\x{", "(?x)a",
            "(?-u)a", "(?=a)", "a)", "\\C",
        ] {
            assert!(Pattern::new(pattern).is_err(), "{pattern}");
        }
    }

    #[test]
    fn an_expression_cannot_leave_its_anchors() {
        for (pattern, expected) in [
            ("a)|(b", "unopened group"),
            ("(a", "unclosed group"),
            ("a)", "unopened group"),
            ("(", "unclosed group"),
            ("[[:a]])|(x:]]", "invalid character class range"),
        ] {
            assert_eq!(reason(pattern), expected, "{pattern}");
        }
        for pattern in ["\\)|\\(", "[)]|[(]", "\\Q)|(\\E", "(a)|(b)"] {
            assert!(Pattern::new(pattern).is_ok(), "{pattern}");
        }
    }

    #[test]
    fn says_how_much_it_may_take() {
        let classes = COMPILED_BYTES_CLASSES;
        let class = |pattern: &str| Pattern::new(pattern).unwrap().compiled_bytes_max();
        assert_eq!(class("[0-9]+"), classes[0]);
        assert_eq!(class(".{1000}"), classes[1]);
        assert!(class("\\pL{200}") > classes[1]);
        assert_eq!(reason(".{1000}{1000}"), "it is too large once compiled");
    }
}

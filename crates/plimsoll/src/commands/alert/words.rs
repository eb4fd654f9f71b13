//! Conditions as people type them: matchers in both of Alertmanager's syntaxes, or the name of an alert.

use plimsoll_alerting::matchers::{self, Mode};
use plimsoll_types::{MatchOp, Matcher};

use crate::commands::Failure;
use crate::commands::shown::harmless;

/// What a matcher is, for messages.
const EXAMPLE: &str =
    "a matcher looks like severity=page, team!=db, instance=~\"web.*\" or path!~\"/tmp/.*\"";

/// Reads conditions. As with amtool a first word without any operator is the name of an alert.
///
/// # Errors
/// What is none, with its place.
pub(in crate::commands) fn matchers(words: &[String]) -> Result<Vec<Matcher>, Failure> {
    let mut all = Vec::new();
    for (index, word) in words.iter().enumerate() {
        if index == 0 && is_name(word) {
            all.push(named(word)?);
            continue;
        }
        let parsed = matchers::parse(word, Mode::Fallback);
        let parsed = parsed.map_err(|error| wrong(word, error.message(), error.range().start))?;
        if let Some(warning) = parsed.warning {
            let (message, better) = (harmless(&warning.message), harmless(&warning.suggestion));
            eprintln!("warning: {message}; write {better}");
        }
        all.extend(parsed.matchers);
    }
    Ok(all)
}

/// Writes conditions as the parameters `filter` of the API.
pub(in crate::commands) fn filters(matchers: &[Matcher]) -> Vec<(&'static str, String)> {
    let filter = |matcher| ("filter", matchers::display_one(matcher));
    matchers.iter().map(filter).collect()
}

/// Returns the labels of an alert that are given one by one: nothing but `name=value`.
///
/// # Errors
/// What is something else, by its name.
pub(super) fn labels(words: &[String]) -> Result<Vec<(String, String)>, Failure> {
    let given = matchers(words)?;
    let pair = |matcher: &Matcher| match matcher.op() {
        MatchOp::Equal => Ok((matcher.name().to_owned(), matcher.value().to_owned())),
        _ => Err(Failure::usage(format!(
            "expected labels such as severity=page, found {}",
            harmless(&matchers::display_one(matcher))
        ))),
    };
    given.iter().map(pair).collect()
}

fn is_name(word: &str) -> bool {
    !word.is_empty() && !word.contains(['=', '!', '~', '{', '}', '"', ','])
}

fn named(name: &str) -> Result<Matcher, Failure> {
    Matcher::new(MatchOp::Equal, "alertname", name).map_err(Failure::usage)
}

/// Shows where a text is wrong.
fn wrong(word: &str, message: &str, at: usize) -> Failure {
    let before = word.get(..at).unwrap_or(word);
    let margin = " ".repeat(harmless(before).chars().count());
    let (shown, message) = (harmless(word), harmless(message));
    Failure::usage(format!("{message}\n  {shown}\n  {margin}^\n{EXAMPLE}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(words: &[&str]) -> Result<String, String> {
        let words: Vec<String> = words.iter().map(ToString::to_string).collect();
        let read = matchers(&words).map_err(|failure| failure.to_string());
        read.map(|found| matchers::display(&found))
    }

    #[test]
    fn a_first_word_may_be_the_name_of_an_alert() {
        let check = |words: &[&str], expected: &str| {
            assert_eq!(shown(words).unwrap(), expected, "{words:?}");
        };
        check(&["Down"], "{alertname=\"Down\"}");
        check(&["Down", "job=db"], "{alertname=\"Down\",job=\"db\"}");
        check(&["job=~d.*", "a!=b"], "{job=~\"d.*\",a!=\"b\"}");
        check(&["{a=\"b\",c!~\"d\"}"], "{a=\"b\",c!~\"d\"}");
        check(&["a="], "{a=\"\"}");
        check(&[], "{}");
    }

    #[test]
    fn what_is_no_matcher_is_shown_with_its_place() {
        let said = shown(&["job=db", "severity"]).unwrap_err();
        assert!(
            said.contains("\n  severity\n") && said.contains('^'),
            "{said}"
        );
        let said = shown(&["a=~("]).unwrap_err();
        assert!(said.contains("a matcher looks like"), "{said}");
    }

    #[test]
    fn labels_are_equalities() {
        let read = |words: &[&str]| {
            let words: Vec<String> = words.iter().map(ToString::to_string).collect();
            labels(&words)
        };
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(
            read(&["Down", "job=db"]).unwrap(),
            [pair("alertname", "Down"), pair("job", "db")]
        );
        assert!(read(&["job=~db"]).is_err());
    }
}

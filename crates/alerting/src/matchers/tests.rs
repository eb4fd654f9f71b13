use plimsoll_types::Labels;
use proptest::prelude::*;

use super::*;

/// The conditions as they are shown, or the error.
fn read(text: &str, mode: Mode) -> Result<String, String> {
    let parsed = parse(text, mode).map_err(|error| error.to_string())?;
    Ok(display(&parsed.matchers))
}

#[test]
fn both_syntaxes_read_what_users_write() {
    for (text, expected) in [
        ("", "{}"),
        ("{}", "{}"),
        ("a=b", r#"{a="b"}"#),
        (r#"{a="b",}"#, r#"{a="b"}"#),
        (r#" a = "b" , c =~ "d|e" "#, r#"{a="b",c=~"d|e"}"#),
        (r#"a!="b",c!~"d""#, r#"{a!="b",c!~"d"}"#),
        (r#"a="b\"c\\d\n""#, r#"{a="b\"c\\d\n"}"#),
        (r#"a="x,y""#, r#"{a="x,y"}"#),
        (r#"a="""#, r#"{a=""}"#),
    ] {
        for mode in [Mode::Fallback, Mode::Classic, Mode::Utf8] {
            assert_eq!(read(text, mode).as_deref(), Ok(expected), "{text} {mode:?}");
        }
        assert_eq!(parse(text, Mode::Fallback).unwrap().warning, None, "{text}");
    }
}

#[test]
fn the_syntaxes_differ_where_alertmanager_s_do() {
    // Text, classic, UTF-8, and whether the fallback warns.
    for (text, classic, utf8, warns) in [
        ("a=", Some(r#"{a=""}"#), None, true),
        ("a={}", Some(r#"{a="{"}"#), None, true),
        ("foo=bar baz", Some(r#"{foo="bar baz"}"#), None, true),
        (
            "a=~b|c,",
            Some(r#"{a=~"b|c"}"#),
            Some(r#"{a=~"b|c"}"#),
            false,
        ),
        (
            "a=~^b.*$",
            Some(r#"{a=~"^b.*$"}"#),
            Some(r#"{a=~"^b.*$"}"#),
            false,
        ),
        (r"a=b\c", Some(r#"{a="b\\c"}"#), None, true),
        (r#"a="\d""#, Some(r#"{a="\\d"}"#), None, true),
        (
            r#"a="\x41""#,
            Some(r#"{a="\\x41"}"#),
            Some(r#"{a="A"}"#),
            true,
        ),
        ("\"my label\"=b", None, Some("{\"my label\"=\"b\"}"), false),
        ("\u{fc}=b", None, Some("{\u{fc}=\"b\"}"), false),
        ("a-b=c", None, Some(r#"{a-b="c"}"#), false),
        ("1a=c", None, Some(r#"{1a="c"}"#), false),
        ("a='b'", Some(r#"{a="'b'"}"#), None, true),
        ("{a=b", Some(r#"{a="b"}"#), None, true),
        ("a=b}", Some(r#"{a="b"}"#), None, true),
    ] {
        assert_eq!(read(text, Mode::Classic).ok().as_deref(), classic, "{text}");
        assert_eq!(read(text, Mode::Utf8).ok().as_deref(), utf8, "{text}");
        let parsed = parse(text, Mode::Fallback).unwrap();
        assert_eq!(
            display(&parsed.matchers),
            classic.or(utf8).unwrap(),
            "{text}"
        );
        assert_eq!(parsed.warning.is_some(), warns, "{text}");
        if let Some(warning) = parsed.warning {
            let again = parse(&warning.suggestion, Mode::Fallback).unwrap();
            assert_eq!(
                (again.matchers, again.warning),
                (parsed.matchers, None),
                "{text}"
            );
        }
    }
}

#[test]
fn errors_say_what_was_wanted_and_where() {
    for (text, mode, expected, range) in [
        (
            "a",
            Mode::Fallback,
            "expected a matcher such as a=\"b\", found \"a\"",
            0..1,
        ),
        (
            "a=b,,c=d",
            Mode::Classic,
            "expected a matcher such as a=\"b\", found \"\"",
            4..4,
        ),
        (
            "a=b\"c",
            Mode::Classic,
            "the value b\"c has a double quote without a backslash",
            0..5,
        ),
        (
            "a",
            Mode::Utf8,
            "expected one of `=`, `!=`, `=~`, `!~`, found the end",
            1..1,
        ),
        ("a!b", Mode::Utf8, "expected `!=` or `!~`, found `!`", 1..2),
        ("{a=b", Mode::Utf8, "expected `}`, found the end", 4..4),
        (
            "a=b}",
            Mode::Utf8,
            "expected a `{` at the begin, found `}`",
            3..4,
        ),
        (
            "a=b c",
            Mode::Utf8,
            "expected a comma or the end, found `c`",
            4..5,
        ),
        (
            "a=\"b",
            Mode::Utf8,
            "the quotes of `\"b` are never closed",
            2..4,
        ),
        (
            "a='b'",
            Mode::Utf8,
            "`'` cannot stand here, put the text in double quotes",
            2..3,
        ),
        (
            "a=\"\\xff\"",
            Mode::Utf8,
            "\"\\xff\" is not UTF-8 once its escapes are read",
            2..8,
        ),
        (
            "a=~\"(\"",
            Mode::Fallback,
            "invalid regular expression \"(\": unclosed group",
            0..6,
        ),
    ] {
        let error = parse(text, mode).unwrap_err();
        assert_eq!(
            (error.message(), error.range()),
            (expected, range),
            "{text}"
        );
    }
    assert!(parse_one("a=b,c=d", Mode::Utf8).is_err());
    assert_eq!(
        parse_one("a=b,c", Mode::Classic).unwrap().matchers[0].value(),
        "b,c"
    );
    assert!(parse_one("", Mode::Fallback).is_err());
}

#[test]
fn an_absent_label_is_empty() {
    let alert = Labels::from_pairs([("a", "b")]);
    for (text, expected) in [
        ("a=b", true),
        ("a=b,c=d", false),
        ("c=\"\"", true),
        ("c!=d", true),
        ("c=~\".*\"", true),
        ("c=~\".+\"", false),
        ("", true),
    ] {
        let matchers = parse(text, Mode::Fallback).unwrap().matchers;
        assert_eq!(all_match(&matchers, &alert), expected, "{text}");
    }
}

proptest! {
    #[test]
    fn what_is_shown_reads_back(
        conditions in prop::collection::vec(("[a-z\u{fc} ,{}\"]{1,4}", 0..4usize, "[a\"\\\\,\n{}= \u{e9}']{0,6}"), 0..4)
    ) {
        let ops = [MatchOp::Equal, MatchOp::NotEqual, MatchOp::Regex, MatchOp::NotRegex];
        let matchers = conditions.iter().filter_map(|(name, op, value)| Matcher::new(ops[*op], name, value).ok());
        let matchers: Vec<Matcher> = matchers.collect();
        let shown = display(&matchers);
        prop_assert_eq!(&parse(&shown, Mode::Utf8).unwrap().matchers, &matchers, "{}", &shown);
        if matchers.iter().all(|matcher| plimsoll_types::is_legacy_label_name(matcher.name())) {
            let parsed = parse(&shown, Mode::Fallback).unwrap();
            prop_assert_eq!(&parsed.matchers, &matchers, "{}", &shown);
            prop_assert_eq!(parsed.warning, None, "{}", &shown);
        }
    }
}

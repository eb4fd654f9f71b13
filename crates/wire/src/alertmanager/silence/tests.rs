use proptest::collection::{btree_map, vec};
use proptest::prelude::*;

use super::super::listed::tests::any_extras;
use super::*;

const GOOD: &str = concat!(
    r#"{"matchers":[{"name":"a","value":"b","isRegex":false}],"startsAt":"1970-01-01T00:00:01Z","#,
    r#""endsAt":"1970-01-01T00:00:02Z","createdBy":"me","comment":"c"}"#,
);

fn refused(text: &str) -> String {
    decode_silence(text.as_bytes()).unwrap_err().to_string()
}

#[test]
fn what_must_be_there_is_asked_for_in_alertmanager_s_order_and_words() {
    for (from, to, expected) in [
        (GOOD, "", "silence in body is required"),
        (GOOD, "null", "comment in body is required"),
        (GOOD, "{}", "comment in body is required"),
        (
            "\"comment\":\"c\"",
            "\"comment\":null",
            "comment in body is required",
        ),
        ("createdBy", "by", "createdBy in body is required"),
        ("endsAt", "end", "endsAt in body is required"),
        ("startsAt", "start", "startsAt in body is required"),
        ("matchers", "conditions", "matchers in body is required"),
        (
            r#"[{"name":"a","value":"b","isRegex":false}]"#,
            "[]",
            "matchers in body should have at least 1 items",
        ),
        (
            r#"[{"name":"a","value":"b","isRegex":false}]"#,
            "[null]",
            "matchers.0.isRegex in body is required",
        ),
        (
            ",\"isRegex\":false",
            "",
            "matchers.0.isRegex in body is required",
        ),
        ("\"name\":\"a\",", "", "matchers.0.name in body is required"),
        (
            "\"value\":\"b\",",
            "",
            "matchers.0.value in body is required",
        ),
        (
            "\"comment\"",
            "\"matcherSets\":[[]],\"comment\"",
            "matcherSets.0 in body should have at least 1 items",
        ),
        (
            "\"comment\"",
            "\"recurrence\":{\"timeZone\":\"UTC\"},\"comment\"",
            "recurrence.rrule in body is required",
        ),
    ] {
        assert_eq!(refused(&GOOD.replacen(from, to, 1)), expected);
    }
}

#[test]
fn what_is_no_silence_is_refused_with_its_place() {
    for (text, expected) in [
        (
            "[]",
            "line 1, column 2: invalid type: sequence, expected an object",
        ),
        ("{", "line 1, column 1: EOF while parsing an object"),
        (
            "{\"matchers\":[1]}",
            "line 1, column 14: invalid type: integer `1`, expected an object",
        ),
        (
            "{\n\"startsAt\":\"soon\"}",
            "line 2, column 18: wanted a time such as 2026-11-21T20:00:00.000Z, found \"soon\"",
        ),
    ] {
        assert_eq!(refused(text), expected, "{text}");
    }
    let long = GOOD.replace("\"c\"", &format!("\"{}\"", "c".repeat(SILENCE_BYTES_MAX)));
    assert_eq!(
        refused(&long),
        "the request takes more than 256 KiB of memory"
    );
}

#[test]
fn names_are_read_in_any_case_and_go_s_zero_is_no_time() {
    let text = GOOD
        .replace("matchers", "MATCHERS")
        .replace("startsAt", "STARTSAT")
        .replace("1970-01-01T00:00:01Z", "0001-01-01T00:00:00Z")
        .replace("isRegex\":false", "ISREGEX\":true,\"new\":[{}]");
    let silence = decode_silence(format!("{text} rest").as_bytes()).unwrap();
    assert_eq!(silence.starts_at, None);
    assert_eq!(silence.ends_at, Some(Timestamp::from_millis(2_000)));
    assert_eq!(
        silence.matchers[0].compile().unwrap().to_string(),
        "a=~\"b\""
    );
    assert_eq!(silence.id, None);
}

fn any_posted() -> impl Strategy<Value = PostedSilence> {
    let time = || {
        prop::option::of(
            (-62_135_596_799_999_i64..=253_402_300_799_999).prop_map(Timestamp::from_millis),
        )
    };
    let matcher = (any::<bool>(), any::<bool>(), ".{0,4}", ".{0,4}");
    let matcher = matcher.prop_map(|(is_equal, is_regex, name, value)| ListedMatcher {
        is_equal,
        is_regex,
        name,
        value,
    });
    let texts = (
        prop::option::of(".{1,5}"),
        ".{0,5}",
        ".{0,5}",
        btree_map(".{0,5}", ".{0,5}", 0..3),
    );
    (vec(matcher, 1..4), (time(), time()), texts, any_extras()).prop_map(
        |(matchers, (starts_at, ends_at), (id, created_by, comment, annotations), extras)| {
            PostedSilence {
                id,
                matchers,
                starts_at,
                ends_at,
                created_by,
                comment,
                annotations: annotations.into_iter().collect(),
                extras,
            }
        },
    )
}

proptest! {
    #[test]
    fn what_is_written_reads_back(silence in any_posted()) {
        prop_assert_eq!(decode_silence(&encode_silence(&silence)), Ok(silence));
    }

    #[test]
    fn matchers_compile_to_what_they_say(is_equal: bool, is_regex: bool, name in "[a-z]{1,4}", value in "[a-z]{0,4}") {
        let listed = ListedMatcher { is_equal, is_regex, name, value };
        prop_assert_eq!(ListedMatcher::from(&listed.compile().unwrap()), listed);
    }
}

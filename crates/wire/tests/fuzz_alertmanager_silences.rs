//! Hostile bytes for the readers of silences and of what an Alertmanager lists: no panic, short errors, and what was
//! read can be written and reads back equal.

use bolero::check;
use plimsoll_wire::alertmanager::{
    ListedGroup, ListedReceiver, ListedSilence, SILENCE_BYTES_MAX, Status, decode_silence,
    encode_silence,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

fn judge(body: &[u8]) {
    match decode_silence(body) {
        Err(error) => assert!(error.to_string().len() < 500, "{error}"),
        Ok(silence) => {
            assert!(!silence.matchers.is_empty() && body.len() <= SILENCE_BYTES_MAX);
            let mut again = decode_silence(&encode_silence(&silence)).expect("it was written here");
            // Only what lies outside the years that can be written changes.
            again.starts_at = silence.starts_at;
            again.ends_at = silence.ends_at;
            if let (Some(again), Some(rule)) =
                (&mut again.extras.recurrence, &silence.extras.recurrence)
            {
                (again.starts_at, again.ends_at) = (rule.starts_at, rule.ends_at);
            }
            let mut expected = silence;
            // Of two annotations of one name there is one left anyway.
            expected.annotations.sort();
            assert_eq!(again, expected);
        }
    }
    lists::<Vec<ListedGroup>>(body);
    lists::<ListedSilence>(body);
    lists::<Vec<ListedReceiver>>(body);
    lists::<Status>(body);
}

/// What was read is written, read, and written the same once more.
fn lists<T: Serialize + DeserializeOwned>(body: &[u8]) {
    let Ok(read) = serde_json::from_slice::<T>(body) else {
        return;
    };
    let written = serde_json::to_vec(&read).expect("views become JSON");
    let again: T = serde_json::from_slice(&written).expect("it was written here");
    assert_eq!(
        serde_json::to_vec(&again).expect("views become JSON"),
        written
    );
}

#[test]
fn any_bytes() {
    check!().for_each(judge);
}

#[test]
fn nearly_silences() {
    const PIECES: &[&str] = &[
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "null",
        "true",
        "\"x\"",
        "\"\"",
        "\"id\":",
        "\"matchers\":[{\"name\":\"a\",\"value\":\"b\",\"isRegex\":false}]",
        "\"matchers\":[null]",
        "\"isEqual\":",
        "\"createdBy\":\"me\",\"comment\":\"c\"",
        "\"startsAt\":\"0001-01-01T00:00:00Z\"",
        "\"endsAt\":\"9999-12-31T23:59:59-10:00\"",
        "{\"matchers\":[{\"name\":\"a\",\"value\":\"b\",\"isRegex\":true}],\"startsAt\":\"\",\"endsAt\":\"2026-11-21\",\
         \"createdBy\":\"\",\"comment\":\"\"",
        "\"annotations\":{\"a\":null,\"b\":\"\"}",
        "\"matcherSets\":[[{\"name\":\"a\",\"value\":\"b\",\"isRegex\":false}]]",
        "\"recurrence\":{\"rrule\":\"FREQ=DAILY\",\"startsAt\":\"2026-11-21T00:00:00Z\"}",
        "\"untilResolvedGrace\":\"10m\"",
        " ",
        "\"status\":{\"state\":\"active\"},\"updatedAt\":\"2026-11-21\",\"id\":\"\"",
        "\"labels\":{},\"receiver\":{\"name\":\"r\"},\"alerts\":[]",
        "\"name\":\"r\"",
    ];
    check!().with_type::<Vec<u8>>().for_each(|choices| {
        let pieces = choices
            .iter()
            .map(|choice| PIECES[usize::from(*choice) % PIECES.len()]);
        judge(pieces.collect::<String>().as_bytes());
    });
}

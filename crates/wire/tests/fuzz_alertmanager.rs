//! Hostile bytes for the reader of posted alerts: no panic, nothing beyond the limits, and what counts can be written.

use std::time::Duration;

use bolero::check;
use plimsoll_types::{ByteCount, Timestamp};
use plimsoll_wire::alertmanager::{Limits, decode, encode};

const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);

fn judge(body: &[u8]) {
    let limits = Limits {
        alerts: 50,
        memory: ByteCount(16 << 10),
    };
    let posted = match decode(body, &limits) {
        Ok(posted) => posted,
        Err(error) => return assert!(error.to_string().len() < 500, "{error}"),
    };
    assert!(posted.len() <= limits.alerts);
    let bytes = posted
        .iter()
        .flat_map(|alert| alert.labels.iter().chain(&alert.annotations));
    assert!(
        bytes
            .map(|(name, value)| name.len() + value.len())
            .sum::<usize>()
            <= 16 << 10
    );
    for posted in posted {
        let Ok(accepted) = posted.accept(NOW, Duration::from_secs(300)) else {
            continue;
        };
        let again =
            decode(&encode([&accepted.alert]), &Limits::default()).expect("it was written here");
        let again = again
            .into_iter()
            .map(|posted| posted.accept(NOW, Duration::ZERO));
        let again: Vec<_> = again
            .map(|accepted| accepted.expect("it was accepted").alert)
            .collect();
        // Only what lies outside the years that can be written changes.
        let mut expected = accepted.alert;
        expected.starts_at = again[0].starts_at;
        expected.ends_at = again[0].ends_at;
        assert_eq!(again, [expected]);
    }
}

#[test]
fn any_bytes() {
    check!().for_each(judge);
}

#[test]
fn nearly_alerts() {
    const PIECES: &[&str] = &[
        "[",
        "]",
        "{",
        "}",
        ",",
        ":",
        "\"labels\"",
        "\"annotations\"",
        "\"startsAt\"",
        "\"endsAt\"",
        "\"generatorURL\"",
        "\"a\"",
        "\"\"",
        "\"b\"",
        "null",
        "1",
        "\"http://h/\"",
        "{\"a\":\"b\"}",
        "[{\"labels\":{\"a\":\"b\"}",
        "\"2026-11-21T20:00:00.000Z\"",
        "\"0001-01-01T00:00:00Z\"",
        "\"9999-12-31T23:59:59-10:00\"",
        "\"0000-01-01T00:00:00+10:00\"",
        "\"\\ud800\"",
        " ",
    ];
    check!().with_type::<Vec<u8>>().for_each(|choices| {
        let pieces = choices
            .iter()
            .map(|choice| PIECES[usize::from(*choice) % PIECES.len()]);
        judge(pieces.collect::<String>().as_bytes());
    });
}

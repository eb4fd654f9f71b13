use super::*;

/// 1994-11-06 08:49:37 UTC, of RFC 9110.
const RFC_DATE: i64 = 784_111_777;

fn check(value: &str, now_seconds: i64, expected: Option<u64>) {
    let parsed = parse_retry_after(value.as_bytes(), now_seconds);
    assert_eq!(parsed, expected.map(Duration::from_secs), "{value:?}");
}

#[test]
fn seconds_are_read() {
    check("120", 0, Some(120));
    check(" 0\t", 0, Some(0));
    check("86401", 0, Some(86_400));
    check("99999999999999999999999999", 0, Some(86_400));
    for bad in ["", "-1", "1.5", "+1", "1 2", "soon"] {
        check(bad, 0, None);
    }
}

#[test]
fn dates_are_read() {
    let date = "Sun, 06 Nov 1994 08:49:37 GMT";
    check(date, RFC_DATE - 30, Some(30));
    check(date, RFC_DATE, Some(0));
    check(date, RFC_DATE + 1, Some(0));
    check(date, 0, Some(86_400));
    check("Thu, 29 Feb 2024 23:59:60 GMT", 1_709_251_199, Some(1));
    check("Thu, 01 Jan 1970 00:00:01 GMT", 0, Some(1));
    check("Wed, 31 Dec 1969 23:59:59 GMT", -5, Some(4));
    check("Sat, 01 Mar 2036 00:00:00 GMT", 2_087_942_400 - 7, Some(7));
}

#[test]
fn other_dates_are_as_nothing() {
    for bad in [
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
        "Sun, 06 Nov 1994 08:49:37 UTC",
        "Sun, 32 Nov 1994 08:49:37 GMT",
        "Sun, 00 Nov 1994 08:49:37 GMT",
        "Sun, 06 nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:49:37 GMT",
        "Sun, 06 Nov 1994 08:60:37 GMT",
        "Sun, 06 Nov 1994 08:49:61 GMT",
        "Sun, +6 Nov 1994 08:49:37 GMT",
        "Sun,\u{a0}6 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:3\u{df} GMT",
    ] {
        check(bad, 0, None);
    }
    assert_eq!(parse_retry_after(b"\xff1", 0), None);
    assert_eq!(
        parse_retry_after(b"Sun, 06 Nov 1994 08:49:37 GMT", i64::MIN),
        Some(LONGEST)
    );
}

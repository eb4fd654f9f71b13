//! Texts that strangers send, read as rules: no panic, and what is taken is written back as read.

use plimsoll_recurrence::Recurrence;

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Bytes choose parts of rules, so that most inputs get past the first character.
fn rule(bytes: &[u8]) -> String {
    const PARTS: [&str; 32] = [
        "FREQ=",
        "DAILY",
        "WEEKLY",
        "MONTHLY",
        "YEARLY",
        "HOURLY",
        ";",
        "INTERVAL=",
        "COUNT=",
        "UNTIL=",
        "BYDAY=",
        "BYMONTHDAY=",
        "BYMONTH=",
        "WKST=",
        "MO",
        "SU",
        "1",
        "-1",
        "0",
        "9",
        "31",
        "99999999999",
        ",",
        "=",
        "T",
        "Z",
        "20270101",
        "235959",
        "BYHOUR=",
        "RRULE:",
        " ",
        "\u{e9}",
    ];
    bytes
        .iter()
        .map(|byte| PARTS[usize::from(byte % 32)])
        .collect()
}

fn check_rule(text: &str) {
    let Ok(read) = Recurrence::parse(text, "Europe/Berlin") else {
        return;
    };
    let again = Recurrence::parse(&read.rule(), read.zone());
    assert_eq!(again, Ok(read), "{text}");
}

#[test]
fn rules() {
    bolero::check!().for_each(|bytes: &[u8]| {
        check_rule(&text(bytes));
        check_rule(&rule(bytes));
        check_rule(&format!("FREQ=MONTHLY;{}", rule(bytes)));
    });
}

#[test]
fn zones() {
    bolero::check!().for_each(|bytes: &[u8]| {
        let _ = Recurrence::parse("FREQ=DAILY", &text(bytes));
    });
}

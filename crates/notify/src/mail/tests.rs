use plimsoll_types::Labels;
use proptest::prelude::*;

use super::*;
use crate::Reason;

fn notice() -> Notice {
    Notice {
        id: "0123456789abcdef".into(),
        receiver: "mails".into(),
        group_key: "{}:{alertname=\"Down\"}".into(),
        group_labels: Labels::empty(),
        route_labels: Labels::empty(),
        reason: Reason::First,
        alerts: Vec::new(),
        truncated: 0,
        external_url: "http://alerts.example".into(),
        now: Timestamp::from_millis(1_700_000_000_000),
        is_degraded: false,
        previous: None,
    }
}

fn draft() -> Draft {
    Draft {
        from: "Alerts <alerts@example.org>".into(),
        to: "one@example.org, \"Two, the second\" <two@example.org>".into(),
        subject: "[FIRING:1] Down".into(),
        headers: vec![("X-Team".into(), "a".into())],
        text: "plain".into(),
        html: "<p>rich = €</p>".into(),
        threading: Threading::Daily,
    }
}

fn write(draft: Draft) -> Mail {
    let globals = Arc::new(SmtpGlobals::default());
    Mail::new(globals, draft, &notice()).unwrap()
}

#[test]
fn a_mail_as_it_goes_out() {
    let mail = write(draft());
    assert_eq!(mail.from, "alerts@example.org");
    assert_eq!(mail.to, ["one@example.org", "two@example.org"]);
    let message = String::from_utf8(mail.message).unwrap();
    let written = [
        "From: \"Alerts\" <alerts@example.org>",
        "To: one@example.org, \"Two, the second\" <two@example.org>",
        "Subject: [FIRING:1] Down",
        "X-Team: a",
        "Message-Id: <9f9f5111f7b27a781f1f1ddde5ebc2dd@example.org>",
        "Date: Tue, 14 Nov 2023 22:13:20 +0000",
        "References: <af94c9e8f6a3043625e36c6f472fe6be-2023-11-14@example.org>",
        "In-Reply-To: <af94c9e8f6a3043625e36c6f472fe6be-2023-11-14@example.org>",
        "MIME-Version: 1.0",
        "Content-Type: multipart/alternative;",
        " boundary=\"=_9f9f5111f7b27a781f1f1ddde5ebc2dd\"",
        "",
        "--=_9f9f5111f7b27a781f1f1ddde5ebc2dd",
        "Content-Type: text/plain; charset=UTF-8",
        "Content-Transfer-Encoding: quoted-printable",
        "",
        "plain",
        "--=_9f9f5111f7b27a781f1f1ddde5ebc2dd",
        "Content-Type: text/html; charset=UTF-8",
        "Content-Transfer-Encoding: quoted-printable",
        "",
        "<p>rich =3D =E2=82=AC</p>",
        "--=_9f9f5111f7b27a781f1f1ddde5ebc2dd--",
        "",
    ];
    assert_eq!(message, written.join("\r\n"));
}

#[test]
fn no_text_can_add_a_header_or_end_a_part() {
    let mut hostile = draft();
    hostile.subject = "a\r\nBcc: all@example.org\r\n\r\nb".into();
    hostile.headers[0].1 = "x\nBcc: more@example.org".into();
    let id = hex_of(&notice().id);
    hostile.html = format!("x\n--=_{id}--\n.\nmore");
    let mail = String::from_utf8(write(hostile).message).unwrap();
    assert!(mail.lines().all(|line| !line.starts_with("Bcc")), "{mail}");
    assert_eq!(mail.matches(&format!("--=_{id}--")).count(), 1);
}

#[test]
fn addresses_of_all_kinds() {
    let names = |text: &str| {
        let list = Address::parse_list(text)?;
        let shown = list.iter().map(Address::to_header);
        Ok::<_, String>(shown.collect::<Vec<_>>().join("|"))
    };
    let good = [
        ("a@b", "a@b"),
        (" a@b , c@d ,", "a@b|c@d"),
        ("<a@b>", "a@b"),
        ("A B <a@b>", "\"A B\" <a@b>"),
        (r#""A \"x\", B" <a@b>"#, r#""A \"x\", B" <a@b>"#),
        ("Jörg <a@b>", "=?utf-8?q?J=C3=B6rg?= <a@b>"),
    ];
    for (text, shown) in good {
        assert_eq!(names(text).as_deref(), Ok(shown), "{text}");
    }
    for text in [
        "",
        " , ",
        "nobody",
        "a@",
        "@b",
        "a b@c",
        "a@b> RCPT TO:<c@d",
        "a@b\r\nX: y",
    ] {
        assert!(names(text).is_err(), "{text}");
    }
}

/// Undoes a header, strictly: encoded words, or runs between spaces.
fn unfolded(text: &str) -> String {
    let value = text.strip_prefix("Subject:").unwrap().replace("\r\n", "");
    if !value.starts_with(" =?utf-8?q?") {
        return value.trim().to_owned();
    }
    let words = value.split_ascii_whitespace().map(|word| {
        let word = word.strip_prefix("=?utf-8?q?").unwrap();
        word.strip_suffix("?=").unwrap().replace('_', " ")
    });
    // Characters are never cut in two, so each word is a text of its own.
    let texts = words.map(|word| String::from_utf8(unquoted(&word)).unwrap());
    texts.collect()
}

/// Undoes quoted-printable, strictly.
fn unquoted(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let joined = text.replace("=\r\n", "");
    let mut rest = joined.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        if *first == b'=' {
            let code = std::str::from_utf8(&after[..2]).unwrap();
            bytes.push(u8::from_str_radix(code, 16).unwrap());
            rest = &after[2..];
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    bytes
}

proptest! {
    #[test]
    fn any_body_comes_through(text in "(\\PC|[\n\t =.]){0,300}") {
        let mut quoted = String::new();
        quoted_printable(&text, &mut quoted);
        for line in quoted.split("\r\n") {
            prop_assert!(line.len() <= 76 && line.is_ascii() && !line.ends_with([' ', '\t']));
        }
        prop_assert!(!quoted.contains("=_"));
        let back = String::from_utf8(unquoted(&quoted)).unwrap();
        prop_assert_eq!(back, text.replace('\n', "\r\n"));
    }

    #[test]
    fn any_header_is_one_header(value in "(\\PC|[\r\n\t \u{0}\u{85}]|[a-z]{50}){0,60}") {
        let text = header("Subject", &value);
        prop_assert!(text.ends_with("\r\n") && text.is_ascii());
        let lines: Vec<_> = text.trim_end_matches("\r\n").split("\r\n").collect();
        prop_assert!(lines.iter().all(|line| line.len() <= 998));
        prop_assert!(lines[1..].iter().all(|line| line.starts_with(' ')));
        prop_assert!(!text.replace("\r\n", "").contains(['\r', '\n']));
        let clean = value.replace(char::is_control, " ");
        let back = unfolded(&text);
        match back.is_ascii() && !text.starts_with("Subject: =?") {
            // Folding may make one space of several.
            true => prop_assert!(back.split(' ').eq(clean.split(' ').filter(|run| !run.is_empty()))
                || clean.trim().is_empty()),
            false => prop_assert_eq!(back, clean.trim()),
        }
    }

    #[test]
    fn any_text_for_addresses_is_read_or_refused(text in "\\PC{0,60}") {
        if let Ok(list) = Address::parse_list(&text) {
            for address in list {
                prop_assert!(address.mailbox.contains('@'));
                prop_assert!(!address.mailbox.contains(['<', '>', ' ', '\r', '\n']));
            }
        }
    }
}

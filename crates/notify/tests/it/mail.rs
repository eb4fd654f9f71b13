//! Mail against a mail server on loopback.

use std::sync::Arc;

use plimsoll_notify::Verdict;
use plimsoll_testkit::FakeClock;

use crate::bench::{Bench, LONG, NOW, notice, only};
use crate::mail_server::{MailServer, Manner};

/// Sends a notice to one@example.org and two@example.org; `keys` are further lines of `global`.
async fn send(server: &MailServer, keys: &str) -> Verdict {
    let directory = tempfile::tempdir().unwrap();
    let authority = directory.path().join("ca.pem");
    std::fs::write(&authority, server.identity.authority()).unwrap();
    let text = format!(
        "global:\n  smtp_smarthost: 127.0.0.1:{}\n  smtp_from: alerts@example.org\n  \
         smtp_tls_config: {{ca_file: {}}}\n{keys}\
         receivers:\n- name: team\n  email_configs:\n  - to: one@example.org, two@example.org\n    \
         html: ''\n    text: \"{{{{ .Status }}}}\\n.dot\"\n",
        server.port,
        authority.display(),
    );
    Bench::new().send(&only(&text)).await
}

const CLEAR: &str = "  smtp_require_tls: false\n";

#[tokio::test]
async fn a_mail_goes_out_line_by_line() {
    let server = MailServer::start(Manner::default());
    assert_eq!(send(&server, CLEAR).await, Verdict::sent());
    let heard = server.heard();
    let envelope = [
        "EHLO localhost",
        "MAIL FROM:<alerts@example.org>",
        "RCPT TO:<one@example.org>",
        "RCPT TO:<two@example.org>",
        "DATA",
        "From: alerts@example.org",
        "To: one@example.org, two@example.org",
        "Subject: [FIRING:1] Down (web-1)",
    ];
    assert_eq!(heard[..8], envelope);
    let at = heard.iter().position(|line| line == "firing").unwrap();
    assert_eq!(
        heard[at + 1],
        "..dot",
        "a dot at the start of a line is doubled"
    );
    assert_eq!(heard[heard.len() - 2..], [".", "QUIT"]);
}

#[tokio::test]
async fn the_password_goes_through_starttls() {
    let server = MailServer::start(Manner {
        extensions: vec!["STARTTLS", "AUTH XOAUTH2 PLAIN LOGIN"],
        ..Manner::default()
    });
    let keys =
        "  smtp_auth_username: me\n  smtp_auth_password: pass\n  smtp_hello: alerts.example\n";
    assert_eq!(send(&server, keys).await, Verdict::sent());
    let heard = server.heard();
    let wanted = [
        "EHLO alerts.example",
        "STARTTLS",
        "(TLS)",
        "EHLO alerts.example",
        // "\0me\0pass"
        "AUTH PLAIN AG1lAHBhc3M=",
    ];
    assert_eq!(heard[..5], wanted);
}

#[tokio::test]
async fn tls_from_the_first_byte() {
    let server = MailServer::start(Manner {
        is_implicit: true,
        ..Manner::default()
    });
    let keys = "  smtp_force_implicit_tls: true\n";
    assert_eq!(send(&server, keys).await, Verdict::sent());
    assert!(server.heard().contains(&"DATA".to_owned()));
}

#[tokio::test]
async fn login_and_cram_md5() {
    let login = MailServer::start(Manner {
        extensions: vec!["AUTH=LOGIN"],
        replies: vec![
            ("AUTH LOGIN", "334 VXNlcm5hbWU6"),
            ("bWU=", "334 UGFzc3dvcmQ6"),
            ("cGFzcw==", "235 ok"),
        ],
        ..Manner::default()
    });
    let keys = format!("{CLEAR}  smtp_auth_username: me\n  smtp_auth_password: pass\n");
    assert_eq!(send(&login, &keys).await, Verdict::sent());
    assert_eq!(login.heard()[1..4], ["AUTH LOGIN", "bWU=", "cGFzcw=="]);

    let cram = MailServer::start(Manner {
        extensions: vec!["AUTH CRAM-MD5 PLAIN"],
        replies: vec![
            // The example of RFC 2195.
            (
                "AUTH CRAM-MD5",
                "334 PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2UucmVzdG9uLm1jaS5uZXQ+",
            ),
            ("dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw", "235 ok"),
        ],
        ..Manner::default()
    });
    let keys = format!("{CLEAR}  smtp_auth_username: tim\n  smtp_auth_secret: tanstaaftanstaaf\n");
    assert_eq!(send(&cram, &keys).await, Verdict::sent());
    assert_eq!(
        cram.heard()[2],
        "dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw"
    );
}

async fn verdict_of(reply: (&'static str, &'static str)) -> Verdict {
    let server = MailServer::start(Manner {
        replies: vec![reply],
        ..Manner::default()
    });
    send(&server, CLEAR).await
}

#[tokio::test]
async fn a_code_is_a_verdict() {
    let temporary = [
        ("MAIL", "451 later"),
        ("RCPT TO:<two", "450 greylisted"),
        ("DATA", "421 closing"),
        (".", "452 full"),
        ("MAIL", "nonsense"),
        ("MAIL", "250-no end\r\n250-still none\r\nx"),
    ];
    for reply in temporary {
        let verdict = verdict_of(reply).await;
        assert!(
            matches!(verdict, Verdict::Retry { .. }),
            "{reply:?}: {verdict:?}"
        );
    }
    // The whole mail is there, and the server says nothing that says whether it keeps it.
    let verdict = verdict_of((".", "nonsense")).await;
    assert!(matches!(verdict, Verdict::Unknown { .. }), "{verdict:?}");
    for reply in [
        ("MAIL", "550 no"),
        ("RCPT", "550 nobody"),
        ("DATA", "554 no"),
        (".", "554 spam"),
    ] {
        match verdict_of(reply).await {
            Verdict::Refused { reason } => assert!(reason.contains(&reply.1[..3]), "{reason}"),
            other => panic!("{reply:?}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn one_unknown_recipient_keeps_nobody_else_from_being_told() {
    let verdict = verdict_of(("RCPT TO:<one", "550 nobody of that name")).await;
    assert_eq!(verdict, Verdict::sent());
}

#[tokio::test]
async fn tls_that_is_required_is_not_done_without() {
    let server = MailServer::start(Manner::default());
    let verdict = send(&server, "").await;
    let reason = "`require_tls` is set, but the mail server does not offer STARTTLS";
    assert_eq!(verdict, Verdict::retry(reason));
    assert_eq!(server.heard(), ["EHLO localhost"]);

    let injecting = MailServer::start(Manner {
        extensions: vec!["STARTTLS"],
        injected: "\r\n250 trust me",
        ..Manner::default()
    });
    let verdict = send(&injecting, "").await;
    assert!(matches!(verdict, Verdict::Retry { .. }), "{verdict:?}");
    assert!(
        !injecting
            .heard()
            .iter()
            .any(|line| line.starts_with("MAIL"))
    );
}

#[tokio::test]
async fn a_silent_mail_server_ends_at_the_deadline() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let text = format!(
        "global: {{smtp_smarthost: '{}', smtp_from: a@b}}\n\
         receivers:\n- name: team\n  email_configs: [{{to: c@d}}]\n",
        listener.local_addr().unwrap()
    );
    let integration = only(&text);
    let clock = FakeClock::new(NOW);
    let bench = Bench::with_clock(Arc::new(clock.clone()));
    let sending = bench.sender.send(&integration, Arc::new(notice()), LONG);
    let time = async {
        listener.set_nonblocking(true).unwrap();
        loop {
            match listener.accept() {
                Ok(held) => {
                    clock.advance(LONG);
                    return held;
                }
                Err(_) => tokio::task::yield_now().await,
            }
        }
    };
    let (verdict, _held) = tokio::join!(sending, time);
    let reason = "the receiver did not answer within 1m";
    assert_eq!(verdict, Verdict::unknown(reason));
}

#[tokio::test]
async fn a_server_that_repeats_what_it_heard_tells_no_secret() {
    let server = MailServer::start(Manner {
        extensions: vec!["AUTH PLAIN"],
        // "\0me\0s3cret"
        replies: vec![(
            "AUTH PLAIN",
            "535 AG1lAHMzY3JldA== is not it, nor is s3cret",
        )],
        ..Manner::default()
    });
    let keys = format!("{CLEAR}  smtp_auth_username: me\n  smtp_auth_password: s3cret\n");
    assert_eq!(
        send(&server, &keys).await,
        Verdict::refused(
            "the mail server answered AUTH with 535 <secret> is not it, nor is <secret>"
        )
    );
}

#[tokio::test]
async fn a_header_whose_template_fails_costs_no_mail() {
    let server = MailServer::start(Manner::default());
    let text = format!(
        "global: {{smtp_smarthost: '127.0.0.1:{}', smtp_from: alerts@example.org, smtp_require_tls: false}}\n\
         receivers:\n- name: team\n  email_configs:\n  - to: one@example.org\n    \
         headers: {{X-Team: '{{{{ template \"nobody\" . }}}}', X-Site: 'x'}}\n",
        server.port,
    );
    assert_eq!(Bench::new().send(&only(&text)).await, Verdict::sent());
    let heard = server.heard();
    assert!(heard.contains(&"X-Site: x".to_owned()), "{heard:?}");
    assert!(!heard.iter().any(|line| line.starts_with("X-Team")));
}

//! `global` and mail as alertmanager.yml has them.

use plimsoll_notify::receivers::ALL;
use plimsoll_runtime::config::Severity;

use crate::bench::read;

/// A file with one mail: `global` and the entry as flow mappings.
fn mail(global: &str, entry: &str) -> String {
    format!("global: {{{global}}}\nreceivers:\n- name: a\n  email_configs:\n  - {{{entry}}}\n")
}

const GOOD: &str = "smtp_smarthost: 'h:25', smtp_from: a@b";

fn errors(text: &str) -> Vec<String> {
    let (_, findings) = read(text);
    let errors = findings
        .iter()
        .filter(|finding| finding.severity == Severity::Error);
    errors
        .map(|finding| format!("{}:{}: {}", finding.line, finding.column, finding.message))
        .collect()
}

#[test]
fn what_amtool_accepts() {
    let more = |global: &str| format!("{GOOD}, {global}");
    let files = [
        mail(GOOD, "to: c@d"),
        mail("", "to: c@d, smarthost: 'h:smtp', from: a@b"),
        mail("smtp_smarthost: ':25', smtp_from: x", "to: c@d"),
        mail(&more("http_config: {proxy_url: foo}"), "to: c@d, html: ''"),
        mail(&more("smtp_hello: '', resolve_timeout: 0s"), "to: c@d"),
        mail(
            &more("slack_api_url: 'https://slack.example/x', victorops_api_key: x"),
            "to: c@d",
        ),
        "global:\nreceivers: [{name: a}]\n".to_owned(),
    ];
    for text in files {
        assert_eq!(errors(&text), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn what_amtool_refuses() {
    let more = |global: &str| format!("{GOOD}, {global}");
    let files = [
        (mail("", "to: c@d"), "5:6: a mail needs a `smarthost`"),
        (mail(GOOD, "from: a@b"), "5:6: a mail needs a `to`"),
        (
            mail("smtp_smarthost: h, smtp_from: a@b", "to: c@d"),
            "1:26: expected `host:port`, found `h`",
        ),
        (
            mail("smtp_smarthost: 'h:', smtp_from: a@b", "to: c@d"),
            "1:26: expected `host:port`",
        ),
        (
            mail(GOOD, "to: c@d, headers: {subject: x, Subject: y}"),
            "the header `subject` is there twice",
        ),
        (
            mail(
                &more("smtp_auth_password: a, smtp_auth_password_file: b"),
                "to: c@d",
            ),
            "`smtp_auth_password_file` and `smtp_auth_password` exclude each other",
        ),
        (
            mail(&more("slack_api_url: 'ftp://x'"), "to: c@d"),
            "expected a URL with http or https",
        ),
        (mail(&more("slack_api_url: ''"), "to: c@d"), "not a URL"),
        (mail(&more("pagerduty_url: ''"), "to: c@d"), "not a URL"),
        (mail(&more("unknown: 1"), "to: c@d"), "unknown"),
    ];
    for (text, wanted) in files {
        let found = errors(&text);
        assert!(
            found.iter().any(|line| line.contains(wanted)),
            "{text}\n{found:?}"
        );
    }
}

#[test]
fn kinds_that_we_do_not_have_are_refused_by_name() {
    let found = errors("receivers:\n- name: a\n  pushover_configs: [{user_key: x}]\n");
    assert_eq!(
        found,
        ["3:3: receivers of the kind `pushover` are not supported"]
    );
    let (_, findings) = read("receivers:\n- name: a\n  sns_configs: []\n");
    let hint = findings[0].hint.clone().unwrap();
    assert!(ALL.iter().all(|kind| hint.contains(kind)), "{hint}");
}

#[test]
fn a_token_that_nobody_would_fetch_is_refused() {
    let file = |grant: &str| {
        let oauth2 = format!("client_id: a, client_secret: b, token_url: 'http://x/'{grant}");
        let global = format!("{GOOD}, http_config: {{oauth2: {{{oauth2}}}}}");
        mail(&global, "to: c@d")
    };
    assert_eq!(errors(&file("")), Vec::<String>::new());
    let found = errors(&file(
        ", grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer'",
    ));
    let wanted = "jwt-bearer` is not supported for receivers";
    assert!(found[0].contains(wanted), "{found:?}");
}

#[test]
fn the_entry_wins_over_global() {
    let text = mail(
        "smtp_smarthost: 'h:25', smtp_from: a@b, smtp_auth_username: u, smtp_auth_password_file: p, \
         smtp_require_tls: false",
        "to: c@d, smarthost: 'other:587', auth_password: hidden, require_tls: true, send_resolved: true",
    );
    let (receivers, findings) = read(&text);
    assert!(findings.is_empty(), "{findings:?}");
    let mail = &receivers[0].integrations[0];
    assert!(mail.sends_resolved);
    let shown = format!("{:?}", mail.receiver);
    for part in [
        "\"other\", port: 587",
        "username: \"u\"",
        "requires_tls: true",
        "Inline(<secret>)",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    assert!(!shown.contains("hidden"));
}

#[test]
fn any_text_is_read_or_refused() {
    bolero::check!()
        .with_type::<String>()
        .for_each(|text: &String| {
            if !text.contains('\0') {
                read(&format!(
                    "global: {text}\nreceivers:\n- name: a\n  email_configs:\n  - {text}\n"
                ));
            }
        });
}

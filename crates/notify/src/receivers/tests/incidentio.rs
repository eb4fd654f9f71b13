use plimsoll_runtime::http::{Authorization, SecretSource};

use super::{entry, good, labelled, notice, notice_of, payload, request};

const FIELDS: &str = "{url: 'http://h/v2/alert_events/alertmanager/x', alert_source_token: tok}";

#[test]
fn tells_the_group_as_a_webhook_does() {
    let integration = good("incidentio", FIELDS);
    let sent = request(&integration, &notice(true));
    assert_eq!(sent.url.as_str(), "http://h/v2/alert_events/alertmanager/x");
    let as_webhook = payload(&good("webhook", "{url: 'http://h/'}"), &notice(true));
    assert_eq!(super::body(&sent), as_webhook);
}

#[test]
fn is_known_by_its_token() {
    let expected = Authorization::Scheme {
        scheme: "Bearer".to_owned(),
        credentials: SecretSource::inline("tok"),
    };
    let global = "http_config: {follow_redirects: false, authorization: {credentials: other}}";
    let integration = entry("incidentio", FIELDS, global).unwrap();
    assert_eq!(integration.http.authorization, Some(expected));
    assert!(!integration.http.follows_redirects);
}

#[test]
fn leaves_out_alerts_for_which_there_is_no_room() {
    let names: Vec<_> = (0..300).map(|number| number.to_string()).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let notice = labelled(notice_of(&names, true), "long", &"x".repeat(4000));
    for fields in [
        FIELDS,
        "{url: 'http://h/', alert_source_token: t, max_alerts: 250}",
    ] {
        let sent = request(&good("incidentio", fields), &notice);
        assert!(sent.body.len() <= 512 * 1024, "{}", sent.body.len());
        let body = super::body(&sent);
        let told = body["alerts"].as_array().unwrap().len() as u64;
        assert!(told > 100, "{told}");
        assert_eq!(body["truncatedAlerts"], 300 - told);
    }
    // One that is too large alone is left to the service to judge.
    let huge = labelled(notice_of(&["a", "b"], true), "long", &"x".repeat(600_000));
    let body = payload(&good("incidentio", FIELDS), &huge);
    assert_eq!(body["alerts"].as_array().unwrap().len(), 1);
}

//! The section `plimsoll`, and what becomes of it.

use std::time::Duration;

use plimsoll_alerting::config::{
    DeadLetters, DeadMan, ExpiryNotice, Extension, Fallback, Heartbeat, Limits, RateLimit,
    ReceiverPolicy, SilencePolicy,
};
use plimsoll_alerting::matchers;
use plimsoll_types::{Annotations, ByteCount, Labels, Matcher};

use crate::config::{read, refused, with};

fn extension(text: &str) -> Extension {
    match read(&with(text)) {
        Ok(loaded) => loaded.config.plimsoll,
        Err(error) => panic!("{error}"),
    }
}

const MINUTE: Duration = Duration::from_secs(60);

#[test]
fn defaults_are_as_documented() {
    let expected = Extension {
        warm_up: Duration::from_secs(75),
        receivers: Vec::new(),
        dead_letters: None,
        dead_man: None,
        heartbeats: Vec::new(),
        silences: SilencePolicy {
            max_duration: None,
            notice: None,
        },
        limits: Limits {
            alerts: 200_000,
            bytes: ByteCount::GIB,
            silences: 10_000,
        },
        grace_without_database: Duration::from_secs(30),
    };
    assert_eq!(extension(""), expected);
    assert_eq!(extension("plimsoll:\n"), expected);
}

#[test]
fn what_is_written_counts() {
    let found = extension(
        "plimsoll:
  warm_up: 0s
  resolve_interval: 10s
  receivers:
  - name: a
    fallback: [b]
    fallback_after: {failures: 2, age: 1m}
    rate_limit: {notices: 30, per: 2m}
  - name: b
  dead_letters: {receiver: b, after: 2h}
  dead_man: {receiver: a}
  heartbeats:
  - name: Quiet
    matchers: [alertname=Watchdog]
    timeout: 5m
    labels: {severity: page}
    annotations: {summary: nothing was heard}
  silences: {max_duration: 7d, notify_before_expiry: 10m, receiver: b}
  limits: {alerts: 10, bytes: 2MiB, silences: 3}
  grace_without_database: 1m
",
    );
    let policy = |name: &str| ReceiverPolicy {
        name: name.into(),
        fallback: None,
        rate_limit: None,
    };
    let first = ReceiverPolicy {
        fallback: Some(Fallback {
            receivers: vec!["b".into()],
            failures: 2,
            age: MINUTE,
        }),
        rate_limit: Some(RateLimit {
            notices: 30,
            per: 2 * MINUTE,
        }),
        ..policy("a")
    };
    let expected = Extension {
        warm_up: Duration::ZERO,
        receivers: vec![first, policy("b")],
        dead_letters: Some(DeadLetters {
            receiver: "b".into(),
            after: 120 * MINUTE,
        }),
        dead_man: Some(DeadMan {
            receiver: "a".into(),
            interval: MINUTE,
        }),
        heartbeats: vec![Heartbeat {
            name: "Quiet".into(),
            matchers: vec![Matcher::equal("alertname", "Watchdog")],
            timeout: 5 * MINUTE,
            labels: Labels::from_pairs([("alertname", "Quiet"), ("severity", "page")]),
            annotations: Annotations::from_pairs([("summary", "nothing was heard")]),
        }],
        silences: SilencePolicy {
            max_duration: Some(7 * 24 * 60 * MINUTE),
            notice: Some(ExpiryNotice {
                receiver: "b".into(),
                before: 10 * MINUTE,
            }),
        },
        limits: Limits {
            alerts: 10,
            bytes: ByteCount::MIB.times(2),
            silences: 3,
        },
        grace_without_database: MINUTE,
    };
    assert_eq!(found, expected);
    assert_eq!(found.receiver("a"), Some(&expected.receivers[0]));
}

#[test]
fn what_would_not_work_is_refused() {
    for (fields, place, message) in [
        ("receivers: [{}]", "{", "the field `name` is missing"),
        ("receivers: [{name: c}]", "c", "there is no receiver `c`"),
        (
            "receivers: [{name: a}, {name: a}]",
            "a",
            "the receiver `a` is here twice",
        ),
        (
            "receivers: [{name: a, fallback: [a]}]",
            "a",
            "`a` was tried before it would be told instead",
        ),
        (
            "receivers: [{name: a, fallback: [b, b]}]",
            "b",
            "`b` was tried before it would be told instead",
        ),
        (
            "receivers: [{name: a, fallback: [c]}]",
            "c",
            "there is no receiver `c`",
        ),
        (
            "receivers: [{name: a, fallback_after: {age: 1m}}]",
            "fallback_after",
            "`fallback_after` needs a `fallback`",
        ),
        (
            "receivers: [{name: a, fallback: [b], fallback_after: {failures: 0}}]",
            "0",
            "`failures` must be at least 1",
        ),
        (
            "receivers: [{name: a, fallback: [b], fallback_after: {age: 0s}}]",
            "0s",
            "`age` must be above zero",
        ),
        (
            "receivers: [{name: a, rate_limit: {}}]",
            "rate_limit",
            "a rate limit needs `notices`",
        ),
        (
            "receivers: [{name: a, rate_limit: {notices: 0}}]",
            "0",
            "`notices` must be at least 1",
        ),
        (
            "dead_letters: {after: 1h}",
            "dead_letters",
            "the field `receiver` is missing",
        ),
        (
            "dead_letters: {receiver: c}",
            "c",
            "there is no receiver `c`",
        ),
        (
            "dead_man: {receiver: a, interval: 0s}",
            "0s",
            "`interval` must be above zero",
        ),
        (
            "heartbeats: [{name: x, timeout: 1m}]",
            "name",
            "a heartbeat needs `matchers`: any alert would do without",
        ),
        (
            "heartbeats: [{name: x, matchers: [a=b]}]",
            "name",
            "a heartbeat needs a `timeout`",
        ),
        (
            "heartbeats: [{matchers: [a=b], timeout: 1m}]",
            "matchers",
            "a heartbeat needs a `name`",
        ),
        (
            "heartbeats: [{name: x, matchers: [a=b], timeout: 1m, labels: {alertname: y}}]",
            "alertname",
            "the label `alertname` is the `name` of the heartbeat",
        ),
        (
            "silences: {receiver: a}",
            "receiver",
            "`receiver` needs `notify_before_expiry`",
        ),
        (
            "silences: {notify_before_expiry: 1m}",
            "notify_before_expiry",
            "`notify_before_expiry` needs `receiver`",
        ),
        (
            "silences: {max_duration: 0s}",
            "0s",
            "`max_duration` must be above zero",
        ),
        ("limits: {alerts: 0}", "0", "`alerts` must be at least 1"),
        (
            "limits: {bytes: 1KiB}",
            "1KiB",
            "`bytes` must be at least 1MiB",
        ),
        ("tiers: {P1: c}", "c", "there is no receiver `c`"),
        ("tiers: {P4: a}", "P4", "unknown field `P4`"),
        (
            "tiers: {P1: {receiver: a, group_interval: 0s}}",
            "0s",
            "`group_interval` must be above zero",
        ),
        (
            "tiers: {P1: {matchers: [a=b]}}",
            "P1",
            "the field `receiver` is missing",
        ),
        (
            "tiers: {P1: [a]}",
            "[",
            "expected the name of a receiver, or a mapping, found a list",
        ),
        ("warmup: 1m", "warmup", "unknown field `warmup`"),
    ] {
        let text = with(&format!("plimsoll: {{{fields}}}\n"));
        refused(&text, &[(place, message)]);
    }
}

#[test]
fn tiers_are_routes_before_the_others() {
    let text = "route:
  receiver: a
  group_by: [job]
  routes:
  - {matchers: [severity=page], receiver: b}
receivers: [{name: a}, {name: b}]
plimsoll:
  resolve_interval: 20s
  tiers:
    P1: b
    P2: {receiver: a, matchers: [level=2], group_wait: 1m, resolve_interval: 0s, continue: true}
    P3: {receiver: a, group_by: ['...']}
";
    let config = read(text).unwrap().config;
    let routes: Vec<_> = config.route.iter().map(|(_, route)| route).collect();
    let shown: Vec<String> = routes
        .iter()
        .map(|route| format!("{} {}", matchers::display(&route.matchers), route.receiver))
        .collect();
    assert_eq!(
        shown,
        [
            "{} a",
            "{severity=~\"P1|critical|page\"} b",
            "{level=\"2\"} a",
            "{severity=~\"P3|low|info|ticket\"} a",
            "{severity=\"page\"} b",
        ]
    );
    let times = |at: usize| {
        let route = routes[at];
        [
            route.group_wait,
            route.group_interval,
            route.repeat_interval,
            route.resolve_interval,
        ]
        .map(|time| time.as_secs())
    };
    assert_eq!(times(1), [0, 60, 900, 20]);
    assert_eq!(times(2), [60, 900, 14_400, 0]);
    assert_eq!(times(3), [1800, 3600, 86_400, 20]);
    assert_eq!(times(4), [30, 300, 14_400, 20]);
    assert!(routes[2].continues && !routes[1].continues);
    let page = Labels::from_pairs([("severity", "page"), ("level", "2")]);
    assert_eq!(config.route.matching(&page).len(), 1, "the tier takes it");
    let told = Labels::from_pairs([("severity", "other"), ("level", "2")]);
    assert_eq!(
        config.route.matching(&told).len(),
        1,
        "the one that continues, and no other wants it"
    );
}

#[test]
fn the_example_of_the_documentation_is_taken() {
    let page = include_str!("../../../../docs/alertmanager-yml.md");
    let (_, rest) = page.split_once("```yaml\n").unwrap();
    let (section, _) = rest.split_once("```").unwrap();
    let names = [
        "pager",
        "phone",
        "mail",
        "chat",
        "platform-team",
        "watchdog",
    ];
    let receivers: Vec<String> = names.map(|name| format!("{{name: {name}}}")).into();
    let text = format!(
        "route: {{receiver: mail}}\nreceivers: [{}]\n{section}",
        receivers.join(", ")
    );
    let loaded = read(&text).unwrap_or_else(|error| panic!("{error}"));
    let plimsoll = loaded.config.plimsoll;
    assert_eq!(plimsoll.limits, Limits::default());
    assert_eq!(plimsoll.heartbeats.len(), 1);
    assert_eq!(loaded.config.route.root().children.len(), 3);
}

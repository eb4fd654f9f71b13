use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use serde::de::DeserializeOwned;

use super::super::silence::Recurrence;
use super::*;

fn any_time() -> impl Strategy<Value = Timestamp> {
    (-62_135_596_799_999_i64..=253_402_300_799_999).prop_map(Timestamp::from_millis)
}

fn any_labels() -> impl Strategy<Value = Labels> {
    btree_map(".{1,8}", ".{1,8}", 0..4).prop_map(Labels::from_pairs)
}

fn any_annotations() -> impl Strategy<Value = Annotations> {
    btree_map(".{1,8}", ".{0,8}", 0..3).prop_map(Annotations::from_pairs)
}

fn any_state() -> impl Strategy<Value = AlertState> {
    prop_oneof![
        Just(AlertState::Unprocessed),
        Just(AlertState::Active),
        Just(AlertState::Suppressed)
    ]
}

fn any_status() -> impl Strategy<Value = AlertStatus> {
    let names = || vec(".{0,5}", 0..3);
    let by = (names(), names(), names());
    (by, any_state()).prop_map(
        |((inhibited_by, muted_by, silenced_by), state)| AlertStatus {
            inhibited_by,
            muted_by,
            silenced_by,
            state,
        },
    )
}

fn any_alert() -> impl Strategy<Value = ListedAlert> {
    let texts = (
        any_annotations(),
        any_labels(),
        "[0-9a-f]{16}",
        vec(".{0,5}", 0..3),
        ".{0,9}",
    );
    let times = (any_time(), any_time(), any_time());
    (texts, times, any_status()).prop_map(|(texts, (ends_at, starts_at, updated_at), status)| {
        let (annotations, labels, fingerprint, receivers, generator_url) = texts;
        ListedAlert {
            annotations,
            ends_at,
            fingerprint: fingerprint.into(),
            receivers: receivers.into_iter().map(Arc::from).collect(),
            starts_at,
            status,
            updated_at,
            generator_url,
            labels,
        }
    })
}

fn any_matchers() -> impl Strategy<Value = Vec<ListedMatcher>> {
    let matcher = (any::<bool>(), any::<bool>(), ".{0,4}", ".{0,4}");
    let matcher = matcher.prop_map(|(is_equal, is_regex, name, value)| ListedMatcher {
        is_equal,
        is_regex,
        name,
        value,
    });
    vec(matcher, 1..3)
}

pub(in super::super) fn any_extras() -> impl Strategy<Value = SilenceExtras> {
    let sets = || vec(any_matchers(), 0..3);
    let time = || prop::option::of(any_time());
    let recurrence = (time(), ".{1,5}", time(), ".{1,5}");
    let recurrence = recurrence.prop_map(|(ends_at, rrule, starts_at, time_zone)| Recurrence {
        ends_at,
        rrule,
        starts_at,
        time_zone,
    });
    let rare = (prop::option::of(recurrence), prop::option::of(".{0,4}"));
    (sets(), sets(), rare).prop_map(
        |(matcher_sets, receiver_matcher_sets, (recurrence, until_resolved_grace))| SilenceExtras {
            matcher_sets,
            receiver_matcher_sets,
            recurrence,
            until_resolved_grace,
        },
    )
}

fn any_silence() -> impl Strategy<Value = ListedSilence> {
    let state = prop_oneof![
        Just(SilenceState::Active),
        Just(SilenceState::Pending),
        Just(SilenceState::Expired)
    ];
    let times = (any_time(), any_time(), any_time());
    let texts = (".{0,5}", ".{0,5}", ".{0,5}", any_annotations());
    (times, texts, state, any_matchers(), any_extras()).prop_map(
        |((updated_at, ends_at, starts_at), texts, state, matchers, extras)| {
            let (id, comment, created_by, annotations) = texts;
            let status = SilenceStatus { state };
            ListedSilence {
                id,
                status,
                updated_at,
                annotations,
                comment,
                created_by,
                ends_at,
                matchers,
                starts_at,
                extras,
            }
        },
    )
}

fn reads_back<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(value: &T) {
    let text = serde_json::to_string(value).unwrap();
    let found: T = serde_json::from_str(&text).unwrap();
    assert_eq!(&found, value, "{text}");
}

proptest! {
    #[test]
    fn alerts_and_groups_read_back(
        alerts in vec(any_alert(), 0..3), labels in any_labels(), receiver in ".{0,4}",
    ) {
        let group = ListedGroup {
            alerts,
            labels: labels.clone(),
            receiver: receiver.into(),
            route_labels: labels,
        };
        reads_back(&group);
    }

    #[test]
    fn silences_read_back(silence in any_silence()) {
        reads_back(&silence);
    }

    #[test]
    fn statuses_and_receivers_read_back(
        texts in vec(".{0,5}", 8), uptime in any_time(), has_name in any::<bool>(), labels in any_labels(),
    ) {
        let text = |at: usize| texts[at].clone();
        let status = Status {
            cluster: Cluster {
                name: has_name.then(|| text(0)),
                peers: vec![Peer { address: text(1), name: text(0) }],
                status: ClusterState::Settling,
            },
            config: Original { original: text(2).into() },
            uptime,
            version_info: Version {
                branch: text(3),
                build_date: text(4),
                build_user: text(5),
                go_version: text(6),
                revision: text(7),
                version: text(0),
            },
        };
        reads_back(&status);
        reads_back(&ListedReceiver { name: text(1).into(), labels });
    }
}

/// What Debian's Alertmanager 0.25 answered.
const OF_AN_ALERTMANAGER: &str = concat!(
    r#"{"alerts":[{"annotations":{},"endsAt":"2026-11-21T22:59:47.738Z","fingerprint":"e6fe083e5f502179","#,
    r#""receivers":[{"name":"team-a"}],"startsAt":"2026-11-21T22:54:47.738Z","#,
    r#""status":{"inhibitedBy":[],"silencedBy":[],"state":"active"},"#,
    r#""updatedAt":"2026-11-21T22:54:47.738Z","labels":{"good":"1"}}],"labels":{},"receiver":{"name":"team-a"}}"#,
);

#[test]
fn what_an_older_alertmanager_says_is_read_and_ours_has_its_order() {
    let group: ListedGroup = serde_json::from_str(OF_AN_ALERTMANAGER).unwrap();
    assert_eq!(group.alerts[0].labels.to_string(), "{good=\"1\"}");
    let ours = OF_AN_ALERTMANAGER
        .replace("[],\"silenced", "[],\"mutedBy\":[],\"silenced")
        .replace("\"team-a\"}}", "\"team-a\"},\"routeLabels\":{}}");
    assert_eq!(serde_json::to_string(&group).unwrap(), ours);
}

#[test]
fn a_silence_of_an_older_alertmanager_is_read_and_ours_has_its_order() {
    let theirs = concat!(
        r#"{"id":"4962305a-28f6-4346-868d-4bf34696c730","status":{"state":"expired"},"#,
        r#""updatedAt":"2026-11-21T22:55:46.918Z","comment":"c","createdBy":"me","endsAt":"2026-11-21T22:55:46.918Z","#,
        r#""matchers":[{"isEqual":true,"isRegex":false,"name":"a","value":"b"}],"startsAt":"2026-11-21T22:55:44.977Z"}"#,
    );
    let silence: ListedSilence = serde_json::from_str(theirs).unwrap();
    assert_eq!(silence.extras, SilenceExtras::default());
    let ours = theirs.replace("\"comment\"", "\"annotations\":{},\"comment\"");
    assert_eq!(serde_json::to_string(&silence).unwrap(), ours);
}

use std::sync::Arc;
use std::time::Duration;

use plimsoll_alerting::rows::{
    AlertRow, ChannelKey, DeliveryPhase, DeliveryRow, GroupName, GroupRow, HistoryRow, Origin,
    Outcome, Part, ToldAlone, ToldRow,
};
use plimsoll_alerting::{
    DeliveryId, Fingerprint, MatcherSets, Post, Recurrence, Silence, SilenceId,
};
use plimsoll_notify::{Reason, ReceiverData};
use plimsoll_runtime::clock::SystemClock;
use plimsoll_state::{MemoryStore, Retention};
use plimsoll_types::{Alert, Annotations, Labels, MatchOp, Matcher, Timestamp};
use proptest::prelude::*;

use super::*;

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

fn channel(text: &str) -> ChannelKey {
    ChannelKey {
        group: Arc::new(GroupName {
            route: text.into(),
            ordinal: 3,
            key: format!("{text}:{{}}").into(),
        }),
        receiver: text.into(),
        kind: "webhook".into(),
        index: 1,
    }
}

fn parts(numbers: &[u64]) -> Arc<[Part]> {
    let part = |number: &u64| Part {
        fingerprint: format!("{number:016x}").parse().unwrap(),
        starts_at: at(*number as i64 % 1_000),
        ends_at: number.is_multiple_of(2).then(|| at(5)),
    };
    numbers.iter().map(part).collect()
}

fn alert(text: &str, number: i64) -> AlertRow {
    let labels = Labels::from_pairs([("alertname", "A"), ("text", text)]);
    AlertRow {
        fingerprint: Fingerprint::of(&labels),
        labels,
        annotations: Annotations::from_pairs([(text, text), ("empty", "")]),
        generator_url: text.into(),
        starts_at: at(number),
        ends_at: Timestamp::MAX,
        updated_at: at(2),
        lease: Duration::from_millis(7),
        origin: Origin::Heartbeat,
        is_timeout: true,
        is_resolved: number % 2 == 0,
    }
}

fn silence(text: &str) -> Silence {
    let set = vec![
        Matcher::new(MatchOp::NotRegex, text, "a|b.*").unwrap(),
        Matcher::equal("b", text),
    ];
    Silence {
        id: SilenceId::from_random(12),
        matchers: MatcherSets::for_alerts(vec![set.clone(), vec![Matcher::equal("a", "b")]])
            .unwrap(),
        receivers: MatcherSets::for_receivers(vec![set]).unwrap(),
        starts_at: at(1),
        ends_at: at(2),
        updated_at: at(3),
        created_by: text.into(),
        comment: text.into(),
        annotations: Annotations::from_pairs([(text, text)]),
        recurrence: Some(Recurrence::parse("FREQ=DAILY", "Europe/Berlin").unwrap()),
        until_resolved: Some(Duration::from_secs(4)),
        ended_at: Some(at(5)),
        told_end: Some(at(6)),
    }
}

fn told(text: &str, numbers: &[u64], number: i64) -> ToldRow {
    ToldRow {
        channel: channel(text),
        at: at(number),
        reason: Reason::Repeat,
        firing: numbers.into(),
        resolved: Arc::from([]),
        sequence: number,
        data: ReceiverData::from_pairs([(text, text)]),
        via: Some("other".into()),
        instead_of: None,
        expires_at: at(9),
    }
}

/// Every noun, written into a store and read back.
async fn round_trip(text: &str, numbers: &[u64], number: i64) {
    let delivery = DeliveryRow {
        id: DeliveryId::from_u128(u128::from(number.unsigned_abs())),
        channel: channel(text),
        group_labels: Labels::from_pairs([("a", text)]),
        sequence: number,
        reason: Reason::First,
        parts: parts(numbers),
        phase: DeliveryPhase::RetryAt,
        decided_at: at(1),
        waiting_since: at(2),
        attempts: 3,
        failures: 4,
        attempt_at: at(5),
        last_error: text.into(),
        instead_of: Some("r".into()),
    };
    let rows = Rows {
        alerts: vec![alert(text, number)],
        groups: vec![GroupRow {
            name: channel(text).group,
            labels: Labels::from_pairs([("a", text)]),
            created_at: at(1),
            flushed_at: None,
            flush_at: at(number),
            has_news: true,
        }],
        told: vec![told(text, numbers, number)],
        deliveries: vec![delivery],
        silences: vec![Arc::new(silence(text))],
    };
    let puts = changes_of(&rows);
    let store = MemoryStore::new(Arc::new(SystemClock::new()), Retention::default());
    let changed = puts.iter().map(change).collect();
    store.commit(None, changed).await.unwrap();
    assert_eq!(read(&store).await.unwrap(), rows);
    let deletions = puts.iter().map(deletion);
    let deletions = deletions.map(|deletion| change(&deletion)).collect();
    store.commit(None, deletions).await.unwrap();
    assert_eq!(read(&store).await.unwrap(), Rows::default());
}

fn changes_of(rows: &Rows) -> Vec<Change> {
    let mut changes = Vec::new();
    changes.extend(rows.alerts.iter().cloned().map(Change::PutAlert));
    changes.extend(rows.groups.iter().cloned().map(Change::PutGroup));
    changes.extend(rows.told.iter().cloned().map(Change::PutTold));
    changes.extend(rows.deliveries.iter().cloned().map(Change::PutDelivery));
    changes.extend(rows.silences.iter().cloned().map(Change::PutSilence));
    changes
}

fn deletion(put: &Change) -> Change {
    match put.clone() {
        Change::PutAlert(row) => Change::DeleteAlert(row.fingerprint),
        Change::PutGroup(row) => Change::DeleteGroup(row.name),
        Change::PutTold(row) => Change::DeleteTold(row.channel),
        Change::PutDelivery(row) => Change::DeleteDelivery(row.id),
        Change::PutSilence(silence) => Change::DeleteSilence(silence.id),
        other => other,
    }
}

fn now<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.unwrap().block_on(future)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn every_noun_comes_back_and_goes_by_its_key(
        text in "[\\x00\\x1aa-c\"{}\\\\\u{e9}]{1,12}",
        numbers in proptest::collection::vec(any::<u64>(), 0..4),
        number: i64,
    ) {
        now(round_trip(&text, &numbers, number));
    }

    #[test]
    fn posts_and_silences_of_an_inbox_come_back(text in ".{1,12}", ends in any::<Option<i64>>()) {
        let post = Post {
            alert: Alert {
                labels: Labels::from_pairs([("a", &text)]),
                annotations: Annotations::from_pairs([(&*text, "")]),
                starts_at: at(1),
                ends_at: ends.map(at),
                generator_url: text.clone(),
            },
            is_timeout: ends.is_none(),
        };
        let posts = vec![post];
        prop_assert_eq!(to_posts(&from_posts(&posts)), Ok(posts));
        let told = ToldAlone {
            told: vec![ToldRow { expires_at: Timestamp::MAX, ..told(&text, &[1, 2], 7) }],
            alerts: vec![AlertRow { origin: Origin::Posted, ..alert(&text, 3) }],
        };
        prop_assert_eq!(to_told_alone(&from_told_alone(&told)), Ok(told));
        let silences = vec![silence(&text)];
        prop_assert_eq!(to_silences(&from_silences(silences.iter())), Ok(silences));
    }

    #[test]
    fn any_text_in_a_column_is_read_without_harm(text in ".{0,60}") {
        let _ = (to_posts(&text), to_silences(&text), json::to_parts(&text), json::to_fingerprints(&text));
        let _ = to_told_alone(&text);
    }
}

#[test]
fn history_comes_back_shortened() {
    let all = [
        Outcome::Sent,
        Outcome::Failed { retry_at: at(4) },
        Outcome::Superseded,
        Outcome::Withdrawn,
        Outcome::FailedOver { to: "b".into() },
        Outcome::Dead,
        Outcome::Orphaned,
    ];
    for outcome in all {
        let numbers: Vec<u64> = (0..600).collect();
        let row = HistoryRow {
            at: at(1),
            delivery: DeliveryId::from_u128(2),
            channel: channel("x"),
            reason: Reason::NewAlerts,
            outcome,
            attempts: 3,
            decided_at: at(4),
            parts: parts(&numbers),
            error: "none".into(),
            is_degraded: true,
        };
        let back = from_history(vec![history::to_row(&row)]);
        let expected = HistoryRow {
            parts: row.parts[..500].into(),
            ..row
        };
        assert_eq!(back, [expected]);
    }
}

#[test]
fn a_row_that_is_damaged_is_left_out() {
    let mut row = history::to_row(&HistoryRow {
        at: at(1),
        delivery: DeliveryId::from_u128(2),
        channel: channel("x"),
        reason: Reason::NewAlerts,
        outcome: Outcome::Sent,
        attempts: 3,
        decided_at: at(4),
        parts: parts(&[]),
        error: "".into(),
        is_degraded: false,
    });
    row.outcome = "eaten".into();
    assert_eq!(from_history(vec![row]), []);
}

//! The rows of alerting, in every store.

use std::fmt::Debug;
use std::time::Duration;

use plimsoll_state::rows::alerting::{
    Channel, DeliveryRow, Group, GroupRow, HistoryRow, InboxRow, ReceivedRow, SilenceRow, ToldRow,
};
use plimsoll_state::{Change, Retention, Row, Rows, Store};
use plimsoll_types::{Annotations, Labels, Timestamp};

use crate::stores::{NOW, all};

fn channel(receiver: &str) -> Channel {
    Channel {
        group: Group {
            route: "{}/{a=~\"b\0c\"}".into(),
            ordinal: u32::MAX,
            key: "{}:{job=\"\u{1a}0\"}".into(),
        },
        receiver: receiver.into(),
        kind: "webhook".into(),
        position: 0,
    }
}

fn received(fingerprint: &str) -> ReceivedRow {
    ReceivedRow {
        fingerprint: fingerprint.into(),
        labels: Labels::from_pairs([("alertname", "A\0"), ("é", "v")]),
        annotations: Annotations::from_pairs([("empty", "")]),
        generator_url: String::new(),
        starts_at: Timestamp::MIN,
        ends_at: Timestamp::MAX,
        updated_at: NOW,
        lease: Duration::from_millis(300_001),
        origin: "posted".into(),
        is_timeout: true,
        is_resolved: false,
    }
}

fn group() -> GroupRow {
    GroupRow {
        group: channel("").group,
        labels: Labels::empty(),
        created_at: NOW,
        flushed_at: None,
        flush_at: NOW,
        has_news: true,
    }
}

fn told(receiver: &str) -> ToldRow {
    ToldRow {
        channel: channel(receiver),
        told_at: NOW,
        reason: "first notification".into(),
        firing: "[]".into(),
        resolved: "[]".into(),
        sequence: i64::MAX,
        data: "{}".into(),
        via: String::new(),
        instead_of: "other".into(),
        expires_at: NOW,
    }
}

fn delivery(id: &str) -> DeliveryRow {
    DeliveryRow {
        delivery_id: id.into(),
        channel: channel("r"),
        group_labels: Labels::from_pairs([("a", "b")]),
        sequence: 3,
        reason: "repeat interval elapsed".into(),
        parts: "[]".into(),
        phase: "queued".into(),
        decided_at: NOW,
        waiting_since: NOW,
        attempts: 2,
        failures: 1,
        attempt_at: NOW,
        last_error: "429".into(),
        instead_of: "other".into(),
    }
}

fn silence(id: &str) -> SilenceRow {
    SilenceRow {
        silence_id: id.into(),
        starts_at: NOW,
        ends_at: NOW,
        updated_at: NOW,
        created_by: "me".into(),
        comment: "a\0b".into(),
        body: "{}".into(),
    }
}

fn history(at: i64, attempts: u32) -> HistoryRow {
    HistoryRow {
        happened_at: Timestamp::from_millis(at),
        delivery_id: "d".into(),
        channel: channel("r"),
        reason: "new alerts added".into(),
        outcome: "failed".into(),
        target: String::new(),
        retry_at: Some(NOW),
        attempts,
        decided_at: NOW,
        parts: "[]".into(),
        error: "no answer".into(),
        is_degraded: true,
    }
}

fn inbox(at: i64, name: &str) -> InboxRow {
    InboxRow {
        received_at: Timestamp::from_millis(at),
        name: name.into(),
        kind: "alerts".into(),
        body: "[]".into(),
    }
}

async fn found<R: Row>(store: &dyn Store) -> Vec<R> {
    store.rows(Rows::<R>::all()).await.unwrap()
}

/// Puts two rows, deletes the first by its key, and says that the second is there as it was written.
async fn check<R: Row + PartialEq + Debug>(store: &dyn Store, rows: [R; 2], delete: Change) {
    let puts = rows.iter().map(Change::put).collect();
    store.commit(None, puts).await.unwrap();
    assert_eq!(found::<R>(store).await.len(), 2, "{}", R::TABLE.name);
    let key = |change: &Change| change.row().map(|(table, key)| (table, key.to_vec()));
    assert_eq!(key(&delete), key(&Change::put(&rows[0])));
    assert!(delete.is_deletion() && !Change::put(&rows[0]).is_deletion());
    store.commit(None, vec![delete]).await.unwrap();
    let [_, second] = rows;
    assert_eq!(found::<R>(store).await, [second], "{}", R::TABLE.name);
}

#[tokio::test]
async fn rows_of_alerting_come_back_and_go_by_their_keys() {
    for subject in all(Retention::default()).await {
        let store = subject.store.as_ref();
        let delete = ReceivedRow::delete("1");
        check(store, [received("1"), received("2")], delete).await;
        let mut other = group();
        other.group.ordinal = 0;
        let delete = GroupRow::delete(&group().group);
        check(store, [group(), other], delete).await;
        let delete = ToldRow::delete(&channel("a"));
        check(store, [told("a"), told("b")], delete).await;
        check(
            store,
            [delivery("1"), delivery("2")],
            DeliveryRow::delete("1"),
        )
        .await;
        check(store, [silence("1"), silence("2")], SilenceRow::delete("1")).await;
        let delete = Change::delete(&inbox(1, "a"));
        check(store, [inbox(1, "a"), inbox(1, "b")], delete).await;
        let oldest: Vec<InboxRow> = store.rows(InboxRow::oldest(1)).await.unwrap();
        assert_eq!(oldest, [inbox(1, "b")], "{}", subject.name);
    }
}

#[tokio::test]
async fn history_that_is_written_twice_is_there_once_and_the_oldest_goes() {
    let retention = Retention {
        age_max: Duration::from_hours(24),
        count_max: 100,
    };
    for subject in all(retention).await {
        let row = |number: i64| Change::put(&history(NOW.millis() + number, number as u32));
        let store = &subject.store;
        for number in 0..150 {
            let changes = vec![row(number), row(number)];
            store.commit(None, changes).await.unwrap();
        }
        let newest: Vec<HistoryRow> = store.rows(HistoryRow::newest(2)).await.unwrap();
        let attempts: Vec<u32> = newest.iter().map(|row| row.attempts).collect();
        assert_eq!(attempts, [149, 148], "{}", subject.name);
        let count = found::<HistoryRow>(store.as_ref()).await.len();
        assert!((100..=101).contains(&count), "{}: {count}", subject.name);
    }
}

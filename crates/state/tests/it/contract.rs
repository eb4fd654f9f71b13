//! What all stores do alike.

use std::time::Duration;

use plimsoll_state::{AlertPhase, AlertRow, Change, DecisionRow, ErrorKind, Retention, Rows};
use plimsoll_types::{Annotations, Labels, Timestamp};

use crate::stores::{NOW, alert, alerts, all, decision};

#[tokio::test]
async fn rows_come_back_as_they_were_written() {
    for subject in all(Retention::default()).await {
        let hostile = AlertRow {
            file: "rules/checkout.yml".into(),
            group: "a'b\"c;--\0\u{1a}0\n\u{1F600}".into(),
            rule: "r".repeat(10_000),
            labels: Labels::from_pairs([
                ("x\0y", "\0"),
                ("long", &"v".repeat(100_000)),
                ("é", "\\"),
            ]),
            phase: AlertPhase::Firing,
            active_at: Timestamp::MIN,
            fired_at: Some(Timestamp::MAX),
            resolved_at: Some(NOW),
            keep_firing_since: Some(Timestamp::EPOCH),
            last_sent_at: Some(Timestamp::from_millis(-1)),
            valid_until: None,
            value: -0.0,
            annotations: Annotations::from_pairs([("description", "a\0b\u{1a}1"), ("empty", "")]),
        };
        let plain = alert("g", 1);
        let puts = vec![Change::put(&hostile), Change::put(&plain)];
        subject.store.commit(None, puts).await.unwrap();
        let found = alerts(&subject.store, &hostile.group).await;
        assert_eq!(found, std::slice::from_ref(&hostile), "{}", subject.name);
        assert_eq!(found[0].value.to_bits(), (-0.0_f64).to_bits());
        assert_eq!(alerts(&subject.store, "g").await, [plain]);
        assert_eq!(alerts(&subject.store, "h").await, []);
    }
}

#[tokio::test]
async fn every_float_is_kept() {
    for subject in all(Retention::default()).await {
        let values = [
            f64::NAN,
            f64::INFINITY,
            f64::NEG_INFINITY,
            0.1 + 0.2,
            5e-324,
        ];
        for (number, value) in values.into_iter().enumerate() {
            let row = AlertRow {
                value,
                ..alert(&format!("group {number}"), 0)
            };
            subject
                .store
                .commit(None, vec![Change::put(&row)])
                .await
                .unwrap();
            let found = alerts(&subject.store, &row.group).await[0].value;
            let same = found.to_bits() == value.to_bits() || (found.is_nan() && value.is_nan());
            assert!(same, "{}: {value} became {found}", subject.name);
        }
    }
}

#[tokio::test]
async fn changes_are_carried_out_in_their_order() {
    for subject in all(Retention::default()).await {
        let later = AlertRow {
            phase: AlertPhase::Firing,
            ..alert("g", 1)
        };
        let changes = vec![
            Change::put(&alert("g", 0)),
            Change::put(&alert("g", 1)),
            Change::put(&alert("h", 1)),
            Change::put(&later),
            Change::delete(&alert("g", 0)),
            Change::put(&alert("g", 2)),
            AlertRow::delete_group("rules/checkout.yml", "h"),
            Change::put(&alert("h", 7)),
        ];
        // Twice is the same as once.
        for _ in 0..2 {
            subject.store.commit(None, changes.clone()).await.unwrap();
            let mut found = alerts(&subject.store, "g").await;
            found.sort_by_key(|row| row.labels.to_string());
            assert_eq!(found, [later.clone(), alert("g", 2)], "{}", subject.name);
            assert_eq!(alerts(&subject.store, "h").await, [alert("h", 7)]);
        }
    }
}

#[tokio::test]
async fn thousands_of_rows_are_written_and_deleted_at_once() {
    for subject in all(Retention::default()).await {
        let rows: Vec<AlertRow> = (0..1_500).map(|number| alert("g", number)).collect();
        let puts = rows.iter().map(Change::put).collect();
        subject.store.commit(None, puts).await.unwrap();
        assert_eq!(alerts(&subject.store, "g").await.len(), 1_500);
        let some = subject
            .store
            .rows(Rows::<AlertRow>::all().limit(10))
            .await
            .unwrap();
        assert_eq!(some.len(), 10, "{}", subject.name);
        let deletes = rows[..1_400].iter().map(Change::delete).collect();
        subject.store.commit(None, deletes).await.unwrap();
        assert_eq!(
            alerts(&subject.store, "g").await.len(),
            100,
            "{}",
            subject.name
        );
    }
}

#[tokio::test]
async fn decisions_are_kept_within_their_bounds() {
    let retention = Retention {
        age_max: Duration::from_hours(1_000_000),
        count_max: 200,
    };
    for subject in all(retention).await {
        for number in 0..60 {
            let new = (number * 10..number * 10 + 10).map(|number| Change::put(&decision(number)));
            let new: Vec<Change> = new.collect();
            subject.store.commit(None, new.clone()).await.unwrap();
            // An outcome that was not known: nothing is there twice.
            subject.store.commit(None, new).await.unwrap();
        }
        // SQLite forgets after it has answered, and before it takes the next commit.
        subject.store.commit(None, Vec::new()).await.unwrap();
        let newest = subject
            .store
            .rows(DecisionRow::newest(1_000))
            .await
            .unwrap();
        assert_eq!(newest[0], decision(599), "{}", subject.name);
        assert!(
            (200..=202).contains(&newest.len()),
            "{}: {}",
            subject.name,
            newest.len()
        );
        let about = subject
            .store
            .rows(DecisionRow::about("subject 1", 2))
            .await
            .unwrap();
        assert_eq!(about, [decision(598), decision(595)], "{}", subject.name);
    }
}

#[tokio::test]
async fn decisions_that_are_too_old_are_forgotten() {
    let retention = Retention {
        age_max: Duration::from_hours(1),
        count_max: 100,
    };
    for subject in all(retention).await {
        // PostgreSQL runs in real time, which is before NOW: there all is new, so old is the epoch for all.
        let old = DecisionRow {
            at: Timestamp::EPOCH,
            ..decision(0)
        };
        let changes = vec![Change::put(&old), Change::put(&decision(1))];
        subject.store.commit(None, changes).await.unwrap();
        subject.store.commit(None, Vec::new()).await.unwrap();
        let found = subject.store.rows(DecisionRow::newest(10)).await.unwrap();
        assert_eq!(found, [decision(1)], "{}", subject.name);
    }
}

#[tokio::test]
async fn a_store_that_was_closed_says_so() {
    for subject in all(Retention::default()).await {
        subject.store.close().await.unwrap();
        subject.store.close().await.unwrap();
        let commit = subject
            .store
            .commit(None, vec![Change::put(&alert("g", 0))])
            .await;
        assert_eq!(
            commit.unwrap_err().kind(),
            ErrorKind::Closed,
            "{}",
            subject.name
        );
        let read = subject.store.rows(Rows::<AlertRow>::all()).await;
        assert_eq!(
            read.unwrap_err().kind(),
            ErrorKind::Closed,
            "{}",
            subject.name
        );
        let acquired = subject
            .store
            .acquire("a", "b", Duration::from_secs(1))
            .await;
        assert_eq!(
            acquired.unwrap_err().kind(),
            ErrorKind::Closed,
            "{}",
            subject.name
        );
    }
}

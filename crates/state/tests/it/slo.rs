//! The rows of service level objectives, in every store.

use std::fmt::Debug;
use std::time::Duration;

use plimsoll_state::rows::slo::{AlertRow, Budget, BudgetRow, CorrectionRow, EventRow, VersionRow};
use plimsoll_state::{Change, Retention, Row, Rows, Store};
use plimsoll_types::{Labels, Timestamp};

use crate::stores::{NOW, all};

fn budget(objective: &str) -> Budget {
    Budget {
        slo: "checkout/availability".into(),
        objective: objective.into(),
        labels: Labels::from_pairs([("region", "e\0u")]),
    }
}

fn correction(slo: &str, name: &str) -> CorrectionRow {
    CorrectionRow {
        slo: slo.into(),
        name: name.into(),
        kind: "exclude".into(),
        starts_at: NOW,
        length: Duration::from_millis(3_600_001),
        recurrence: "FREQ=WEEKLY".into(),
        zone: "Europe/Athens".into(),
        matchers: "[]".into(),
        reason: "planned".into(),
        author: "ann".into(),
        created_at: Timestamp::MIN,
        revoked_at: None,
    }
}

fn version(slo: &str, at: i64) -> VersionRow {
    VersionRow {
        slo: slo.into(),
        effective_at: Timestamp::from_millis(at),
        fingerprint: "0f".into(),
        definition: "events".into(),
    }
}

fn state(objective: &str) -> BudgetRow {
    BudgetRow {
        budget: budget(objective),
        state: "caution".into(),
        since: NOW,
        body: "{}".into(),
    }
}

fn alert(kind: &str) -> AlertRow {
    AlertRow {
        budget: budget(""),
        kind: kind.into(),
        phase: "firing".into(),
        severity: "page".into(),
        since: NOW,
        body: "{}".into(),
    }
}

fn event(after: i64, slo: &str) -> EventRow {
    EventRow {
        happened_at: NOW.saturating_add_millis(after),
        budget: Budget {
            slo: slo.into(),
            ..budget("p95")
        },
        kind: "budget.state".into(),
        before: String::new(),
        after: "caution".into(),
        detail: "37 % left".into(),
    }
}

/// Puts two rows, deletes the first by its key, and says that the second is there as it was written.
async fn check<R: Row + PartialEq + Debug>(store: &dyn Store, rows: [R; 2], delete: Change) {
    let puts = rows.iter().map(Change::put).collect();
    store.commit(None, puts).await.unwrap();
    let found = store.rows(Rows::<R>::all()).await.unwrap();
    assert_eq!(found.len(), 2, "{}", R::TABLE.name);
    store.commit(None, vec![delete]).await.unwrap();
    let [_, second] = rows;
    let found = store.rows(Rows::<R>::all()).await.unwrap();
    assert_eq!(found, [second], "{}", R::TABLE.name);
}

#[tokio::test]
async fn rows_of_objectives_come_back_and_go_by_their_keys() {
    for subject in all(Retention::default()).await {
        let store = subject.store.as_ref();
        let rows = [correction("a/b", "1"), correction("a/b", "2")];
        let delete = Change::delete(&rows[0]);
        check(store, rows, delete).await;
        let rows = [version("a/b", 1), version("a/b", 2)];
        let delete = Change::delete(&rows[0]);
        check(store, rows, delete).await;
        let delete = BudgetRow::delete(&budget("p50"));
        check(store, [state("p50"), state("p95")], delete).await;
        let delete = AlertRow::delete(&budget(""), "burn");
        check(store, [alert("burn"), alert("exhaustion")], delete).await;
        let rows = [event(1, "a/b"), event(2, "a/b")];
        let delete = Change::delete(&rows[0]);
        check(store, rows, delete).await;
    }
}

#[tokio::test]
async fn rows_of_one_objective_are_found() {
    for subject in all(Retention::default()).await {
        let store = subject.store.as_ref();
        let mut revoked = correction("c/d", "1");
        revoked.revoked_at = Some(NOW);
        let puts = [
            Change::put(&correction("a/b", "1")),
            Change::put(&revoked),
            Change::put(&version("c/d", 7)),
            Change::put(&version("c/d", -7)),
            Change::put(&version("a/b", 1)),
            Change::put(&event(1, "a/b")),
            Change::put(&event(2, "c/d")),
            Change::put(&event(3, "c/d")),
        ];
        store.commit(None, puts.into()).await.unwrap();
        let found = store.rows(CorrectionRow::of("c/d")).await.unwrap();
        assert_eq!(found, [revoked], "{}", subject.name);
        let found = store.rows(VersionRow::of("c/d")).await.unwrap();
        let expected = [version("c/d", -7), version("c/d", 7)];
        assert_eq!(found, expected, "{}", subject.name);
        let found = store.rows(EventRow::of("c/d", 1)).await.unwrap();
        assert_eq!(found, [event(3, "c/d")], "{}", subject.name);
    }
}

#[tokio::test]
async fn an_event_that_is_written_twice_is_there_once_and_the_oldest_go() {
    let retention = Retention {
        age_max: Duration::from_hours(24),
        count_max: 100,
    };
    for subject in all(retention).await {
        let store = &subject.store;
        for number in 0..150 {
            let row = Change::put(&event(number, "a/b"));
            store.commit(None, vec![row.clone(), row]).await.unwrap();
        }
        let kept = store.rows(Rows::<EventRow>::all()).await.unwrap();
        assert!((100..=101).contains(&kept.len()), "{}", subject.name);
        let last = kept.last().map(|row| row.happened_at.millis());
        assert_eq!(last, Some(NOW.millis() + 149), "{}", subject.name);
    }
}

//! What a question may allocate is asked for first, and what it will read is told.

use std::cell::Cell;

use plimsoll_types::{
    BlockCounts, Matcher, Meter, Queryable, StorageError, StorageErrorKind, TimeRange, Timestamp,
};

use crate::support::{HOUR, NOON, Store};

/// Gives so many bytes away.
struct Purse(Cell<usize>);

impl Meter for Purse {
    fn take(&self, bytes: usize) -> Result<(), StorageError> {
        let left = self.0.get().checked_sub(bytes);
        let empty = || StorageError::new(StorageErrorKind::Overloaded, "the purse is empty");
        self.0.set(left.ok_or_else(empty)?);
        Ok(())
    }
}

fn store() -> Store {
    let store = Store::new();
    for index in 0..100 {
        let name = format!("series_{index}");
        store.put(&name, &[(NOON - 30 * HOUR, 1.0), (NOON - 3 * HOUR, 2.0)]);
    }
    store
}

#[test]
fn a_selection_takes_no_more_than_it_may() {
    let store = store();
    let all = [Matcher::equal("job", "test")];
    let ask = |bytes: usize| {
        let purse = Purse(Cell::new(bytes));
        let selected = store.db.select_metered(&all, TimeRange::ALL, &purse);
        selected.map(|selection| (selection.labels.len(), bytes - purse.0.get()))
    };
    for is_sealed in [false, true] {
        if is_sealed {
            store.db.seal_all().unwrap();
        }
        let (found, taken) = ask(1 << 20).unwrap();
        assert_eq!(found, 100);
        // Each series has two places, of two windows or parts.
        assert!(taken >= 200 * 16, "{taken}");
        let error = ask(taken - 1).err().unwrap();
        assert_eq!(error.kind(), StorageErrorKind::Overloaded);
    }
}

#[test]
fn blocks_are_counted_without_reading_them() {
    let store = store();
    let count = |range: TimeRange| {
        let name = [Matcher::equal("__name__", "series_7")];
        let selection = store.db.select(&name, range).unwrap();
        selection.source.blocks(0)
    };
    assert_eq!(count(TimeRange::ALL), BlockCounts::default(), "in memory");
    store.db.seal_all().unwrap();
    assert_eq!(count(TimeRange::ALL).read, 2);
    let late = TimeRange::new(Timestamp::from_millis(NOON - 4 * HOUR), Timestamp::MAX);
    assert_eq!(count(late).read, 1);
}

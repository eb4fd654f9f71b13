//! The exemplars of one series in one window: sorted by time, bounded, the newest kept.

use plimsoll_types::Exemplar;

/// More per series and window would say nothing new: one exemplar in 3.5 s of a window of 30 min.
const EXEMPLARS_MAX: usize = 512;

/// What became of an inserted exemplar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InsertedExemplar {
    /// It is new.
    New,
    /// The same was there already.
    Duplicate,
    /// There were as many as are kept, and the oldest went: another one, or this one.
    Displaced,
}

/// Adds an exemplar unless the same is there.
pub(super) fn insert(exemplars: &mut Vec<Exemplar>, exemplar: &Exemplar) -> InsertedExemplar {
    let time = exemplar.timestamp;
    let after = exemplars.partition_point(|known| known.timestamp <= time);
    let same_time = exemplars[..after]
        .iter()
        .rev()
        .take_while(|known| known.timestamp == time);
    let is_same = |known: &Exemplar| {
        known.value.to_bits() == exemplar.value.to_bits() && known.labels == exemplar.labels
    };
    if same_time.into_iter().any(is_same) {
        return InsertedExemplar::Duplicate;
    }
    exemplars.insert(after, exemplar.clone());
    if exemplars.len() > EXEMPLARS_MAX {
        exemplars.remove(0);
        return InsertedExemplar::Displaced;
    }
    InsertedExemplar::New
}

#[cfg(test)]
mod tests {
    use plimsoll_types::{Labels, Timestamp};

    use super::*;

    #[test]
    fn keeps_the_newest_in_order_and_none_twice() {
        let exemplar = |time| Exemplar {
            labels: Labels::from_pairs([("trace_id", "a")]),
            value: 1.0,
            timestamp: Timestamp::from_millis(time),
        };
        let mut all = Vec::new();
        for time in (0..600).rev() {
            let outcome = insert(&mut all, &exemplar(time));
            let is_full = time < 600 - EXEMPLARS_MAX as i64;
            assert_eq!(outcome == InsertedExemplar::Displaced, is_full);
        }
        let again = insert(&mut all, &exemplar(599));
        assert_eq!(again, InsertedExemplar::Duplicate);
        assert_eq!(all.len(), EXEMPLARS_MAX);
        assert!(all.is_sorted_by_key(|exemplar| exemplar.timestamp));
        assert_eq!(all.last().unwrap().timestamp.millis(), 599);
    }
}

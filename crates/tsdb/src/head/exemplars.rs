//! The exemplars of one series in one window: sorted by time, bounded, the newest kept.

use plimsoll_types::Exemplar;

/// More per series and window would say nothing new: one exemplar in 15 s of a 2 h window.
const EXEMPLARS_MAX: usize = 512;

/// Adds an exemplar unless the same is there; says whether it is new.
pub(super) fn insert(exemplars: &mut Vec<Exemplar>, exemplar: &Exemplar) -> bool {
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
        return false;
    }
    exemplars.insert(after, exemplar.clone());
    if exemplars.len() > EXEMPLARS_MAX {
        exemplars.remove(0);
    }
    true
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
            insert(&mut all, &exemplar(time));
        }
        assert!(!insert(&mut all, &exemplar(599)));
        assert_eq!(all.len(), EXEMPLARS_MAX);
        assert!(all.is_sorted_by_key(|exemplar| exemplar.timestamp));
        assert_eq!(all.last().unwrap().timestamp.millis(), 599);
    }
}

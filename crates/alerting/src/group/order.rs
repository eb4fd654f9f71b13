//! The order in which the alerts of a notice are told: Alertmanager's.

use std::cmp::Ordering;

use plimsoll_notify::NoticeAlert;
use plimsoll_types::Labels;

/// Puts the alerts of a notice in order: by job, then by instance, those without one at the end; then those with fewer
/// labels first, then by the first label in which they differ.
pub(crate) fn in_order(alerts: Vec<NoticeAlert>) -> Vec<NoticeAlert> {
    let mut keyed: Vec<_> = alerts
        .iter()
        .map(|one| (Key::of(&one.alert.labels), one))
        .collect();
    keyed.sort_by(|(a, _), (b, _)| a.compare(b));
    keyed.into_iter().map(|(_, one)| one.clone()).collect()
}

/// What is compared, looked up once.
struct Key<'a> {
    /// Those without a job come last, and so `None` is larger here.
    job: (bool, &'a str),
    instance: (bool, &'a str),
    count: usize,
    labels: &'a Labels,
}

impl<'a> Key<'a> {
    fn of(labels: &'a Labels) -> Self {
        let first = |name| {
            let value = labels.get(name);
            (value.is_none(), value.unwrap_or_default())
        };
        Self {
            job: first("job"),
            instance: first("instance"),
            count: labels.len(),
            labels,
        }
    }

    fn compare(&self, other: &Self) -> Ordering {
        let own = (self.job, self.instance, self.count);
        let order = own.cmp(&(other.job, other.instance, other.count));
        order.then_with(|| by_difference(self.labels, other.labels))
    }
}

/// Orders sets of the same size: the one that has the first name comes later when the other lacks it.
fn by_difference(a: &Labels, b: &Labels) -> Ordering {
    for ((name_a, value_a), (name_b, value_b)) in a.iter().zip(b.iter()) {
        let order = name_b.cmp(name_a).then_with(|| value_a.cmp(value_b));
        if order.is_ne() {
            return order;
        }
    }
    Ordering::Equal
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(smaller: &[(&str, &str)], larger: &[(&str, &str)]) {
        let [a, b] = [smaller, larger].map(|pairs| Labels::from_pairs(pairs.iter().copied()));
        let [key_a, key_b] = [Key::of(&a), Key::of(&b)];
        assert_eq!(key_a.compare(&key_b), Ordering::Less, "{a} {b}");
        assert_eq!(key_b.compare(&key_a), Ordering::Greater, "{a} {b}");
    }

    #[test]
    fn job_and_instance_come_first() {
        check(&[("job", "a"), ("z", "1")], &[("job", "b"), ("a", "1")]);
        check(&[("job", "a"), ("z", "1")], &[("a", "1")]);
        check(
            &[("job", "a"), ("instance", "1")],
            &[("job", "a"), ("instance", "2")],
        );
        check(&[("job", "a"), ("instance", "9")], &[("job", "a")]);
    }

    #[test]
    fn then_fewer_labels_and_smaller_values() {
        check(&[("z", "9")], &[("a", "1"), ("b", "1")]);
        check(&[("a", "1"), ("b", "2")], &[("a", "1"), ("b", "3")]);
    }

    /// Alertmanager looks at the union of the names: who lacks the first of them is the smaller one.
    #[test]
    fn who_lacks_a_name_comes_first() {
        check(&[("b", "1")], &[("a", "1")]);
        check(&[("a", "1"), ("c", "1")], &[("a", "1"), ("b", "1")]);
    }
}

//! Custom bounds that differ: what two histograms have in common.

use super::Histogram;

/// Returns the bounds that both have; both ascend.
pub(super) fn common(a: &[f64], b: &[f64]) -> Vec<f64> {
    let mut rest = b.iter().peekable();
    let mut common = Vec::new();
    for bound in a {
        while rest.next_if(|other| *other < bound).is_some() {}
        if rest.next_if(|other| *other == bound).is_some() {
            common.push(*bound);
        }
    }
    common
}

/// Returns the bucket between `wider` bounds (a part of `bounds`) that holds all of bucket `index`.
pub(super) fn wider_index(bounds: &[f64], wider: &[f64], index: i64) -> i64 {
    let upper = usize::try_from(index)
        .ok()
        .and_then(|index| bounds.get(index));
    let at = match upper {
        Some(upper) => wider.partition_point(|bound| bound < upper),
        None => wider.len(),
    };
    i64::try_from(at).expect("a slice is no longer than isize::MAX")
}

/// Returns the counts between `wider` bounds, one more than there are bounds.
pub(super) fn counts_between(histogram: &Histogram, wider: &[f64]) -> Vec<f64> {
    let mut counts = vec![0.0; wider.len() + 1];
    for (index, count) in histogram.side(true) {
        let at = wider_index(&histogram.custom_bounds, wider, index);
        let at = usize::try_from(at).expect("an index of a slice");
        counts[at] += count;
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_is_common() {
        assert_eq!(
            common(&[1.0, 2.0, 3.0, 5.0], &[0.5, 2.0, 4.0, 5.0]),
            [2.0, 5.0]
        );
        assert_eq!(common(&[1.0], &[]), [0.0; 0]);
        assert_eq!(common(&[1.0, f64::NAN], &[1.0, f64::NAN]), [1.0]);
    }

    #[test]
    fn buckets_move_into_the_wider_one_around_them() {
        let (bounds, wider) = ([1.0, 2.0, 3.0, 5.0], [2.0, 5.0]);
        let moved: Vec<i64> = (0..5).map(|i| wider_index(&bounds, &wider, i)).collect();
        assert_eq!(moved, [0, 0, 1, 1, 2]);
    }
}

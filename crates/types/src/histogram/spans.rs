//! Bucket numbers: from spans to indices and back.

use super::Span;

/// Returns the bucket indices that spans name.
pub(super) fn indices(spans: &[Span]) -> impl Iterator<Item = i64> + '_ {
    spans
        .iter()
        .scan(0i64, |next, span| {
            let start = *next + i64::from(span.offset);
            *next = start + i64::from(span.length);
            Some(start..*next)
        })
        .flatten()
}

/// Returns the bucket of a schema `shift` levels coarser into which bucket `index` falls. Bucket `i` ends at base^i, so
/// that is ceil(i / 2^shift).
pub(super) fn coarser_index(index: i64, shift: u32) -> i64 {
    ((index - 1) >> shift.min(63)) + 1
}

/// Finds the runs of `part` among the buckets that `whole` names: for each its place and length, `None` when a bucket is
/// missing there.
pub(super) fn embedded<'a>(
    whole: &'a [Span],
    part: &'a [Span],
) -> impl Iterator<Item = Option<(usize, usize)>> + 'a {
    let mut runs = whole.iter();
    // The current run of `whole`: its indices, and how many buckets are before it.
    let (mut start, mut end) = runs.next().map_or((i64::MIN, i64::MIN), |run| {
        let start = i64::from(run.offset);
        (start, start + i64::from(run.length))
    });
    let mut before = 0usize;
    let mut next = 0i64;
    part.iter().map(move |span| {
        let first = next + i64::from(span.offset);
        next = first + i64::from(span.length);
        while end < next {
            let run = runs.next()?;
            before += usize::try_from(end - start).ok()?;
            start = end + i64::from(run.offset);
            end = start + i64::from(run.length);
        }
        let inside = usize::try_from(first - start).ok()?;
        Some((before + inside, usize::try_from(span.length).ok()?))
    })
}

/// Writes spans for indices that arrive in ascending order.
#[derive(Debug, Default)]
pub(super) struct SpanWriter {
    spans: Vec<Span>,
    /// The index after the last one.
    next: i64,
}

impl SpanWriter {
    pub(super) fn push(&mut self, index: i64) {
        let mut gap = index - self.next;
        self.next = index + 1;
        match self.spans.last_mut() {
            Some(span) if gap == 0 && span.length < u32::MAX => {
                span.length += 1;
                return;
            }
            _ => {}
        }
        // A gap that no offset can say is crossed by spans without buckets. Histograms that are valid have at most a
        // handful: their indices come from spans themselves.
        while gap > i64::from(i32::MAX) {
            self.spans.push(Span {
                offset: i32::MAX,
                length: 0,
            });
            gap -= i64::from(i32::MAX);
        }
        let offset = i32::try_from(gap).unwrap_or(i32::MIN);
        self.spans.push(Span { offset, length: 1 });
    }

    pub(super) fn finish(self) -> Vec<Span> {
        self.spans
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spans(pairs: &[(i32, u32)]) -> Vec<Span> {
        let span = |(offset, length): &(i32, u32)| Span {
            offset: *offset,
            length: *length,
        };
        pairs.iter().map(span).collect()
    }

    #[test]
    fn indices_come_back_as_the_same_spans() {
        for pairs in [
            &[(-3, 2), (4, 1)][..],
            &[],
            &[(i32::MIN, 1), (i32::MAX, 1), (i32::MAX, 2)],
        ] {
            let mut writer = SpanWriter::default();
            indices(&spans(pairs)).for_each(|index| writer.push(index));
            assert_eq!(writer.finish(), spans(pairs));
        }
    }

    #[test]
    fn finds_a_part_in_the_whole() {
        let whole = spans(&[(-2, 3), (2, 4), (1, 1)]);
        let found = |part: &[(i32, u32)]| -> Option<Vec<(usize, usize)>> {
            embedded(&whole, &spans(part)).collect()
        };
        assert_eq!(
            found(&[(-2, 3), (2, 4), (1, 1)]),
            Some(vec![(0, 3), (3, 4), (7, 1)])
        );
        assert_eq!(
            found(&[(-1, 1), (4, 2), (2, 1)]),
            Some(vec![(1, 1), (4, 2), (7, 1)])
        );
        assert_eq!(found(&[]), Some(vec![]));
        assert_eq!(found(&[(-3, 1)]), None);
        assert_eq!(found(&[(0, 2)]), None);
        assert_eq!(found(&[(8, 2)]), None);
    }

    #[test]
    fn gaps_wider_than_an_offset_are_bridged() {
        let mut writer = SpanWriter::default();
        let far = 3 * i64::from(i32::MAX);
        writer.push(1);
        writer.push(far);
        let written = writer.finish();
        assert_eq!(indices(&written).collect::<Vec<_>>(), [1, far]);
        assert!(written[1..].iter().all(|span| span.offset >= 0));
    }
}

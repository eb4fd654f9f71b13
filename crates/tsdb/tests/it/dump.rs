//! A store as text: every series with its samples, bit for bit, exemplars and metadata.
//!
//! Stored fixtures are compared with it, so it never changes; a new kind of data gets a dump of its own.

use std::fmt::Write;

use plimsoll_types::{BucketCounts, Counts, Histogram, Queryable, SampleColumns, Span, TimeRange};

/// Returns the text.
pub(crate) fn dump(store: &dyn Queryable) -> String {
    let mut text = String::new();
    let mut selection = store.select(&[], TimeRange::ALL).unwrap();
    let mut columns = SampleColumns::default();
    for (index, labels) in selection.labels.iter().enumerate() {
        selection.source.read(index, &mut columns).unwrap();
        if columns.is_empty() {
            continue;
        }
        let _ = writeln!(text, "{labels}");
        samples(&columns, &mut text);
    }
    let mut exemplars = store.exemplars(&[vec![]], TimeRange::ALL).unwrap();
    exemplars.sort_by(|(a, _), (b, _)| a.cmp(b));
    for (labels, exemplars) in exemplars {
        let _ = writeln!(text, "exemplars of {labels}");
        for exemplar in exemplars {
            let (time, value) = (exemplar.timestamp.millis(), exemplar.value);
            let _ = writeln!(text, " {time} {value} {}", exemplar.labels);
        }
    }
    for (metric, meanings) in store.metadata(None, usize::MAX).unwrap() {
        for meaning in meanings {
            let kind = meaning.metric_type.as_str();
            let _ = writeln!(
                text,
                "{metric} is a {kind} [{}] {}",
                meaning.unit, meaning.help
            );
        }
    }
    text
}

/// Times and bits as differences to the sample before, so that a dump stays small; start times where there are any.
fn samples(columns: &SampleColumns, text: &mut String) {
    let (mut time, mut bits) = (0, 0);
    for index in 0..columns.len() {
        let _ = write!(text, " +{}", columns.timestamps[index] - time);
        time = columns.timestamps[index];
        match columns.histograms.get(index).and_then(Option::as_ref) {
            Some(histogram) => {
                let _ = write!(text, " {}", shown(histogram));
            }
            None => {
                let found = columns.values[index].to_bits();
                let _ = write!(text, " {:x}", found ^ bits);
                bits = found;
            }
        }
        if let Some(start) = columns.starts.get(index).filter(|start| **start != 0) {
            let _ = write!(text, " since {start}");
        }
        let _ = writeln!(text);
    }
}

fn shown(histogram: &Histogram) -> String {
    let spans = |spans: &[Span]| -> Vec<_> {
        let pairs = spans.iter().map(|span| (span.offset, span.length));
        pairs.collect()
    };
    format!(
        "h{} {:x} {:x} {} {:?} {:?} {:?} {:?}",
        histogram.schema,
        histogram.zero_threshold.to_bits(),
        histogram.sum.to_bits(),
        match &histogram.counts {
            Counts::Integer(counts) => shown_counts("whole", counts),
            Counts::Float(counts) => shown_counts("float", counts),
        },
        spans(&histogram.positive_spans),
        spans(&histogram.negative_spans),
        histogram.custom_bounds,
        histogram.reset_hint
    )
}

fn shown_counts<T: std::fmt::Debug>(kind: &str, counts: &BucketCounts<T>) -> String {
    let BucketCounts {
        count,
        zero,
        positive,
        negative,
    } = counts;
    format!("{kind} {count:?} {zero:?} {positive:?} {negative:?}")
}

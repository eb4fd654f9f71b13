//! `load_with_nhcb`: the classic histograms of a `load` once more, as native ones with custom buckets.

use std::collections::BTreeMap;

use plimsoll_types::{
    BUCKET_LABEL, ClassicHistogram, Labels, METRIC_NAME, Sample, Timestamp, Value,
};

use crate::script::LoadedSeries;

/// What a series says about a classic histogram.
enum Part {
    Bucket(f64),
    Count,
    Sum,
}

/// Derives a series of native histograms from each classic histogram, with the name that its parts have in common.
///
/// # Errors
/// When buckets contradict each other.
pub(crate) fn derive(series: &[LoadedSeries]) -> Result<Vec<LoadedSeries>, String> {
    let mut found: BTreeMap<Labels, BTreeMap<Timestamp, ClassicHistogram>> = BTreeMap::new();
    for loaded in series {
        let Some((labels, part)) = part(&loaded.labels) else {
            continue;
        };
        let by_time = found.entry(labels).or_default();
        for sample in &loaded.samples {
            let Value::Float(value) = sample.value else {
                continue;
            };
            let classic = by_time.entry(sample.timestamp).or_default();
            let set = match part {
                Part::Bucket(bound) => classic.set_bucket(bound, value),
                Part::Count => classic.set_count(value),
                Part::Sum => {
                    classic.set_sum(value);
                    Ok(())
                }
            };
            let time = sample.timestamp;
            set.map_err(|error| format!("{} at {time} ms: {error}", loaded.labels))?;
        }
    }
    found.into_iter().map(native).collect()
}

fn native(
    (labels, by_time): (Labels, BTreeMap<Timestamp, ClassicHistogram>),
) -> Result<LoadedSeries, String> {
    let mut samples = Vec::new();
    for (time, classic) in by_time {
        let histogram = classic
            .to_native()
            .map_err(|error| format!("{labels} at {time} ms: {error}"))?;
        samples.push(Sample::histogram(time, histogram.into()));
    }
    Ok(LoadedSeries { labels, samples })
}

/// Tells which part of which histogram a series is.
fn part(labels: &Labels) -> Option<(Labels, Part)> {
    let name = labels.metric_name()?;
    let (base, part) = if let Some(base) = name.strip_suffix("_bucket") {
        let bound = labels.get(BUCKET_LABEL)?.parse::<f64>().ok()?;
        (
            base,
            Part::Bucket(Some(bound).filter(|bound| !bound.is_nan())?),
        )
    } else if let Some(base) = name.strip_suffix("_count") {
        (base, Part::Count)
    } else {
        (name.strip_suffix("_sum")?, Part::Sum)
    };
    let mut builder = labels.to_builder();
    builder.set(METRIC_NAME, base).remove(BUCKET_LABEL);
    Some((builder.build(), part))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notation::labels;

    fn series(metric: &str, values: &[f64]) -> LoadedSeries {
        let at = |(index, value): (usize, &f64)| {
            Sample::float(Timestamp::from_millis(60_000 * index as i64), *value)
        };
        LoadedSeries {
            labels: labels(metric).unwrap(),
            samples: values.iter().enumerate().map(at).collect(),
        }
    }

    #[test]
    fn the_parts_of_a_histogram_come_together() {
        let loaded = [
            series("a_bucket{le=\"1\",x=\"y\"}", &[1.0, 2.0]),
            series("a_bucket{le=\"+Inf\",x=\"y\"}", &[3.0, 5.0]),
            series("a_bucket{x=\"no bound\"}", &[3.0]),
            series("a_count{x=\"y\"}", &[3.0, 5.0]),
            series("a_sum{x=\"y\"}", &[4.5, 9.0]),
            series("other", &[1.0]),
        ];
        let derived = derive(&loaded).unwrap();
        assert_eq!(derived.len(), 1);
        assert_eq!(derived[0].labels, labels("a{x=\"y\"}").unwrap());
        let shown = derived[0].samples.iter().map(|sample| match &sample.value {
            Value::Histogram(found) => (found.count(), found.sum, found.custom_bounds.clone()),
            other => panic!("{other:?}"),
        });
        let shown: Vec<_> = shown.collect();
        assert_eq!(shown, [(3.0, 4.5, vec![1.0]), (5.0, 9.0, vec![1.0])]);
    }

    #[test]
    fn contradictions_are_refused() {
        let loaded = [
            series("a_bucket{le=\"1\"}", &[4.0]),
            series("a_bucket{le=\"2\"}", &[3.0]),
        ];
        assert!(derive(&loaded).is_err());
    }
}

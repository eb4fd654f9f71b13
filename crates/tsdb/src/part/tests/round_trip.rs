//! What was written comes back, whole and in pieces.

use std::sync::Arc;

use plimsoll_runtime::disk::SystemDisk;
use plimsoll_types::{
    BucketCounts, Counts, Exemplar, Histogram, Labels, Sample, SampleColumns, Span, TimeRange,
    Timestamp, Value,
};
use proptest::prelude::*;

use super::model::{self, Model, Series};
use crate::part::{Aggregates, BlockKind, ErrorKind, PartWriter, WriteOptions};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn returns_what_was_written(model in model::any_model(), block_samples_max in prop_oneof![1usize..40, Just(8192)]) {
        let options = WriteOptions { block_samples_max, ..WriteOptions::default() };
        let (_guard, directory) = model::on_disk(&model, options);
        let part = model::open(&directory).unwrap();
        part.verify().unwrap();
        let wanted = model::without_empty(&model);
        prop_assert_eq!(model::difference(&wanted, &model::read(&part).unwrap()), None);
        check_meta(&wanted, &part, &directory)?;
    }

    #[test]
    fn reads_any_range(model in model::any_model(), a: i64, b: i64, near in any::<bool>()) {
        let options = WriteOptions { block_samples_max: 16, ..WriteOptions::default() };
        let (_guard, directory) = model::on_disk(&model, options);
        let part = model::open(&directory).unwrap();
        let scale = |t: i64| if near { 1_700_000_000_000 + t % 1_000_000 } else { t };
        let range = TimeRange::new(Timestamp::from_millis(scale(a)), Timestamp::from_millis(scale(b)));
        for (id, series) in model::without_empty(&model).values().enumerate() {
            // What is there already must stay, so the columns are used for all series.
            let mut columns = SampleColumns::default();
            columns.push(&Sample::float(Timestamp::MIN, 7.0));
            part.read(id as u32, range, &mut columns).unwrap();
            let wanted: Vec<Sample> = series.samples.iter().filter(|s| range.contains(s.timestamp)).cloned().collect();
            prop_assert_eq!(columns.iter().skip(1).collect::<Vec<_>>(), wanted);
            let count = columns.len();
            prop_assert!([0, count].contains(&columns.histograms.len()) && [0, count].contains(&columns.starts.len()));
            let found = part.exemplars(id as u32, range).unwrap();
            let wanted = series.exemplars.iter().filter(|e| range.contains(e.timestamp)).count();
            prop_assert_eq!(found.len(), wanted);
        }
    }

    #[test]
    fn aggregates_are_those_of_the_samples(model in model::any_model()) {
        let options = WriteOptions { block_samples_max: 16, ..WriteOptions::default() };
        let (_guard, directory) = model::on_disk(&model, options);
        let part = model::open(&directory).unwrap();
        for id in 0..part.meta().series {
            for block in part.block_aggregates(id).unwrap() {
                let mut columns = SampleColumns::default();
                part.read(id, block.range, &mut columns).unwrap();
                prop_assert_eq!(columns.len(), block.samples as usize);
                let wanted = match block.kind {
                    BlockKind::Windows | BlockKind::HistogramWindows => unreachable!("samples were written"),
                    BlockKind::Floats => Aggregates::of_floats(&columns.values),
                    BlockKind::Histograms => {
                        let stale = columns.iter().filter(|s| s.value.is_stale()).count();
                        Aggregates { count: (columns.len() - stale) as u32, has_stale: stale > 0, ..Aggregates::default() }
                    }
                };
                prop_assert!(wanted.agrees_with(&block.aggregates), "{:?} {:?}", wanted, block);
            }
        }
    }
}

fn check_meta(
    wanted: &Model,
    part: &crate::part::Part,
    directory: &std::path::Path,
) -> Result<(), TestCaseError> {
    let meta = part.meta();
    let samples = wanted
        .values()
        .flat_map(|s| s.samples.iter().map(|s| s.timestamp));
    let exemplars = wanted
        .values()
        .flat_map(|s| s.exemplars.iter().map(|e| e.timestamp));
    prop_assert_eq!(meta.series as usize, wanted.len());
    prop_assert_eq!(meta.samples as usize, samples.clone().count());
    prop_assert_eq!(meta.exemplars as usize, exemplars.clone().count());
    let times = || samples.clone().chain(exemplars.clone());
    let range = times().min().zip(times().max());
    prop_assert_eq!(
        (!meta.range.is_empty()).then_some((meta.range.start, meta.range.end)),
        range
    );
    let sizes = std::fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().metadata().unwrap().len());
    prop_assert_eq!(meta.bytes, sizes.sum::<u64>());
    Ok(())
}

#[test]
fn an_empty_part_is_a_part() {
    let (_guard, directory) = model::on_disk(&Model::new(), WriteOptions::default());
    let part = model::open(&directory).unwrap();
    part.verify().unwrap();
    assert!(part.meta().range.is_empty());
    assert_eq!(part.select(&[], TimeRange::ALL).unwrap(), Vec::<u32>::new());
    assert_eq!(part.label_names(None).unwrap(), Vec::<String>::new());
    assert_eq!(part.labels(0).unwrap_err().kind(), ErrorKind::Invalid);
}

#[test]
fn long_series_become_blocks() {
    let samples: Vec<Sample> = (0..20_000)
        .map(|i| Sample::float(Timestamp::from_millis(i * 1000), (i as f64).sqrt()))
        .collect();
    let labels = Labels::from_pairs([("a", "b")]);
    let series = Series {
        samples,
        ..Series::default()
    };
    let model = Model::from([(labels, series)]);
    let (_guard, directory) = model::on_disk(&model, WriteOptions::default());
    let part = model::open(&directory).unwrap();
    let lengths: Vec<u32> = part
        .block_aggregates(0)
        .unwrap()
        .iter()
        .map(|b| b.samples)
        .collect();
    assert_eq!(lengths, [8192, 8192, 3616]);
    assert_eq!(
        model::difference(&model, &model::read(&part).unwrap()),
        None
    );
}

#[test]
fn many_series_become_pages() {
    let series = |i: u32| Series {
        samples: vec![Sample::float(Timestamp::from_millis(i.into()), i.into())],
        ..Series::default()
    };
    let labels =
        |i: u32| Labels::from_pairs([("id", format!("{i:05}")), ("half", (i % 2).to_string())]);
    let model: Model = (0..5000).map(|i| (labels(i), series(i))).collect();
    let (_guard, directory) = model::on_disk(&model, WriteOptions::default());
    let part = model::open(&directory).unwrap();
    part.verify().unwrap();
    assert_eq!(
        model::difference(&model, &model::read(&part).unwrap()),
        None
    );
    let odd = [plimsoll_types::Matcher::equal("half", "1")];
    assert_eq!(part.select(&odd, TimeRange::ALL).unwrap().len(), 2500);
}

#[test]
fn series_of_one_scrape_share_their_times() {
    let jitter = |i: i64| Timestamp::from_millis(i * 15_000 + i * i % 7);
    let series = |n: u32| Series {
        samples: (0..480)
            .map(|i| Sample::float(jitter(i), f64::from(n)))
            .collect(),
        ..Series::default()
    };
    let labels = |n: u32| Labels::from_pairs([("n", n.to_string())]);
    let length = |count: u32| {
        let model: Model = (0..count).map(|n| (labels(n), series(n))).collect();
        let (_guard, directory) = model::on_disk(&model, WriteOptions::default());
        std::fs::metadata(directory.join("times.bin"))
            .unwrap()
            .len()
    };
    assert_eq!(length(1), length(300));
}

#[test]
fn large_histograms_and_texts_survive() {
    let buckets: Vec<u64> = (0..70_000).collect();
    let histogram = Histogram {
        counts: Counts::Integer(BucketCounts {
            count: buckets.iter().sum(),
            positive: buckets,
            ..BucketCounts::default()
        }),
        positive_spans: vec![Span {
            offset: 0,
            length: 70_000,
        }],
        ..Histogram::default()
    };
    let value = Value::Histogram(Arc::new(histogram));
    let sample = |i| Sample {
        value: value.clone(),
        ..Sample::float(Timestamp::from_millis(i), 0.0)
    };
    let series = Series {
        samples: (0..3).map(sample).collect(),
        exemplars: (0..2500)
            .map(|i| Exemplar {
                labels: Labels::from_pairs([("n", i.to_string())]),
                value: 1.0,
                timestamp: Timestamp::from_millis(i),
            })
            .collect(),
        ..Series::default()
    };
    let labels = Labels::from_pairs([("big", "x".repeat(10 << 20)), ("small", "y".into())]);
    let model = Model::from([(labels, series)]);
    let (_guard, directory) = model::on_disk(&model, WriteOptions::default());
    let part = model::open(&directory).unwrap();
    part.verify().unwrap();
    assert_eq!(
        model::difference(&model, &model::read(&part).unwrap()),
        None
    );
    assert_eq!(part.block_aggregates(0).unwrap().len(), 3);
}

#[test]
fn refuses_what_is_out_of_order() {
    let guard = tempfile::tempdir().unwrap();
    let directory = guard.path().join("part");
    let create = || PartWriter::create(Arc::new(SystemDisk), &directory, WriteOptions::default());
    let mut writer = create().unwrap();
    let labels = |value: &str| Labels::from_pairs([("a", value)]);
    let samples = |times: &[i64]| SampleColumns {
        timestamps: times.to_vec(),
        values: vec![0.0; times.len()],
        ..SampleColumns::default()
    };
    let mut add = |value: &str, samples: &SampleColumns| {
        let added = writer.add_series(&labels(value), samples, None, &[]);
        added.map_err(|error| (error.kind(), error.to_string()))
    };
    let check = |found: Result<(), (ErrorKind, String)>, text: &str| {
        assert_eq!(found.unwrap_err(), (ErrorKind::Invalid, text.to_owned()));
    };
    add("b", &samples(&[1, 2])).unwrap();
    check(
        add("b", &samples(&[3])),
        r#"series must ascend, but {a="b"} came after {a="b"}"#,
    );
    check(
        add("c", &samples(&[3, 3])),
        r#"timestamps must ascend, but in {a="c"} 3 came after 3"#,
    );
    let mut short = samples(&[1, 2]);
    short.starts = vec![5];
    check(
        add("c", &short),
        r#"the columns of {a="c"} are not equally long"#,
    );
    add("c", &samples(&[3])).unwrap();
    assert_eq!(writer.finish().unwrap().series, 2);
    // A directory is written once.
    assert_eq!(create().err().unwrap().kind(), ErrorKind::Io);
}

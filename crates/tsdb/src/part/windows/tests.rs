use plimsoll_runtime::disk::SystemDisk;
use plimsoll_testkit::NodeExporter;
use plimsoll_types::{
    BucketCounts, Counts, Labels, ResetHint, Sample, SampleColumns, Tier, TimeRange, stale_nan,
};
use proptest::prelude::*;

use super::*;
use crate::part::{Part, PartWriter, WriteOptions};

fn histogram(value: u64, reset_hint: ResetHint) -> Arc<Histogram> {
    let counts = BucketCounts {
        count: value,
        zero: value,
        ..BucketCounts::default()
    };
    Arc::new(Histogram {
        sum: value as f64,
        reset_hint,
        counts: Counts::Integer(counts),
        ..Histogram::default()
    })
}

fn sample() -> impl Strategy<Value = (u8, f64)> {
    let value = prop_oneof![
        6 => (0..40u32).prop_map(f64::from),
        2 => any::<f64>(),
        1 => prop_oneof![Just(stale_nan()), Just(f64::NAN), Just(-0.0)],
    ];
    (0..8u8, value)
}

fn windows() -> impl Strategy<Value = Vec<TierWindow>> {
    let samples = prop::collection::btree_map(-500..500i64, sample(), 0..200);
    (samples, any::<bool>()).prop_map(|(samples, has_histograms)| {
        let mut columns = SampleColumns::default();
        for (time, (kind, value)) in samples {
            let at = Timestamp::from_millis(time);
            columns.push(&match kind {
                0 if has_histograms => Sample::histogram(at, histogram(3, ResetHint::Gauge)),
                1 if has_histograms => {
                    Sample::histogram(at, histogram(time.unsigned_abs(), ResetHint::Unknown))
                }
                _ => Sample::float(at, value),
            });
        }
        let mut windows = Vec::new();
        TierWindow::roll(&columns, 30, &mut windows);
        windows
    })
}

/// As text, so that NaN equals itself.
fn text(windows: &[TierWindow]) -> String {
    format!("{windows:?}")
}

fn encoded(windows: &[TierWindow]) -> (Vec<i64>, Vec<i64>, Vec<u8>) {
    let ends = windows.iter().map(|window| window.end.millis()).collect();
    let mut bytes = Vec::new();
    encode(windows, 4, &mut bytes);
    (ends, shape(windows), bytes)
}

proptest! {
    #[test]
    fn returns_what_was_put_in(windows in windows()) {
        let (ends, shape, bytes) = encoded(&windows);
        let found = decode(&ends, &shape, &bytes).unwrap();
        prop_assert_eq!(text(&found), text(&windows));
    }

    #[test]
    fn hostile_bytes_are_refused_or_read(
        windows in windows(), flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        shaken in prop::collection::vec((any::<prop::sample::Index>(), any::<i64>()), 0..3), cut: prop::sample::Index,
    ) {
        let (ends, mut shape, mut bytes) = encoded(&windows);
        for (at, value) in flips {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        let count = shape.len().max(1);
        for (at, value) in shaken {
            if let Some(number) = shape.get_mut(at.index(count)) {
                *number = value;
            }
        }
        let _ = decode(&ends, &shape, &bytes);
        let _ = decode(&ends, &shape, &bytes[..cut.index(bytes.len())]);
    }
}

#[test]
fn what_does_not_change_costs_nothing_but_its_value() {
    let mut columns = SampleColumns::default();
    for index in 0..2880 {
        columns.push(&Sample::float(
            Timestamp::from_millis(index * 15_000 + 7),
            42.5,
        ));
    }
    let mut windows = Vec::new();
    TierWindow::roll(&columns, 300_000, &mut windows);
    let (_, shape, bytes) = encoded(&windows);
    assert!(bytes.len() <= 16, "{}", bytes.len());
    assert_eq!(shape.len(), SHAPE_WIDTH * windows.len());
    let other = windows.iter().cloned().map(|mut window| {
        window.floats.as_mut().unwrap().first.1 = 7.0;
        window
    });
    assert_eq!(super::shape(&other.collect::<Vec<_>>()), shape);
}

/// Every fourth series of a machine, scraped every 15 s for two days.
fn scraped() -> Vec<(Labels, SampleColumns)> {
    let mut machine = NodeExporter::new(1);
    let mut columns = vec![SampleColumns::default(); NodeExporter::SERIES as usize];
    for index in 0..2 * 5760 {
        let (time, values) = machine.scrape(1_700_006_400_000, index);
        for (columns, value) in columns.iter_mut().zip(values).step_by(4) {
            columns.push(&Sample::float(Timestamp::from_millis(time), value));
        }
    }
    let all = machine.labels().into_iter().zip(columns);
    let mut series: Vec<_> = all.filter(|(_, columns)| !columns.is_empty()).collect();
    series.sort_by(|(a, _), (b, _)| a.cmp(b));
    series
}

#[test]
fn a_part_of_windows_is_small_and_whole() {
    let series = scraped();
    let samples: usize = series.iter().map(|(_, columns)| columns.len()).sum();
    let directory = tempfile::tempdir().unwrap();
    for (tier, most) in [(Tier::FiveMinutes, 0.35), (Tier::Hour, 0.06)] {
        let path = directory.path().join(tier.as_str());
        let options = WriteOptions {
            tier,
            ..WriteOptions::default()
        };
        let disk = Arc::new(SystemDisk);
        let mut writer = PartWriter::create(disk.clone(), &path, options).unwrap();
        let rolled = series.iter().map(|(_, columns)| {
            let mut windows = Vec::new();
            TierWindow::roll(columns, tier.window_millis().unwrap(), &mut windows);
            windows
        });
        let rolled: Vec<Vec<TierWindow>> = rolled.collect();
        for ((labels, _), windows) in series.iter().zip(&rolled) {
            writer.add_windows(labels, windows, None).unwrap();
        }
        let meta = writer.finish().unwrap();
        assert_eq!((meta.tier, meta.format_version), (tier, 3));
        let each = meta.bytes as f64 / samples as f64;
        println!("{tier}: {each:.3} B per sample");
        assert!(each < most, "{tier}: {each:.3} B per sample");
        let part = Part::open(disk, &path).unwrap();
        part.verify().unwrap();
        for (id, expected) in (0..).zip(&rolled) {
            let mut found = Vec::new();
            part.read_windows(id, TimeRange::ALL, &mut found).unwrap();
            assert_eq!(text(&found), text(expected));
            let (from, to) = (expected[3].end, expected[9].end);
            found.clear();
            part.read_windows(id, TimeRange::new(from, to), &mut found)
                .unwrap();
            assert_eq!(text(&found), text(&expected[3..10]));
        }
        assert!(
            part.read(0, TimeRange::ALL, &mut SampleColumns::default())
                .is_err()
        );
    }
}

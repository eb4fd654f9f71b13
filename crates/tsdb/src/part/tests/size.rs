//! How many bytes a sample takes: a set like that of node exporters, 15 s apart, 2 h long, the same on every run.

use plimsoll_testkit::Seed;
use plimsoll_types::{Labels, Sample, Timestamp};

use super::model::{self, Model, Series};
use crate::part::WriteOptions;

const TARGETS: u64 = 4;
const SERIES_PER_TARGET: u64 = 500;
const SAMPLES: i64 = 480;

/// 60 % constant; 25 % counters: events, CPU seconds of two decimals, bytes; 15 % gauges: a temperature of two
/// decimals, memory in pages, and durations in nanoseconds, of which every fifth has the full precision of a float.
fn value(number: u64, i: i64, state: &mut f64, random: &mut Seed) -> f64 {
    let step = random.below(100) as f64;
    match number % 20 {
        0..=11 => *state,
        12..=13 => {
            *state += (step / 10.0).floor();
            *state
        }
        14..=15 => {
            *state += step / 7.0;
            (*state * 100.0).round() / 100.0
        }
        16 => {
            *state += step * 1500.0 + random.below(1500) as f64;
            *state
        }
        17 => 20.0 + step / 20.0,
        18 => (*state * 1e6 + step * 4096.0).floor(),
        _ if number % 100 == 99 => 0.5 + (i as f64 / 40.0).sin() / 4.0 + step / 1e4,
        _ => (100_000 + random.below(20_000)) as f64 / 1e9,
    }
}

fn node_exporters() -> Model {
    let mut model = Model::new();
    for target in 0..TARGETS {
        let mut random = Seed::new(target);
        let first = 1_700_000_000_000 + target as i64 * 3_700;
        let times: Vec<i64> = (0..SAMPLES)
            .map(|i| first + i * 15_000 + i64::from(random.percent(5)) * random.below(4) as i64)
            .collect();
        for number in 0..SERIES_PER_TARGET {
            let mut state = random.below(1_000_000) as f64;
            let samples = times.iter().zip(0..).map(|(time, i)| {
                let value = value(number, i, &mut state, &mut random);
                Sample::float(Timestamp::from_millis(*time), value)
            });
            let labels = Labels::from_pairs([
                ("__name__", format!("node_metric_{}_total", number / 10)),
                ("device", format!("dev{}", number % 10)),
                ("instance", format!("10.0.0.{target}:9100")),
                ("job", "node".into()),
            ]);
            let series = Series {
                samples: samples.collect(),
                ..Series::default()
            };
            model.insert(labels, series);
        }
    }
    model
}

#[test]
fn a_sample_takes_less_than_the_bar() {
    let model = node_exporters();
    let (_guard, directory) = model::on_disk(&model, WriteOptions::default());
    let part = model::open(&directory).unwrap();
    let meta = part.meta();
    let per_sample = |bytes: u64| bytes as f64 / meta.samples as f64;
    println!(
        "{} series, {} samples: {:.3} B/sample",
        meta.series,
        meta.samples,
        per_sample(meta.bytes)
    );
    for file in &meta.files {
        println!("{:>15} {:.4} B/sample", file.name, per_sample(file.length));
    }
    assert_eq!(meta.samples, TARGETS * SERIES_PER_TARGET * SAMPLES as u64);
    // The noise alone carries 0.39 B/sample (log2 of the outcomes of `value`), so this guards the codecs and the index,
    // not the figure that real data reaches, which is calmer.
    assert!(per_sample(meta.bytes) < 0.70);
    assert_eq!(
        model::difference(&model, &model::read(&part).unwrap()),
        None
    );
}

//! How many bytes a sample takes: a set like that of node exporters, 15 s apart, 2 h long, the same on every run.

use plimsoll_testkit::{NodeExporter, Seed};
use plimsoll_types::{Labels, Sample, Timestamp};

use super::model::{self, Model, Series};
use crate::part::WriteOptions;

const TARGETS: u64 = 4;
const SAMPLES: i64 = 480;

fn node_exporters() -> Model {
    let mut model = Model::new();
    for target in 0..TARGETS {
        let mut machine = NodeExporter::new(target);
        let mut series = vec![Series::default(); NodeExporter::SERIES as usize];
        for index in 0..SAMPLES {
            let (time, values) = machine.scrape(1_700_000_000_000, index);
            for (series, value) in series.iter_mut().zip(values) {
                let sample = Sample::float(Timestamp::from_millis(time), value);
                series.samples.push(sample);
            }
        }
        model.extend(machine.labels().into_iter().zip(series));
    }
    model
}

/// Like the series of pods of a cluster: pods come and go, and each brings 250 series along. `lives` are the first and
/// the last round of each pod.
fn pods(lives: impl Iterator<Item = (i64, i64)>) -> Model {
    const SERIES: u64 = 250;
    let mut model = Model::new();
    for (pod, (first, last)) in (0u64..).zip(lives) {
        let own = Seed::new(pod).bits();
        let name = format!("checkout-service-{:010x}-{:05x}", own >> 24, own & 0xf_ffff);
        let machine = pod / 20;
        for within in 0..SERIES {
            let labels = Labels::from_pairs([
                (
                    "__name__",
                    format!("container_metric_{}_seconds_total", within % 50),
                ),
                ("container", format!("container-{}", within / 50)),
                (
                    "instance",
                    format!("10.{}.0.{machine}:10250", 20 + pod % 20),
                ),
                ("job", "kubelet".into()),
                ("namespace", format!("namespace-{}", pod % 8)),
                (
                    "node",
                    format!("ip-10-20-0-{machine}.eu-central-1.compute.internal"),
                ),
                ("pod", name.clone()),
            ]);
            let mut random = Seed::new(pod << 16 | within);
            let (kind, mut state) = (random.below(20), random.below(1 << 28) as f64);
            let rate = 2 + random.below(15_000);
            let mut value = || {
                let noise = random.below(4_096);
                match kind {
                    0..=5 => {}
                    6..=13 => state += (rate + noise % rate) as f64,
                    14..=15 => {
                        state = ((state * 1000.0).round() + (rate + noise % rate) as f64) / 1000.0
                    }
                    16..=18 => state = (noise * 4096) as f64,
                    _ => state = noise as f64 / 10_000.0,
                }
                state
            };
            let late = (pod * 700 % 15_000) as i64;
            let time =
                |round: i64| Timestamp::from_millis(1_700_000_000_000 + late + round * 15_000);
            let samples = (first..last)
                .map(|round| Sample::float(time(round), value()))
                .collect();
            model.insert(
                labels,
                Series {
                    samples,
                    ..Series::default()
                },
            );
        }
    }
    model
}

/// The index, by what it holds.
#[test]
fn an_index_takes_less_than_the_bar() {
    let check = |what: &str, model: &Model, limit: f64| {
        let (_guard, directory) = model::on_disk(model, WriteOptions::default());
        let part = model::open(&directory).unwrap();
        let meta = part.meta();
        let per_series = |bytes: u64| bytes as f64 / f64::from(meta.series);
        let length = |name: &str| {
            meta.files
                .iter()
                .find(|file| file.name == name)
                .unwrap()
                .length
        };
        let names = ["series.idx", "symbols", "postings"];
        let sizes = names.map(|name| format!("{name} {:.1}", per_series(length(name))));
        let all = per_series(names.map(length).iter().sum());
        println!(
            "{what}: {} series, {:.1} samples each, {all:.1} B/series: {}",
            meta.series,
            per_series(meta.samples),
            sizes.join(", ")
        );
        println!(
            "  directories in memory: {:.2} B/series",
            per_series(part.directory_bytes() as u64)
        );
        assert!(all < limit, "{what}: {all} bytes per series");
    };
    // Two hours of scrapes of the same pods.
    check("stable", &pods((0..40).map(|_| (0, 480))), 30.0);
    // One pod in ten is replaced every minute of half an hour.
    let first = (0..20).map(|pod| (0, 4 * (1 + pod / 2)));
    let others = (0..60).map(|pod| (4 * (1 + pod / 2), (4 * (11 + pod / 2)).min(120)));
    check("churning", &pods(first.chain(others)), 30.0);
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
    assert_eq!(
        meta.samples,
        TARGETS * NodeExporter::SERIES * SAMPLES as u64
    );
    // The noise alone carries 0.39 B/sample (log2 of the outcomes of a value), so this guards the codecs and the index,
    // not the figure that real data reaches, which is calmer.
    assert!(per_sample(meta.bytes) < 0.65);
    assert_eq!(
        model::difference(&model, &model::read(&part).unwrap()),
        None
    );
}

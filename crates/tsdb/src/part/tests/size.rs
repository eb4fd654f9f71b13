//! How many bytes a sample takes: a set like that of node exporters, 15 s apart, 2 h long, the same on every run.

use plimsoll_testkit::NodeExporter;
use plimsoll_types::{Sample, Timestamp};

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
    assert!(per_sample(meta.bytes) < 0.70);
    assert_eq!(
        model::difference(&model, &model::read(&part).unwrap()),
        None
    );
}

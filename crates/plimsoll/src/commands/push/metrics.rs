//! `plimsoll push metrics`: expositions as remote write.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use plimsoll_runtime::clock::{Clock, SystemClock};
use plimsoll_types::{Sample, Timestamp};
use plimsoll_wire::compression::snappy;
use plimsoll_wire::exposition::{Family, Format, Options, prometheus_text, read_families};
use plimsoll_wire::push::Series;
use plimsoll_wire::remote_write::{Version, encode};

use crate::commands::Failure;
use crate::commands::server::Server;

/// The most bytes that an exposition may have.
const BYTES_MAX: u64 = 1 << 30;
/// Series per request.
const BATCH: usize = 5_000;

/// Push expositions (text as a target shows it) by remote write
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Files; standard input when there are none. Before them, as in promtool, the URL that takes remote write
    #[arg(value_name = "[URL] FILE")]
    words: Vec<String>,
    #[command(flatten)]
    server: Server,
    /// A label to add, as name=value
    #[arg(long = "label", value_name = "NAME=VALUE", value_parser = label, default_value = "job=plimsoll")]
    labels: Vec<(String, String)>,
}

fn label(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("expected name=value".into()),
    }
}

pub(super) fn run(mut arguments: Arguments) -> Result<(), Failure> {
    let is_url = |word: &String| word.starts_with("http://") || word.starts_with("https://");
    let (server, path) = match arguments.words.first().is_some_and(is_url) {
        true => (arguments.server.at(arguments.words.remove(0)), ""),
        false => (arguments.server, "api/v1/write"),
    };
    let now = SystemClock::new().now();
    let labels: BTreeMap<_, _> = arguments.labels.into_iter().collect();
    let mut series = Vec::new();
    for (name, bytes) in inputs(&arguments.words)? {
        let families = families(&name, &bytes)?;
        series.extend(
            families
                .into_iter()
                .flat_map(|f| series_of(f, &labels, now)),
        );
    }
    for batch in series.chunks(BATCH) {
        let version = Version::V1;
        let headers = [
            ("content-type", version.content_type()),
            ("content-encoding", "snappy"),
            ("x-prometheus-remote-write-version", version.header()),
        ];
        server.post(path, &headers, snappy(&encode(version, batch)))?;
    }
    eprintln!("{} samples pushed to {}", series.len(), server.shown());
    Ok(())
}

fn inputs(files: &[String]) -> Result<Vec<(PathBuf, Vec<u8>)>, Failure> {
    let read = |name: &Path, from: &mut dyn Read| {
        let mut bytes = Vec::new();
        let read = from.take(BYTES_MAX).read_to_end(&mut bytes);
        let failed = |error| Failure::failed(format!("{}: {error}", name.display()));
        read.map_err(failed).map(|_| (name.to_owned(), bytes))
    };
    if files.is_empty() {
        return Ok(vec![read(
            "standard input".as_ref(),
            &mut std::io::stdin().lock(),
        )?]);
    }
    files
        .iter()
        .map(|name| {
            let failed = |error| Failure::failed(format!("{name}: {error}"));
            read(
                name.as_ref(),
                &mut std::fs::File::open(name).map_err(failed)?,
            )
        })
        .collect()
}

fn families(name: &Path, bytes: &[u8]) -> Result<Vec<Family>, Failure> {
    let wrong =
        |error: &dyn std::fmt::Display| Failure::failed(format!("{}: {error}", name.display()));
    prometheus_text::validate(bytes).map_err(|error| wrong(&error))?;
    let format = Format::PrometheusText100;
    read_families(format, bytes, Options::default()).map_err(|error| wrong(&error))
}

fn series_of(
    family: Family,
    labels: &BTreeMap<String, String>,
    now: Timestamp,
) -> impl Iterator<Item = Series> {
    let metadata = family.metadata;
    family.samples.into_iter().map(move |sample| {
        let mut builder = sample.labels.to_builder();
        for (name, value) in labels {
            builder.set(name, value);
        }
        Series {
            labels: builder.build(),
            samples: vec![Sample {
                timestamp: sample.timestamp.unwrap_or(now),
                start: sample.start,
                value: sample.value,
            }],
            exemplars: Vec::new(),
            metadata: Some(metadata.clone()),
        }
    })
}

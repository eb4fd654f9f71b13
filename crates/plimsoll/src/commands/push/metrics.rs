//! `plimsoll push metrics`: expositions as remote write.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use plimsoll_runtime::clock::{Clock, SystemClock};
use plimsoll_types::{Sample, Timestamp};
use plimsoll_wire::compression::snappy;
use plimsoll_wire::exposition::{Family, Format, Options, prometheus_text, read_families};
use plimsoll_wire::push::Series;
use plimsoll_wire::remote_write::{Version, encode};

use crate::commands::server::Server;
use crate::commands::{Failure, input};

/// Where a server takes remote write.
const WRITE: &str = "api/v1/write";
/// Series per request.
const BATCH: usize = 5_000;

/// Push expositions (text as a target shows it) by remote write
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Files; standard input when there are none, and for -. Before them, as in promtool, the URL that takes remote write
    #[arg(value_name = "[URL] FILE")]
    words: Vec<PathBuf>,
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
    let url = arguments.words.first().and_then(|word| url(word));
    let (server, path) = match url {
        Some(url) => {
            arguments.words.remove(0);
            let path = path_below(&url);
            (arguments.server.at(url), path)
        }
        None => (arguments.server, WRITE),
    };
    let now = SystemClock::new().now();
    let labels: BTreeMap<_, _> = arguments.labels.into_iter().collect();
    let mut series = Vec::new();
    for (name, bytes) in input::read(&arguments.words)? {
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

/// Takes a word for a URL when it can be no file that anybody has: with a scheme.
fn url(word: &Path) -> Option<String> {
    let text = word.to_str()?;
    text.contains("://").then(|| text.to_owned())
}

/// promtool wants the whole URL; of a server without any path, ours is meant.
fn path_below(url: &str) -> &'static str {
    let after = url.split_once("://").map_or(url, |(_, after)| after);
    match after.trim_end_matches('/').contains('/') {
        true => "",
        false => WRITE,
    }
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
            metadata: Some(metadata.clone()),
            ..Series::default()
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_complete_or_a_server() {
        for (word, expected) in [
            ("http://h:1/api/v1/write", Some("")),
            ("http://h/prefix/api/v1/write", Some("")),
            ("http://h:1", Some(WRITE)),
            ("https://h/", Some(WRITE)),
            ("ftp://h", Some(WRITE)),
            ("h:1/api/v1/write", None),
            ("metrics.prom", None),
        ] {
            let found = url(word.as_ref());
            assert_eq!(found.as_deref().map(path_below), expected, "{word}");
        }
    }

    #[test]
    fn labels_have_a_name() {
        assert_eq!(label("a=b=c"), Ok(("a".into(), "b=c".into())));
        assert!(label("=x").is_err() && label("x").is_err());
    }
}

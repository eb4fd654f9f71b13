//! Rows: bytes per sample once everything is merged, and whether the samples are still what they were.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::Command;

use anyhow::ensure;
use plimsoll_e2e::{Home, now_millis};

use super::data_set::{self, DataSet};
use super::feed::Feed;
use super::files::{self, Bytes};
use super::read_back::lost;
use super::recording::Recorder;
use super::request::Request;
use super::table::{Goal, Row};
use crate::bench::contender::{self, Contender, PROMETHEUS, Setup, installed};

const HOUR: i64 = 3_600_000;
/// A slice of time that is written series by series; Prometheus takes nothing older than an hour before its newest.
const SLICE: i64 = HOUR / 2;
/// The longest block that Prometheus would make of days, at its default retention a tenth of it.
const BLOCK_HOURS_MAX: u32 = 36;

pub(super) fn rows(binary: &Path, recorder: Recorder) -> anyhow::Result<Vec<Row>> {
    // Everything lies in windows that are over, as samples do that are merged.
    let end = now_millis().div_euclid(2 * HOUR) * 2 * HOUR - 2 * HOUR;
    let mut rows = Vec::new();
    for make in [data_set::counters, data_set::gauges, data_set::noisy] {
        rows.extend(rows_of(binary, &make(end))?);
    }
    let recording = recorder.finish()?;
    rows.extend(rows_of(binary, &recording.each_second(end))?);
    rows.extend(rows_of(binary, &recording.each_fifteen_seconds(end))?);
    Ok(rows)
}

fn rows_of(binary: &Path, set: &DataSet) -> anyhow::Result<Vec<Row>> {
    let home = Home::new()?;
    let contenders = contender::start(&home, binary, &Setup::PUSHED)?;
    load(&contenders, set)?;
    let (mut bytes, mut changed) = ([Bytes::default(); 3], [0.0; 3]);
    for (index, contender) in contenders.iter().enumerate() {
        bytes[index] = match index == PROMETHEUS {
            true => blocks(&home, set)?,
            false => files::settled(contender, true)?,
        };
        changed[index] = lost(contender, set)? as f64;
    }
    let samples = set.samples();
    let per_sample = |of: fn(&Bytes) -> u64| bytes.map(|bytes| of(&bytes) as f64 / samples as f64);
    let name = set.name;
    Ok(vec![
        Row::new(
            format!(
                "{name}, bytes per sample ({:.1} M samples)",
                samples as f64 / 1e6
            ),
            per_sample(Bytes::all),
            Goal::Ratio(0.8),
        ),
        Row::new(
            format!("{name}: samples alone"),
            per_sample(|b| b.data),
            Goal::None,
        ),
        Row::new(
            format!("{name}: index alone"),
            per_sample(|b| b.index),
            Goal::None,
        ),
        Row::new(
            format!("{name}: samples lost or changed"),
            changed,
            Goal::AtMost(0.0),
        ),
    ])
}

/// Writes a set slice by slice.
fn load(contenders: &[Contender], set: &DataSet) -> anyhow::Result<()> {
    let (mut feed, mut request) = (Feed::to(contenders), Request::default());
    let Some((first, last)) = set.range() else {
        return Ok(());
    };
    let mut samples = Vec::new();
    for begin in (first..=last).step_by(SLICE as usize) {
        for target in &set.targets {
            let from = target.times.partition_point(|time| *time < begin) as u32;
            let to = target.times.partition_point(|time| *time < begin + SLICE) as u32;
            for series in &target.series {
                let points = &series.points;
                let place = |at: u32| points.partition_point(|(found, _)| *found < at);
                let points = points[place(from)..place(to)].iter();
                samples.clear();
                samples.extend(points.map(|(at, value)| (target.times[*at as usize], *value)));
                if !samples.is_empty() {
                    request.add(&series.pairs(), &samples);
                    feed.push_full(&mut request)?;
                }
            }
        }
    }
    feed.push_rest(&mut request)
}

/// Makes the blocks that Prometheus would have after some days: its own tool writes them from text.
fn blocks(home: &Home, set: &DataSet) -> anyhow::Result<Bytes> {
    let (text, folder) = (home.path("samples.om"), home.path("blocks"));
    write_text(set, &mut BufWriter::new(File::create(&text)?))?;
    let mut command = Command::new(installed("promtool")?);
    command.args(["tsdb", "create-blocks-from", "--quiet"]);
    command.arg(format!("--max-block-duration={BLOCK_HOURS_MAX}h"));
    command.arg("openmetrics").arg(&text).arg(&folder);
    let output = command.output()?;
    let error = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "promtool: {error}");
    files::sizes(&folder, &|path| path.ends_with("index"))
}

fn write_text(set: &DataSet, out: &mut impl Write) -> anyhow::Result<()> {
    for target in &set.targets {
        for series in &target.series {
            let name = series.labels.iter().find(|(name, _)| name == "__name__");
            let labels = series.labels.iter().filter(|(name, _)| name != "__name__");
            let labels: Vec<String> = labels
                .map(|(name, value)| format!("{name}=\"{}\"", escaped(value)))
                .collect();
            let name = name.map_or("", |(_, name)| name);
            let labels = labels.join(",");
            for (at, value) in &series.points {
                let millis = target.times[*at as usize];
                let (seconds, rest) = (millis / 1000, millis % 1000);
                writeln!(out, "{name}{{{labels}}} {value} {seconds}.{rest:03}")?;
            }
        }
    }
    writeln!(out, "# EOF")?;
    Ok(out.flush()?)
}

fn escaped(value: &str) -> String {
    let value = value.replace('\\', "\\\\").replace('"', "\\\"");
    value.replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::super::data_set::{SeriesData, TargetData};
    use super::*;

    #[test]
    fn text_says_times_and_values_exactly() {
        let labels = [("__name__", "a"), ("x", "q\"\\\n")];
        let set = DataSet {
            name: "x",
            targets: vec![TargetData {
                job: "j".into(),
                times: vec![1_500, 2_007],
                series: vec![SeriesData {
                    labels: labels.map(|(n, v)| (n.into(), v.into())).into(),
                    points: vec![(0, 0.1), (1, f64::NEG_INFINITY)],
                }],
            }],
        };
        let mut text = Vec::new();
        write_text(&set, &mut text).unwrap();
        let expected = "a{x=\"q\\\"\\\\\\n\"} 0.1 1.500\na{x=\"q\\\"\\\\\\n\"} -inf 2.007\n# EOF\n";
        assert_eq!(String::from_utf8(text).unwrap(), expected);
    }
}

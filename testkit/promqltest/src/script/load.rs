//! `load`: series and the values they have at equal distances, beginning at time 0.

use plimsoll_promql::SeriesPoint;
use plimsoll_types::{Labels, Sample, StartTimestamp, Timestamp};

use super::{Lines, ScriptError};
use crate::notation::{self, START_SUFFIX};

/// Series to load.
#[derive(Clone, Debug)]
pub struct Load {
    /// The line it stands in, from 1.
    pub line: usize,
    /// The series in the order of the script; those that `load_with_nhcb` derives come last.
    pub series: Vec<LoadedSeries>,
}

/// A series to load.
#[derive(Clone, Debug, PartialEq)]
pub struct LoadedSeries {
    /// Its labels.
    pub labels: Labels,
    /// Its samples, ascending.
    pub samples: Vec<Sample>,
}

pub(super) fn read(line: usize, text: &str, lines: &mut Lines<'_>) -> Result<Load, ScriptError> {
    let wrong = ScriptError::at(line);
    let (word, step) = text
        .split_once(char::is_whitespace)
        .ok_or_else(|| wrong(format!("wanted load[_with_nhcb] STEP, found {text:?}")))?;
    let step = notation::millis(step.trim()).map_err(&wrong)?;
    let mut series: Vec<LoadedSeries> = Vec::new();
    let mut starts = None;
    while let Some((number, text)) = lines.of_command() {
        let wrong = ScriptError::at(number);
        let (metric, points) = notation::split(text);
        if let Some(metric) = metric.strip_suffix(START_SUFFIX) {
            let labels = notation::labels(metric).map_err(&wrong)?;
            let offsets = notation::start_offsets(points).map_err(&wrong)?;
            if starts.replace((number, labels, offsets)).is_some() {
                return Err(wrong("two lines of start timestamps in a row".into()));
            }
            continue;
        }
        let mut loaded = one(metric, points, step).map_err(&wrong)?;
        if let Some((number, labels, offsets)) = starts.take() {
            add_starts(&mut loaded, &labels, &offsets, step).map_err(ScriptError::at(number))?;
        }
        series.push(loaded);
    }
    if let Some((number, labels, _)) = starts {
        let message = format!("start timestamps of {labels} without the series itself");
        return Err(ScriptError::at(number)(message));
    }
    if word == "load_with_nhcb" {
        let derived = notation::derive(&series).map_err(&wrong)?;
        series.extend(derived);
    }
    Ok(Load { line, series })
}

fn one(metric: &str, points: &str, step: i64) -> Result<LoadedSeries, String> {
    let labels = notation::labels(metric)?;
    let points = notation::points(points)?;
    if points.is_empty() {
        return Err(format!("{metric} has no values"));
    }
    let mut samples = Vec::new();
    for (index, point) in points.into_iter().enumerate() {
        if let Some(point) = point {
            samples.push(sample(point, step * index as i64)?);
        }
    }
    Ok(LoadedSeries { labels, samples })
}

/// Makes a value a sample to load; refuses a histogram that no store would take.
pub(crate) fn sample(point: SeriesPoint, millis: i64) -> Result<Sample, String> {
    let at = Timestamp::from_millis(millis);
    match point {
        SeriesPoint::Float(value) => Ok(Sample::float(at, value)),
        SeriesPoint::Histogram { value, .. } => {
            value.validate().map_err(|error| error.to_string())?;
            Ok(Sample::histogram(at, value))
        }
    }
}

/// Start timestamps are written as distances from the sample above which they stand.
fn add_starts(
    series: &mut LoadedSeries,
    labels: &Labels,
    offsets: &[Option<i64>],
    step: i64,
) -> Result<(), String> {
    if *labels != series.labels {
        let found = &series.labels;
        return Err(format!(
            "start timestamps of {labels} stand above the values of {found}"
        ));
    }
    let places = offsets.iter().enumerate();
    for (index, offset) in places.filter_map(|(index, offset)| Some((index, (*offset)?))) {
        let time = step * index as i64;
        let samples = &mut series.samples;
        let place = samples.binary_search_by_key(&time, |sample| sample.timestamp.millis());
        let place = place.map_err(|_| format!("a start timestamp at {time} ms without a value"))?;
        samples[place].start = StartTimestamp::from_millis(time + offset);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use plimsoll_types::Value;

    use super::*;
    use crate::script::{Command, read};

    fn load(text: &str) -> Vec<LoadedSeries> {
        match read(text).unwrap().remove(0) {
            Command::Load(load) => load.series,
            other => panic!("{other:?}"),
        }
    }

    fn shown(series: &LoadedSeries) -> String {
        let samples = series.samples.iter().map(|sample| {
            let value = match &sample.value {
                value if value.is_stale() => "stale".into(),
                Value::Float(value) => value.to_string(),
                Value::Histogram(histogram) => format!("{:?}", histogram.count()),
            };
            format!(" {}:{value}@{}", sample.timestamp, sample.start.millis())
        });
        format!("{}{}", series.labels, samples.collect::<String>())
    }

    #[test]
    fn values_lie_a_step_apart_and_gaps_are_kept() {
        let series = load("load 10s\n  a{b=\"c\"} 1+2x1 _ stale _x2 -3x1\n  {x=\"y\"} NaN");
        assert_eq!(
            shown(&series[0]),
            "a{b=\"c\"} 0:1@0 10000:3@0 30000:stale@0 60000:-3@0 70000:-3@0"
        );
        assert_eq!(shown(&series[1]), "{x=\"y\"} 0:NaN@0");
    }

    #[test]
    fn start_timestamps_are_relative_to_their_sample() {
        let series = load("load 1m\n  a@st _ -30s-1mx1 1ms 0\n  a _ 1+1x3");
        assert_eq!(
            shown(&series[0]),
            "a 60000:1@30000 120000:2@30000 180000:3@180001 240000:4@240000"
        );
    }
}

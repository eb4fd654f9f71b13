//! VictoriaMetrics' JSON lines (`/api/v1/import` and `/api/v1/export`), both ways.
//!
//! One line is one series:
//!
//! ```text
//! {"metric":{"__name__":"up","job":"node"},"values":[1,null,"Infinity"],"timestamps":[0,15000,30000]}
//! ```
//!
//! Timestamps are milliseconds. VictoriaMetrics writes NaN as `null` and infinities as `"Infinity"` and `"-Infinity"`,
//! and so do we; NaN payloads (staleness markers among them) and native histograms have no place in the format. When
//! reading, every common spelling in quotes is taken as well. A line that is wrong is refused with its line and column,
//! the others count.

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;
use std::marker::PhantomData;

use plimsoll_types::{Labels, Sample, SampleColumns, Timestamp};
use serde::de::{self, Deserialize, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::push::{Decoded, Error, LabelFault, Limits, Meter, RefusalReason, Series, shorten};

/// Decodes lines; empty ones are skipped.
///
/// # Errors
/// [`Error::TooManySamples`] and [`Error::TooMuchMemory`]; what is wrong with single lines is in
/// [`Decoded::refusals`].
pub fn decode(bytes: &[u8], limits: &Limits) -> Result<Decoded, Error> {
    let mut decoded = Decoded::default();
    let mut meter = Meter::new(limits);
    for (index, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
        if line.trim_ascii().is_empty() {
            continue;
        }
        match decode_line(line, &mut meter)? {
            Ok(series) => decoded.series.push(series),
            Err(fault) => decoded.refusals.add(fault.reason, fault.samples, || {
                let (line, column) = (index + 1, fault.column);
                format!("line {line}, column {column}: {}", shorten(fault.message))
            }),
        }
    }
    Ok(decoded)
}

/// Adds the line of one series to `into`, with its line feed, and returns how many samples it holds; none, and no line,
/// when all of them are native histograms, which the format cannot hold.
pub fn encode(labels: &Labels, columns: &SampleColumns, into: &mut Vec<u8>) -> usize {
    let is_float = |index: &usize| !matches!(columns.histograms.get(*index), Some(Some(_)));
    let indices: Vec<usize> = (0..columns.len()).filter(is_float).collect();
    if indices.is_empty() {
        return 0;
    }
    into.extend(b"{\"metric\":{");
    for (index, (name, value)) in labels.iter().enumerate() {
        into.extend(if index == 0 { "" } else { "," }.as_bytes());
        write_text(into, name);
        into.push(b':');
        write_text(into, value);
    }
    into.extend(b"},\"values\":[");
    for (index, at) in indices.iter().enumerate() {
        into.extend(if index == 0 { "" } else { "," }.as_bytes());
        write_value(into, columns.values[*at]);
    }
    into.extend(b"],\"timestamps\":[");
    for (index, at) in indices.iter().enumerate() {
        into.extend(if index == 0 { "" } else { "," }.as_bytes());
        into.extend(columns.timestamps[*at].to_string().as_bytes());
    }
    into.extend(b"]}\n");
    indices.len()
}

fn write_text(into: &mut Vec<u8>, text: &str) {
    serde_json::to_writer(into, text).expect("writing text to memory does not fail");
}

fn write_value(into: &mut Vec<u8>, value: f64) {
    if value.is_nan() {
        into.extend(b"null");
    } else if value.is_infinite() {
        let text = if value > 0.0 {
            "\"Infinity\""
        } else {
            "\"-Infinity\""
        };
        into.extend(text.as_bytes());
    } else {
        let text = serde_json::to_string(&value).expect("a finite number is JSON");
        // As VictoriaMetrics writes it; only of the negative zero the fraction says that it is no integer.
        let is_negative_zero = value == 0.0 && value.is_sign_negative();
        let short = text.strip_suffix(".0").filter(|_| !is_negative_zero);
        into.extend(short.unwrap_or(&text).as_bytes());
    }
}

struct Fault {
    reason: RefusalReason,
    column: usize,
    samples: u64,
    message: String,
}

impl Fault {
    fn syntax(column: usize, message: String) -> Self {
        Self {
            reason: RefusalReason::Syntax,
            column,
            samples: 1,
            message,
        }
    }
}

fn decode_line(bytes: &[u8], meter: &mut Meter) -> Result<Result<Series, Fault>, Error> {
    let limit = meter.limits.line;
    if bytes.len() as u64 > limit.0 {
        let length = bytes.len();
        let message = format!("the line has {length} bytes, the limit is {limit}");
        return Ok(Err(Fault::syntax(1, message)));
    }
    let bounds = Bounds::new(meter);
    let line = match parse(bytes, &bounds) {
        Ok(line) => line,
        Err(error) => {
            // The line was left when its samples were too many for the whole request.
            bounds.exceeded.take().map_or(Ok(()), Err)?;
            let text = error.to_string();
            let message = text
                .rsplit_once(" at line ")
                .map_or(&*text, |(text, _)| text);
            return Ok(Err(Fault::syntax(error.column(), message.into())));
        }
    };
    let (values, timestamps) = (line.values.len(), line.timestamps.len());
    if values != timestamps {
        let message =
            format!("wanted as many timestamps as values, found {timestamps} and {values}");
        return Ok(Err(Fault::syntax(1, message)));
    }
    let limits = &meter.limits.labels;
    let labels = limits
        .check_count(line.metric.count)
        .and_then(|()| limits.build_series(&line.metric.pairs()));
    let labels = match labels {
        Ok(labels) => labels,
        Err(LabelFault { reason, message }) => {
            return Ok(Err(Fault {
                reason,
                column: 1,
                samples: values as u64,
                message,
            }));
        }
    };
    meter.series(&labels)?;
    let mut samples = Vec::new();
    for (timestamp, Number(value)) in line.timestamps.into_iter().zip(line.values) {
        meter.sample(size_of::<Sample>())?;
        samples.push(Sample::float(Timestamp::from_millis(timestamp), value));
    }
    Ok(Ok(Series {
        labels,
        samples,
        ..Series::default()
    }))
}

fn parse<'a>(bytes: &'a [u8], bounds: &Bounds) -> serde_json::Result<Line<'a>> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let line = LineSeed(bounds).deserialize(&mut deserializer)?;
    deserializer.end().map(|()| line)
}

/// What a line may hold, so that reading stops where the limits do.
struct Bounds<'m, 'l> {
    meter: &'m Meter<'l>,
    /// What the line broke of the request's limits.
    exceeded: Cell<Option<Error>>,
}

impl<'m, 'l> Bounds<'m, 'l> {
    fn new(meter: &'m Meter<'l>) -> Self {
        let exceeded = Cell::new(None);
        Self { meter, exceeded }
    }

    /// Asks for room for so many numbers in each list; each takes 16 bytes while its list grows.
    fn check_numbers<E: de::Error>(&self, count: usize) -> Result<(), E> {
        self.meter
            .check_samples(count)
            .and_then(|()| self.meter.check_memory(2 * 16 * count))
            .map_err(|error| {
                let message = error.to_string();
                self.exceeded.set(Some(error));
                E::custom(message)
            })
    }
}

struct Line<'a> {
    metric: Metric<'a>,
    values: Vec<Number>,
    timestamps: Vec<i64>,
}

#[derive(serde::Deserialize)]
#[serde(field_identifier, rename_all = "lowercase")]
enum Field {
    Metric,
    Values,
    Timestamps,
}

struct LineSeed<'b, 'm, 'l>(&'b Bounds<'m, 'l>);

impl<'de> DeserializeSeed<'de> for LineSeed<'_, '_, '_> {
    type Value = Line<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Line<'de>, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for LineSeed<'_, '_, '_> {
    type Value = Line<'de>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("an object with metric, values and timestamps")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Line<'de>, A::Error> {
        let (mut metric, mut values, mut timestamps) = (None, None, None);
        while let Some(field) = map.next_key()? {
            match field {
                Field::Metric => {
                    once("metric", &metric)?;
                    metric = Some(map.next_value_seed(MetricSeed(self.0))?);
                }
                Field::Values => {
                    once("values", &values)?;
                    values = Some(map.next_value_seed(NumbersSeed::new(self.0))?);
                }
                Field::Timestamps => {
                    once("timestamps", &timestamps)?;
                    timestamps = Some(map.next_value_seed(NumbersSeed::new(self.0))?);
                }
            }
        }
        Ok(Line {
            metric: metric.ok_or_else(|| de::Error::missing_field("metric"))?,
            values: values.ok_or_else(|| de::Error::missing_field("values"))?,
            timestamps: timestamps.ok_or_else(|| de::Error::missing_field("timestamps"))?,
        })
    }
}

fn once<T, E: de::Error>(name: &'static str, found: &Option<T>) -> Result<(), E> {
    match found {
        None => Ok(()),
        Some(_) => Err(E::duplicate_field(name)),
    }
}

/// Reads a list of numbers as far as there is room for samples.
struct NumbersSeed<'b, 'm, 'l, T> {
    bounds: &'b Bounds<'m, 'l>,
    number: PhantomData<T>,
}

impl<'b, 'm, 'l, T> NumbersSeed<'b, 'm, 'l, T> {
    fn new(bounds: &'b Bounds<'m, 'l>) -> Self {
        let number = PhantomData;
        Self { bounds, number }
    }
}

impl<'de, T: Deserialize<'de>> DeserializeSeed<'de> for NumbersSeed<'_, '_, '_, T> {
    type Value = Vec<T>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Vec<T>, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for NumbersSeed<'_, '_, '_, T> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a list of numbers")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<T>, A::Error> {
        let mut numbers = Vec::new();
        while let Some(number) = list.next_element()? {
            self.bounds.check_numbers(numbers.len() + 1)?;
            numbers.push(number);
        }
        Ok(numbers)
    }
}

/// The labels as they stand in the line, so that a name twice is seen; kept up to the limit, counted beyond it.
struct Metric<'a> {
    kept: Vec<(Text<'a>, Text<'a>)>,
    count: usize,
}

#[derive(serde::Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl Metric<'_> {
    fn pairs(&self) -> Vec<(&[u8], &[u8])> {
        self.kept
            .iter()
            .map(|(name, value)| (name.0.as_bytes(), value.0.as_bytes()))
            .collect()
    }
}

struct MetricSeed<'b, 'm, 'l>(&'b Bounds<'m, 'l>);

impl<'de> DeserializeSeed<'de> for MetricSeed<'_, '_, '_> {
    type Value = Metric<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Metric<'de>, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for MetricSeed<'_, '_, '_> {
    type Value = Metric<'de>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("an object of labels")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Metric<'de>, A::Error> {
        let limit = self.0.meter.limits.labels.count;
        let (mut kept, mut count) = (Vec::new(), 0);
        while let Some(pair) = map.next_entry()? {
            count += 1;
            if count <= limit {
                kept.push(pair);
            }
        }
        Ok(Metric { kept, count })
    }
}

struct Number(f64);

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyNumber)
    }
}

struct AnyNumber;

impl Visitor<'_> for AnyNumber {
    type Value = Number;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a number, null, \"NaN\", \"Infinity\" or \"-Infinity\"")
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Number, E> {
        Ok(Number(value))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Number, E> {
        Ok(Number(value as f64))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Number, E> {
        Ok(Number(value as f64))
    }

    fn visit_unit<E: de::Error>(self) -> Result<Number, E> {
        Ok(Number(f64::NAN))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Number, E> {
        let (sign, magnitude) = match text.as_bytes() {
            [b'-', rest @ ..] => (-1.0, rest),
            [b'+', rest @ ..] => (1.0, rest),
            rest => (1.0, rest),
        };
        let is = |name: &str| magnitude.eq_ignore_ascii_case(name.as_bytes());
        if is("inf") || is("infinity") {
            Ok(Number(sign * f64::INFINITY))
        } else if is("nan") || is("null") {
            Ok(Number(f64::NAN))
        } else {
            Err(E::invalid_value(de::Unexpected::Str(text), &self))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use plimsoll_types::{ByteCount, Histogram, stale_nan};
    use proptest::collection::{btree_map, vec};
    use proptest::prelude::*;

    use super::*;

    fn decode_all(text: &str) -> Decoded {
        decode(text.as_bytes(), &Limits::default()).unwrap()
    }

    fn message(text: &str) -> String {
        let decoded = decode_all(text);
        assert_eq!(decoded.refusals.items(), 1, "{text}");
        decoded.refusals.details()[0].message.clone()
    }

    proptest! {
        #[test]
        fn returns_what_was_encoded(
            name in ".{1,10}",
            others in btree_map(".{1,10}", ".{0,10}", 0..4),
            samples in vec((any::<i64>(), any::<u64>()), 1..10),
        ) {
            let mut builder = Labels::from_pairs(others).to_builder();
            let labels = builder.set("__name__", &name).build();
            let mut columns = SampleColumns::default();
            for (timestamp, bits) in samples {
                columns.push(&Sample::float(Timestamp::from_millis(timestamp), f64::from_bits(bits)));
            }
            let mut line = Vec::new();
            prop_assert_eq!(encode(&labels, &columns, &mut line), columns.len());
            let decoded = decode(&line, &Limits::default()).unwrap();
            prop_assert_eq!(decoded.refusals.details(), &[]);
            prop_assert_eq!(&decoded.series[0].labels, &labels);
            let plain = |value: f64| if value.is_nan() { f64::NAN } else { value };
            let expected: Vec<Sample> = columns
                .timestamps
                .iter()
                .zip(&columns.values)
                .map(|(at, value)| Sample::float(Timestamp::from_millis(*at), plain(*value)))
                .collect();
            prop_assert_eq!(&decoded.series[0].samples, &expected);
        }
    }

    #[test]
    fn reads_every_spelling_of_what_is_no_number() {
        let decoded = decode_all(
            r#"{"metric":{"__name__":"x"},"values":[null,"NaN","nan","Infinity","+Inf","-inf","-Infinity",1e3],"timestamps":[1,2,3,4,5,6,7,8]}"#,
        );
        let values: Vec<String> = decoded.series[0]
            .samples
            .iter()
            .map(|sample| format!("{:?}", sample.value))
            .collect();
        let expected = ["NaN", "NaN", "NaN", "inf", "inf", "-inf", "-inf", "1000.0"];
        assert_eq!(values, expected.map(|value| format!("Float({value})")));
    }

    #[test]
    fn writes_as_victoriametrics_does() {
        let at = Timestamp::from_millis;
        let mut columns = SampleColumns::default();
        for (millis, value) in [(1, 1.5), (2, stale_nan()), (3, f64::INFINITY), (4, -0.0)] {
            columns.push(&Sample::float(at(millis), value));
        }
        columns.push(&Sample::histogram(at(5), Arc::new(Histogram::default())));
        let labels = Labels::from_pairs([("__name__", "up"), ("job", "a\"b")]);
        let mut line = Vec::new();
        assert_eq!(encode(&labels, &columns, &mut line), 4);
        assert_eq!(
            String::from_utf8(line).unwrap(),
            "{\"metric\":{\"__name__\":\"up\",\"job\":\"a\\\"b\"},\"values\":[1.5,null,\"Infinity\",-0.0],\"timestamps\":[1,2,3,4]}\n"
        );
    }

    #[test]
    fn a_series_of_histograms_has_no_line() {
        let mut columns = SampleColumns::default();
        let histogram = Arc::new(Histogram::default());
        columns.push(&Sample::histogram(Timestamp::EPOCH, histogram));
        let mut line = Vec::new();
        assert_eq!(encode(&Labels::empty(), &columns, &mut line), 0);
        assert!(line.is_empty());
    }

    #[test]
    fn refuses_each_bad_line_alone_and_names_its_place() {
        let good = r#"{"metric":{"__name__":"x"},"values":[1],"timestamps":[1]}"#;
        let decoded = decode_all(&format!("{good}\n{{\"metric\":[]}}\r\n\n{good}"));
        assert_eq!(decoded.series.len(), 2);
        assert_eq!(
            decoded.refusals.details()[0].message,
            "line 2, column 10: invalid type: sequence, expected an object of labels"
        );
        for (line, expected) in [
            (
                r#"{"metric":{"__name__":"x"},"values":[1],"timestamps":[1,2]}"#,
                "line 1, column 1: wanted as many timestamps as values, found 2 and 1",
            ),
            (
                r#"{"metric":{"__name__":"x"},"values":["one"],"timestamps":[1]}"#,
                "line 1, column 42: invalid value: string \"one\", expected a number, null, \"NaN\", \"Infinity\" or \"-Infinity\"",
            ),
            (
                r#"{"metric":{"job":"x"},"values":[1],"timestamps":[1]}"#,
                "line 1, column 1: wanted the label __name__, found none",
            ),
            (
                r#"{"metric":{"__name__":"x","a":"1","a":"2"},"values":[1],"timestamps":[1]}"#,
                "line 1, column 1: the label \"a\" is there twice",
            ),
            (
                r#"{"metric":{"__name__":"x"},"values":[1]}"#,
                "line 1, column 40: missing field `timestamps`",
            ),
            (
                r#"{"metric":{"__name__":"x"},"values":[1],"timestamps":[1],"exemplars":[]}"#,
                "line 1, column 68: unknown field `exemplars`, expected one of `metric`, `values`, `timestamps`",
            ),
        ] {
            assert_eq!(message(line), expected);
        }
    }

    #[test]
    fn limits_the_length_of_a_line_and_of_what_a_message_repeats() {
        let limits = Limits {
            line: ByteCount(10),
            ..Limits::default()
        };
        let decoded = decode(b"{\"metric\":{}}", &limits).unwrap();
        assert_eq!(
            decoded.refusals.details()[0].message,
            "line 1, column 1: the line has 13 bytes, the limit is 10 B"
        );
        assert!(message(&format!("{{\"{}\":1}}", "x".repeat(1 << 20))).len() < 500);
    }

    #[test]
    fn reading_stops_where_the_limits_do() {
        let labels: Vec<String> = (0..100).map(|index| format!("\"l{index}\":\"\"")).collect();
        let labels = labels.join(",");
        assert_eq!(
            message(&format!(
                r#"{{"metric":{{{labels}}},"values":[1],"timestamps":[1]}}"#
            )),
            "line 1, column 1: 100 labels, the limit is 64"
        );
        let limits = Limits {
            samples: 3,
            ..Limits::default()
        };
        let good = r#"{"metric":{"__name__":"x"},"values":[1],"timestamps":[1]}"#;
        // What follows the numbers is not JSON, and nobody comes to read it.
        for torn in [r#"{"values":[1,2,3,!"#, r#"{"timestamps":[1,2,3,!"#] {
            let lines = format!("{good}\n{torn}");
            let decoded = decode(lines.as_bytes(), &limits);
            assert_eq!(decoded, Err(Error::TooManySamples { limit: 3 }), "{torn}");
        }
        let limits = Limits {
            memory: ByteCount(100),
            ..Limits::default()
        };
        let decoded = decode(br#"{"values":[1,2,3,4,!"#, &limits);
        let limit = limits.memory;
        assert_eq!(decoded, Err(Error::TooMuchMemory { limit }));
    }

    #[test]
    fn each_field_comes_once() {
        let line = r#"{"metric":{"__name__":"x"},"values":[1],"values":[1],"timestamps":[1]}"#;
        assert!(message(line).contains("duplicate field `values`"));
    }

    #[test]
    fn numbers_are_read_exactly() {
        // A reader that is off by the last place returns 0.10000000000000002 for some of these.
        for text in [
            "0.1",
            "5e-324",
            "1.7976931348623157e308",
            "9007199254740993",
            "123456.789e-12",
        ] {
            let line =
                format!(r#"{{"metric":{{"__name__":"x"}},"values":[{text}],"timestamps":[1]}}"#);
            let value = text.parse().unwrap();
            assert_eq!(
                decode_all(&line).series[0].samples,
                [Sample::float(Timestamp::from_millis(1), value)]
            );
        }
    }
}

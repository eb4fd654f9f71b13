//! The Influx line protocol, mapped to series as VictoriaMetrics does.
//!
//! ```text
//! cpu,host=a,zone=b user=1.5,count=3i,ok=t,note="text" 1700000000000000000
//! |   |             |                                  |
//! |   tags          fields                             timestamp, may be missing
//! measurement
//! ```
//!
//! Each field becomes a sample of the series `<measurement>_<field>{tags}`; whole numbers (`3i`, `3u`) become floats
//! (exact up to 2^53), booleans 0 and 1; text fields are counted and left out. The `db` of the request becomes the
//! label `db` unless a tag has that name. A backslash escapes comma, space, equals sign and backslash, and stands for
//! itself before anything else. A line that is wrong is refused with its line and column (in bytes), the others count.

use std::borrow::Cow;
use std::str::FromStr;

use plimsoll_types::{Labels, METRIC_NAME, Sample, Timestamp};

use crate::push::{
    Decoded, Error, LabelFault, LabelLimits, Limits, Meter, RefusalReason, Refusals, Series, quote,
    shorten,
};

/// The unit of timestamps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Precision {
    /// `ns` or `n`, the default.
    #[default]
    Nanoseconds,
    /// `us`, `u` or `µ`.
    Microseconds,
    /// `ms`.
    Milliseconds,
    /// `s`.
    Seconds,
    /// `m`.
    Minutes,
    /// `h`.
    Hours,
}

/// A `precision` parameter that names no unit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("wanted a precision of ns, us, ms, s, m or h, found {0}")]
pub struct UnknownPrecision(String);

impl FromStr for Precision {
    type Err = UnknownPrecision;

    fn from_str(text: &str) -> Result<Self, UnknownPrecision> {
        Ok(match text {
            "" | "ns" | "n" => Self::Nanoseconds,
            "us" | "u" | "\u{b5}" => Self::Microseconds,
            "ms" => Self::Milliseconds,
            "s" => Self::Seconds,
            "m" => Self::Minutes,
            "h" => Self::Hours,
            _ => return Err(UnknownPrecision(quote(text.as_bytes()))),
        })
    }
}

impl Precision {
    /// Returns the last millisecond at or before the point, or nothing when it cannot be told in milliseconds.
    fn timestamp(self, number: i64) -> Option<Timestamp> {
        let millis = match self {
            Self::Nanoseconds => number.div_euclid(1_000_000),
            Self::Microseconds => number.div_euclid(1000),
            Self::Milliseconds => number,
            Self::Seconds => number.checked_mul(1000)?,
            Self::Minutes => number.checked_mul(60_000)?,
            Self::Hours => number.checked_mul(3_600_000)?,
        };
        Some(Timestamp::from_millis(millis))
    }
}

/// What a request says beside its lines.
#[derive(Clone, Copy, Debug)]
pub struct Options<'a> {
    /// The unit of the timestamps, from the parameter `precision`.
    pub precision: Precision,
    /// The value of the label `db`, from the parameter of that name; empty for none.
    pub db: &'a str,
    /// The time of lines without a timestamp.
    pub now: Timestamp,
}

/// Decodes lines; empty ones and comments (`#`) are skipped.
///
/// # Errors
/// [`Error::TooManySamples`] and [`Error::TooMuchMemory`]; what is wrong with single lines is in
/// [`Decoded::refusals`].
pub fn decode(bytes: &[u8], options: &Options, limits: &Limits) -> Result<Decoded, Error> {
    let mut decoded = Decoded::default();
    let mut meter = Meter::new(limits);
    let mut cursor = Cursor { bytes, at: 0 };
    while cursor.begin_line() {
        let start = cursor.at;
        match cursor.line(&mut meter) {
            Ok(line) => line.into_series(bytes, start, options, &mut meter, &mut decoded)?,
            Err(LineError::Whole(error)) => return Err(error),
            Err(LineError::Syntax(at, message)) => {
                let reason = RefusalReason::Syntax;
                refuse(&mut decoded.refusals, reason, 1, bytes, at, message);
                cursor.at = cursor.at.max(at);
                cursor.skip_line();
            }
        }
    }
    Ok(decoded)
}

/// Notes one refusal. Lines are counted only for those whose text is kept.
fn refuse(
    refusals: &mut Refusals,
    reason: RefusalReason,
    samples: u64,
    bytes: &[u8],
    at: usize,
    message: String,
) {
    refusals.add(reason, samples, || {
        let before = &bytes[..at];
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        let begin = before.iter().rposition(|byte| *byte == b'\n');
        let column = at - begin.map_or(0, |begin| begin + 1) + 1;
        format!("line {line}, column {column}: {}", shorten(message))
    });
}

enum LineError {
    /// Where it is, what was wanted and what was found.
    Syntax(usize, String),
    Whole(Error),
}

type Token<'a> = Cow<'a, [u8]>;

fn owned_bytes(token: &Token) -> usize {
    match token {
        Cow::Borrowed(_) => 0,
        Cow::Owned(bytes) => bytes.capacity(),
    }
}

#[derive(Default)]
struct Line<'a> {
    measurement: Token<'a>,
    /// Kept up to the limit of labels, counted beyond it.
    tags: Vec<(Token<'a>, Token<'a>)>,
    tag_count: usize,
    fields: Vec<(Token<'a>, f64)>,
    /// What the fields take in memory beside the body.
    field_bytes: usize,
    text_fields: u64,
    timestamp: Option<(usize, i64)>,
}

impl Line<'_> {
    /// Makes the series of all fields, or refuses the line whole at its first fault.
    fn into_series(
        self,
        bytes: &[u8],
        start: usize,
        options: &Options,
        meter: &mut Meter,
        decoded: &mut Decoded,
    ) -> Result<(), Error> {
        decoded.text_fields += self.text_fields;
        let samples = self.fields.len() as u64;
        let mut refuse = |reason, at, message| {
            refuse(&mut decoded.refusals, reason, samples, bytes, at, message);
            Ok(())
        };
        let timestamp = match self.timestamp {
            None => options.now,
            Some((at, number)) => match options.precision.timestamp(number) {
                Some(timestamp) => timestamp,
                None => {
                    let message = format!("the timestamp {number} is out of range");
                    return refuse(RefusalReason::Syntax, at, message);
                }
            },
        };
        if self.fields.is_empty() {
            return Ok(());
        }
        let limits = &meter.limits.labels;
        let checked = self
            .tags(limits, options.db)
            .and_then(|tags| Ok((tags, self.names(limits)?)));
        let (tags, names) = match checked {
            Ok(checked) => checked,
            Err(fault) => return refuse(fault.reason, start, fault.message),
        };
        let mut builder = tags.to_builder();
        for (name, (_, value)) in names.iter().zip(&self.fields) {
            let labels = builder.set(METRIC_NAME, &name.join()).build();
            meter.series(&labels)?;
            meter.sample(size_of::<Sample>())?;
            decoded.series.push(Series {
                labels,
                samples: vec![Sample::float(timestamp, *value)],
                ..Series::default()
            });
        }
        Ok(())
    }

    /// Makes the labels that the series of all fields have in common.
    fn tags(&self, limits: &LabelLimits, db: &str) -> Result<Labels, LabelFault> {
        let mut pairs: Vec<(&[u8], &[u8])> = Vec::with_capacity(self.tags.len() + 2);
        // It takes the place of the name, which each field has its own of.
        pairs.push((METRIC_NAME.as_bytes(), b""));
        pairs.extend(self.tags.iter().map(|(name, value)| (&**name, &**value)));
        if !db.is_empty() && !self.tags.iter().any(|(name, _)| **name == *b"db") {
            pairs.push((b"db", db.as_bytes()));
        }
        limits.check_count(pairs.len() + self.tag_count - self.tags.len())?;
        limits.build(&pairs)
    }

    /// Checks the names of all series. The underscore between keeps the two halves whole characters, so each half is
    /// looked at once and not once for each series.
    fn names(&self, limits: &LabelLimits) -> Result<Vec<Name<'_>>, LabelFault> {
        let name = METRIC_NAME.as_bytes();
        limits.check_pair(name, &self.measurement)?;
        let measurement = text("measurement", &self.measurement)?;
        self.fields
            .iter()
            .map(|(field, _)| {
                limits.check_value_length(name, measurement.len() + 1 + field.len())?;
                let field = text("field name", field)?;
                Ok(Name { measurement, field })
            })
            .collect()
    }
}

/// The two halves of a series' name.
struct Name<'a> {
    measurement: &'a str,
    field: &'a str,
}

impl Name<'_> {
    fn join(&self) -> String {
        format!("{}_{}", self.measurement, self.field)
    }
}

fn text<'a>(what: &str, bytes: &'a [u8]) -> Result<&'a str, LabelFault> {
    std::str::from_utf8(bytes).map_err(|error| {
        let (shown, at) = (quote(bytes), error.valid_up_to());
        LabelFault::invalid(format!(
            "the {what} {shown} is not valid UTF-8 at byte {at}"
        ))
    })
}

struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn skip(&mut self, is_skipped: impl Fn(u8) -> bool) {
        while self.peek().is_some_and(&is_skipped) {
            self.at += 1;
        }
    }

    fn skip_line(&mut self) {
        self.skip(|byte| byte != b'\n');
    }

    /// Goes to the next line that is neither empty nor a comment; says whether there is one.
    fn begin_line(&mut self) -> bool {
        loop {
            self.skip(|byte| byte.is_ascii_whitespace());
            match self.peek() {
                None => return false,
                Some(b'#') => self.skip_line(),
                Some(_) => return true,
            }
        }
    }

    fn wanted(&self, wanted: &str) -> LineError {
        let found = match self.bytes.get(self.at..) {
            None | Some([]) => "the end of the body".into(),
            Some([b'\n' | b'\r', ..]) => "the end of the line".into(),
            Some(rest) => {
                let end = rest.iter().position(|byte| *byte == b'\n');
                quote(&rest[..end.unwrap_or(rest.len()).min(24)])
            }
        };
        LineError::Syntax(self.at, format!("wanted {wanted}, found {found}"))
    }

    fn expect(&mut self, byte: u8, wanted: &str) -> Result<(), LineError> {
        if self.peek() != Some(byte) {
            return Err(self.wanted(wanted));
        }
        self.at += 1;
        Ok(())
    }

    fn line(&mut self, meter: &mut Meter) -> Result<Line<'a>, LineError> {
        let limit = meter.limits.line;
        let start = self.at;
        let mut line = Line {
            measurement: self.token(b", ", "a measurement")?,
            ..Line::default()
        };
        while self.peek() == Some(b',') {
            self.at += 1;
            let name = self.token(b"=, ", "a tag name")?;
            self.expect(b'=', "'=' after the tag name")?;
            let value = match self.peek() {
                Some(b',' | b' ') => Token::default(),
                _ => self.token(b", ", "a tag value")?,
            };
            line.tag_count += 1;
            if line.tag_count <= meter.limits.labels.count {
                line.tags.push((name, value));
            }
        }
        self.expect(b' ', "a space before the fields")?;
        self.skip(|byte| byte == b' ');
        self.fields(&mut line, meter)?;
        self.skip(|byte| byte == b' ');
        if !self.is_line_end() {
            line.timestamp = Some(self.timestamp()?);
        }
        let length = (self.at - start) as u64;
        if length > limit.0 {
            let message = format!("the line has {length} bytes, the limit is {limit}");
            return Err(LineError::Syntax(start, message));
        }
        Ok(line)
    }

    fn fields(&mut self, line: &mut Line<'a>, meter: &Meter) -> Result<(), LineError> {
        loop {
            let name = self.token(b"=, ", "a field name")?;
            self.expect(b'=', "'=' after the field name")?;
            if self.peek() == Some(b'"') {
                self.text()?;
                line.text_fields += 1;
            } else {
                let value = self.number()?;
                line.field_bytes += 2 * size_of::<(Token, f64)>() + owned_bytes(&name);
                let room = meter
                    .check_samples(line.fields.len() + 1)
                    .and_then(|()| meter.check_memory(line.field_bytes));
                room.map_err(LineError::Whole)?;
                line.fields.push((name, value));
            }
            if self.peek() != Some(b',') {
                return Ok(());
            }
            self.at += 1;
        }
    }

    /// Reads up to the first of `stops` that is not escaped, or the end of the line; never nothing.
    fn token(&mut self, stops: &[u8], wanted: &str) -> Result<Token<'a>, LineError> {
        let start = self.at;
        let (mut unescaped, mut copied) = (Vec::new(), start);
        while let Some(byte) = self.peek() {
            if byte == b'\n' || stops.contains(&byte) {
                break;
            }
            let next = self.bytes.get(self.at + 1);
            if byte == b'\\' && matches!(next, Some(b',' | b' ' | b'=' | b'\\')) {
                unescaped.extend(&self.bytes[copied..self.at]);
                copied = self.at + 1;
                self.at += 1;
            }
            self.at += 1;
        }
        if self.at == start {
            return Err(self.wanted(wanted));
        }
        let rest = &self.bytes[copied..self.at];
        if copied == start {
            return Ok(Cow::Borrowed(rest));
        }
        unescaped.extend(rest);
        Ok(Cow::Owned(unescaped))
    }

    /// Skips a quoted text, which may span lines.
    fn text(&mut self) -> Result<(), LineError> {
        let start = self.at;
        self.at += 1;
        while let Some(byte) = self.peek() {
            match byte {
                b'"' => {
                    self.at += 1;
                    return Ok(());
                }
                b'\\' => self.at += 2,
                _ => self.at += 1,
            }
        }
        // The rest of the body may hold good lines: go on after the one in which the text begins.
        self.at = start;
        Err(LineError::Syntax(
            start,
            "wanted a closing '\"' for this text, found the end of the body".into(),
        ))
    }

    fn number(&mut self) -> Result<f64, LineError> {
        let start = self.at;
        self.skip(|byte| !matches!(byte, b',' | b' ' | b'\n' | b'\r'));
        let token = &self.bytes[start..self.at];
        parse_number(token).ok_or_else(|| {
            self.at = start;
            self.wanted("a number, a number with i or u, true, false or a text in quotes")
        })
    }

    fn timestamp(&mut self) -> Result<(usize, i64), LineError> {
        let start = self.at;
        self.skip(|byte| byte == b'-' || byte.is_ascii_digit());
        let number = std::str::from_utf8(&self.bytes[start..self.at])
            .ok()
            .and_then(|text| text.parse().ok());
        self.skip(|byte| byte == b' ');
        match number {
            Some(number) if self.is_line_end() => Ok((start, number)),
            _ => {
                self.at = start;
                Err(self.wanted("a timestamp of 64 bits and the end of the line"))
            }
        }
    }

    fn is_line_end(&self) -> bool {
        matches!(
            self.bytes.get(self.at..),
            None | Some([] | [b'\n', ..] | [b'\r'] | [b'\r', b'\n', ..])
        )
    }
}

fn parse_number(token: &[u8]) -> Option<f64> {
    let text = std::str::from_utf8(token).ok()?;
    match text {
        "t" | "T" | "true" | "True" | "TRUE" => return Some(1.0),
        "f" | "F" | "false" | "False" | "FALSE" => return Some(0.0),
        _ => {}
    }
    if let Some(whole) = text.strip_suffix('i') {
        return whole.parse::<i64>().ok().map(|value| value as f64);
    }
    if let Some(whole) = text.strip_suffix('u') {
        return whole.parse::<u64>().ok().map(|value| value as f64);
    }
    // The protocol has neither NaN nor infinities, which the standard library would read.
    let is_number = |byte: u8| byte.is_ascii_digit() || b"+-.eE".contains(&byte);
    text.bytes()
        .all(is_number)
        .then(|| text.parse().ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use plimsoll_types::ByteCount;

    use super::*;

    const OPTIONS: Options = Options {
        precision: Precision::Nanoseconds,
        db: "",
        now: Timestamp::from_millis(42),
    };

    fn decode_all(text: &str) -> Decoded {
        decode(text.as_bytes(), &OPTIONS, &Limits::default()).unwrap()
    }

    /// Shows each sample as `series value @ milliseconds`.
    fn shown(decoded: &Decoded) -> Vec<String> {
        let show = |series: &Series| {
            let sample = &series.samples[0];
            let plimsoll_types::Value::Float(value) = sample.value else {
                panic!("Influx has no histograms");
            };
            format!("{} {value} @ {}", series.labels, sample.timestamp)
        };
        decoded.series.iter().map(show).collect()
    }

    fn message(text: &str) -> String {
        let decoded = decode_all(text);
        assert_eq!(decoded.refusals.items(), 1, "{text}");
        decoded.refusals.details()[0].message.clone()
    }

    #[test]
    fn each_field_becomes_a_series() {
        let decoded = decode_all(
            "# a comment\n\ncpu,host=a,zone= user=1.5,count=-3i,big=18446744073709551615u,ok=t,off=FALSE,note=\"a,b c=\\\"d\\\"\nnext\" 1700000000123456789\r\nup value=1\n",
        );
        assert_eq!(decoded.refusals.details(), &[]);
        assert_eq!(decoded.text_fields, 1);
        assert_eq!(
            shown(&decoded),
            [
                r#"cpu_user{host="a"} 1.5 @ 1700000000123"#,
                r#"cpu_count{host="a"} -3 @ 1700000000123"#,
                r#"cpu_big{host="a"} 18446744073709552000 @ 1700000000123"#,
                r#"cpu_ok{host="a"} 1 @ 1700000000123"#,
                r#"cpu_off{host="a"} 0 @ 1700000000123"#,
                "up_value 1 @ 42",
            ]
        );
    }

    #[test]
    fn unescapes_names_and_tags() {
        let decoded = decode_all(r"disk\ io\,x,pa\=th=C:\\dir\new\ one re\ ad=1 1000000");
        assert_eq!(
            shown(&decoded),
            [r#"{"disk io,x_re ad", "pa=th"="C:\\dir\\new one"} 1 @ 1"#]
        );
    }

    #[test]
    fn the_database_becomes_a_label_unless_a_tag_has_that_name() {
        let options = Options {
            db: "telegraf",
            ..OPTIONS
        };
        let decoded = decode(b"a f=1\na,db=own f=1", &options, &Limits::default()).unwrap();
        assert_eq!(
            shown(&decoded),
            [r#"a_f{db="telegraf"} 1 @ 42"#, r#"a_f{db="own"} 1 @ 42"#]
        );
    }

    #[test]
    fn reads_timestamps_in_every_precision() {
        for (precision, number, expected) in [
            ("", 1_999_999, 1),
            ("ns", -1, -1),
            ("u", 1_999, 1),
            ("ms", 7, 7),
            ("s", 7, 7000),
            ("m", 7, 420_000),
            ("h", 7, 25_200_000),
        ] {
            let options = Options {
                precision: precision.parse().unwrap(),
                ..OPTIONS
            };
            let line = format!("a f=1 {number}");
            let decoded = decode(line.as_bytes(), &options, &Limits::default()).unwrap();
            assert_eq!(shown(&decoded), [format!("a_f 1 @ {expected}")]);
        }
        assert_eq!(
            "d".parse::<Precision>().unwrap_err().to_string(),
            r#"wanted a precision of ns, us, ms, s, m or h, found "d""#
        );
    }

    #[test]
    fn refuses_each_bad_line_alone_and_names_its_place() {
        let decoded = decode_all("good f=1\nbad\n  worse,a f=1\ngood f=2");
        assert_eq!(decoded.series.len(), 2);
        let messages: Vec<_> = decoded
            .refusals
            .details()
            .iter()
            .map(|d| &*d.message)
            .collect();
        assert_eq!(
            messages,
            [
                "line 2, column 4: wanted a space before the fields, found the end of the line",
                "line 3, column 10: wanted '=' after the tag name, found \" f=1\"",
            ]
        );
        let number = "wanted a number, a number with i or u, true, false or a text in quotes";
        for (line, expected) in [
            ("a f=", format!("column 5: {number}, found the end of the body")),
            ("a f=nan", format!("column 5: {number}, found \"nan\"")),
            ("a f=1.5i", format!("column 5: {number}, found \"1.5i\"")),
            ("a f=9223372036854775808i", format!("column 5: {number}, found \"9223372036854775808i\"")),
            (",a=b f=1", "column 1: wanted a measurement, found \",a=b f=1\"".into()),
            ("a  =1", "column 4: wanted a field name, found \"=1\"".into()),
            ("a f=1 12x", "column 7: wanted a timestamp of 64 bits and the end of the line, found \"12x\"".into()),
            ("a f=1 99999999999999999999", "column 7: wanted a timestamp of 64 bits and the end of the line, found \"99999999999999999999\"".into()),
            ("a,b=1,b=2 f=1", "column 1: the label \"b\" is there twice".into()),
            ("a f=\"x\ny", "column 5: wanted a closing '\"' for this text, found the end of the body".into()),
        ] {
            let found = decode_all(line).refusals.details()[0].message.clone();
            assert_eq!(found, format!("line 1, {expected}"));
        }
    }

    #[test]
    fn a_text_without_an_end_costs_only_its_own_line() {
        let decoded = decode_all("a f=\"x\nb f=1");
        assert_eq!(shown(&decoded), ["b_f 1 @ 42"]);
        assert_eq!(decoded.refusals.items(), 1);
    }

    #[test]
    fn a_timestamp_beyond_milliseconds_is_refused() {
        let options = Options {
            precision: Precision::Hours,
            ..OPTIONS
        };
        let decoded = decode(b"a f=1 9223372036854775807", &options, &Limits::default()).unwrap();
        assert_eq!(
            decoded.refusals.details()[0].message,
            "line 1, column 7: the timestamp 9223372036854775807 is out of range"
        );
    }

    #[test]
    fn a_fault_refuses_its_line_whole_and_once() {
        let decoded = decode_all("a,b=1,b=2 f=1,g=2,h=3\ngood f=1");
        assert_eq!(decoded.refusals.items(), 1);
        let lost: Vec<_> = decoded.refusals.samples_by_reason().collect();
        assert_eq!(lost, [(RefusalReason::InvalidLabels, 3)]);
        assert_eq!(shown(&decoded), ["good_f 1 @ 42"]);
        let line = format!("a short=1,{}=2,other=3", "x".repeat(65_535));
        assert_eq!(
            message(&line),
            "line 1, column 1: the value of label \"__name__\" has 65537 bytes, the limit is 64 KiB"
        );
        let decoded = decode(b"a f=1,\xff=2", &OPTIONS, &Limits::default()).unwrap();
        assert_eq!(decoded.series, []);
        assert_eq!(
            decoded.refusals.details()[0].message,
            "line 1, column 1: the field name \"\u{fffd}\" is not valid UTF-8 at byte 0"
        );
    }

    /// Each of these would take hours if every field read the rest of its line again.
    #[test]
    fn a_long_measurement_costs_nothing_for_each_field() {
        let fields = vec!["f=1"; 100_000].join(",");
        let long = "x".repeat(8 << 20);
        assert!(message(&format!("{long} {fields}")).contains("has 8388608 bytes"));
        assert!(message(&format!("a,t={long} {fields}")).contains("has 8388608 bytes"));
        assert!(message(&format!("a,t=1,t=2 {fields}")).contains("is there twice"));
        let empty: String = (0..60)
            .map(|index| format!(",{}{index}=", "n".repeat(1000)))
            .collect();
        assert_eq!(
            decode_all(&format!("a{empty} {fields}")).series.len(),
            100_000
        );
    }

    #[test]
    fn fields_beyond_the_samples_of_a_request_are_not_collected() {
        let limits = Limits {
            samples: 3,
            ..Limits::default()
        };
        // The last one is no number, and nobody comes to read it.
        let decoded = decode(b"a f=1,g=2,h=3,i=4,j=x", &OPTIONS, &limits);
        assert_eq!(decoded, Err(Error::TooManySamples { limit: 3 }));
    }

    #[test]
    fn labels_and_memory_are_limited() {
        let tags: String = (0..64).map(|index| format!(",t{index}=x")).collect();
        assert_eq!(
            message(&format!("a{tags} f=1")),
            "line 1, column 1: 65 labels, the limit is 64"
        );
        let limits = Limits {
            memory: ByteCount::MIB,
            ..Limits::default()
        };
        // A tag of 60 KB on a line with 100 fields would become 6 MB.
        let fields = vec!["f=1"; 100].join(",");
        let line = format!("a,t={} {fields}", "x".repeat(60_000));
        let limit = limits.memory;
        assert_eq!(
            decode(line.as_bytes(), &OPTIONS, &limits),
            Err(Error::TooMuchMemory { limit })
        );
    }
}

//! The pull parser of both text formats.

use plimsoll_types::{MetricType, StartTimestamp, Timestamp, Value};

use super::entry::{
    Entry, ExemplarSource, Exemplars, RawExemplar, SampleEntry, Series, number_label,
};
use super::error::{Echo, Error, ErrorKind, Fault, Place};
use super::number::{parse_float, seconds_to_millis};
use super::scan::{Cursor, Dialect, unescape, unescape_help};

/// Reads a text exposition line by line.
#[derive(Clone, Debug)]
pub(super) struct TextParser<'a> {
    cursor: Cursor<'a>,
    /// The number of the line at which the cursor stands.
    line: usize,
    /// The type that was said last, whichever family it was for: as in Prometheus.
    metric_type: MetricType,
    /// The line of the entry that was yielded last.
    entry_line: usize,
    is_done: bool,
}

impl<'a> TextParser<'a> {
    pub(super) fn new(input: &'a [u8], dialect: Dialect) -> Result<Self, Error> {
        let text = std::str::from_utf8(input).map_err(|error| {
            let place = Place::START.advanced(&input[..error.valid_up_to()]);
            let found = input[error.valid_up_to()];
            let message = format!("expected UTF-8, found the byte 0x{found:02x}");
            Error::new(ErrorKind::InvalidUtf8, place.line, place.column, message)
        })?;
        Ok(Self {
            cursor: Cursor::new(text, dialect),
            line: 1,
            metric_type: MetricType::Unknown,
            entry_line: 1,
            is_done: false,
        })
    }

    /// Returns the next entry, `None` at the end and after an error.
    pub(super) fn next_entry(&mut self) -> Result<Option<Entry<'a>>, Error> {
        while !self.is_done {
            let (start, line) = (self.cursor.at, self.line);
            self.entry_line = line;
            match self.read_line() {
                Ok(None) => {}
                Ok(Some(entry)) => return Ok(Some(entry)),
                Err(fault) => {
                    self.is_done = true;
                    let fault = Fault {
                        at: fault.at - start,
                        ..fault
                    };
                    return Err(fault.place(&self.cursor.text[start..], Place { line, column: 1 }));
                }
            }
        }
        Ok(None)
    }

    /// Returns the line on which the entry that was yielded last began.
    pub(super) fn entry_line(&self) -> usize {
        self.entry_line
    }

    fn read_line(&mut self) -> Result<Option<Entry<'a>>, Fault> {
        let start = self.cursor.at;
        self.cursor.skip_blanks();
        match self.cursor.peek() {
            Some(b'#') => self.read_comment(),
            Some(b'\n') if self.cursor.dialect == Dialect::Text => {
                self.end_line()?;
                Ok(None)
            }
            None if self.cursor.dialect == Dialect::Text => {
                self.is_done = true;
                Ok(None)
            }
            None => {
                let message = "expected # EOF as the last line, found the end of the input";
                Err(Fault::new(ErrorKind::Eof, self.cursor.at, message))
            }
            Some(_) => self.read_sample(start).map(Some),
        }
    }

    /// Steps over the line break; only Prometheus text may lack the last one.
    fn end_line(&mut self) -> Result<(), Fault> {
        self.cursor.skip_blanks();
        if self.cursor.eat(b'\n') {
            self.line += 1;
            return Ok(());
        }
        let may_end = self.cursor.dialect == Dialect::Text && self.cursor.peek().is_none();
        may_end
            .then_some(())
            .ok_or_else(|| self.cursor.wanted("the end of the line"))
    }

    fn rest_of_line(&mut self) -> &'a str {
        self.cursor.take_while(|byte| byte != b'\n')
    }

    fn read_comment(&mut self) -> Result<Option<Entry<'a>>, Fault> {
        let start = self.cursor.at;
        self.cursor.at += 1;
        let keyword = match self.cursor.dialect {
            Dialect::Text => self.text_keyword(),
            Dialect::OpenMetrics => self.openmetrics_keyword(start)?,
        };
        let entry = match keyword {
            "HELP" => self.read_help()?,
            "TYPE" => self.read_type()?,
            "UNIT" => self.read_unit()?,
            "EOF" => {
                self.is_done = true;
                return Ok(None);
            }
            _ => {
                self.rest_of_line();
                self.end_line()?;
                return Ok(None);
            }
        };
        self.end_line()?;
        Ok(Some(entry))
    }

    /// Anything but `# HELP ` and `# TYPE ` is a comment without meaning.
    fn text_keyword(&mut self) -> &'a str {
        if !matches!(self.cursor.peek(), Some(b' ' | b'\t')) {
            return "";
        }
        self.cursor.skip_blanks();
        let keyword = self.cursor.take_while(|byte| byte.is_ascii_uppercase());
        match self.cursor.peek() {
            Some(b' ' | b'\t') if matches!(keyword, "HELP" | "TYPE") => {
                self.cursor.skip_blanks();
                keyword
            }
            _ => "",
        }
    }

    fn openmetrics_keyword(&mut self, start: usize) -> Result<&'a str, Fault> {
        for keyword in ["HELP", "TYPE", "UNIT"] {
            let has_keyword = self.cursor.rest().strip_prefix(' ');
            let rest = has_keyword.and_then(|rest| rest.strip_prefix(keyword));
            if rest.is_some_and(|rest| rest.starts_with(' ')) {
                self.cursor.at += keyword.len() + 2;
                return Ok(keyword);
            }
        }
        let Some(rest) = self.cursor.rest().strip_prefix(" EOF") else {
            self.cursor.at = start;
            return Err(self
                .cursor
                .wanted("# HELP, # TYPE, # UNIT, # EOF or a sample"));
        };
        self.cursor.at += " EOF".len();
        match rest {
            "" | "\n" => Ok("EOF"),
            _ => {
                let found = Echo(rest.strip_prefix('\n').unwrap_or(rest)).to_string();
                let message = format!("expected nothing after # EOF, found {found}");
                Err(Fault::new(ErrorKind::Eof, self.cursor.at, message))
            }
        }
    }

    /// Takes the family's name and the blank after it.
    fn read_family(&mut self) -> Result<&'a str, Fault> {
        let start = self.cursor.at;
        let name = if self.cursor.peek() == Some(b'"') {
            self.cursor.quoted("a metric name")?
        } else {
            self.cursor.word(true)
        };
        if name.is_empty() {
            self.cursor.at = start;
            return Err(self.cursor.wanted("a metric name"));
        }
        match self.cursor.peek() {
            Some(b' ') => self.cursor.at += 1,
            Some(b'\t') if self.cursor.dialect == Dialect::Text => self.cursor.at += 1,
            None | Some(b'\n') if self.cursor.dialect == Dialect::Text => {}
            _ => return Err(self.cursor.wanted("a space after the metric name")),
        }
        Ok(name)
    }

    fn read_help(&mut self) -> Result<Entry<'a>, Fault> {
        let dialect = self.cursor.dialect;
        Ok(Entry::Help {
            family: unescape(self.read_family()?),
            help: unescape_help(self.rest_of_line(), dialect),
        })
    }

    fn read_type(&mut self) -> Result<Entry<'a>, Fault> {
        let family = unescape(self.read_family()?);
        let start = self.cursor.at;
        let word = self.rest_of_line();
        let known = MetricType::parse(word).filter(|metric_type| match self.cursor.dialect {
            Dialect::OpenMetrics => word != "untyped",
            Dialect::Text => {
                use MetricType::{Counter, Gauge, Histogram, Summary};
                matches!(metric_type, Counter | Gauge | Histogram | Summary) || word == "untyped"
            }
        });
        self.metric_type = known.ok_or_else(|| {
            let message = format!("expected a metric type, found {}", Echo(word));
            Fault::new(ErrorKind::InvalidMetadata, start, message)
        })?;
        Ok(Entry::Type {
            family,
            metric_type: self.metric_type,
        })
    }

    fn read_unit(&mut self) -> Result<Entry<'a>, Fault> {
        let family = unescape(self.read_family()?);
        let start = self.cursor.at;
        let unit = self.rest_of_line();
        let has_suffix = |unit| {
            let stem = family.strip_suffix(unit);
            stem.is_some_and(|stem| stem.ends_with('_'))
        };
        if !unit.is_empty() && !has_suffix(unit) {
            let (unit, family) = (Echo(unit), Echo(&family));
            let message =
                format!("expected the unit to be the end of the name {family}, found {unit}");
            return Err(Fault::new(ErrorKind::InvalidMetadata, start, message));
        }
        Ok(Entry::Unit {
            family,
            unit: unit.into(),
        })
    }

    fn read_sample(&mut self, line_start: usize) -> Result<Entry<'a>, Fault> {
        let start = self.cursor.at;
        self.cursor.series(&mut |_| {})?;
        let raw = &self.cursor.text[start..self.cursor.at];
        let place = Place {
            line: self.line,
            column: start - line_start + 1,
        };
        if self.cursor.dialect == Dialect::Text {
            self.line += raw.bytes().filter(|byte| *byte == b'\n').count();
        }
        let value = self.read_number("a value")?;
        let (seconds, timestamp) = self.read_timestamp()?;
        let exemplar = match self.cursor.rest().starts_with(" # {") {
            true if self.cursor.dialect == Dialect::OpenMetrics => {
                ExemplarSource::Text(self.read_exemplar(line_start)?)
            }
            _ => ExemplarSource::None,
        };
        self.end_line()?;
        Ok(Entry::Sample(SampleEntry {
            series: Series {
                raw,
                dialect: self.cursor.dialect,
                number_label: number_label(self.metric_type),
                place,
            },
            value: Value::Float(value),
            timestamp,
            start: StartTimestamp::UNKNOWN,
            exemplars: Exemplars(exemplar),
            seconds,
        }))
    }

    fn read_number(&mut self, what: &str) -> Result<f64, Fault> {
        let start = self.cursor.at;
        let token = match self.cursor.dialect {
            Dialect::OpenMetrics => {
                if !self.cursor.eat(b' ') {
                    return Err(self.cursor.wanted(&format!("a space and {what}")));
                }
                self.cursor.take_while(|byte| !matches!(byte, b' ' | b'\n'))
            }
            Dialect::Text => {
                self.cursor.skip_blanks();
                self.cursor
                    .take_while(|byte| !matches!(byte, b' ' | b'\t' | b'\n' | b'{'))
            }
        };
        if token.is_empty() {
            self.cursor.at = start;
            return Err(self.cursor.wanted(what));
        }
        parse_float(token).ok_or_else(|| {
            let message = format!("expected {what}, found {}", Echo(token));
            Fault::new(
                ErrorKind::InvalidNumber,
                self.cursor.at - token.len(),
                message,
            )
        })
    }

    fn read_timestamp(&mut self) -> Result<(Option<f64>, Option<Timestamp>), Fault> {
        if self.cursor.dialect == Dialect::Text {
            let millis = self.read_millis()?;
            return Ok((
                millis.map(|millis| millis as f64 / 1000.0),
                millis.map(Timestamp::from_millis),
            ));
        }
        let rest = self.cursor.rest();
        if !rest.starts_with(' ') || rest.starts_with(" # {") {
            return Ok((None, None));
        }
        let seconds = self.read_seconds()?;
        let timestamp = Timestamp::from_millis(seconds_to_millis(seconds));
        Ok((Some(seconds), Some(timestamp)))
    }

    fn read_seconds(&mut self) -> Result<f64, Fault> {
        let start = self.cursor.at;
        let seconds = self.read_number("a timestamp in seconds")?;
        if seconds.is_finite() {
            return Ok(seconds);
        }
        let message = format!("expected a timestamp in seconds, found {seconds}");
        Err(Fault::new(ErrorKind::InvalidNumber, start, message))
    }

    fn read_millis(&mut self) -> Result<Option<i64>, Fault> {
        self.cursor.skip_blanks();
        let start = self.cursor.at;
        let token = self
            .cursor
            .take_while(|byte| !matches!(byte, b' ' | b'\t' | b'\n'));
        if token.is_empty() {
            return Ok(None);
        }
        let is_plain = !token.starts_with('+');
        let millis = token.parse().ok().filter(|_| is_plain);
        millis.map(Some).ok_or_else(|| {
            let message = format!(
                "expected a timestamp in whole milliseconds, found {}",
                Echo(token)
            );
            Fault::new(ErrorKind::InvalidNumber, start, message)
        })
    }

    fn read_exemplar(&mut self, line_start: usize) -> Result<RawExemplar<'a>, Fault> {
        self.cursor.at += " # ".len();
        let start = self.cursor.at;
        self.cursor.at += 1;
        self.cursor.label_block(&mut true, &mut |_| {})?;
        let labels = &self.cursor.text[start..self.cursor.at];
        let value = self.read_number("an exemplar value")?;
        let timestamp = match self.cursor.peek() {
            Some(b' ') => Some(Timestamp::from_millis(seconds_to_millis(
                self.read_seconds()?,
            ))),
            _ => None,
        };
        let place = Place {
            line: self.line,
            column: start - line_start + 1,
        };
        Ok(RawExemplar::from_text(labels, value, timestamp, place))
    }
}

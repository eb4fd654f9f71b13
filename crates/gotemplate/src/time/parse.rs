//! Reading times by Go's layouts.

use jiff::civil::DateTime;
use jiff::tz::{Offset as ZoneOffset, TimeZone};

use super::Time;
use super::layout::{Offset, Piece, month_name, next, weekday_name};

/// What was read so far; what no piece named is zero, or January the first.
struct Fields {
    year: i16,
    month: i8,
    day: i8,
    year_day: Option<i16>,
    hour: i8,
    minute: i8,
    second: i8,
    nanosecond: i32,
    is_afternoon: Option<bool>,
    offset: Option<i32>,
    zone: Option<String>,
}

/// Why one piece was not read.
enum Bad {
    /// The text is no such thing.
    Text,
    /// It is, but out of its range.
    Range(&'static str),
}

/// Reads a time by a layout; without a zone, in UTC.
pub(super) fn parse(layout: &str, text: &str) -> Result<Time, String> {
    let mut fields = Fields {
        year: 0,
        month: 1,
        day: 1,
        year_day: None,
        hour: 0,
        minute: 0,
        second: 0,
        nanosecond: 0,
        is_afternoon: None,
        offset: None,
        zone: None,
    };
    let refuse = |element: &str, rest: &str| {
        format!("parsing time {text:?} as {layout:?}: cannot parse {rest:?} as {element:?}")
    };
    let range = |what: &str| format!("parsing time {text:?}: {what} out of range");
    let (mut layout_rest, mut rest) = (layout, text);
    loop {
        let Some((before, piece, after)) = next(layout_rest) else {
            rest = skip(rest, layout_rest).ok_or_else(|| refuse(layout_rest, rest))?;
            break;
        };
        rest = skip(rest, before).ok_or_else(|| refuse(before, rest))?;
        let element = &layout_rest[before.len()..layout_rest.len() - after.len()];
        rest = fields.read(piece, after, rest).map_err(|bad| match bad {
            Bad::Text => refuse(element, rest),
            Bad::Range(what) => range(what),
        })?;
        layout_rest = after;
    }
    if !rest.is_empty() {
        return Err(format!("parsing time {text:?}: extra text: {rest:?}"));
    }
    fields.time().ok_or_else(|| range("day"))
}

/// Skips a literal part of the layout; a space stands for any number of spaces.
fn skip<'a>(mut text: &'a str, prefix: &str) -> Option<&'a str> {
    let mut prefix = prefix;
    while !prefix.is_empty() {
        if prefix.starts_with(' ') {
            if !text.is_empty() && !text.starts_with(' ') {
                return None;
            }
            prefix = prefix.trim_start_matches(' ');
            text = text.trim_start_matches(' ');
            continue;
        }
        let sign = prefix.chars().next()?;
        text = text.strip_prefix(sign)?;
        prefix = &prefix[sign.len_utf8()..];
    }
    Some(text)
}

impl Fields {
    /// Reads one piece and returns what is left; `after` is the layout behind it.
    fn read<'a>(&mut self, piece: Piece, after: &str, text: &'a str) -> Result<&'a str, Bad> {
        match piece {
            Piece::LongMonth | Piece::Month => {
                let (month, rest) = name(text, piece == Piece::LongMonth, 12, |index| {
                    month_name(index + 1)
                })?;
                self.month = month + 1;
                Ok(rest)
            }
            Piece::LongWeekday | Piece::Weekday => {
                let is_long = piece == Piece::LongWeekday;
                name(text, is_long, 7, weekday_name).map(|(_, rest)| rest)
            }
            Piece::LongYear => {
                let digits = text
                    .get(..4)
                    .filter(|year| is_digits(year))
                    .ok_or(Bad::Text)?;
                self.year = digits.parse().map_err(|_| Bad::Text)?;
                Ok(&text[4..])
            }
            Piece::Year => {
                let (year, rest) = number(text, true)?;
                let year = i16::from(year);
                self.year = year + if year >= 69 { 1900 } else { 2000 };
                Ok(rest)
            }
            Piece::UpperNoon | Piece::LowerNoon => self.noon(piece, text),
            Piece::ZoneName => self.zone_name(text),
            Piece::Offset(form) => self.offset(form, text),
            Piece::Fraction {
                digits, is_trimmed, ..
            } => self.fraction(digits, is_trimmed, text),
            Piece::SpaceYearDay | Piece::ZeroYearDay => self.year_day(text),
            _ => self.small_number(piece, after, text),
        }
    }

    fn small_number<'a>(
        &mut self,
        piece: Piece,
        after: &str,
        text: &'a str,
    ) -> Result<&'a str, Bad> {
        let (what, range, place, is_fixed) = match piece {
            Piece::NumberMonth => ("month", 1..=12, &mut self.month, false),
            Piece::ZeroMonth => ("month", 1..=12, &mut self.month, true),
            Piece::ZeroDay => ("day", 0..=99, &mut self.day, true),
            Piece::Day | Piece::SpaceDay => ("day", 0..=99, &mut self.day, false),
            Piece::Hour => ("hour", 0..=23, &mut self.hour, false),
            Piece::Hour12 => ("hour", 0..=12, &mut self.hour, false),
            Piece::ZeroHour12 => ("hour", 0..=12, &mut self.hour, true),
            Piece::Minute => ("minute", 0..=59, &mut self.minute, false),
            Piece::ZeroMinute => ("minute", 0..=59, &mut self.minute, true),
            Piece::Second => ("second", 0..=59, &mut self.second, false),
            _ => ("second", 0..=59, &mut self.second, true),
        };
        let text = match piece {
            Piece::SpaceDay => text.strip_prefix(' ').unwrap_or(text),
            _ => text,
        };
        let (value, rest) = number(text, is_fixed)?;
        *place = value;
        if !range.contains(&value) {
            return Err(Bad::Range(what));
        }
        let is_second = matches!(piece, Piece::Second | Piece::ZeroSecond);
        let has_fraction = next(after).is_some_and(|(before, piece, _)| {
            before.is_empty() && matches!(piece, Piece::Fraction { .. })
        });
        // Go reads a fraction behind the seconds even when the layout has none.
        match is_second && !has_fraction && fraction_length(rest) > 1 {
            true => self.fraction(fraction_length(rest) - 1, false, rest),
            false => Ok(rest),
        }
    }

    fn year_day<'a>(&mut self, text: &'a str) -> Result<&'a str, Bad> {
        let padded = text.get(..3).ok_or(Bad::Text)?;
        let digits = padded.trim_start_matches(' ');
        if !is_digits(digits) {
            return Err(Bad::Text);
        }
        self.year_day = Some(digits.parse().map_err(|_| Bad::Text)?);
        Ok(&text[3..])
    }

    fn noon<'a>(&mut self, piece: Piece, text: &'a str) -> Result<&'a str, Bad> {
        let forms = match piece {
            Piece::UpperNoon => ["AM", "PM"],
            _ => ["am", "pm"],
        };
        let index = forms.iter().position(|form| text.starts_with(form));
        self.is_afternoon = Some(index.ok_or(Bad::Text)? == 1);
        Ok(&text[2..])
    }

    /// Reads three or four capital letters, `GMT+3`, or UTC.
    fn zone_name<'a>(&mut self, text: &'a str) -> Result<&'a str, Bad> {
        if let Some(rest) = text.strip_prefix("UTC") {
            self.offset = Some(0);
            return Ok(rest);
        }
        let letters = text.bytes().take_while(u8::is_ascii_uppercase).count();
        if !(3..=5).contains(&letters) {
            return Err(Bad::Text);
        }
        self.zone = Some(text[..letters].to_owned());
        Ok(&text[letters..])
    }

    fn offset<'a>(&mut self, form: Offset, text: &'a str) -> Result<&'a str, Bad> {
        if let (true, Some(rest)) = (form.has_z, text.strip_prefix('Z')) {
            self.offset = Some(0);
            return Ok(rest);
        }
        let sign = match text.as_bytes().first() {
            Some(b'+') => 1,
            Some(b'-') => -1,
            _ => return Err(Bad::Text),
        };
        let (hours, mut rest) = number(&text[1..], true)?;
        let mut seconds = i32::from(hours) * 3600;
        for (is_there, unit) in [(form.has_minutes, 60), (form.has_seconds, 1)] {
            if is_there {
                if form.has_colons {
                    rest = rest.strip_prefix(':').ok_or(Bad::Text)?;
                }
                let (part, after) = number(rest, true)?;
                seconds += i32::from(part) * unit;
                rest = after;
            }
        }
        if hours > 24 {
            return Err(Bad::Range("time zone offset hour"));
        }
        self.offset = Some(sign * seconds);
        Ok(rest)
    }

    fn fraction<'a>(
        &mut self,
        digits: usize,
        is_trimmed: bool,
        text: &'a str,
    ) -> Result<&'a str, Bad> {
        let length = fraction_length(text);
        if is_trimmed && length < 2 {
            return Ok(text);
        }
        let wanted = if is_trimmed { length - 1 } else { digits };
        let shown = text.get(1..=wanted).ok_or(Bad::Text)?;
        if !text.starts_with(['.', ',']) || !is_digits(shown) {
            return Err(Bad::Text);
        }
        let nine = format!("{shown:0<9}");
        self.nanosecond = nine[..9].parse().map_err(|_| Bad::Text)?;
        Ok(&text[1 + wanted..])
    }

    fn time(self) -> Option<Time> {
        let hour = match (self.is_afternoon, self.hour) {
            (Some(true), hour) if hour < 12 => hour + 12,
            (Some(false), 12) => 0,
            (_, hour) => hour,
        };
        let date = match self.year_day {
            Some(day) => {
                let first = jiff::civil::Date::new(self.year, 1, 1).ok()?;
                first.with().day_of_year(day).build().ok()?
            }
            None => jiff::civil::Date::new(self.year, self.month, self.day).ok()?,
        };
        let clock = jiff::civil::Time::new(hour, self.minute, self.second, self.nanosecond).ok()?;
        let zone = match self.offset {
            Some(0) | None => TimeZone::UTC,
            Some(seconds) => TimeZone::fixed(ZoneOffset::from_seconds(seconds).ok()?),
        };
        let zoned = DateTime::from_parts(date, clock).to_zoned(zone).ok()?;
        Some(Time(zoned))
    }
}

/// Returns the length of a dot or comma with the digits behind it.
fn fraction_length(text: &str) -> usize {
    match text.strip_prefix(['.', ',']) {
        Some(digits) => 1 + digits.bytes().take_while(u8::is_ascii_digit).count(),
        None => 0,
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Reads two digits, or one when two are not demanded.
fn number(text: &str, is_fixed: bool) -> Result<(i8, &str), Bad> {
    let digits = text.bytes().take(2).take_while(u8::is_ascii_digit).count();
    if digits == 0 || is_fixed && digits == 1 {
        return Err(Bad::Text);
    }
    let value = text[..digits].parse().map_err(|_| Bad::Text)?;
    Ok((value, &text[digits..]))
}

/// Reads one of several names, in any case.
fn name(
    text: &str,
    is_long: bool,
    count: i8,
    names: impl Fn(i8) -> &'static str,
) -> Result<(i8, &str), Bad> {
    let found = (0..count).find_map(|index| {
        let full = names(index);
        let wanted = if is_long { full } else { &full[..3] };
        let start = text.get(..wanted.len())?;
        start
            .eq_ignore_ascii_case(wanted)
            .then_some((index, &text[wanted.len()..]))
    });
    found.ok_or(Bad::Text)
}

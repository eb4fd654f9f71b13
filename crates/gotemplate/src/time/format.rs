//! Writing times by Go's layouts.

use std::fmt::Write;

use jiff::Zoned;

use super::layout::{Offset, Piece, month_name, next, weekday_name};

/// Writes a time by a layout.
pub(super) fn format(time: &Zoned, layout: &str) -> String {
    let (mut text, mut rest) = (String::with_capacity(layout.len() + 10), layout);
    while let Some((before, piece, after)) = next(rest) {
        text.push_str(before);
        write(time, piece, &mut text).expect("a String takes everything");
        rest = after;
    }
    text.push_str(rest);
    text
}

fn write(time: &Zoned, piece: Piece, text: &mut String) -> std::fmt::Result {
    let hour12 = match time.hour() % 12 {
        0 => 12,
        hour => hour,
    };
    let noon = if time.hour() >= 12 { "PM" } else { "AM" };
    let weekday = weekday_name(time.weekday().to_sunday_zero_offset());
    match piece {
        Piece::LongMonth => text.write_str(month_name(time.month())),
        Piece::Month => text.write_str(&month_name(time.month())[..3]),
        Piece::NumberMonth => write!(text, "{}", time.month()),
        Piece::ZeroMonth => write!(text, "{:02}", time.month()),
        Piece::LongWeekday => text.write_str(weekday),
        Piece::Weekday => text.write_str(&weekday[..3]),
        Piece::Day => write!(text, "{}", time.day()),
        Piece::SpaceDay => write!(text, "{:2}", time.day()),
        Piece::ZeroDay => write!(text, "{:02}", time.day()),
        Piece::SpaceYearDay => write!(text, "{:3}", time.day_of_year()),
        Piece::ZeroYearDay => write!(text, "{:03}", time.day_of_year()),
        Piece::Hour => write!(text, "{:02}", time.hour()),
        Piece::Hour12 => write!(text, "{hour12}"),
        Piece::ZeroHour12 => write!(text, "{hour12:02}"),
        Piece::Minute => write!(text, "{}", time.minute()),
        Piece::ZeroMinute => write!(text, "{:02}", time.minute()),
        Piece::Second => write!(text, "{}", time.second()),
        Piece::ZeroSecond => write!(text, "{:02}", time.second()),
        Piece::LongYear if time.year() < 0 => write!(text, "-{:04}", -time.year()),
        Piece::LongYear => write!(text, "{:04}", time.year()),
        Piece::Year => write!(text, "{:02}", time.year().max(0) % 100),
        Piece::UpperNoon => text.write_str(noon),
        Piece::LowerNoon => text.write_str(&noon.to_ascii_lowercase()),
        Piece::ZoneName => zone_name(time, text),
        Piece::Offset(form) => write_offset(time.offset().seconds(), form, text),
        Piece::Fraction {
            digits,
            is_trimmed,
            separator,
        } => fraction(
            time.subsec_nanosecond(),
            digits,
            is_trimmed,
            separator,
            text,
        ),
    }
}

/// Writes the abbreviation of the zone; a zone that is only an offset has none, and Go writes the offset.
fn zone_name(time: &Zoned, text: &mut String) -> std::fmt::Result {
    let seconds = time.offset().seconds();
    if time.time_zone().is_unknown() || seconds == 0 && time.time_zone().iana_name().is_none() {
        return text.write_str("UTC");
    }
    if time.time_zone().iana_name().is_some() {
        let information = time.time_zone().to_offset_info(time.timestamp());
        return text.write_str(information.abbreviation());
    }
    let form = Offset {
        has_z: false,
        has_colons: false,
        has_minutes: seconds % 3600 != 0,
        has_seconds: false,
    };
    write_offset(
        seconds,
        Offset {
            has_minutes: true,
            ..form
        },
        text,
    )
}

fn write_offset(seconds: i32, form: Offset, text: &mut String) -> std::fmt::Result {
    if form.has_z && seconds == 0 {
        return text.write_char('Z');
    }
    let sign = if seconds < 0 { '-' } else { '+' };
    let seconds = seconds.abs();
    let colon = if form.has_colons { ":" } else { "" };
    write!(text, "{sign}{:02}", seconds / 3600)?;
    if form.has_minutes {
        write!(text, "{colon}{:02}", seconds / 60 % 60)?;
    }
    match form.has_seconds {
        true => write!(text, "{colon}{:02}", seconds % 60),
        false => Ok(()),
    }
}

fn fraction(
    nanoseconds: i32,
    digits: usize,
    is_trimmed: bool,
    separator: u8,
    text: &mut String,
) -> std::fmt::Result {
    let all = format!("{nanoseconds:09}");
    let mut shown = &all[..digits.min(9)];
    if is_trimmed {
        shown = shown.trim_end_matches('0');
        if shown.is_empty() {
            return Ok(());
        }
    }
    write!(text, "{}{shown}", char::from(separator))?;
    match is_trimmed {
        true => Ok(()),
        false => text.write_str(&"0".repeat(digits.saturating_sub(9))),
    }
}

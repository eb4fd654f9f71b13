//! Go's layouts: a time is written the way that one reference time would be, `Mon Jan 2 15:04:05 MST 2006`.

/// A piece of a layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    LongMonth,
    Month,
    NumberMonth,
    ZeroMonth,
    LongWeekday,
    Weekday,
    Day,
    SpaceDay,
    ZeroDay,
    SpaceYearDay,
    ZeroYearDay,
    Hour,
    Hour12,
    ZeroHour12,
    Minute,
    ZeroMinute,
    Second,
    ZeroSecond,
    LongYear,
    Year,
    UpperNoon,
    LowerNoon,
    ZoneName,
    Offset(Offset),
    /// So many digits of a second behind a dot or comma; trailing zeros are cut off when trimmed.
    Fraction {
        digits: usize,
        is_trimmed: bool,
        separator: u8,
    },
}

/// How an offset from UTC is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Offset {
    /// UTC is the letter Z.
    pub(super) has_z: bool,
    pub(super) has_colons: bool,
    pub(super) has_minutes: bool,
    pub(super) has_seconds: bool,
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

const WEEKDAYS: [&str; 7] = [
    "Sunday",
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
];

/// Returns the name of a month, 1 to 12.
pub(super) fn month_name(month: i8) -> &'static str {
    usize::try_from(month - 1).map_or("", |index| MONTHS.get(index).copied().unwrap_or(""))
}

/// Returns the name of a day of the week, Sunday is 0.
pub(super) fn weekday_name(weekday: i8) -> &'static str {
    usize::try_from(weekday).map_or("", |index| WEEKDAYS.get(index).copied().unwrap_or(""))
}

/// Finds the first piece: what stands before it, the piece and what stands behind it.
pub(super) fn next(layout: &str) -> Option<(&str, Piece, &str)> {
    let bytes = layout.as_bytes();
    (0..bytes.len()).find_map(|at| {
        // A piece begins with an ASCII sign, so `at` is a boundary of characters whenever one is found.
        let (skipped, length, piece) = piece(&bytes[at..])?;
        let start = at + skipped;
        Some((&layout[..start], piece, &layout[start + length..]))
    })
}

/// Recognizes a piece at the start: bytes to skip before it, its length, and which it is.
fn piece(rest: &[u8]) -> Option<(usize, usize, Piece)> {
    let is = |text: &str| rest.starts_with(text.as_bytes());
    let table: &[(&str, Piece)] = match rest[0] {
        b'J' if is("January") => return Some((0, 7, Piece::LongMonth)),
        b'J' if is("Jan") && !is_lower(rest.get(3)) => return Some((0, 3, Piece::Month)),
        b'M' if is("Monday") => return Some((0, 6, Piece::LongWeekday)),
        b'M' if is("Mon") && !is_lower(rest.get(3)) => return Some((0, 3, Piece::Weekday)),
        b'M' => &[("MST", Piece::ZoneName)],
        b'0' => &[
            ("01", Piece::ZeroMonth),
            ("02", Piece::ZeroDay),
            ("03", Piece::ZeroHour12),
            ("04", Piece::ZeroMinute),
            ("05", Piece::ZeroSecond),
            ("06", Piece::Year),
            ("002", Piece::ZeroYearDay),
        ],
        b'1' => &[("15", Piece::Hour), ("1", Piece::NumberMonth)],
        b'2' => &[("2006", Piece::LongYear), ("2", Piece::Day)],
        // An underscore before the long year is only an underscore.
        b'_' if is("_2006") => return Some((1, 4, Piece::LongYear)),
        b'_' => &[("_2", Piece::SpaceDay), ("__2", Piece::SpaceYearDay)],
        b'3' => &[("3", Piece::Hour12)],
        b'4' => &[("4", Piece::Minute)],
        b'5' => &[("5", Piece::Second)],
        b'P' => &[("PM", Piece::UpperNoon)],
        b'p' => &[("pm", Piece::LowerNoon)],
        b'-' | b'Z' => return offset(rest),
        b'.' | b',' => return fraction(rest),
        _ => return None,
    };
    let found = table.iter().find(|(text, _)| is(text))?;
    Some((0, found.0.len(), found.1))
}

fn is_lower(byte: Option<&u8>) -> bool {
    byte.is_some_and(u8::is_ascii_lowercase)
}

fn offset(rest: &[u8]) -> Option<(usize, usize, Piece)> {
    let forms: [(&str, [bool; 3]); 5] = [
        ("070000", [false, true, true]),
        ("07:00:00", [true, true, true]),
        ("0700", [false, true, false]),
        ("07:00", [true, true, false]),
        ("07", [false, false, false]),
    ];
    let (text, [has_colons, has_minutes, has_seconds]) = forms
        .into_iter()
        .find(|(text, _)| rest[1..].starts_with(text.as_bytes()))?;
    let offset = Offset {
        has_z: rest[0] == b'Z',
        has_colons,
        has_minutes,
        has_seconds,
    };
    Some((0, 1 + text.len(), Piece::Offset(offset)))
}

fn fraction(rest: &[u8]) -> Option<(usize, usize, Piece)> {
    let digit = *rest.get(1).filter(|byte| matches!(byte, b'0' | b'9'))?;
    let digits = rest[1..].iter().take_while(|byte| **byte == digit).count();
    if rest.get(1 + digits).is_some_and(u8::is_ascii_digit) {
        return None;
    }
    let piece = Piece::Fraction {
        digits,
        is_trimmed: digit == b'9',
        separator: rest[0],
    };
    Some((0, 1 + digits, piece))
}

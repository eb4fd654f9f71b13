//! Windows as they are written on the command line.

use std::time::Duration;

use jiff::tz::TimeZone;
use plimsoll_slo::{CalendarUnit, Window};
use plimsoll_types::{Timestamp, parse_duration};

/// The time that a promise is about.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    /// As it was written.
    pub(super) name: String,
    /// The length that it has: of a calendar's period, of the one that `now` is in.
    pub(super) length: Duration,
}

/// Reads `30d`, `month` or `month:Europe/Athens`.
pub(super) fn read(text: &str, now: Timestamp) -> Result<Asked, String> {
    let window = window(text)?;
    Ok(Asked {
        name: text.to_owned(),
        length: window.at(now).length(),
    })
}

fn window(text: &str) -> Result<Window, String> {
    if let Ok(length) = parse_duration(text) {
        return match length.is_zero() {
            true => Err("a window has a length".to_owned()),
            false => Ok(Window::Rolling(length)),
        };
    }
    let (unit, zone) = text.split_once(':').unwrap_or((text, "UTC"));
    let found = CalendarUnit::ALL
        .into_iter()
        .find(|known| known.as_str() == unit);
    let unit = found.ok_or_else(|| {
        format!("{text:?} is no window: wanted a length such as 30d, or day, week, month, quarter or year, with a zone if need be (month:Europe/Athens)")
    })?;
    let zone = TimeZone::get(zone).map_err(|_| format!("there is no time zone {zone:?}"))?;
    Ok(Window::Calendar { unit, zone })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_a_length_or_a_period() {
        let october: jiff::Timestamp = "2026-10-10T00:00:00Z".parse().unwrap();
        let now = Timestamp::from_millis(october.as_millisecond());
        let hours = |text: &str| read(text, now).map(|asked| asked.length.as_secs() / 3600);
        assert_eq!(hours("30d"), Ok(720));
        assert_eq!(hours("month"), Ok(744));
        // Clocks are put back in October.
        assert_eq!(hours("month:Europe/Athens"), Ok(745));
        assert_eq!(hours("year"), Ok(8760));
        assert!(hours("0s").unwrap_err().contains("length"));
        assert!(hours("fortnight").unwrap_err().contains("no window"));
        assert!(
            hours("month:Atlantis")
                .unwrap_err()
                .contains("no time zone")
        );
    }
}

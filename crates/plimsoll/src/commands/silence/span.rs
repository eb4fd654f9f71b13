//! From when to when a silence holds, as people say it.

use std::time::Duration;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use plimsoll_types::{Timestamp, parse_duration};

use crate::commands::Failure;

/// How long a silence holds when nobody says so, as with amtool.
const DURATION: Duration = Duration::from_secs(3600);
/// And one that ends by itself: long enough for an incident, short enough to be noticed.
const UNTIL_RESOLVED: Duration = Duration::from_secs(24 * 3600);

/// The flags that say from when to when.
#[derive(clap::Args, Default)]
pub(super) struct Span {
    /// How long it holds, such as 30m or 2h; 1h when nothing is said, 24h with --until-resolved
    #[arg(long, short, value_name = "DURATION", value_parser = duration, conflicts_with = "end")]
    duration: Option<Duration>,
    /// When it begins: 2026-11-21T22:00 by the clocks of --zone, or RFC 3339; now when absent
    #[arg(long, value_name = "TIME")]
    start: Option<String>,
    /// When it ends, likewise
    #[arg(long, value_name = "TIME")]
    end: Option<String>,
    /// The zone of times and of --recurrence, such as Europe/Berlin
    #[arg(long, value_name = "ZONE", default_value = "UTC")]
    zone: String,
    /// Repeat it: a rule of RFC 5545 such as FREQ=WEEKLY;BYDAY=SA
    #[arg(long, value_name = "RRULE")]
    recurrence: Option<String>,
    /// End it as soon as nothing that it silences has fired for --grace
    #[arg(long, conflicts_with = "recurrence")]
    until_resolved: bool,
    /// How long an alert must be over for --until-resolved
    #[arg(
        long,
        value_name = "DURATION",
        default_value = "10m",
        value_parser = duration_text,
        requires = "until_resolved"
    )]
    grace: String,
}

impl Span {
    /// Returns the beginning, as far as it was said, and the end.
    pub(super) fn times(&self, now: Timestamp) -> Result<(Option<Timestamp>, Timestamp), Failure> {
        let zone = self.time_zone()?;
        let read = |flag: &str, text: &Option<String>| {
            let at = text.as_deref().map(|text| point(flag, text, &zone));
            at.transpose()
        };
        let start = read("start", &self.start)?;
        let end = match read("end", &self.end)? {
            Some(end) => end,
            None => start.unwrap_or(now) + self.duration.unwrap_or(self.duration_unsaid()),
        };
        if end <= start.unwrap_or(now) {
            return Err(Failure::usage("it ends before it begins"));
        }
        Ok((start, end))
    }

    /// Returns the rule of a silence that comes again, and its zone.
    pub(super) fn recurrence(&self) -> Option<(String, String)> {
        let rule = self.recurrence.clone()?;
        Some((rule, self.zone.clone()))
    }

    /// Returns for how long nothing may have fired before it ends by itself.
    pub(super) fn grace(&self) -> Option<String> {
        self.until_resolved.then(|| self.grace.clone())
    }

    fn duration_unsaid(&self) -> Duration {
        match self.until_resolved {
            true => UNTIL_RESOLVED,
            false => DURATION,
        }
    }

    fn time_zone(&self) -> Result<TimeZone, Failure> {
        TimeZone::get(&self.zone).map_err(|error| {
            Failure::usage(format!(
                "--zone {:?} is no zone such as Europe/Berlin: {error}",
                self.zone
            ))
        })
    }
}

/// Reads a point in time; one without a zone is by the clocks of `zone`.
fn point(flag: &str, text: &str, zone: &TimeZone) -> Result<Timestamp, Failure> {
    let at = match text.parse::<jiff::Timestamp>() {
        Ok(at) => Some(at),
        Err(_) => text
            .parse::<DateTime>()
            .ok()
            .and_then(|local| zone.to_timestamp(local).ok()),
    };
    match at {
        Some(at) => Ok(Timestamp::from_millis(at.as_millisecond())),
        None => Err(Failure::usage(format!(
            "--{flag} {text:?} is no time such as 2026-11-21T22:00 or 2026-11-21T22:00:00+01:00"
        ))),
    }
}

fn duration(text: &str) -> Result<Duration, String> {
    let duration = parse_duration(text).map_err(|error| error.to_string())?;
    match duration.is_zero() {
        true => Err("expected more than 0".into()),
        false => Ok(duration),
    }
}

fn duration_text(text: &str) -> Result<String, String> {
    duration(text).map(|_| text.to_owned())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        span: Span,
    }

    const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);
    const HOUR: i64 = 3_600_000;

    fn times(words: &[&str]) -> Result<(Option<i64>, i64), String> {
        let line =
            Line::try_parse_from([&["x"], words].concat()).map_err(|error| error.to_string())?;
        let times = line
            .span
            .times(NOW)
            .map_err(|failure| failure.to_string())?;
        Ok((times.0.map(|start| start.millis()), times.1.millis()))
    }

    #[test]
    fn what_is_not_said_is_an_hour_from_now() {
        let now = NOW.millis();
        assert_eq!(times(&[]), Ok((None, now + HOUR)));
        assert_eq!(times(&["--duration", "2h"]), Ok((None, now + 2 * HOUR)));
        assert_eq!(times(&["--until-resolved"]), Ok((None, now + 24 * HOUR)));
        assert_eq!(
            times(&["--until-resolved", "-d", "1h"]),
            Ok((None, now + HOUR))
        );
    }

    #[test]
    fn times_are_by_the_clocks_of_the_zone() {
        let at = |text: &str| text.parse::<jiff::Timestamp>().unwrap().as_millisecond();
        let berlin = [
            "--zone",
            "Europe/Berlin",
            "--start",
            "2030-07-01T22:00",
            "--end",
            "2030-07-02T04:00:00",
        ];
        let expected = (Some(at("2030-07-01T20:00:00Z")), at("2030-07-02T02:00:00Z"));
        assert_eq!(times(&berlin), Ok(expected));
        let exact = ["--start", "2030-01-01T00:00:00+01:00", "--duration", "30m"];
        let expected = (Some(at("2029-12-31T23:00:00Z")), at("2029-12-31T23:30:00Z"));
        assert_eq!(times(&exact), Ok(expected));
    }

    #[test]
    fn what_makes_no_sense_is_refused_with_the_flag() {
        let check = |words: &[&str], expected: &str| {
            let said = times(words).unwrap_err();
            assert!(said.contains(expected), "{words:?}: {said}");
        };
        check(&["--start", "tonight"], "--start \"tonight\"");
        check(&["--zone", "Mars/Base"], "--zone \"Mars/Base\"");
        check(&["--end", "2000-01-01T00:00:00Z"], "ends before it begins");
        check(&["--duration", "0s"], "more than 0");
        check(
            &["--duration", "1h", "--end", "2030-01-01T00:00"],
            "cannot be used with",
        );
        check(
            &["--until-resolved", "--recurrence", "FREQ=DAILY"],
            "cannot be used with",
        );
        check(&["--grace", "5m"], "--until-resolved");
    }
}

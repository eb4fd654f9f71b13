//! Which windows the alerts of a period have: Sloth's own for 30 and 28 days, and those of files.

use std::time::Duration;

use plimsoll_runtime::config::{Diagnostics, DurationValue, Findings, Severity, Source, Spanned};
use serde::Deserialize;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// One pair of windows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pair {
    /// The share of the period's budget, in per cent, that must burn within the long window.
    pub budget_percent: f64,
    /// Ends the alert soon.
    pub short: Duration,
    /// Proves that it matters.
    pub long: Duration,
}

impl Pair {
    /// Returns how many times as fast as the budget allows it must burn.
    ///
    /// The order of the operations is Sloth's: another one rounds elsewhere.
    pub fn factor(self, period: Duration) -> f64 {
        let hours = |duration: Duration| duration.as_secs_f64() / 3600.0;
        self.budget_percent * hours(period) / 100.0 / hours(self.long)
    }
}

/// The windows of the alerts of one period.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AlertWindows {
    /// Over which time the objective holds.
    pub period: Duration,
    /// The faster pair that pages.
    pub page_quick: Pair,
    /// The slower pair that pages.
    pub page_slow: Pair,
    /// The faster pair of tickets.
    pub ticket_quick: Pair,
    /// The slower pair of tickets.
    pub ticket_slow: Pair,
}

impl AlertWindows {
    /// Returns the windows of the SRE Workbook for a period.
    pub const fn workbook(period: Duration) -> Self {
        const fn pair(budget_percent: f64, short: Duration, long: Duration) -> Pair {
            Pair {
                budget_percent,
                short,
                long,
            }
        }
        Self {
            period,
            page_quick: pair(2.0, Duration::from_secs(5 * 60), HOUR),
            page_slow: pair(
                5.0,
                Duration::from_secs(30 * 60),
                Duration::from_secs(6 * 3600),
            ),
            ticket_quick: pair(10.0, Duration::from_secs(2 * 3600), DAY),
            ticket_slow: pair(
                10.0,
                Duration::from_secs(6 * 3600),
                Duration::from_secs(3 * 86_400),
            ),
        }
    }

    /// Returns all windows, some of them perhaps twice.
    pub fn all(&self) -> [Duration; 8] {
        let pairs = [
            self.page_quick,
            self.page_slow,
            self.ticket_quick,
            self.ticket_slow,
        ];
        let [a, b, c, d] = pairs.map(|pair| [pair.short, pair.long]);
        [a[0], a[1], b[0], b[1], c[0], c[1], d[0], d[1]]
    }
}

/// The alert windows that are known, one set for each period.
#[derive(Clone, Debug)]
pub struct WindowSets(Vec<AlertWindows>);

/// Those that Sloth brings along.
impl Default for WindowSets {
    fn default() -> Self {
        Self(
            [30, 28]
                .map(|days| AlertWindows::workbook(days * DAY))
                .into(),
        )
    }
}

impl WindowSets {
    /// Adds windows; those of the same period go.
    pub fn add(&mut self, windows: AlertWindows) {
        self.0.retain(|known| known.period != windows.period);
        self.0.push(windows);
    }

    /// Returns the windows of a period.
    pub fn of(&self, period: Duration) -> Option<&AlertWindows> {
        self.0.iter().find(|known| known.period == period)
    }
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct File {
    #[serde(rename = "apiVersion")]
    api_version: Spanned<String>,
    kind: Spanned<String>,
    spec: FileSpec,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
struct FileSpec {
    slo_period: Spanned<DurationValue>,
    page: Spanned<RawPairs>,
    ticket: Spanned<RawPairs>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct RawPairs {
    quick: Spanned<RawPair>,
    slow: Spanned<RawPair>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
struct RawPair {
    error_budget_percent: f64,
    short_window: DurationValue,
    long_window: DurationValue,
}

impl AlertWindows {
    /// Reads a file of Sloth's kind `AlertWindows`.
    ///
    /// # Errors
    /// What is missing or makes no sense, with its place.
    pub fn read(source: &Source) -> Result<Self, Diagnostics> {
        let file: File = source.parse()?;
        let mut findings = Findings::new(source);
        if file.api_version.value != "sloth.slok.dev/v1" {
            findings.unknown_word(&file.api_version, "apiVersion", &["sloth.slok.dev/v1"]);
        }
        if file.kind.value != "AlertWindows" {
            findings.unknown_word(&file.kind, "kind", &["AlertWindows"]);
        }
        let period = file.spec.slo_period;
        if period.value.0 < MINUTE {
            findings.error(period.span, "`sloPeriod` is at least a minute");
        }
        let mut pair = |raw: &Spanned<RawPair>| pair(raw, period.value.0, &mut findings);
        let windows = Self {
            period: period.value.0,
            page_quick: pair(&file.spec.page.quick),
            page_slow: pair(&file.spec.page.slow),
            ticket_quick: pair(&file.spec.ticket.quick),
            ticket_slow: pair(&file.spec.ticket.slow),
        };
        let list = findings.into_list();
        match list.iter().any(|found| found.severity == Severity::Error) {
            true => Err(Diagnostics(list)),
            false => Ok(windows),
        }
    }
}

fn pair(raw: &Spanned<RawPair>, period: Duration, findings: &mut Findings<'_>) -> Pair {
    let (short, long) = (raw.short_window.0, raw.long_window.0);
    if !(raw.error_budget_percent > 0.0 && raw.error_budget_percent <= 100.0) {
        findings.error(raw.span, "`errorBudgetPercent` is above 0 and at most 100");
    }
    if short.is_zero() || short >= long {
        findings.error(
            raw.span,
            "`shortWindow` is above 0 and shorter than `longWindow`",
        );
    }
    if long > period {
        findings.error(raw.span, "`longWindow` is at most the period");
    }
    Pair {
        budget_percent: raw.error_budget_percent,
        short,
        long,
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn factors_follow_from_the_budget_and_the_windows() {
        let factors = |days: u32| {
            let windows = AlertWindows::workbook(days * DAY);
            [
                windows.page_quick,
                windows.page_slow,
                windows.ticket_quick,
                windows.ticket_slow,
            ]
            .map(|pair| pair.factor(windows.period))
        };
        assert_eq!(factors(30), [14.4, 6.0, 3.0, 1.0]);
        assert_eq!(
            factors(28),
            [
                13.44,
                5.6000000000000005,
                2.8000000000000003,
                0.9333333333333333
            ]
        );
    }

    #[test]
    fn a_file_of_windows_is_read() {
        let check = |text: &str| {
            let source = Source::new(Path::new("w.yml"), text).unwrap();
            AlertWindows::read(&source).map_err(|findings| findings.to_string())
        };
        let pair = "{errorBudgetPercent: 8, shortWindow: 5m, longWindow: 1h}";
        let both = format!("{{quick: {pair}, slow: {pair}}}");
        let head = "apiVersion: sloth.slok.dev/v1\nkind: AlertWindows\n";
        let read = check(&format!(
            "{head}spec: {{sloPeriod: 7d, page: {both}, ticket: {both}}}\n"
        ))
        .unwrap();
        assert_eq!(read.period, 7 * DAY);
        assert_eq!(read.page_quick.factor(read.period), 13.44);
        for (wrong, reason) in [
            (
                format!("{head}spec: {{sloPeriod: 30m, page: {both}, ticket: {both}}}\n"),
                "at most the period",
            ),
            (
                format!("{head}spec: {{sloPeriod: 7d, page: {both}}}\n"),
                "shorter than",
            ),
            ("kind: AlertWindows\n".to_owned(), "apiVersion"),
        ] {
            let findings = check(&wrong).unwrap_err();
            assert!(findings.contains(reason), "{findings}");
        }
    }
}

//! When a burn rule fires, when it stops, and how much of the budget is gone by then.
//!
//! Traffic is steady, nothing failed before the outage and nothing fails after it. An outage of a share `e` fills a window
//! of length `w` with `e x t / w` after a time `t`, so it reaches a threshold `k` after `w x k / e`; when it has ended, the
//! window falls below it after `w - w x k / e`.

use std::time::Duration;

use crate::{BurnRule, Hysteresis, Target};

/// A burn rule of a budget.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tier<'a> {
    /// The rule.
    pub rule: &'a BurnRule,
    /// What is promised.
    pub target: Target,
    /// Over which time.
    pub window: Duration,
}

/// What a rule makes of an outage.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Incident {
    /// From the begin of the outage until the rule fires, were the outage long enough.
    pub detection: Duration,
    /// The share of the budget that is used up by then; above 1 when there is nothing left.
    pub spent: f64,
    /// From the end of the outage until the rule stops.
    pub reset: Duration,
}

impl Tier<'_> {
    /// Returns the share of bad events that it fires at; above 1 it never does.
    pub fn threshold(&self) -> f64 {
        self.rule.factor * self.target.allowed()
    }

    /// Returns the share of the budget that is used up when the long window is full at the threshold.
    pub fn budget_share(&self) -> f64 {
        self.rule.factor * self.rule.long.as_secs_f64() / self.window.as_secs_f64()
    }

    /// Returns how long the budget lasts at this burn rate.
    pub fn lasts(&self) -> Duration {
        seconds(self.window.as_secs_f64() / self.rule.factor)
    }

    /// Returns what becomes of an outage in which this share of events is bad, from 0 to 1; `None` when it never fires.
    pub fn incident(&self, share: f64, hysteresis: Hysteresis) -> Option<Incident> {
        let threshold = self.threshold();
        if share.is_nan() || share < threshold * (1.0 - DUST) {
            return None;
        }
        let windows = || std::iter::once(self.rule.long).chain(self.rule.short);
        let reached = |window: Duration| window.as_secs_f64() * (threshold / share).min(1.0);
        let sustained = self.rule.sustained * self.rule.long.as_secs_f64();
        let detected = windows().map(reached).fold(sustained, f64::max);
        let detection = detected + self.rule.hold.as_secs_f64();
        let off = hysteresis.off.clamp(0.0, 1.0);
        let left = |window: Duration| window.as_secs_f64() - reached(window) * off;
        let reset = windows().map(left).fold(f64::INFINITY, f64::min);
        Some(Incident {
            detection: seconds(detection),
            spent: detection * share / self.target.allowed() / self.window.as_secs_f64(),
            reset: seconds(reset) + hysteresis.keep,
        })
    }
}

/// A share that meets the threshold exactly fires, whatever the last bit says.
const DUST: f64 = 1e-9;

fn seconds(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Severity;
    use crate::burn::workbook_rules;

    const MINUTE: Duration = Duration::from_secs(60);
    const HOUR: Duration = Duration::from_secs(3600);
    const DAY: Duration = Duration::from_secs(86_400);
    /// As the Workbook has it: an alert stops as soon as its condition does.
    const AT_ONCE: Hysteresis = Hysteresis {
        off: 1.0,
        keep: Duration::ZERO,
    };

    fn alone(factor: f64, long: Duration) -> BurnRule {
        BurnRule {
            short: None,
            ..BurnRule::new(Severity::Page, factor, long, MINUTE)
        }
    }

    fn tier(rule: &BurnRule) -> Tier<'_> {
        Tier {
            rule,
            target: "99.9".parse().unwrap(),
            window: 30 * DAY,
        }
    }

    fn near(found: f64, expected: f64) {
        let difference = (found - expected).abs();
        assert!(
            difference <= expected.abs() * 1e-9 + 1e-9,
            "{found} instead of {expected}"
        );
    }

    fn incident(rule: &BurnRule, share: f64) -> Incident {
        tier(rule).incident(share, AT_ONCE).unwrap()
    }

    /// Chapter 5 of the Workbook, its six approaches at 99.9 % over 30 days.
    #[test]
    fn ten_minutes_at_the_objective() {
        let rule = alone(1.0, 10 * MINUTE);
        let outage = incident(&rule, 1.0);
        near(outage.detection.as_secs_f64(), 0.6);
        near((outage.reset.as_secs_f64() / 60.0).round(), 10.0);
        // It fires at 0.02 % of the budget, and at most 144 times a day, each time for as little.
        near((tier(&rule).budget_share() * 1e4).round(), 2.0);
        near(DAY.as_secs_f64() / rule.long.as_secs_f64(), 144.0);
        near(144.0 * 30.0 * tier(&rule).budget_share(), 1.0);
    }

    #[test]
    fn a_day_and_a_half_at_the_objective() {
        let outage = incident(&alone(1.0, 36 * HOUR), 1.0);
        near(outage.detection.as_secs_f64(), 129.6);
        near((outage.reset.as_secs_f64() / 3600.0).round(), 36.0);
    }

    #[test]
    fn an_hour_of_holding_tells_late() {
        let rule = BurnRule {
            hold: HOUR,
            ..alone(1.0, MINUTE)
        };
        for share in [1.0, 0.1, 0.01] {
            let outage = incident(&rule, share);
            near((outage.detection.as_secs_f64() / 3600.0).round(), 1.0);
            assert!(outage.reset < MINUTE);
        }
        // A total outage has used up 140 % by then; a quarter of an hour of spikes, none an hour long, 35 %.
        near((incident(&rule, 1.0).spent * 100.0).round(), 139.0);
        near(
            (15.0 * 60.0 / tier(&rule).lasts().as_secs_f64() / 0.001 * 100.0).round(),
            35.0,
        );
    }

    #[test]
    fn thirty_six_times_over_an_hour() {
        let rule = alone(36.0, HOUR);
        let tier = tier(&rule);
        near(tier.budget_share(), 0.05);
        let outage = incident(&rule, 1.0);
        near(outage.detection.as_secs_f64(), 129.6);
        near((outage.reset.as_secs_f64() / 60.0).round(), 58.0);
        // Detection is (1 - SLO) / errors x window x burn rate for any share.
        near(
            incident(&rule, 0.5).detection.as_secs_f64(),
            0.001 / 0.5 * 3600.0 * 36.0,
        );
        // Just below, nobody hears of it until everything is gone.
        assert_eq!(tier.incident(0.035, AT_ONCE), None);
        let slower = alone(35.0, HOUR);
        near(
            (Tier {
                rule: &slower,
                ..tier
            }
            .lasts()
            .as_secs_f64()
                / 360.0)
                .floor()
                / 10.0,
            20.5,
        );
    }

    #[test]
    fn several_burn_rates_have_their_shares_of_the_budget() {
        let check = |factor, long, share, detection| {
            let rule = alone(factor, long);
            near(tier(&rule).budget_share(), share);
            near(incident(&rule, 1.0).detection.as_secs_f64(), detection);
        };
        check(14.4, HOUR, 0.02, 51.84);
        check(6.0, 6 * HOUR, 0.05, 129.6);
        check(1.0, 3 * DAY, 0.1, 259.2);
        // The slowest of them speaks of an outage for three days.
        let outage = incident(&alone(1.0, 3 * DAY), 1.0);
        near((outage.reset.as_secs_f64() / 8640.0).round(), 30.0);
    }

    #[test]
    fn a_short_window_ends_an_alert_sooner() {
        let rules = workbook_rules();
        let outage = incident(&rules[0], 0.15);
        // 5.76 minutes until 2 % are gone, as without it; and then five minutes instead of an hour.
        near(outage.detection.as_secs_f64(), 345.6);
        near((outage.reset.as_secs_f64() / 60.0).ceil(), 5.0);
        near(
            (incident(&alone(14.4, HOUR), 0.15).reset.as_secs_f64() / 60.0).round(),
            54.0,
        );
        near(outage.spent, 0.02);
        for rule in &rules[..2] {
            assert_eq!(rule.short, Some(rule.long / 12));
        }
        let shares: Vec<f64> = rules.iter().map(|rule| tier(rule).budget_share()).collect();
        let expected = [0.02, 0.05, 0.1, 0.1];
        shares
            .iter()
            .zip(expected)
            .for_each(|(share, expected)| near(*share, expected));
    }

    #[test]
    fn fourteen_times_is_two_days_not_five_hours() {
        let lasts = |factor| tier(&alone(factor, HOUR)).lasts();
        near(lasts(14.4).as_secs_f64(), 50.0 * 3600.0);
        // 5 % in six hours is six times, not once.
        near(tier(&alone(6.0, 6 * HOUR)).budget_share(), 0.05);
        // 5 % in an hour is 36 times.
        near(tier(&alone(36.0, HOUR)).budget_share(), 0.05);
    }

    #[test]
    fn hysteresis_is_paid_with_a_longer_alert() {
        let rule = &workbook_rules()[0];
        let patient = Hysteresis {
            off: 0.5,
            keep: 5 * MINUTE,
        };
        let outage = tier(rule).incident(1.0, patient).unwrap();
        near(outage.reset.as_secs_f64(), 300.0 * (1.0 - 0.0072) + 300.0);
        assert_eq!(outage.detection, incident(rule, 1.0).detection);
    }

    #[test]
    fn what_no_outage_reaches_never_fires() {
        let rule = alone(14.4, HOUR);
        let tier = Tier {
            target: "90".parse().unwrap(),
            ..tier(&rule)
        };
        near(tier.threshold(), 1.44);
        assert_eq!(tier.incident(1.0, AT_ONCE), None);
        assert_eq!(tier.incident(f64::NAN, AT_ONCE), None);
    }
}

//! The rules that a policy has unless it writes its own.

use std::time::Duration;

use crate::{Basis, BurnRule, Hysteresis, Severity, Window};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(86_400);

impl BurnRule {
    /// Makes a rule of two windows, as the Workbook has them: at once, by the windows' own traffic.
    pub fn new(severity: Severity, factor: f64, long: Duration, short: Duration) -> Self {
        Self {
            severity,
            factor,
            long,
            short: Some(short),
            hold: Duration::ZERO,
            basis: Basis::Traffic,
            sustained: 0.0,
        }
    }

    /// Asks that a share of the long window, in pieces of the short one's length, burns as fast.
    #[must_use]
    pub fn sustained(self, sustained: f64) -> Self {
        Self { sustained, ..self }
    }

    /// Compares with the budget instead of the window's own traffic.
    #[must_use]
    pub fn of_budget(self) -> Self {
        Self {
            basis: Basis::Budget,
            ..self
        }
    }
}

/// A half of the factor, for five minutes.
impl Default for Hysteresis {
    fn default() -> Self {
        Self {
            off: 0.5,
            keep: 5 * MINUTE,
        }
    }
}

/// Returns the rules of a policy that writes none.
///
/// They are the Workbook's, made quieter and faster: see `docs/benchmarks.md` for what each change is worth.
pub fn rules() -> Vec<BurnRule> {
    use Severity::{Page, Ticket};
    vec![
        BurnRule::new(Page, 86.4, 2 * MINUTE, 30 * SECOND)
            .sustained(1.0)
            .of_budget(),
        BurnRule::new(Page, 14.4, HOUR, 5 * MINUTE).of_budget(),
        BurnRule::new(Page, 6.0, 6 * HOUR, 30 * MINUTE).sustained(0.5),
        BurnRule::new(Ticket, 2.0, HOUR, 5 * MINUTE).sustained(0.9),
        BurnRule::new(Ticket, 3.0, DAY, 2 * HOUR).sustained(0.5),
        BurnRule::new(Ticket, 1.0, 3 * DAY, 6 * HOUR).sustained(0.75),
    ]
}

/// Returns the Workbook's recommended rules, which Sloth uses: 14.4 over 1h and 5m and 6 over 6h and 30m for pages, 3 over
/// 1d and 2h and 1 over 3d and 6h for tickets.
pub fn workbook_rules() -> Vec<BurnRule> {
    use Severity::{Page, Ticket};
    vec![
        BurnRule::new(Page, 14.4, HOUR, 5 * MINUTE),
        BurnRule::new(Page, 6.0, 6 * HOUR, 30 * MINUTE),
        BurnRule::new(Ticket, 3.0, DAY, 2 * HOUR),
        BurnRule::new(Ticket, 1.0, 3 * DAY, 6 * HOUR),
    ]
}

/// Makes the rule "over this share (above 0) of the budget within this time", such as 5 % in an hour: of the budget in
/// events, at night as at noon. The short window is a twelfth, at least a minute.
pub fn rule_of_budget(
    severity: Severity,
    share: f64,
    within: Duration,
    window: &Window,
) -> BurnRule {
    let factor = share * super::window_length(window).as_secs_f64() / within.as_secs_f64();
    let seconds = (within.as_secs() / 12).max(60);
    // Whole slices, so that both edges of the window move alike.
    let short = Duration::from_secs(seconds.next_multiple_of(10));
    BurnRule::new(severity, factor, within, short).of_budget()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_percent_in_an_hour_is_36_times_for_30_days() {
        let window = Window::Rolling(30 * DAY);
        let rule = rule_of_budget(Severity::Page, 0.05, HOUR, &window);
        assert!((rule.factor - 36.0).abs() < 1e-9);
        assert_eq!(rule.short, Some(5 * MINUTE));
        assert_eq!(rule.basis, Basis::Budget);
    }

    #[test]
    fn rules_are_sorted_by_urgency() {
        for rules in [rules(), workbook_rules()] {
            assert!(rules.is_sorted_by_key(|rule| rule.severity));
        }
    }
}

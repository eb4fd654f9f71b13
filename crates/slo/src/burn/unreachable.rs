//! Rules that can never fire, found before they are relied upon.

use plimsoll_types::format_duration;

use crate::{BurnRule, Target};

/// Why a rule cannot fire.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error(
    "burning {factor} times too fast at an objective of {target} % is {percent} % of bad events: \
     no outage can be that bad over {long}; the highest factor that can is {factor_max}"
)]
pub struct Unreachable {
    /// The rule's factor.
    pub factor: f64,
    /// The objective.
    pub target: Target,
    /// The share of bad events that it asks for, in percent; above 100.
    pub percent: f64,
    /// The long window, as durations are written.
    pub long: String,
    /// The highest factor that a total outage reaches.
    pub factor_max: f64,
}

/// Says why a rule cannot fire at a target: even a total outage burns slower.
///
/// The factor is reachable when `factor x allowed <= 1`: 14.4 times is 144 % of bad events at 90 %.
pub fn unreachable(rule: &BurnRule, target: Target) -> Option<Unreachable> {
    let share = rule.factor * target.allowed();
    // A factor that a total outage meets exactly is reachable, whatever the last bit says.
    const DUST: f64 = 1e-9;
    (share > 1.0 + DUST).then(|| Unreachable {
        factor: rule.factor,
        target,
        percent: rounded(share * 100.0),
        long: format_duration(rule.long),
        factor_max: rounded(1.0 / target.allowed()),
    })
}

fn rounded(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::Severity;

    fn check(factor: f64, target: &str) -> Option<String> {
        let hour = Duration::from_secs(3600);
        let rule = BurnRule::new(Severity::Page, factor, hour, hour / 12);
        unreachable(&rule, target.parse().unwrap()).map(|found| found.to_string())
    }

    #[test]
    fn a_factor_above_a_total_outage_is_named_with_the_highest_that_can_be() {
        let text = check(14.4, "90").unwrap();
        assert!(text.contains("144 % of bad events"), "{text}");
        assert!(text.ends_with("is 10"), "{text}");
        assert_eq!(check(10.0, "90"), None);
        assert_eq!(check(1000.0, "99.9"), None);
        assert!(check(1000.1, "99.9").is_some());
    }
}

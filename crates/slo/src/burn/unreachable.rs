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
        percent: hundredths(share * 100.0, f64::ceil),
        long: format_duration(rule.long),
        factor_max: hundredths(1.0 / target.allowed(), f64::floor),
    })
}

/// Cuts to two digits after the point, to the side that keeps the sentence true: the highest factor is one that can fire.
fn hundredths(value: f64, cut: fn(f64) -> f64) -> f64 {
    let whole = (value * 100.0).round();
    let is_whole = (value * 100.0 - whole).abs() < 1e-6;
    (if is_whole { whole } else { cut(value * 100.0) }) / 100.0
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
        // 1 / 0.15 is 6.666...: 6.67 could not fire either.
        let text = check(6.67, "85").unwrap();
        assert!(text.contains("100.05 % of bad"), "{text}");
        assert!(text.ends_with("is 6.66"), "{text}");
        let text = check(6.666_666_7, "85").unwrap();
        assert!(text.contains("100.01 % of bad"), "{text}");
        assert_eq!(check(1000.0, "99.9"), None);
        assert!(check(1000.1, "99.9").is_some());
    }
}

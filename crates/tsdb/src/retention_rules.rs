//! How long which series are kept, in which resolution: ordered rules by selector.
//!
//! The first rule whose matchers a series fulfils decides; a series that fulfils none gets the default. A sample is
//! *expired* when it is older than that. What is expired is
//!
//! - never answered, to the millisecond: a selection reads each series from the beginning of its own retention on;
//! - not merged: whatever writes a part again leaves it out, and a part of which a quarter is expired is written again;
//! - taken, though, while some rule keeps samples that old: the write path does not look at rules.
//!
//! A shorter retention hides at once. A longer one may bring back what is still on disk, and promises nothing.

use std::time::Duration;

use plimsoll_types::{Labels, Matcher, Tier};

/// How long the series of a selector are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetentionRule {
    /// What a series must fulfil; without a matcher every series does.
    pub matchers: Vec<Matcher>,
    /// How long samples are kept.
    pub raw: Duration,
    /// How long windows of five minutes are kept.
    pub five_minutes: Duration,
    /// How long windows of an hour are kept.
    pub hour: Duration,
}

/// Ordered rules with a default as the last one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetentionRules {
    /// The last one has no matcher.
    rules: Vec<RetentionRule>,
    /// By tier; every write asks for it.
    longest: [Duration; Tier::ALL.len()],
    shortest: [Duration; Tier::ALL.len()],
}

impl RetentionRule {
    /// Returns how long it keeps what is in a tier.
    pub fn duration(&self, tier: Tier) -> Duration {
        match tier {
            Tier::Raw => self.raw,
            Tier::FiveMinutes => self.five_minutes,
            Tier::Hour => self.hour,
        }
    }

    fn fits(&self, labels: &Labels) -> bool {
        let fulfils = |matcher: &Matcher| matcher.matches(labels.get(matcher.name()).unwrap_or(""));
        self.matchers.iter().all(fulfils)
    }
}

impl RetentionRules {
    /// Takes rules in their order; `default` is for every series that fulfils none of them.
    pub fn new(rules: Vec<RetentionRule>, default: RetentionRule) -> Self {
        let mut rules = rules;
        rules.push(RetentionRule {
            matchers: Vec::new(),
            ..default
        });
        let all = |tier| rules.iter().map(move |rule| rule.duration(tier));
        Self {
            longest: Tier::ALL.map(|tier| all(tier).max().unwrap_or_default()),
            shortest: Tier::ALL.map(|tier| all(tier).min().unwrap_or_default()),
            rules,
        }
    }

    /// Returns how long what is in a tier of a series is kept.
    ///
    /// # Complexity
    /// Linear in the matchers of all rules.
    pub fn retention_of(&self, labels: &Labels, tier: Tier) -> Duration {
        let rule = self.rules.iter().find(|rule| rule.fits(labels));
        rule.or(self.rules.last())
            .expect("the last rule is the default")
            .duration(tier)
    }

    /// Returns the longest time that any rule keeps a tier for: what is older may go without a look at its labels.
    pub fn longest(&self, tier: Tier) -> Duration {
        self.longest[tier as usize]
    }

    /// Returns the shortest time that any rule keeps a tier for: what is younger is kept, whatever its labels.
    pub fn shortest(&self, tier: Tier) -> Duration {
        self.shortest[tier as usize]
    }

    /// Says whether every series is kept for the same time in a tier, so that nobody needs to look at labels.
    pub fn is_uniform(&self, tier: Tier) -> bool {
        self.shortest(tier) == self.longest(tier)
    }

    /// Walks the rules in their order, the default last.
    pub fn iter(&self) -> impl Iterator<Item = &RetentionRule> {
        self.rules.iter()
    }
}

#[cfg(test)]
mod tests {
    use plimsoll_types::MatchOp;

    use super::*;

    const DAY: Duration = Duration::from_hours(24);

    fn rule(matchers: Vec<Matcher>, days: u32) -> RetentionRule {
        RetentionRule {
            matchers,
            raw: DAY * days,
            five_minutes: DAY * 90,
            hour: DAY * 730,
        }
    }

    #[test]
    fn the_first_rule_that_fits_decides_and_the_default_is_last() {
        let regex = Matcher::new(MatchOp::Regex, "team", "x|y").unwrap();
        let rules = RetentionRules::new(
            vec![
                rule(vec![Matcher::equal("env", "dev")], 1),
                rule(vec![regex, Matcher::equal("tier", "")], 400),
            ],
            rule(
                vec![Matcher::equal("no", "matcher of a default counts")],
                15,
            ),
        );
        let check = |pairs: &[(&str, &str)], days: u32| {
            let labels = Labels::from_pairs(pairs.iter().copied());
            assert_eq!(
                rules.retention_of(&labels, Tier::Raw),
                DAY * days,
                "{labels}"
            );
            assert_eq!(
                rules.retention_of(&labels, Tier::Hour),
                DAY * 730,
                "{labels}"
            );
        };
        check(&[("env", "dev"), ("team", "x")], 1);
        check(&[("env", "prod"), ("team", "y")], 400);
        check(&[("team", "y"), ("tier", "1")], 15);
        check(&[], 15);
        assert_eq!(
            (rules.shortest(Tier::Raw), rules.longest(Tier::Raw)),
            (DAY, DAY * 400)
        );
        assert!(!rules.is_uniform(Tier::Raw) && rules.is_uniform(Tier::FiveMinutes));
    }
}

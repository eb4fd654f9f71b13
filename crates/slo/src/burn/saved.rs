//! The state of an alert as one line of text, for a row that outlives the process.
//!
//! ```text
//! v1 alert=<since>,<page|ticket>,<ended or -> told=<until> forecast=<phase> rule=<rule>,<phase> ...
//! phase: held,<since> | on,<since>,<quiet or ->
//! rule:  <page|ticket>/<factor>/<long>/<short or 0>/<traffic|budget>/<sustained>
//! ```
//!
//! Times are milliseconds since the epoch, lengths milliseconds. A rule is named by what it asks for, so that after a
//! change of the policy those that stayed are found again.

use std::fmt::Write as _;

use plimsoll_types::Timestamp;

use super::phase::Phase;
use super::state::{Burn, Told};
use crate::{AlertPolicy, BurnRule, Severity};

const VERSION: &str = "v1";

/// A text that [`Burn::save`] did not write.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("wanted the saved state of a burn alert, found {found:?}")]
pub struct NotSaved {
    /// The part of the text that is wrong, shortened.
    pub found: String,
}

impl Burn {
    /// Returns its state as a line of text; `None` when there is nothing to remember and the row can go.
    pub fn save(&self, policy: &AlertPolicy) -> Option<String> {
        if self.is_idle() && self.told_until.is_none() {
            return None;
        }
        let mut text = VERSION.to_owned();
        if let Some(told) = self.alert {
            let ended = optional(told.ended);
            let _ = write!(text, " alert={},{},{ended}", told.since, told.severity);
        }
        if let Some(until) = self.told_until {
            let _ = write!(text, " told={until}");
        }
        if self.exhaustion != Phase::Off {
            let _ = write!(text, " forecast={}", phase_text(self.exhaustion));
        }
        for (rule, phase) in policy.rules.iter().zip(&self.rules) {
            if *phase != Phase::Off {
                let _ = write!(text, " rule={},{}", rule_text(rule), phase_text(*phase));
            }
        }
        Some(text)
    }

    /// Reads what [`save`](Self::save) wrote. Rules that the policy has no more are forgotten; an alert that only they
    /// kept ends with the next tick.
    ///
    /// # Errors
    /// [`NotSaved`] for any other text.
    pub fn restore(text: &str, policy: &AlertPolicy) -> Result<Self, NotSaved> {
        let mut parts = text.split(' ');
        let mut burn = Self::default();
        if parts.next() != Some(VERSION) {
            return Err(not_saved(text));
        }
        for part in parts {
            burn.read(part, policy).ok_or_else(|| not_saved(part))?;
        }
        Ok(burn)
    }

    fn read(&mut self, part: &str, policy: &AlertPolicy) -> Option<()> {
        let (key, value) = part.split_once('=')?;
        match key {
            "alert" => self.alert = Some(told(value)?),
            "told" => self.told_until = Some(time(value)?),
            "forecast" => self.exhaustion = phase(value)?,
            "rule" => {
                let (name, value) = value.split_once(',')?;
                let phase = phase(value)?;
                if let Some(place) = policy.rules.iter().position(|rule| rule_text(rule) == name) {
                    self.rules.resize(policy.rules.len(), Phase::Off);
                    self.rules[place] = phase;
                }
            }
            _ => return None,
        }
        Some(())
    }
}

fn told(text: &str) -> Option<Told> {
    let mut fields = text.split(',');
    let since = time(fields.next()?)?;
    let severity = Severity::from_name(fields.next()?)?;
    let ended = optional_time(fields.next()?)?;
    fields.next().is_none().then_some(Told {
        since,
        severity,
        ended,
        sent: None,
    })
}

fn phase(text: &str) -> Option<Phase> {
    let mut fields = text.split(',');
    let phase = match fields.next()? {
        "held" => Phase::Held(time(fields.next()?)?),
        "on" => Phase::On {
            since: time(fields.next()?)?,
            quiet: optional_time(fields.next()?)?,
        },
        _ => return None,
    };
    fields.next().is_none().then_some(phase)
}

fn phase_text(phase: Phase) -> String {
    match phase {
        Phase::Off => String::new(),
        Phase::Held(since) => format!("held,{since}"),
        Phase::On { since, quiet } => format!("on,{since},{}", optional(quiet)),
    }
}

fn rule_text(rule: &BurnRule) -> String {
    let short = rule.short.map_or(0, |short| short.as_millis());
    format!(
        "{}/{}/{}/{short}/{}/{}",
        rule.severity,
        rule.factor,
        rule.long.as_millis(),
        rule.basis.as_str(),
        rule.sustained
    )
}

fn optional(time: Option<Timestamp>) -> String {
    time.map_or_else(|| "-".into(), |time| time.to_string())
}

fn optional_time(text: &str) -> Option<Option<Timestamp>> {
    match text {
        "-" => Some(None),
        text => time(text).map(Some),
    }
}

fn time(text: &str) -> Option<Timestamp> {
    text.parse().ok().map(Timestamp::from_millis)
}

fn not_saved(text: &str) -> NotSaved {
    NotSaved {
        found: text.chars().take(60).collect(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::burn::tests::policy;

    fn times() -> impl Strategy<Value = Timestamp> {
        any::<i64>().prop_map(Timestamp::from_millis)
    }

    fn phases() -> impl Strategy<Value = Phase> {
        prop_oneof![
            Just(Phase::Off),
            times().prop_map(Phase::Held),
            (times(), prop::option::of(times()))
                .prop_map(|(since, quiet)| Phase::On { since, quiet }),
        ]
    }

    fn alerts() -> impl Strategy<Value = Told> {
        (times(), any::<bool>(), prop::option::of(times())).prop_map(|(since, is_page, ended)| {
            Told {
                since,
                severity: if is_page {
                    Severity::Page
                } else {
                    Severity::Ticket
                },
                ended,
                sent: None,
            }
        })
    }

    proptest! {
        #[test]
        fn what_was_saved_is_restored(
            alert in prop::option::of(alerts()),
            rules in prop::collection::vec(phases(), crate::burn::rules().len()),
            forecast in phases(),
            told in prop::option::of(times()),
        ) {
            let policy = policy();
            let mut burn = Burn::restore("v1", &policy).unwrap();
            (burn.alert, burn.exhaustion, burn.told_until) = (alert, forecast, told);
            if rules.iter().any(|phase| *phase != Phase::Off) {
                burn.rules = rules;
            }
            let saved = burn.save(&policy);
            let restored = saved.map(|text| Burn::restore(&text, &policy).unwrap());
            prop_assert_eq!(restored.unwrap_or_default(), burn);
        }
    }

    #[test]
    fn hostile_texts_are_refused_or_restored_to_something_that_is_saved_again() {
        let policy = policy();
        bolero::check!().for_each(|bytes| {
            let text = String::from_utf8_lossy(bytes);
            if let Ok(burn) = Burn::restore(&text, &policy) {
                let saved = burn.save(&policy);
                let again = saved.map(|text| Burn::restore(&text, &policy).unwrap());
                assert_eq!(again.unwrap_or_default(), burn);
            }
        });
    }

    #[test]
    fn another_text_is_named() {
        let error = Burn::restore("v1 alert=x", &policy()).unwrap_err();
        assert_eq!(error.found, "alert=x");
        assert!(Burn::restore("", &policy()).is_err());
        assert!(Burn::restore("v2", &policy()).is_err());
    }

    #[test]
    fn a_rule_that_is_gone_is_forgotten() {
        let text = "v1 rule=page/99/1000/0/traffic/0,held,5";
        assert_eq!(Burn::restore(text, &policy()), Ok(Burn::default()));
    }
}

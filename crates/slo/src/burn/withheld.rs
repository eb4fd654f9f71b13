//! Alerts that were not made for want of evidence: decisions as well, told when it is over and no alert came.

use plimsoll_types::Decision;

use super::condition::{Condition, Verdict};
use super::decide;
use super::step::Step;

/// The nearest that a budget came to an alert while the evidence was too thin, with the chance that chance alone did it.
/// It outlives no restart: what is lost is an explanation only.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Withheld(Option<(f64, Box<Decision>)>);

impl Withheld {
    /// Looks at what was measured in a tick; `is_on` says whether an alert came of it.
    pub(super) fn note(&mut self, step: &mut Step<'_>, is_on: bool) {
        if is_on {
            self.0 = None;
            return;
        }
        if !step.measured.iter().any(|(_, found)| still_burns(found)) {
            let over = self.0.take().map(|(_, decision)| *decision);
            step.outcome.decisions.extend(over);
            return;
        }
        let measured = step.measured.iter();
        let thin = measured.filter(|(_, found)| found.verdict == Verdict::ThinEvidence);
        let Some((rule, found)) = thin.min_by(|a, b| a.1.chance.total_cmp(&b.1.chance)) else {
            return;
        };
        let nearest = self.0.as_ref().map(|(chance, _)| *chance);
        if nearest.is_none_or(|nearest| found.chance < nearest) {
            let decision = decide::withheld(step.subject, rule, found, step.now);
            self.0 = Some((found.chance, Box::new(decision)));
        }
    }
}

/// Says whether all windows burn, whatever else a rule lacks.
fn still_burns(found: &Condition) -> bool {
    use Verdict::{Holds, NotSustained, ThinEvidence};
    matches!(found.verdict, Holds | NotSustained | ThinEvidence)
}

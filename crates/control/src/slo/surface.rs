//! What requests are answered from.

use std::sync::Arc;
use std::time::Duration;

use plimsoll_slo::surface::{self, Answer, Refused, RefusedKind};
use plimsoll_slo::view::{
    Address, HistoryPoint, HistoryQuestion, ReplayQuestion, SloView, Verification,
};
use plimsoll_slo::{Correction, Span, Timeline};
use plimsoll_types::Timestamp;

use super::{Inner, Slos, correcting, edges, replaying, verify};

/// The most slices of a history: as many points as a range query may have.
const SLICES_MAX: i64 = 11_000;
/// The most slices that are copied to be replayed.
const EVENTS_MAX: i64 = 50_000;

impl surface::Slos for Slos {
    fn list(&self) -> (Vec<SloView>, Timestamp) {
        let engine = self.0.engine();
        (engine.views(), engine.now())
    }

    fn show(&self, id: &str) -> Option<(SloView, Timestamp)> {
        let (mut view, now) = {
            let engine = self.0.engine();
            (engine.view(id)?, engine.now())
        };
        edges::find(&self.0, &mut view, now);
        Some((view, now))
    }

    fn history(
        &self,
        address: &Address,
        question: &HistoryQuestion,
    ) -> Result<Vec<HistoryPoint>, Refused> {
        check(question.from, question.to, question.step, SLICES_MAX)?;
        let points = self.0.engine().history(address, question);
        points.ok_or_else(|| not_found(&address.id))
    }

    fn events(
        &self,
        address: &Address,
        from: Timestamp,
        to: Timestamp,
        slice: Duration,
    ) -> Result<Timeline, Refused> {
        check(from, to, slice, EVENTS_MAX)?;
        let events = self.0.engine().events(address, from, to, slice);
        events.ok_or_else(|| not_found(&address.id))
    }

    fn replay(&self, question: ReplayQuestion) -> Answer<'_, Vec<Timeline>> {
        Box::pin(replaying::replay(Arc::clone(&self.0), question))
    }

    fn corrections(&self, id: &str) -> Answer<'_, Vec<Correction>> {
        let known = correcting::known(&self.0, id);
        Box::pin(async move { known })
    }

    fn correct(&self, id: &str, correction: Correction) -> Answer<'_, ()> {
        let id = id.to_owned();
        Box::pin(async move { correcting::correct(&self.0, &id, correction).await })
    }

    fn revoke(&self, id: &str, correction: &str, author: &str) -> Answer<'_, ()> {
        let [id, correction, author] = [id, correction, author].map(str::to_owned);
        Box::pin(async move { correcting::revoke(&self.0, &id, &correction, &author).await })
    }

    fn verify(&self, id: &str, from: Timestamp, to: Timestamp) -> Answer<'_, Verification> {
        let (inner, id): (Arc<Inner>, _) = (Arc::clone(&self.0), id.to_owned());
        Box::pin(verify::verify(inner, id, from, to))
    }
}

/// Refuses an answer that would be too long.
fn check(from: Timestamp, to: Timestamp, step: Duration, most: i64) -> Result<(), Refused> {
    let millis = i64::try_from(step.as_millis()).unwrap_or(i64::MAX);
    let slices = to.millis_since(from) / millis.max(1);
    let is_multiple = millis > 0 && step.as_millis().is_multiple_of(Span::SLICE.as_millis());
    let message = match (is_multiple, slices > most) {
        (false, _) => format!(
            "wanted slices of a multiple of {:?}, found {step:?}",
            Span::SLICE
        ),
        (true, true) => format!("wanted at most {most} slices, found {slices}"),
        (true, false) => return Ok(()),
    };
    Err(Refused::new(RefusedKind::Invalid, message))
}

/// Says that there is no such budget.
pub(super) fn not_found(id: &str) -> Refused {
    Refused::new(RefusedKind::NotFound, format!("there is no budget of {id}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_that_would_be_too_long_are_refused() {
        let check = |to: i64, step: u64, most: i64| {
            let (from, to) = (Timestamp::EPOCH, Timestamp::from_millis(to));
            check(from, to, Duration::from_millis(step), most).map_err(|refused| refused.kind)
        };
        assert_eq!(check(100_000, 10_000, 10), Ok(()));
        assert_eq!(check(-1, 10_000, 10), Ok(()));
        for (to, step) in [(110_000, 10_000), (100_000, 0), (100_000, 15_000)] {
            assert_eq!(
                check(to, step, 10),
                Err(RefusedKind::Invalid),
                "{to} {step}"
            );
        }
    }
}

//! Finding series within what the query may still allocate: a selector may fit millions.

use std::cell::RefCell;

use plimsoll_types::{
    Labels, Matcher, Meter, Selection, StorageError, StorageErrorKind, Tier, TimeRange,
    WindowSelection,
};

use crate::error::QueryError;

use super::{Charge, Context, Meta};

/// What a store keeps of a found series beside its labels until it was read: where its samples are.
const PLACES_BYTES: usize = 32;

/// Charges a query for what the store allocates.
struct Metered<'a> {
    charge: RefCell<Charge<'a>>,
    refusal: RefCell<Option<QueryError>>,
}

impl Meter for Metered<'_> {
    fn take(&self, bytes: usize) -> Result<(), StorageError> {
        let taken = self.charge.borrow_mut().add(bytes, 0);
        taken.map_err(|error| {
            let stopped = StorageError::new(StorageErrorKind::Overloaded, error.to_string());
            *self.refusal.borrow_mut() = Some(error);
            stopped
        })
    }
}

/// Selects series as windows; the charge is for their labels and for what the store keeps about them.
pub(crate) fn select_windows<'a>(
    context: &'a Context<'a>,
    matchers: &[Matcher],
    range: TimeRange,
    tier: Tier,
) -> Result<(Option<WindowSelection>, Charge<'a>), QueryError> {
    let meter = Metered {
        charge: RefCell::new(context.charge()),
        refusal: RefCell::new(None),
    };
    let selected = context
        .storage
        .select_windows(matchers, range, tier, &meter);
    let (mut charge, refusal) = (meter.charge.into_inner(), meter.refusal.into_inner());
    let selection = match (selected, refusal) {
        (_, Some(refusal)) => return Err(refusal),
        (selected, None) => selected?,
    };
    let found = selection.iter().flat_map(|selection| &selection.labels);
    let bytes = found.map(|labels| labels.byte_count() + size_of::<Meta>() + PLACES_BYTES);
    charge.set(bytes.sum(), 0)?;
    Ok((selection, charge))
}

/// Selects series; the charge is for their labels and for what the store keeps about them.
pub(crate) fn select<'a>(
    context: &'a Context<'a>,
    matchers: &[Matcher],
    range: TimeRange,
) -> Result<(Selection, Charge<'a>), QueryError> {
    let meter = Metered {
        charge: RefCell::new(context.charge()),
        refusal: RefCell::new(None),
    };
    let selected = context.storage.select_metered(matchers, range, &meter);
    let (mut charge, refusal) = (meter.charge.into_inner(), meter.refusal.into_inner());
    let selection = match (selected, refusal) {
        (_, Some(refusal)) => return Err(refusal),
        (selected, None) => selected?,
    };
    let labels: usize = selection.labels.iter().map(Labels::byte_count).sum();
    let each = size_of::<Meta>() + PLACES_BYTES;
    charge.set(labels + selection.labels.len() * each, 0)?;
    Ok((selection, charge))
}

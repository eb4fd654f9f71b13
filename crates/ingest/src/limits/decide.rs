//! The decision about one series that is new: may it be, or which one is it folded into?
//!
//! Pure: what is active and what has been seen comes in as arguments. It goes from the least loss to the greatest, and
//! takes the first that is possible:
//!
//! | step | labels folded | taken when |
//! |---|---|---|
//! | 1 | none | no label has a value too many, and there is room |
//! | 2 | those with a value too many | that series is active, or there is room |
//! | 3 | those and the one with the most values | that series is active, or there is room |
//! | 4 | all but the name, `le`, `quantile` and the tenant's | that series is active, or there is room |
//! | 5 | - | never stored: the samples are counted as lost |
//!
//! A limit of series keeps a tenth for overflow series, half of that for step 4, so that step 5 is rare.

use plimsoll_types::Labels;

use super::policy::{Place, Policy, room};
use super::values::Values;

/// What is active, as far as a decision needs it.
pub(super) trait Active {
    /// Says whether a series is active.
    fn is_active(&self, labels: &Labels) -> bool;
    /// Returns the number of active series of the metric and of the tenant of this series.
    fn counts(&self, policy: &Policy, labels: &Labels) -> Counts;
}

/// Active series.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) metric: u64,
    pub(super) tenant: u64,
}

/// What becomes of a series.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It becomes active.
    Own,
    /// Its samples go into this one.
    Folded(Folded),
    /// Nothing has room for it.
    Lost(Cause),
}

/// An overflow series.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Folded {
    pub(super) labels: Labels,
    /// The first label that was folded for it, for people.
    pub(super) label: String,
    pub(super) cause: Cause,
}

/// Which limit was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Cause {
    /// Values of a label.
    Values,
    /// Series of the metric.
    Metric,
    /// Series of the tenant.
    Tenant,
    /// It came with the overflow value.
    Sent,
}

/// Says how many values the labels of a series may have at least before one of them is too many; `None`: any number.
pub(super) fn smallest_limit(policy: &Policy, labels: &Labels) -> Option<u64> {
    let scopes = labels
        .iter()
        .filter_map(|(name, _)| policy.scope(labels, name));
    scopes.filter_map(|(_, limit)| limit).min()
}

/// Decides about a series that is not active. `values` may be empty while the metric has fewer series than
/// [`smallest_limit`] and there is room for one more.
pub(super) fn decide(
    policy: &Policy,
    seed: u64,
    labels: &Labels,
    values: &Values,
    active: &dyn Active,
) -> Verdict {
    let counts = active.counts(policy, labels);
    let mut folded = too_many(policy, seed, labels, values);
    if folded.is_empty() && full(policy, counts, Place::Own).is_none() {
        return Verdict::Own;
    }
    let cause = match folded.is_empty() {
        true => full(policy, counts, Place::Own).unwrap_or(Cause::Metric),
        false => Cause::Values,
    };
    let try_to = |folded: &[&str], place| {
        let target = policy.folded(labels, |name| folded.contains(&name));
        let fits = target != *labels
            && (active.is_active(&target) || full(policy, counts, place).is_none());
        fits.then(|| {
            Verdict::Folded(Folded {
                labels: target,
                label: folded.first().copied().unwrap_or_default().to_owned(),
                cause,
            })
        })
    };
    if !folded.is_empty()
        && let Some(verdict) = try_to(&folded, Place::Folded)
    {
        return verdict;
    }
    if let Some(most) = with_most_values(policy, labels, values, &folded) {
        folded.push(most);
        if let Some(verdict) = try_to(&folded, Place::Folded) {
            return verdict;
        }
    }
    let names = labels.iter().map(|(name, _)| name);
    let others = names.filter(|name| !policy.is_kept(name) && !folded.contains(name));
    let others: Vec<&str> = others.collect();
    folded.extend(others);
    try_to(&folded, Place::Last).unwrap_or(Verdict::Lost(cause))
}

/// Returns the labels whose value would be one too many.
fn too_many<'a>(policy: &Policy, seed: u64, labels: &'a Labels, values: &Values) -> Vec<&'a str> {
    let is_too_many = |name: &str, value: &str| {
        let Some((scope, Some(limit))) = policy.scope(labels, name) else {
            return false;
        };
        values.count(scope, name) >= limit && !values.knows(scope, name, value, seed)
    };
    labels
        .iter()
        .filter(|(name, value)| is_too_many(name, value))
        .map(|(name, _)| name)
        .collect()
}

/// Returns the limit that leaves no room for one more series in such a place.
pub(super) fn full(policy: &Policy, counts: Counts, place: Place) -> Option<Cause> {
    let is_full =
        |limit: Option<u64>, count: u64| limit.is_some_and(|limit| count >= room(limit, place));
    if is_full(policy.limits.series_per_metric, counts.metric) {
        return Some(Cause::Metric);
    }
    is_full(policy.limits.series_per_tenant, counts.tenant).then_some(Cause::Tenant)
}

/// Returns the label that sets the most series apart; of equal ones the first.
fn with_most_values<'a>(
    policy: &Policy,
    labels: &'a Labels,
    values: &Values,
    folded: &[&str],
) -> Option<&'a str> {
    let count = |name: &str| {
        let (scope, _) = policy.scope(labels, name)?;
        Some(values.count(scope, name))
    };
    let unfolded = labels.iter().filter(|(name, _)| !folded.contains(name));
    let counted = unfolded.filter_map(|(name, _)| Some((name, count(name)?)));
    counted
        .reduce(|best, one| if one.1 > best.1 { one } else { best })
        .map(|(name, _)| name)
}

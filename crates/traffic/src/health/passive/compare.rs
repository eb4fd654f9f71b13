//! Endpoints compared with each other, at the end of an interval.

use std::time::Duration;

use super::members::{Member, Members};
use super::{Latency, RATE_MARGIN, SuccessRate};
use crate::EndpointId;

/// Fewer than this cannot be told apart: which of them is the outlier?
const SLOW_ENDPOINTS_MIN: usize = 2;

/// Returns those whose success rate is an outlier, worst first, and why.
pub(super) fn failing(members: &Members, options: SuccessRate) -> Vec<(EndpointId, String)> {
    let rates: Vec<(f64, &Member)> = serving(members)
        .filter(|member| member.counts.requests() >= options.requests_min.max(1))
        .map(|member| (success_rate(member), member))
        .collect();
    if rates.len() < options.endpoints_min.max(2) as usize {
        return Vec::new();
    }
    let count = rates.len() as f64;
    let mean = rates.iter().map(|(rate, _)| rate).sum::<f64>() / count;
    let variance = rates
        .iter()
        .map(|(rate, _)| (rate - mean).powi(2))
        .sum::<f64>()
        / count;
    let least = (mean - options.deviations * variance.sqrt()).min(mean - RATE_MARGIN);
    let mut found: Vec<_> = rates
        .into_iter()
        .filter(|(rate, _)| *rate < least)
        .collect();
    found.sort_by(|(left, _), (right, _)| left.total_cmp(right));
    let told = |(rate, member): (f64, &Member)| {
        let (rate, mean, least) = (rate * 100.0, mean * 100.0, least * 100.0);
        let requests = member.counts.requests();
        let reason = format!(
            "{rate:.1} % of {requests} requests succeeded; the mean of {count} endpoints is {mean:.1} %, the least {least:.1} %"
        );
        (member.endpoint, reason)
    };
    found.into_iter().map(told).collect()
}

/// Returns those whose mean latency is an outlier, worst first, and why.
pub(super) fn slow(members: &Members, options: Latency) -> Vec<(EndpointId, String)> {
    let mut means: Vec<(Duration, &Member)> = serving(members)
        .filter(|member| member.counts.timed >= options.requests_min.max(1))
        .map(|member| (member.counts.time / member.counts.timed, member))
        .collect();
    if means.len() < SLOW_ENDPOINTS_MIN {
        return Vec::new();
    }
    means.sort_by_key(|(mean, _)| *mean);
    // The lower one of two in the middle, so that of two endpoints the slow one can be found.
    let median = means[(means.len() - 1) / 2].0;
    let most = (median.as_secs_f64() * options.factor).max(options.at_least.as_secs_f64());
    let told = |(mean, member): (Duration, &Member)| {
        let [mean, median, most] =
            [mean.as_secs_f64(), median.as_secs_f64(), most].map(|seconds| seconds * 1000.0);
        let timed = member.counts.timed;
        let reason = format!(
            "{timed} requests took {mean:.0} ms in the mean; the median of the endpoints is {median:.0} ms, the most {most:.0} ms"
        );
        (member.endpoint, reason)
    };
    let is_slow = |(mean, _): &(Duration, &Member)| mean.as_secs_f64() > most;
    means
        .into_iter()
        .rev()
        .take_while(is_slow)
        .map(told)
        .collect()
}

fn serving(members: &Members) -> impl Iterator<Item = &Member> {
    members
        .iter()
        .filter(|member| member.ejected_until.is_none())
}

fn success_rate(member: &Member) -> f64 {
    f64::from(member.counts.successes) / f64::from(member.counts.requests())
}

//! What is measured, as JSON.

use plimsoll_slo::sli::{Ask, Exclusion, Sli, Source, Watch};
use serde::Serialize;
use utoipa::ToSchema;

use super::selector;
use crate::openapi::values::Length;

/// What is measured.
#[derive(Serialize, ToSchema)]
#[schema(as = Sli)]
pub(super) struct SliShown<'a> {
    kind: &'a str,
    source: SourceShown<'a>,
    /// What is not exact about it, for people.
    caveats: &'a [String],
}

/// Where events come from: series that are watched, or PromQL that is asked.
#[derive(Serialize, ToSchema)]
#[schema(as = SliSource)]
#[serde(untagged)]
enum SourceShown<'a> {
    Watches { watches: Vec<WatchShown<'a>> },
    Asks { every: Length, asks: AsksShown<'a> },
}

/// Series whose samples are events.
#[derive(Serialize, ToSchema)]
#[schema(as = SliWatch)]
struct WatchShown<'a> {
    /// Their selector.
    series: String,
    /// What an event adds to the good ones: -1, 0 or 1.
    good: i8,
    /// What it adds to the bad ones.
    bad: i8,
    exclude: Vec<ExclusionShown<'a>>,
}

/// Series that are left out, and why.
#[derive(Serialize, ToSchema)]
#[schema(as = SliExclusion)]
struct ExclusionShown<'a> {
    /// Their selector.
    #[serde(rename = "match")]
    matching: String,
    reason: &'a str,
}

/// The queries: of events (two of three are given), of the share of bad ones, or of whether all is well.
#[derive(Serialize, ToSchema)]
#[schema(as = SliAsks)]
#[serde(untagged)]
enum AsksShown<'a> {
    Events {
        good: Option<&'a str>,
        bad: Option<&'a str>,
        valid: Option<&'a str>,
    },
    #[serde(rename_all = "camelCase")]
    ErrorRatio {
        error_ratio: &'a str,
    },
    Boolean {
        boolean: &'a str,
    },
}

impl<'a> From<&'a Sli> for SliShown<'a> {
    fn from(sli: &'a Sli) -> Self {
        let source = match &sli.source {
            Source::Watches(watches) => SourceShown::Watches {
                watches: watches.iter().map(WatchShown::from).collect(),
            },
            Source::Asks { every, ask } => SourceShown::Asks {
                every: Length(*every),
                asks: ask.into(),
            },
        };
        Self {
            kind: sli.kind,
            source,
            caveats: &sli.caveats,
        }
    }
}

impl<'a> From<&'a Watch> for WatchShown<'a> {
    fn from(watch: &'a Watch) -> Self {
        Self {
            series: selector(&watch.matchers),
            good: watch.weight.good,
            bad: watch.weight.bad,
            exclude: watch.exclude.iter().map(ExclusionShown::from).collect(),
        }
    }
}

impl<'a> From<&'a Exclusion> for ExclusionShown<'a> {
    fn from(exclusion: &'a Exclusion) -> Self {
        Self {
            matching: selector(&exclusion.matchers),
            reason: &exclusion.reason,
        }
    }
}

impl<'a> From<&'a Ask> for AsksShown<'a> {
    fn from(ask: &'a Ask) -> Self {
        match ask {
            Ask::Events { good, bad, valid } | Ask::Rates { good, bad, valid } => Self::Events {
                good: good.as_deref(),
                bad: bad.as_deref(),
                valid: valid.as_deref(),
            },
            Ask::ErrorRatio(error_ratio) => Self::ErrorRatio { error_ratio },
            Ask::Boolean(boolean) => Self::Boolean { boolean },
        }
    }
}

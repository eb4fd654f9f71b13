//! Texts that are one of the words of an enumeration of another crate.

use serde::{Serialize, Serializer};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// Makes types that are written as `as_str` says and described by all the words there are.
macro_rules! words {
    ($($(#[doc = $text:literal])+ $name:ident($of:ty) = $all:expr;)+) => {$(
        $(#[doc = $text])+
        #[derive(Clone, Copy, Debug)]
        pub(crate) struct $name(pub(crate) $of);

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.0.as_str())
            }
        }

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                one_of(concat!($($text),+).trim(), $all.iter().map(|one| one.as_str()))
            }
        }

        impl ToSchema for $name {}
    )+};
}

words! {
    /// How much of a budget is left, in a word.
    SloState(plimsoll_slo::BudgetState) = plimsoll_slo::BudgetState::ALL;
    /// How loud an alert is.
    SloSeverity(plimsoll_slo::Severity) = plimsoll_slo::Severity::ALL;
    /// What counts where nothing was measured.
    SloNoData(plimsoll_slo::NoData) = plimsoll_slo::NoData::ALL;
    /// Whether a figure is of the units that were counted so far, or of those that the whole period is forecast to have.
    SloVolume(plimsoll_slo::budget::Volume) = [plimsoll_slo::budget::Volume::Elapsed, plimsoll_slo::budget::Volume::Forecast];
    /// What a burn rule measures by: the traffic of its window, or the whole budget.
    SloBasis(plimsoll_slo::Basis) = plimsoll_slo::Basis::ALL;
    /// How the components of a composite make one figure.
    SloCompositeKind(plimsoll_slo::CompositeKind) = plimsoll_slo::CompositeKind::ALL;
    /// What becomes of the events of a correction.
    SloCorrectionKind(plimsoll_slo::CorrectionKind) = plimsoll_slo::CorrectionKind::ALL;
    /// How important a request is: P0 is shed last.
    Criticality(plimsoll_traffic::Criticality) = plimsoll_traffic::Criticality::ALL;
    /// Whether an endpoint is used: the first of these that is true.
    EndpointState(plimsoll_traffic::Standing) = plimsoll_traffic::Standing::ALL;
    /// What checks found.
    CheckStatus(plimsoll_traffic::health::active::Status) = {
        use plimsoll_traffic::health::active::Status;
        [Status::Unchecked, Status::Up, Status::Down]
    };
    /// What a breaker lets through: everything, nothing, or one probe at a time.
    BreakerState(plimsoll_traffic::breaker::State) = {
        use plimsoll_traffic::breaker::State;
        [State::Closed, State::Open, State::HalfOpen]
    };
    /// What the next flush of a group waits for.
    GroupTimer(plimsoll_alerting::Timer) = {
        use plimsoll_alerting::Timer;
        [Timer::GroupWait, Timer::GroupInterval, Timer::ResolveInterval]
    };
    /// Where a notice is on its way: it waits, it is being sent, or it waits for another attempt.
    DeliveryPhase(plimsoll_alerting::rows::DeliveryPhase) = plimsoll_alerting::rows::DeliveryPhase::ALL;
    /// How the last evaluation of a rule went.
    RuleHealth(plimsoll_rules::view::Health) = {
        use plimsoll_rules::view::Health;
        [Health::Unknown, Health::Good, Health::Bad]
    };
    /// What an alert of a rule is.
    RuleAlertState(plimsoll_rules::AlertState) = {
        use plimsoll_rules::AlertState;
        [AlertState::Inactive, AlertState::Pending, AlertState::Firing]
    };
    /// What a metric is.
    MetricType(plimsoll_types::MetricType) = {
        use plimsoll_types::MetricType as Type;
        [
            Type::Unknown, Type::Counter, Type::Gauge, Type::Histogram, Type::GaugeHistogram,
            Type::Summary, Type::Info, Type::StateSet,
        ]
    };
    /// How fine stored samples are.
    StoreTier(plimsoll_types::Tier) = plimsoll_types::Tier::ALL;
    /// What was changed.
    ChangeKind(crate::ui::ChangeKind) = crate::ui::ChangeKind::ALL;
}

fn one_of<'a>(about: &str, words: impl Iterator<Item = &'a str>) -> RefOr<Schema> {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some(about))
        .enum_values(Some(words.collect::<Vec<_>>()))
        .into()
}

//! The nouns of the crate: what a file of objectives says once it is checked.

mod words;

use std::sync::Arc;
use std::time::Duration;

use jiff::tz::TimeZone;
use plimsoll_types::{Annotations, Labels, Matcher, Timestamp};

use crate::Target;
use crate::sli::Sli;

/// All objectives in force.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    /// No two with the same [`id`](Slo::id).
    pub slos: Vec<Arc<Slo>>,
    /// Their components are in `slos` or other composites; there is no circle.
    pub composites: Vec<Arc<Composite>>,
}

/// One promise about one service.
#[derive(Clone, Debug)]
pub struct Slo {
    /// `service/name`.
    pub id: Arc<str>,
    /// The service.
    pub service: Arc<str>,
    /// Its name within the service.
    pub name: Arc<str>,
    /// For people.
    pub description: String,
    /// Added to its alerts and metrics.
    pub labels: Labels,
    /// Where it is written: file and line.
    pub origin: String,
    /// What is measured.
    pub sli: Sli,
    /// What is promised: one, or several tiers such as p50, p95 and p99. Never empty.
    pub objectives: Vec<Objective>,
    /// Over which times; the first is the one that alerts and states are of. Never empty.
    pub windows: Vec<Window>,
    /// How counts become a budget.
    pub method: Method,
    /// Separate budgets per value of labels.
    pub dimensions: Option<Dimensions>,
    /// What unmeasured time means.
    pub no_data: NoData,
    /// When somebody is told.
    pub alerts: AlertPolicy,
    /// Which state a budget is in.
    pub budget: BudgetPolicy,
    /// Times that are counted differently, as written in the file.
    pub corrections: Vec<Correction>,
}

/// One target of an SLO.
#[derive(Clone, Debug, PartialEq)]
pub struct Objective {
    /// Empty when the SLO has one objective, else such as `p95`.
    pub name: Arc<str>,
    /// The promised share.
    pub target: Target,
    /// The latency that is promised, in seconds, where the SLI has one.
    pub threshold: Option<f64>,
}

/// Lengths of time that the ledger knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span;

impl Span {
    /// The finest slice.
    pub const SLICE: Duration = Duration::from_secs(10);
}

/// Over which time a promise holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Window {
    /// The time up to now.
    Rolling(Duration),
    /// A period of the calendar in a zone, from its beginning to its end.
    Calendar {
        /// Which.
        unit: CalendarUnit,
        /// Where its days begin.
        zone: TimeZone,
    },
}

/// A period of the calendar; weeks begin on Monday.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CalendarUnit {
    /// A day.
    Day,
    /// A week from Monday.
    Week,
    /// A month.
    Month,
    /// Three months from January, April, July or October.
    Quarter,
    /// A year.
    Year,
}

/// How counts become a budget.
#[derive(Clone, Debug, PartialEq)]
pub enum Method {
    /// Every event counts once.
    Occurrences,
    /// A slice with too many bad events is bad, and slices are counted.
    Timeslices {
        /// A multiple of [`Span::SLICE`].
        length: Duration,
        /// The share of good events that makes a slice good; default the objective's.
        target: Option<Target>,
        /// A slice with fewer valid events per second is bad, whatever their share; for throughput at a latency.
        rate_min: Option<f64>,
    },
    /// The mean of the slices' shares of good events, over slices with events.
    RatioTimeslices {
        /// A multiple of [`Span::SLICE`].
        length: Duration,
    },
}

/// Separate budgets per value of labels.
#[derive(Clone, Debug, PartialEq)]
pub struct Dimensions {
    /// Label names, sorted.
    pub labels: Vec<Arc<str>>,
    /// How many groups are kept apart; those beyond it are counted in one group, `__other__`. Default 100.
    pub limit: usize,
    /// Other targets for some groups; the first that fits counts.
    pub targets: Vec<GroupTarget>,
}

/// Another target for some groups.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupTarget {
    /// Compared with the group's labels.
    pub matchers: Vec<Matcher>,
    /// One for each objective of the SLO.
    pub targets: Vec<Target>,
}

/// What unmeasured time means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NoData {
    /// It is neither good nor bad.
    #[default]
    Ignore,
    /// The same, and states and alerts stay as they are until there is data.
    Freeze,
    /// It is bad; with time slices only, since nobody knows how many events there were.
    Bad,
}

/// When somebody is told that a budget burns.
#[derive(Clone, Debug, PartialEq)]
pub struct AlertPolicy {
    /// The alert's name; `None` makes none.
    pub name: Option<Arc<str>>,
    /// Added to its labels.
    pub labels: Labels,
    /// Added to its annotations.
    pub annotations: Annotations,
    /// Added to its labels while it pages.
    pub page_labels: Labels,
    /// Added to its labels while it is a ticket.
    pub ticket_labels: Labels,
    /// The tiers, the most urgent first.
    pub rules: Vec<BurnRule>,
    /// How long an alert that fires stays.
    pub hysteresis: Hysteresis,
    /// The least number of bad events in the long window; default 2.
    pub bad_min: u64,
    /// The chance that chance alone did it, above which evidence is too thin: P[Poisson(factor x allowed x valid) >= bad];
    /// 0 switches the gate off. Default 0.05.
    pub chance_max: f64,
    /// Alert when the budget is forecast to be used up within this time; `None`: not.
    pub exhaustion: Option<Duration>,
    /// The severity of that alert.
    pub exhaustion_severity: Severity,
}

/// One tier of a multi-window, multi-burn-rate policy.
#[derive(Clone, Debug, PartialEq)]
pub struct BurnRule {
    /// How loud.
    pub severity: Severity,
    /// Both windows must burn at least this many times as fast as the budget allows.
    pub factor: f64,
    /// Proves that it matters.
    pub long: BurnWindow,
    /// Proves that it still goes on; `None`: the long one alone.
    pub short: Option<BurnWindow>,
    /// How long it must hold before it fires.
    pub hold: Duration,
    /// What the long window's bad events are compared with.
    pub basis: Basis,
    /// The share of the long window, cut into pieces of the short one's length, that must burn as fast; 0 asks for none.
    /// A single blip fills no window then, however bad it was. It needs a short window.
    pub sustained: f64,
}

/// What a burn rate of 1 means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Basis {
    /// As many bad events as the window's own traffic allows: what the Workbook's ratios say.
    #[default]
    Traffic,
    /// As many bad events as spend the whole budget evenly over its window: at night, when few are served, as many as at
    /// noon. A rule of factor 14.4 over an hour then means 2 % of a 30-day budget, in events.
    Budget,
}

/// The length of a window of a burn rule.
pub type BurnWindow = Duration;

/// How loud an alert is; pages come first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Somebody is woken.
    #[default]
    Page,
    /// Somebody looks in working hours.
    Ticket,
}

/// What keeps a firing alert from flapping.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hysteresis {
    /// It ends only when the windows burn below this share of the factor; default 0.5.
    pub off: f64,
    /// It ends only after that held this long; default 5 minutes.
    pub keep: Duration,
}

/// Which states a budget has.
#[derive(Clone, Debug, PartialEq)]
pub struct BudgetPolicy {
    /// Healthy, caution, critical, exhausted: in this order, floors descending.
    pub states: Vec<StateRule>,
    /// How far above a state's ceiling the budget must be before it gets better, in hundredths of the budget; default 5.
    pub leave_by: f64,
}

/// One state of a budget.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StateRule {
    /// Which.
    pub state: BudgetState,
    /// It begins when less than this share of the budget is left; 1 and above for the first.
    pub below: f64,
    /// How long it lasts at least before it gets better.
    pub dwell: Duration,
}

/// How much of a budget is left, in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BudgetState {
    /// Nothing was measured.
    NoData,
    /// More than half, unless configured otherwise.
    Healthy,
    /// A quarter to a half.
    Caution,
    /// A tenth to a quarter.
    Critical,
    /// Less than a tenth.
    Exhausted,
}

/// A time whose events count differently. It stands beside the ledger, never in it: taking it back restores the figures.
#[derive(Clone, Debug, PartialEq)]
pub struct Correction {
    /// Unique in the SLO.
    pub id: Arc<str>,
    /// What happens to its events.
    pub kind: CorrectionKind,
    /// The first time it covers.
    pub from: Timestamp,
    /// How long each of its times is.
    pub length: Duration,
    /// Repeats of it, as an RFC 5545 RRULE in a zone; `None`: once.
    pub repeat: Option<(Arc<str>, TimeZone)>,
    /// Which groups; empty: all.
    pub matchers: Vec<Matcher>,
    /// Why, for people.
    pub reason: String,
    /// Who wrote it.
    pub author: String,
    /// When it was written, and when it was taken back.
    pub created: Timestamp,
    /// `None` while it is in force.
    pub revoked: Option<Timestamp>,
}

/// What a correction does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CorrectionKind {
    /// The events count as excluded.
    Exclude,
    /// They count as good.
    Good,
    /// They count as bad.
    Bad,
}

/// A promise about several others.
#[derive(Clone, Debug)]
pub struct Composite {
    /// `service/name`.
    pub id: Arc<str>,
    /// The service.
    pub service: Arc<str>,
    /// Its name.
    pub name: Arc<str>,
    /// For people.
    pub description: String,
    /// Added to its alerts and metrics.
    pub labels: Labels,
    /// Where it is written.
    pub origin: String,
    /// How components make one figure.
    pub kind: CompositeKind,
    /// What it is made of; never empty.
    pub components: Vec<Component>,
    /// What is promised.
    pub target: Target,
    /// Over which times.
    pub windows: Vec<Window>,
    /// When somebody is told.
    pub alerts: AlertPolicy,
    /// Which state a budget is in.
    pub budget: BudgetPolicy,
}

/// How components make one figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CompositeKind {
    /// The mean of the shares of bad events, by weight.
    Weighted,
    /// The worst share.
    WorstOf,
    /// The product of the availabilities: all are needed.
    Series,
}

/// A part of a composite.
#[derive(Clone, Debug, PartialEq)]
pub struct Component {
    /// The id of an SLO or a composite.
    pub id: Arc<str>,
    /// The index of the SLO's objective.
    pub objective: usize,
    /// Its weight, above 0; 1 unless written.
    pub weight: f64,
    /// What it means that it has no data: left out, good or bad.
    pub no_data: NoData,
}

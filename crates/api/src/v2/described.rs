//! What Alertmanager's API answers, described. `wire` writes the answers, whose order of fields is Alertmanager's, and knows
//! nothing of descriptions; every answer of every test is compared with what stands here.
#![expect(dead_code, reason = "these are described and never made")]

use utoipa::ToSchema;

use crate::openapi::values::{Labels, Time};
use crate::openapi::{Described, Operation};

/// Texts by their name.
type Texts = Labels<'static>;

/// An alert that is not resolved.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct Alert {
    annotations: Texts,
    /// When it is resolved unless somebody prolongs it.
    ends_at: Time,
    /// 16 hexadecimal digits.
    fingerprint: String,
    receivers: Vec<Named>,
    starts_at: Time,
    status: AlertStatus,
    updated_at: Time,
    #[schema(rename = "generatorURL", nullable = false)]
    generator_url: Option<String>,
    labels: Texts,
}

/// Whether somebody is told of an alert.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
struct AlertStatus {
    /// Fingerprints of alerts.
    inhibited_by: Vec<String>,
    /// Names of time intervals.
    muted_by: Vec<String>,
    /// Ids of silences.
    silenced_by: Vec<String>,
    state: AlertState,
}

/// Whether somebody is told of an alert, in a word.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
enum AlertState {
    Unprocessed,
    Active,
    /// A silence, an inhibition or a time interval keeps it back.
    Suppressed,
}

/// Something by its name.
#[derive(ToSchema)]
struct Named {
    name: String,
}

/// Alerts that somebody is told of together.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
struct AlertGroup {
    alerts: Vec<Alert>,
    /// What they have in common, by the `group_by` of the route.
    labels: Texts,
    receiver: Named,
    route_labels: Texts,
}

/// What somebody does not want to be told.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
struct Silence {
    id: String,
    status: SilenceStatus,
    updated_at: Time,
    annotations: Texts,
    comment: String,
    created_by: String,
    ends_at: Time,
    /// An alert must fulfil all of them.
    matchers: Vec<Matcher>,
    starts_at: Time,
    /// More sets: an alert that fulfils one of them, or `matchers`, is silenced.
    #[schema(nullable = false)]
    matcher_sets: Option<Vec<Vec<Matcher>>>,
    /// The labels of receivers that it holds for; without them it holds for all.
    #[schema(nullable = false)]
    receiver_matcher_sets: Option<Vec<Vec<Matcher>>>,
    /// Without it, once.
    #[schema(nullable = false)]
    recurrence: Option<SilenceRecurrence>,
    /// It ends when what it silences is resolved for so long: a duration.
    #[schema(nullable = false)]
    until_resolved_grace: Option<String>,
}

/// What a silence is at the moment.
#[derive(ToSchema)]
struct SilenceStatus {
    state: SilenceState,
}

/// What a silence is at the moment, in a word.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
enum SilenceState {
    Active,
    Pending,
    Expired,
}

/// A condition of a silence.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
struct Matcher {
    /// Whether the label must match; else it must not.
    is_equal: bool,
    is_regex: bool,
    name: String,
    value: String,
}

/// When a silence silences again.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
struct SilenceRecurrence {
    /// The end of the window that the others are counted from.
    #[schema(nullable = false)]
    ends_at: Option<Time>,
    /// A rule of RFC 5545: `FREQ=WEEKLY;BYDAY=SA`.
    rrule: String,
    #[schema(nullable = false)]
    starts_at: Option<Time>,
    /// Of the IANA database.
    time_zone: String,
}

/// A silence that is to be made, or changed when it has an `id`.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct NewSilence {
    #[schema(nullable = false)]
    id: Option<String>,
    #[schema(nullable = false)]
    annotations: Option<Texts>,
    comment: String,
    created_by: String,
    ends_at: Time,
    matchers: Vec<Matcher>,
    starts_at: Time,
    #[schema(nullable = false)]
    matcher_sets: Option<Vec<Vec<Matcher>>>,
    #[schema(nullable = false)]
    receiver_matcher_sets: Option<Vec<Vec<Matcher>>>,
    #[schema(nullable = false)]
    recurrence: Option<SilenceRecurrence>,
    #[schema(nullable = false)]
    until_resolved_grace: Option<String>,
}

/// A silence that was made or changed.
#[derive(ToSchema)]
struct SilenceMade {
    #[schema(rename = "silenceID")]
    id: String,
}

/// An alert as it is sent.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
struct PostedAlert {
    labels: Texts,
    #[schema(nullable = false)]
    annotations: Option<Texts>,
    #[schema(nullable = false)]
    starts_at: Option<Time>,
    #[schema(nullable = false)]
    ends_at: Option<Time>,
    #[schema(rename = "generatorURL", nullable = false)]
    generator_url: Option<String>,
}

/// Somebody who is told.
#[derive(ToSchema)]
struct Receiver {
    name: String,
    #[schema(nullable = false)]
    labels: Option<Texts>,
}

/// What this Alertmanager is.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
struct AlertmanagerStatus {
    cluster: Cluster,
    config: Original,
    /// Since when.
    uptime: Time,
    version_info: Version,
}

/// Those it works with: nobody, replicas share a database only.
#[derive(ToSchema)]
#[schema(as = AlertmanagerCluster)]
struct Cluster {
    name: String,
    peers: Vec<Named>,
    /// `ready`, or `settling` before it has read what is durable.
    status: String,
}

/// Its configuration.
#[derive(ToSchema)]
#[schema(as = AlertmanagerConfig)]
struct Original {
    /// YAML, without secrets.
    original: String,
}

/// What it is.
#[derive(ToSchema)]
#[schema(as = AlertmanagerVersion, rename_all = "camelCase")]
struct Version {
    branch: String,
    build_date: String,
    build_user: String,
    go_version: String,
    revision: String,
    version: String,
}

/// Describes the paths.
pub(super) fn describe(to: &mut Described) {
    const FILTER: &str = "A condition such as `severity=\"page\"`; all must be fulfilled.";
    const RECEIVERS: &str = "A condition on the labels of receivers.";
    const FLAG: &str = "Whether such ones are listed; default true.";
    fn chosen(operation: Operation<'_>) -> Operation<'_> {
        operation
            .takes("active", FLAG)
            .takes("silenced", FLAG)
            .takes("inhibited", FLAG)
            .takes("unprocessed", FLAG)
            .takes_all("filter", FILTER)
            .takes("receiver", "A regular expression for the whole name.")
            .takes_all("receiver_matchers", RECEIVERS)
    }
    chosen(to.get("/api/v2/alerts", "Lists alerts that are not resolved."))
        .answers_plain_list::<Alert>();
    chosen(to.get(
        "/api/v2/alerts/groups",
        "Lists who is told of what together.",
    ))
    .takes("muted", FLAG)
    .answers_plain_list::<AlertGroup>();
    to.post("/api/v2/alerts", "Takes alerts.")
        .body_list::<PostedAlert>()
        .answers_nothing();
    to.get("/api/v2/silences", "Lists silences.")
        .takes_all("filter", "A matcher that is written just so.")
        .takes("active", FLAG)
        .takes("pending", FLAG)
        .takes("expired", FLAG)
        .answers_plain_list::<Silence>();
    to.post("/api/v2/silences", "Makes a silence, or changes one.")
        .body::<NewSilence>()
        .answers_plainly::<SilenceMade>();
    to.get("/api/v2/silence/{id}", "Shows a silence.")
        .answers_plainly::<Silence>();
    to.delete("/api/v2/silence/{id}", "Ends a silence.")
        .answers_nothing();
    to.get("/api/v2/status", "Says what this is.")
        .answers_plainly::<AlertmanagerStatus>();
    to.get("/api/v2/receivers", "Lists receivers.")
        .takes_all("receiver_matchers", "A condition on their labels.")
        .answers_plain_list::<Receiver>();
}

//! `/api/v1/rules`, `/alerts`, `/alertmanagers`: what is judged, what of it is bad, and who is told.

mod pages;
mod view;

use std::collections::HashSet;
use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use plimsoll_rules::view::{GroupView, RuleView};
use plimsoll_types::Matcher;
use serde::Serialize;
use utoipa::ToSchema;

use self::pages::Pages;
use self::view::{Alert, Group, alerts_of};
use crate::app::App;
use crate::envelope::{self, Notes};
use crate::error::ApiError;
use crate::go;
use crate::openapi::Described;
use crate::params::Params;

/// Returns rule groups.
pub(crate) async fn rules(
    State(app): State<Arc<App>>,
    params: Params,
) -> Result<Response, ApiError> {
    app.ask(None, move |app, _| {
        let filter = Filter::read(&params)?;
        let groups = app.parts.surface.rules.groups();
        let page = pages::page(&groups, &filter)?;
        let view = Discovery {
            groups: page.groups,
            group_next_token: page.next_token,
        };
        Ok(envelope::success(&view, &Notes::default()))
    })
    .await
}

/// Groups of rules.
#[derive(Serialize, ToSchema)]
#[schema(as = RuleGroups)]
#[serde(rename_all = "camelCase")]
struct Discovery<'a> {
    groups: Vec<Group<'a>>,
    /// Where the next page begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    group_next_token: Option<String>,
}

/// The alerts of all rules that are pending or fire.
#[derive(Serialize, ToSchema)]
#[schema(as = RuleAlerts)]
struct Alerts<'a> {
    alerts: Vec<Alert<'a>>,
}

/// Who alerts are sent to.
#[derive(Serialize, ToSchema)]
#[schema(as = Alertmanagers)]
#[serde(rename_all = "camelCase")]
struct Told {
    active_alertmanagers: Vec<AlertmanagerUrl>,
    /// Those that discovery found and relabelling dropped.
    dropped_alertmanagers: Vec<AlertmanagerUrl>,
}

/// Where an Alertmanager is.
#[derive(Serialize, ToSchema)]
struct AlertmanagerUrl {
    url: String,
}

/// Describes the paths.
pub(super) fn describe(to: &mut Described) {
    to.get("/api/v1/rules", "Lists rule groups.")
        .takes("type", "`alert` or `record`.")
        .takes_all("rule_name[]", "Only rules of these names.")
        .takes_all("rule_group[]", "Only groups of these names.")
        .takes_all("file[]", "Only groups of these files.")
        .takes_all(
            "match[]",
            "Only rules whose labels one of these selectors selects.",
        )
        .takes("exclude_alerts", "Whether alerts are left out.")
        .takes("group_limit", "Groups of a page.")
        .takes("group_next_token", "Where the page begins.")
        .answers::<Discovery<'static>>();
    to.get(
        "/api/v1/alerts",
        "Lists alerts of rules that are pending or fire.",
    )
    .answers::<Alerts<'static>>();
    to.get("/api/v1/alertmanagers", "Lists who alerts are sent to.")
        .answers::<Told>();
}

/// Returns the alerts that are pending or fire.
pub(crate) async fn alerts(State(app): State<Arc<App>>) -> Result<Response, ApiError> {
    app.ask(None, |app, _| {
        let groups = app.parts.surface.rules.groups();
        let rules = groups.iter().flat_map(|group| &group.rules);
        let alerts = rules.filter_map(|rule| rule.alerting.as_ref());
        let alerts = alerts.flat_map(alerts_of).collect();
        Ok(envelope::success(&Alerts { alerts }, &Notes::default()))
    })
    .await
}

/// Returns the Alertmanagers that alerts go to, and those that relabelling dropped.
pub(crate) async fn alertmanagers(State(app): State<Arc<App>>) -> Response {
    let targets = |urls: Vec<String>| {
        let urls = urls.into_iter();
        urls.map(|url| AlertmanagerUrl { url }).collect()
    };
    let all = (app.parts.surface.alertmanagers)();
    let view = Told {
        active_alertmanagers: targets(all.active),
        dropped_alertmanagers: targets(all.dropped),
    };
    envelope::success(&view, &Notes::default())
}

/// What is asked for.
struct Filter {
    shows_alerting: bool,
    shows_recording: bool,
    leaves_alerts_out: bool,
    rules: HashSet<String>,
    groups: HashSet<String>,
    files: HashSet<String>,
    /// One of them must hold for the labels of a rule; none is no condition.
    selectors: Vec<Vec<Matcher>>,
    pages: Pages,
}

impl Filter {
    /// Reads the parameters, refusing what Prometheus refuses, in its order.
    fn read(params: &Params) -> Result<Self, ApiError> {
        let set = |name: &str| params.all(name).map(str::to_owned).collect();
        let (rules, groups, files) = (set("rule_name[]"), set("rule_group[]"), set("file[]"));
        let selectors = params.selectors_named("match[]")?;
        let kind = params.get("type").unwrap_or_default();
        let (shows_alerting, shows_recording) = match kind.to_ascii_lowercase().as_str() {
            "" => (true, true),
            "alert" => (true, false),
            "record" => (false, true),
            _ => {
                let reason = format!("not supported value {:?}", kind.to_ascii_lowercase());
                return Err(ApiError::parameter("type", reason));
            }
        };
        let exclude = params.get("exclude_alerts").unwrap_or_default();
        let leaves_alerts_out = match exclude.to_ascii_lowercase().as_str() {
            "" => false,
            text => go::parse_bool(text).map_err(|reason| {
                let reason = format!("error converting exclude_alerts: {reason}");
                ApiError::parameter("exclude_alerts", reason)
            })?,
        };
        Ok(Self {
            shows_alerting,
            shows_recording,
            leaves_alerts_out,
            rules,
            groups,
            files,
            selectors,
            pages: Pages::read(params)?,
        })
    }

    fn wants_group(&self, group: &GroupView) -> bool {
        let has = |set: &HashSet<String>, name: &str| set.is_empty() || set.contains(name);
        has(&self.groups, &group.key.name) && has(&self.files, &group.key.file)
    }

    fn wants_rule(&self, rule: &RuleView) -> bool {
        let is_wanted_kind = match rule.alerting {
            Some(_) => self.shows_alerting,
            None => self.shows_recording,
        };
        let value = |name: &str| rule.labels.get(name).map_or("", String::as_str);
        let fits = |selector: &Vec<Matcher>| {
            selector
                .iter()
                .all(|matcher| matcher.matches(value(matcher.name())))
        };
        is_wanted_kind
            && (self.rules.is_empty() || self.rules.contains(&*rule.name))
            && (self.selectors.is_empty() || self.selectors.iter().any(fits))
    }
}

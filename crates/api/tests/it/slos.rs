//! `/api/v1/slos`, over somebody who says that he counts.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use plimsoll_promql::Features;
use plimsoll_runtime::config::Source;
use plimsoll_slo::burn::{Condition, Verdict};
use plimsoll_slo::engine::Version;
use plimsoll_slo::state::Standing;
use plimsoll_slo::surface::{Answer, Refused, RefusedKind, Slos};
use plimsoll_slo::view::{
    Address, BudgetView, Figures, HistoryPoint, HistoryQuestion, MissingBucket, Promise,
    ReplayQuestion, SloView, Verification, Verified, WindowView,
};
use plimsoll_slo::{Budget, BudgetState, Correction, Counts, Severity, Slo, Timeline, file};
use plimsoll_types::{Labels, Matcher, Timestamp};
use serde_json::json;

use crate::harness::Server;

const FILE: &str = "\
version: plimsoll/v1
service: checkout
slos:
- name: availability
  objective: 99.9
  window: 30d
  sli: {events: {valid: a, bad: 'a{code=\"500\"}', exclude: [{match: 'code=\"429\"', reason: client}]}}
  dimensions: {by: [region]}
  alerts: {windows: [{severity: page, factor: 14.4, long: 1h, short: 5m}]}
";

/// One SLO of the counter-example: 1460 bad of a million, where 1000 are allowed.
#[derive(Default)]
pub(crate) struct Fake {
    corrections: Mutex<Vec<Correction>>,
    asked: Mutex<Vec<(Address, HistoryQuestion)>>,
    /// The first time of which samples are kept.
    samples_from: Option<Timestamp>,
}

fn slo() -> Arc<Slo> {
    let source = Source::new("slo.yml".as_ref(), FILE).unwrap();
    let file = file::check(&source, &Features::default()).unwrap();
    file.catalog.slos[0].clone()
}

fn view(groups: bool) -> SloView {
    let slo = slo();
    let now = Timestamp::from_millis(100_000);
    let budget = |group: Option<Labels>, bad: i64| {
        let counts = Counts {
            good: 1_000_000 - bad,
            bad,
            excluded: 7,
            covered: 2_592_000 / 10,
        };
        let window = slo.windows[0].clone();
        let figures = Figures::Counted {
            budget: Budget {
                period: window.at(now),
                target: slo.objectives[0].target,
                counts,
                forecast_valid: None,
            },
            uncorrected: None,
            events: counts,
        };
        let condition = Condition {
            long: Counts {
                good: 950,
                bad: 50,
                ..Counts::ZERO
            },
            told: 0,
            short: Some(Counts::ZERO),
            long_burn: Some(50.0),
            short_burn: None,
            expected: 14.4,
            chance: 0.0,
            pieces: None,
            verdict: Verdict::ShortBelow,
            is_quiet: true,
        };
        BudgetView {
            objective: slo.objectives[0].name.clone(),
            group,
            target: slo.objectives[0].target,
            standing: Some(Standing {
                state: BudgetState::Exhausted,
                since: Timestamp::from_millis(50_000),
            }),
            firing: Some((Severity::Page, Timestamp::from_millis(40_000))),
            windows: vec![WindowView { window, figures }],
            conditions: vec![(slo.alerts.rules[0].clone(), condition)],
            projection: None,
        }
    };
    let mut budgets = vec![budget(None, 1460)];
    if groups {
        for region in ["eu", "us"] {
            let group = Labels::from_pairs([("region", region)]);
            budgets.push(budget(Some(group), 730));
        }
    }
    SloView {
        promise: Promise::Slo(slo),
        versions: vec![Version {
            number: 1,
            since: Timestamp::EPOCH,
            definition: Arc::from("events a"),
        }],
        since: Some(Timestamp::EPOCH),
        groups: 2,
        is_folded: false,
        missing_buckets: vec![MissingBucket {
            objective: Arc::from(""),
            threshold: Some(0.3),
            buckets: vec![Matcher::equal("__name__", "a_bucket")],
            edges: vec!["0.25".into(), "0.5".into()],
        }],
        budgets,
    }
}

const ID: &str = "checkout/availability";

fn known(id: &str) -> Result<(), Refused> {
    match id == ID {
        true => Ok(()),
        false => Err(Refused::new(RefusedKind::NotFound, "there is no such SLO")),
    }
}

impl Slos for Fake {
    fn list(&self) -> (Vec<SloView>, Timestamp) {
        (vec![view(false)], Timestamp::from_millis(100_000))
    }

    fn show(&self, id: &str) -> Option<(SloView, Timestamp)> {
        known(id).ok()?;
        Some((view(true), Timestamp::from_millis(100_000)))
    }

    fn history(
        &self,
        address: &Address,
        question: &HistoryQuestion,
    ) -> Result<Vec<HistoryPoint>, Refused> {
        known(&address.id)?;
        self.asked
            .lock()
            .unwrap()
            .push((address.clone(), *question));
        Ok(vec![HistoryPoint {
            at: question.from,
            counts: Counts::ZERO,
            remaining: None,
        }])
    }

    fn events(
        &self,
        address: &Address,
        from: Timestamp,
        to: Timestamp,
        slice: Duration,
    ) -> Result<Timeline, Refused> {
        known(&address.id)?;
        // A busy hour of failures in each hundred quiet ones.
        let length = to.millis_since(from) / slice.as_millis() as i64;
        let counts = (0..length).map(|index| Counts {
            good: 990,
            bad: if index % 100 == 50 { 500 } else { 0 },
            excluded: 0,
            covered: (slice.as_millis() / 10_000) as i64,
        });
        Ok(Timeline::new(from, slice, counts))
    }

    fn replay(&self, question: ReplayQuestion) -> Answer<'_, Vec<Timeline>> {
        let known = known(&question.address.id);
        let lines = question.slis.iter().enumerate().map(|(way, _)| {
            let from = self.samples_from?.max(question.from);
            let slices = question.to.millis_since(from) / 10_000;
            // As the ledger has it; whoever counts in another way leaves out what was bad.
            let counts = (0..slices).map(|slice| {
                let hour = (from.millis() + slice * 10_000) / 3_600_000;
                let bad = if hour % 100 == 50 { 500 } else { 0 };
                let [bad, excluded] = if way == 0 { [bad, 0] } else { [0, bad] };
                Counts {
                    good: 990,
                    bad,
                    excluded,
                    covered: 1,
                }
            });
            Some(Timeline::new(from, Duration::from_secs(10), counts))
        });
        let lines: Vec<Timeline> = lines.flatten().collect();
        Box::pin(async move { known.map(|()| lines) })
    }

    fn corrections(&self, id: &str) -> Answer<'_, Vec<Correction>> {
        let known = known(id);
        Box::pin(async move { known.map(|()| self.corrections.lock().unwrap().clone()) })
    }

    fn correct(&self, id: &str, correction: Correction) -> Answer<'_, ()> {
        let known = known(id);
        Box::pin(async move {
            known?;
            let mut all = self.corrections.lock().unwrap();
            if all.iter().any(|one| one.id == correction.id) {
                return Err(Refused::new(RefusedKind::Conflict, "it is there"));
            }
            all.push(correction);
            Ok(())
        })
    }

    fn revoke(&self, id: &str, correction: &str, author: &str) -> Answer<'_, ()> {
        let known = known(id);
        let (correction, author) = (correction.to_owned(), author.to_owned());
        Box::pin(async move {
            known?;
            let mut all = self.corrections.lock().unwrap();
            let found = all.iter_mut().find(|one| *one.id == *correction);
            let found = found.ok_or_else(|| Refused::new(RefusedKind::NotFound, "none"))?;
            found.revoked = Some(Timestamp::from_millis(100_000));
            found.author = author;
            Ok(())
        })
    }

    fn verify(&self, id: &str, from: Timestamp, to: Timestamp) -> Answer<'_, Verification> {
        let known = known(id);
        Box::pin(async move {
            known?;
            let more = Counts {
                good: 1,
                ..Counts::ZERO
            };
            Ok(Verification {
                from,
                to,
                budgets: vec![Verified {
                    objective: Arc::from(""),
                    group: None,
                    ledger: Counts::ZERO,
                    recounted: more,
                    differing: 1,
                    differences: vec![(from, Counts::ZERO, more)],
                }],
                too_late: 1,
            })
        })
    }
}

fn server() -> (Server, Arc<Fake>) {
    let fake = Arc::new(Fake::default());
    let slos = fake.clone();
    let server = Server::surfaced(move |surface| surface.slos = Some(slos));
    (server, fake)
}

#[tokio::test]
async fn a_server_without_objectives_says_so() {
    let answer = Server::new().get("/api/v1/slos").await;
    answer.is_error(404, "not_found", "--slo-files");
}

#[tokio::test]
async fn a_list_shows_the_first_window_of_whole_budgets() {
    let (server, _) = server();
    let answer = server.get("/api/v1/slos").await.json();
    let slo = &answer["data"]["slos"][0];
    assert_eq!(slo["id"], ID);
    assert_eq!(slo["origin"], "slo.yml:4");
    let budget = &slo["budgets"][0];
    assert_eq!(budget["state"], "exhausted");
    assert_eq!(budget["firing"]["severity"], "page");
    assert_eq!(budget["window"]["consumed"], json!(1.46));
    assert_eq!(slo["budgets"].as_array().unwrap().len(), 1);
    for (filter, count) in [
        ("service=checkout", 1),
        ("service=search", 0),
        ("state=exhausted", 1),
        ("state=healthy", 0),
    ] {
        let answer = server.get(&format!("/api/v1/slos?{filter}")).await.json();
        let found = answer["data"]["slos"].as_array().unwrap().len();
        assert_eq!(found, count, "{filter}");
    }
}

#[tokio::test]
async fn a_budget_is_whole_numbers_and_what_they_come_to() {
    let (server, _) = server();
    let answer = server
        .get("/api/v1/slos/checkout/availability/budget")
        .await;
    let answer = answer.json();
    let window = &answer["data"]["budgets"][0]["windows"][0];
    for (field, expected) in [
        ("good", json!(998_540)),
        ("bad", json!(1460)),
        ("valid", json!(1_000_000)),
        ("excluded", json!(7)),
        ("allowed", json!("1000.000000000")),
        ("consumed", json!(1.46)),
        ("remaining", json!(-0.46)),
        ("isMet", json!(false)),
        ("uncorrected", json!(null)),
        ("window", json!("30d")),
    ] {
        assert_eq!(window[field], expected, "{field}");
    }
    let groups = answer["data"]["budgets"].as_array().unwrap();
    assert_eq!(groups.len(), 3);
    assert_eq!(groups[1]["group"], json!({"region": "eu"}));
    let one = server
        .get("/api/v1/slos/checkout/availability/budget?groups=1")
        .await;
    assert_eq!(one.json()["data"]["budgets"].as_array().unwrap().len(), 2);
    let wrong = server
        .get("/api/v1/slos/checkout/availability/budget?groups=-1")
        .await;
    wrong.is_error(400, "bad_data", "groups");
    let unknown = server.get("/api/v1/slos/checkout/latency/budget").await;
    unknown.is_error(404, "not_found", "checkout/latency");
}

#[tokio::test]
async fn one_is_shown_with_what_it_counts() {
    let (server, _) = server();
    let answer = server
        .get("/api/v1/slos/checkout/availability")
        .await
        .json();
    let data = &answer["data"];
    let watches = &data["definition"]["sli"]["source"]["watches"];
    assert_eq!(watches[1]["series"], "a{code=\"500\"}");
    assert_eq!(
        (&watches[1]["good"], &watches[1]["bad"]),
        (&json!(-1), &json!(1))
    );
    assert_eq!(watches[0]["exclude"][0]["reason"], "client");
    assert_eq!(data["versions"][0]["counts"], "events a");
    assert_eq!(
        data["definition"]["alerts"]["rules"][0]["factor"],
        json!(14.4)
    );
    assert_eq!(data["budgets"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn a_rule_says_what_it_lacks() {
    let (server, _) = server();
    let answer = server
        .get("/api/v1/slos/checkout/availability/explain")
        .await
        .json();
    let rule = &answer["data"]["budgets"][0]["rules"][0];
    assert_eq!(rule["verdict"], "short_below");
    assert_eq!(rule["holds"], false);
    assert_eq!(rule["long"]["bad"], 50);
    let text = rule["text"].as_str().unwrap();
    assert!(text.contains("in the last 5m"), "{text}");
}

#[tokio::test]
async fn history_asks_for_a_budget_by_its_address() {
    let (server, fake) = server();
    let path = "/api/v1/slos/checkout/availability/history?start=10&end=70&step=10s&objective=p99&label=region=eu";
    let answer = server.get(path).await.json();
    assert_eq!(answer["data"]["slices"][0]["at"], "1970-01-01T00:00:10Z");
    assert_eq!(answer["data"]["slices"][0]["remaining"], json!(null));
    let (address, question) = fake.asked.lock().unwrap()[0].clone();
    assert_eq!(address.objective.as_deref(), Some("p99"));
    assert_eq!(address.group, Some(Labels::from_pairs([("region", "eu")])));
    assert_eq!(question.step, Duration::from_secs(10));
    for (query, part) in [
        ("step=15s", "multiple of 10s"),
        ("step=10s&start=0&end=1000000", "11000 slices"),
        ("start=10&end=5", "before start"),
        ("label=region", "name=value"),
    ] {
        let path = format!("/api/v1/slos/checkout/availability/history?{query}");
        server.get(&path).await.is_error(400, "bad_data", part);
    }
}

#[tokio::test]
async fn a_correction_is_added_listed_and_taken_back() {
    let (server, _) = server();
    let path = "/api/v1/slos/checkout/availability/corrections";
    let body = json!({
        "id": "c1", "kind": "exclude", "from": "1970-01-01T00:00:00Z", "for": "1h", "match": "region=\"eu\"",
        "reason": "new disk", "author": "ann",
    })
    .to_string();
    let answer = server.post(path, "application/json", body.clone()).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
    let again = server.post(path, "application/json", body).await;
    again.is_error(409, "conflict", "it is there");
    let listed = server.get(path).await.json();
    let one = &listed["data"]["corrections"][0];
    assert_eq!(one["match"], "{region=\"eu\"}");
    assert_eq!(one["created"], "1970-01-01T00:01:40Z");
    assert_eq!(one["revoked"], json!(null));
    let delete = |path: String| Request::delete(path).body(Body::empty()).unwrap();
    let nobody = server.send(delete(format!("{path}/c1"))).await;
    nobody.is_error(400, "bad_data", "author");
    let answer = server.send(delete(format!("{path}/c1?author=bob"))).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let unknown = server.send(delete(format!("{path}/c2?author=bob"))).await;
    unknown.is_error(404, "not_found", "none");
    let listed = server.get(path).await.json();
    assert_eq!(listed["data"]["corrections"][0]["author"], "bob");
}

#[tokio::test]
async fn a_correction_that_is_none_is_refused_with_all_its_faults() {
    let (server, _) = server();
    let path = "/api/v1/slos/checkout/availability/corrections";
    for (body, part) in [
        ("", "a correction needs an `id`"),
        ("[]", "expected a mapping"),
        (
            "{\"id\": \"a\", \"kind\": \"perhaps\"}",
            "unknown kind of a correction",
        ),
        ("{\"id\": \"a\"}", "needs a `reason`"),
        ("{\"id\": \"a\"}", "needs an `author`"),
        (
            "{\"ids\": \"a\"}",
            "unknown field `ids` (did you mean `id`?)",
        ),
        ("\u{0}", "zero byte"),
    ] {
        let answer = server.post(path, "application/json", body).await;
        answer.is_error(400, "bad_data", part);
    }
    let long = " ".repeat(70_000);
    let answer = server.post(path, "application/json", long).await;
    answer.is_error(413, "bad_data", "");
}

#[tokio::test]
async fn what_was_counted_again_is_told_slice_by_slice() {
    let (server, _) = server();
    let path = "/api/v1/slos/checkout/availability/verify?start=0&end=60";
    let answer = server.get(path).await.json();
    assert_eq!(answer["data"]["agrees"], false);
    assert_eq!(answer["data"]["to"], "1970-01-01T00:01:00Z");
    let budget = &answer["data"]["budgets"][0];
    assert_eq!(budget["differing"], 1);
    assert_eq!(budget["differences"][0]["recounted"]["good"], 1);
    let path = "/api/v1/slos/checkout/availability/verify?start=60&end=0";
    server
        .get(path)
        .await
        .is_error(400, "bad_data", "before start");
}

#[tokio::test]
async fn a_parameter_that_a_path_does_not_take_is_refused_by_name() {
    let (server, _) = server();
    let one = "/api/v1/slos/checkout/availability";
    for (path, takes) in [
        ("/api/v1/slos", "takes service, state"),
        (one, "takes groups"),
        (&format!("{one}/budget"), "takes groups"),
        (&format!("{one}/explain"), "takes groups"),
        (
            &format!("{one}/history"),
            "takes start, end, step, objective, label",
        ),
        (
            &format!("{one}/plan"),
            "takes change, objective, label, start, end, deploy, deploys_per_day, freezes_from, offer, \
             events_per_year, outages_per_year, bad_per_outage",
        ),
        (&format!("{one}/verify"), "takes start, end"),
        (&format!("{one}/corrections"), "takes no parameters"),
    ] {
        let answer = server.get(&format!("{path}?target=100")).await;
        let text = format!("invalid parameter \"target\": this path {takes}");
        answer.is_error(400, "bad_data", &text);
        server.get(path).await.json();
    }
    let path = format!("{one}/corrections?id=a");
    let answer = server.post(&path, "application/json", "{}").await;
    answer.is_error(400, "bad_data", "invalid parameter \"id\"");
}

#[tokio::test]
async fn a_plan_is_compared_with_what_is_in_force() {
    let (server, _) = server();
    server
        .clock
        .jump_to(Timestamp::from_millis(100 * 86_400_000));
    let path = "/api/v1/slos/checkout/availability/plan?change=%7Bobjective%3A%2099%7D&change=%7Bwindow%3A%207d%7D&deploy=8000000";
    let answer = server.get(path).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let data = &answer.json()["data"];
    assert_eq!(data["resolution"], "1h");
    let plans = data["plans"].as_array().unwrap();
    let targets: Vec<&str> = plans
        .iter()
        .map(|plan| plan["target"].as_str().unwrap())
        .collect();
    assert_eq!(targets, ["99.9", "99", "99.9"]);
    assert_eq!(plans[2]["window"], "1w");
    // Five bad events of a thousand: too many for 99.9, few enough for 99.
    assert_eq!(plans[0]["kept"], json!(0.0));
    assert_eq!(plans[1]["kept"], json!(1.0));
    assert_eq!(plans[0]["frozen"].as_array().unwrap().len(), 1);
    assert_eq!(plans[1]["frozen"].as_array().unwrap().len(), 0);
    // Windows of minutes cannot be judged in slices of an hour.
    assert_eq!(plans[0]["pages"], json!(null));
    for (query, part) in [
        ("change=%7Bobjective%3A%20100%7D", "100 % or more"),
        ("change=%7Bobjectiv%3A%201%7D", "unknown field"),
        ("deploy=soon", "deploy"),
        ("freezes_from=perhaps", "perhaps"),
        ("start=10&end=10", "after start"),
    ] {
        let path = format!("/api/v1/slos/checkout/availability/plan?{query}");
        server.get(&path).await.is_error(400, "bad_data", part);
    }
}

/// 100 days after the epoch, with samples of the last 20.
fn server_with_samples() -> Server {
    let fake = Fake {
        samples_from: Some(Timestamp::from_millis(80 * 86_400_000)),
        ..Fake::default()
    };
    let server = Server::surfaced(move |surface| surface.slos = Some(Arc::new(fake)));
    let now = Timestamp::from_millis(100 * 86_400_000);
    server.clock.jump_to(now);
    server
}

#[tokio::test]
async fn a_plan_tells_pages_as_far_back_as_samples_are_kept() {
    let server = server_with_samples();
    let path = "/api/v1/slos/checkout/availability/plan?change=%7Bobjective%3A%2090%7D&deploys_per_day=1\
        &offer=99.99:1000&outages_per_year=12";
    let answer = server.get(path).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let data = &answer.json()["data"];
    assert_eq!(
        (&data["known"]["samples"], &data["known"]["ledger"]),
        (
            &json!({"from": "1970-03-22T00:00:00Z", "to": "1970-04-11T00:00:00Z", "slice": "10s"}),
            &json!({"from": "1970-02-10T00:00:00Z", "to": "1970-03-22T00:00:00Z", "slice": "1h"})
        )
    );
    assert_eq!(data["outages"].as_array().unwrap().len(), 5);
    assert_eq!(data["deploys"], 30);
    let plans = data["plans"].as_array().unwrap();
    assert_eq!(
        (&plans[0]["pages"], &plans[0]["outagesNoticed"]),
        (&json!(5), &json!(5))
    );
    assert_eq!(
        (&plans[1]["pages"], &plans[1]["outagesNoticed"]),
        (&json!(0), &json!(0))
    );
    assert!(!plans[0]["frozen"].as_array().unwrap().is_empty());
    assert_eq!(data["nines"]["year"]["outages"], json!(12.0));
    let offers = data["nines"]["offers"].as_array().unwrap();
    assert_eq!(
        (&offers[0]["target"], &offers[1]["target"]),
        (&json!("99.9"), &json!("99.99"))
    );
    let price = offers[1]["pricePerNine"].as_f64().unwrap();
    assert!((price - 1000.0).abs() < 1e-6, "{price}");
}

#[tokio::test]
async fn other_exclusions_are_planned_for_where_there_are_samples() {
    let server = server_with_samples();
    let change = "%7Bexclude%3A%20%5B%7Bmatch%3A%20'code%3D%22500%22'%2C%20reason%3A%20x%7D%5D%7D";
    let path = format!("/api/v1/slos/checkout/availability/plan?change={change}");
    let answer = server.get(&path).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let data = &answer.json()["data"];
    assert_eq!(data["from"], "1970-03-22T00:00:00Z");
    assert_eq!(data["known"]["ledger"], json!(null));
    assert!(
        data["notes"][0]
            .as_str()
            .unwrap()
            .contains("other exclusions")
    );
    let plans = data["plans"].as_array().unwrap();
    assert_eq!(plans[0]["leavesOut"], json!(["code=\"429\""]));
    assert_eq!(plans[1]["leavesOut"], json!(["code=\"500\""]));
    assert_eq!(
        (&plans[0]["pages"], &plans[1]["pages"]),
        (&json!(5), &json!(0))
    );
    assert_eq!(plans[1]["kept"], json!(1.0));

    let (ledger_only, _) = self::server();
    ledger_only
        .clock
        .jump_to(Timestamp::from_millis(100 * 86_400_000));
    let answer = ledger_only.get(&path).await;
    answer.is_error(400, "bad_data", "no samples are kept");
    for (query, part) in [
        ("deploys_per_day=0", "above 0"),
        ("deploys_per_day=1&deploy=5", "either"),
        ("offer=99.99", "its price"),
        ("outages_per_year=3", "for offers"),
        (
            "change=%7Bbudget%3A%20%7Bstates%3A%20%7Bcaution%3A%205%25%7D%7D%7D",
            "each state begins",
        ),
        ("start=-100000000", "ask for less time"),
    ] {
        let path = format!("/api/v1/slos/checkout/availability/plan?{query}");
        server.get(&path).await.is_error(400, "bad_data", part);
    }
}

#[tokio::test]
async fn a_threshold_that_is_no_edge_is_shown_with_those_there_are() {
    let (server, _) = server();
    for path in ["", "/explain"] {
        let path = format!("/api/v1/slos/checkout/availability{path}");
        let answer = server.get(&path).await.json();
        let expected = json!([{
            "objective": "", "thresholdSeconds": 0.3, "buckets": "a_bucket", "edges": ["0.25", "0.5"],
        }]);
        assert_eq!(answer["data"]["missingBuckets"], expected, "{path}");
    }
}

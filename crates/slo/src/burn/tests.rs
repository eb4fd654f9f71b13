use std::sync::Arc;
use std::time::Duration;

use plimsoll_types::{Alert, Annotations, Decision, Labels, Timestamp};

use super::{Burn, Exhaustion, Outcome, RESOLVED_KEPT, Subject, Verdict, rules, workbook_rules};
use crate::{AlertPolicy, BurnRule, Counts, History, Hysteresis, NoData, Severity, Window};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(86_400);
/// Milliseconds of a slice.
const SLICE: i64 = 10_000;

pub(super) fn policy() -> AlertPolicy {
    AlertPolicy {
        name: Some(Arc::from("Burn")),
        labels: Labels::from_pairs([("team", "shop")]),
        annotations: Annotations::from_pairs([("runbook", "look here")]),
        page_labels: Labels::from_pairs([("wake", "yes")]),
        ticket_labels: Labels::empty(),
        rules: rules(),
        hysteresis: Hysteresis::default(),
        bad_min: 2,
        chance_max: 0.05,
        exhaustion: None,
        exhaustion_severity: Severity::Ticket,
    }
}

/// A service whose slices are written one after the other, from a beginning 30 days after the epoch.
struct Service {
    policy: AlertPolicy,
    no_data: NoData,
    /// Counts up to the end of each slice, from the beginning; one longer than there are slices.
    sums: Vec<Counts>,
    burn: Burn,
    forecast: Option<Exhaustion>,
}

impl Service {
    fn new(policy: AlertPolicy) -> Self {
        Self {
            policy,
            no_data: NoData::Ignore,
            sums: vec![Counts::ZERO],
            burn: Burn::default(),
            forecast: None,
        }
    }

    /// One that has served well for two days.
    fn seasoned(policy: AlertPolicy) -> Self {
        let mut service = Self::new(policy);
        service.write(2 * DAY, 1000, 0);
        service
    }

    fn now(&self) -> Timestamp {
        Timestamp::EPOCH + 30 * DAY + 10 * SECOND * (self.sums.len() - 1) as u32
    }

    /// Adds slices without a tick.
    fn write(&mut self, length: Duration, valid: i64, bad: i64) {
        let counts = Counts {
            good: valid - bad,
            bad,
            excluded: 0,
            covered: 1,
        };
        for _ in 0..length.as_secs() / 10 {
            self.push(counts);
        }
    }

    fn push(&mut self, counts: Counts) {
        let sum = *self.sums.last().unwrap();
        self.sums.push(sum + counts);
    }

    fn tick(&mut self) -> Outcome {
        let now = self.now();
        let mut burn = std::mem::take(&mut self.burn);
        let outcome = self
            .judge(|subject| burn.tick(subject, &Slices(&self.sums), self.forecast.as_ref(), now));
        self.burn = burn;
        outcome
    }

    fn judge<T>(&self, judge: impl FnOnce(&Subject<'_>) -> T) -> T {
        let empty = Labels::empty();
        judge(&Subject {
            id: "shop/availability",
            service: "shop",
            name: "availability",
            objective: "",
            target: "99.9".parse().unwrap(),
            window: &Window::Rolling(30 * DAY),
            labels: &empty,
            group: &empty,
            origin: "slo.yml:3",
            no_data: self.no_data,
            policy: &self.policy,
            url: "",
        })
    }

    fn verdicts(&self) -> Vec<Verdict> {
        let conditions =
            self.judge(|subject| subject.conditions(&self.burn, &Slices(&self.sums), self.now()));
        conditions.iter().map(|found| found.verdict).collect()
    }

    /// Adds slices with a tick after each; returns what changed: the kind of each decision and when, in seconds.
    fn run(&mut self, length: Duration, valid: i64, bad: i64) -> Vec<(String, u64)> {
        let mut changes = Vec::new();
        for slice in 1..=length.as_secs() / 10 {
            self.write(10 * SECOND, valid, bad);
            let decisions = self.tick().decisions.into_iter();
            changes.extend(decisions.map(|decision| (decision.kind.into_owned(), slice * 10)));
        }
        changes
    }

    /// The same without samples.
    fn run_unmeasured(&mut self, length: Duration) -> Vec<(String, u64)> {
        let mut changes = Vec::new();
        for slice in 1..=length.as_secs() / 10 {
            self.push(Counts::ZERO);
            let decisions = self.tick().decisions.into_iter();
            changes.extend(decisions.map(|decision| (decision.kind.into_owned(), slice * 10)));
        }
        changes
    }
}

struct Slices<'a>(&'a [Counts]);

impl Slices<'_> {
    fn index(&self, at: Timestamp) -> usize {
        let index = at
            .millis_since(Timestamp::EPOCH + 30 * DAY)
            .div_euclid(SLICE);
        index.clamp(0, self.0.len() as i64 - 1) as usize
    }
}

impl History for Slices<'_> {
    fn between(&self, from: Timestamp, to: Timestamp) -> Counts {
        let (from, to) = (self.index(from), self.index(to));
        self.0[to] - self.0[from.min(to)]
    }

    fn since(&self) -> Option<Timestamp> {
        (self.0.len() > 1).then_some(Timestamp::EPOCH + 30 * DAY)
    }

    fn walk(
        &self,
        from: Timestamp,
        to: Timestamp,
        length: Duration,
        visit: &mut dyn FnMut(Timestamp, Counts),
    ) {
        let mut begin = from;
        while begin < to {
            visit(begin, self.between(begin, begin + length));
            begin = begin + length;
        }
    }
}

fn kinds(changes: &[(String, u64)]) -> Vec<&str> {
    changes.iter().map(|(kind, _)| &**kind).collect()
}

fn one_rule(rule: BurnRule) -> AlertPolicy {
    AlertPolicy {
        rules: vec![rule],
        ..policy()
    }
}

#[test]
fn an_outage_is_one_page_that_ends_soon_after_it() {
    let mut service = Service::seasoned(policy());
    let during = service.run(10 * MINUTE, 1000, 1000);
    // 2 % of a 30-day budget is 52 seconds of total outage.
    assert_eq!(during, [("burn.firing".to_owned(), 60)]);
    assert_eq!(service.burn.severity(), Some(Severity::Page));
    let after = service.run(DAY, 1000, 0);
    let (kind, seconds) = &after[0];
    assert_eq!((kind.as_str(), after.len()), ("burn.resolved", 1));
    assert!((360..=420).contains(seconds), "{seconds}");
}

#[test]
fn the_alert_says_what_was_counted() {
    let mut service = Service::seasoned(policy());
    service.write(50 * SECOND, 1000, 1000);
    assert_eq!(service.tick().alerts, []);
    service.write(10 * SECOND, 1000, 1000);
    let outcome = service.tick();
    let [alert] = &outcome.alerts[..] else {
        panic!("{outcome:?}");
    };
    let wanted = [
        ("alertname", "Burn"),
        ("service", "shop"),
        ("severity", "page"),
        ("slo", "availability"),
        ("team", "shop"),
        ("wake", "yes"),
    ];
    assert_eq!(alert.labels, Labels::from_pairs(wanted));
    let description = alert.annotations.get("description").unwrap();
    let counted = "6000 of 360000 events were bad in 1h and 6000 of 30000 events were bad in 5m";
    assert!(description.starts_with(counted), "{description}");
    assert_eq!(alert.annotations.get("runbook"), Some("look here"));
    assert_eq!(alert.starts_at, service.now());
    assert!(!alert.is_resolved_at(service.now()));
    let decision = &outcome.decisions[0];
    assert_eq!(&*decision.rule, "slo.yml:3");
    assert!(
        decision
            .counterfactual
            .starts_with("fewer than 5184 bad events in 1h")
    );
}

#[test]
fn a_blip_wakes_nobody() {
    let mut service = Service::seasoned(policy());
    let mut changes = service.run(40 * SECOND, 1000, 1000);
    changes.extend(service.run(6 * HOUR, 1000, 0));
    assert_eq!(changes, []);
}

#[test]
fn a_slow_burn_is_a_ticket_within_the_hour() {
    let mut service = Service::seasoned(policy());
    let changes = service.run(2 * HOUR, 1000, 4);
    assert_eq!(kinds(&changes), ["burn.firing"]);
    assert!(changes[0].1 <= 3600, "{changes:?}");
    assert_eq!(service.burn.severity(), Some(Severity::Ticket));
}

#[test]
fn another_tier_is_a_change_of_the_same_alert() {
    let mut service = Service::seasoned(policy());
    service.run(2 * HOUR, 1000, 4);
    let since = service.burn.since().unwrap();
    let mut changes: Vec<Alert> = Vec::new();
    while service.burn.severity() == Some(Severity::Ticket) {
        service.write(10 * SECOND, 1000, 500);
        let outcome = service.tick();
        if !outcome.decisions.is_empty() {
            assert_eq!(outcome.decisions[0].kind, "burn.tier");
            changes = outcome.alerts;
        }
    }
    let [ticket, page] = &changes[..] else {
        panic!("{changes:?}");
    };
    assert_eq!(ticket.labels.get("severity"), Some("ticket"));
    assert!(ticket.is_resolved_at(service.now()));
    assert_eq!(page.labels.get("severity"), Some("page"));
    assert!(!page.is_resolved_at(service.now()));
    assert_eq!((ticket.starts_at, page.starts_at), (since, since));
}

#[test]
fn what_was_told_starts_no_second_alert() {
    let mut service = Service::seasoned(policy());
    service.run(10 * MINUTE, 1000, 1000);
    service.run(2 * HOUR, 1000, 0);
    assert_eq!(service.burn.severity(), None);
    // The long windows still burn; a blip fills the short ones.
    let mut changes = service.run(30 * SECOND, 1000, 800);
    changes.extend(service.run(2 * HOUR, 1000, 0));
    assert_eq!(changes, []);
    // A second outage is news.
    assert_eq!(kinds(&service.run(5 * MINUTE, 1000, 1000)), ["burn.firing"]);
}

#[test]
fn few_events_are_no_evidence_and_that_is_said() {
    let rule = BurnRule::new(Severity::Page, 14.4, HOUR, 5 * MINUTE);
    let mut service = Service::new(one_rule(rule.clone()));
    // Ten events per hour.
    for _ in 0..48 {
        service.write(350 * SECOND, 0, 0);
        service.write(10 * SECOND, 1, 0);
    }
    // One failed: 10 % of the hour's events, 100 times what the budget allows.
    assert_eq!(service.run(10 * SECOND, 1, 1), []);
    assert_eq!(service.verdicts(), [Verdict::ThinEvidence]);
    let unaware = service.burn.clone();
    // It is said when it is over, once.
    let changes = service.run(2 * HOUR, 0, 0);
    assert_eq!(changes, [("burn.withheld".to_owned(), 300)]);
    service.sums.truncate(service.sums.len() - 720);
    service.burn = unaware;
    // Without the gate it pages.
    let mut policy = one_rule(rule);
    (policy.bad_min, policy.chance_max) = (0, 0.0);
    service.policy = policy;
    assert_eq!(service.verdicts(), [Verdict::Holds]);
}

#[test]
fn a_rule_waits_for_its_hold() {
    let mut rule = workbook_rules()[0].clone();
    rule.hold = 2 * MINUTE;
    let mut service = Service::seasoned(one_rule(rule));
    let changes = service.run(5 * MINUTE, 1000, 1000);
    let wanted = [
        ("burn.pending".to_owned(), 60),
        ("burn.firing".to_owned(), 180),
    ];
    assert_eq!(changes, wanted);
}

#[test]
fn without_data_a_frozen_alert_stays_and_an_ignoring_one_ends_when_all_is_forgotten() {
    for (no_data, ended) in [(NoData::Freeze, None), (NoData::Ignore, Some(3900))] {
        let rule = BurnRule::new(Severity::Page, 14.4, HOUR, 5 * MINUTE);
        let mut service = Service::seasoned(one_rule(rule));
        service.no_data = no_data;
        service.run(5 * MINUTE, 1000, 1000);
        let changes = service.run_unmeasured(2 * HOUR);
        let found = changes.first().map(|(_, seconds)| *seconds);
        assert_eq!(found, ended, "{no_data:?}");
    }
}

#[test]
fn no_data_is_never_an_alert() {
    let mut service = Service::new(policy());
    assert_eq!(service.run_unmeasured(HOUR), []);
    assert!(
        service
            .verdicts()
            .iter()
            .all(|found| *found == Verdict::NoData)
    );
}

#[test]
fn an_end_is_repeated_for_a_while_and_then_forgotten() {
    let mut service = Service::seasoned(policy());
    service.run(5 * MINUTE, 1000, 1000);
    while service.burn.severity().is_some() {
        service.write(10 * SECOND, 1000, 0);
        service.tick();
    }
    let ended = service.now();
    let mut repeated = 0;
    while !service.burn.is_idle() {
        service.write(10 * SECOND, 1000, 0);
        let alerts = service.tick().alerts;
        assert!(alerts.iter().all(|alert| alert.ends_at == Some(ended)));
        repeated += alerts.len();
    }
    assert_eq!(service.now(), ended + RESOLVED_KEPT);
    assert_eq!(repeated, 14);
    // What was told is remembered until no window reaches back to it.
    assert!(service.burn.save(&service.policy).is_some());
    service.write(3 * DAY, 1000, 0);
    assert!(service.tick().is_changed);
    assert_eq!(service.burn.save(&service.policy), None);
}

#[test]
fn a_restart_between_any_two_ticks_changes_nothing_but_sends_again() {
    let mut stays = Service::seasoned(policy());
    let mut dies = Service::seasoned(policy());
    let story = [
        (4 * MINUTE, 300),
        (10 * MINUTE, 0),
        (90 * MINUTE, 5),
        (HOUR, 0),
    ];
    for (length, bad) in story {
        for _ in 0..length.as_secs() / 10 {
            for service in [&mut stays, &mut dies] {
                service.write(10 * SECOND, 1000, bad);
            }
            let saved = dies.burn.save(&dies.policy);
            dies.burn = saved.map_or_else(Burn::default, |text| {
                Burn::restore(&text, &dies.policy).unwrap()
            });
            let (one, other) = (stays.tick(), dies.tick());
            // Why there was no alert is not worth a row.
            let is_change = |decision: &&Decision| decision.kind != "burn.withheld";
            let (one, other) = (one.decisions.iter(), other.decisions.iter());
            assert!(one.filter(is_change).eq(other.filter(is_change)));
            assert_eq!(stays.burn.severity(), dies.burn.severity());
            assert_eq!(stays.burn.since(), dies.burn.since());
            assert_eq!(stays.burn.save(&stays.policy), dies.burn.save(&dies.policy));
        }
    }
}

#[test]
fn a_changed_policy_keeps_rules_that_stayed() {
    let mut service = Service::seasoned(policy());
    service.run(5 * MINUTE, 1000, 1000);
    let since = service.burn.since();
    let mut changed = policy();
    changed.rules.remove(0);
    service.burn.follow(&service.policy, &changed);
    service.policy = changed;
    assert_eq!(kinds(&service.run(MINUTE, 1000, 1000)), [""; 0]);
    assert_eq!(service.burn.since(), since);
    // One that makes no alerts ends them.
    service.policy.name = None;
    assert_eq!(kinds(&service.run(MINUTE, 1000, 1000)), ["burn.resolved"]);
}

#[test]
fn a_clock_that_jumps_back_neither_panics_nor_ends_anything() {
    let mut service = Service::seasoned(policy());
    service.run(5 * MINUTE, 1000, 1000);
    service.run(2 * MINUTE, 1000, 0);
    let all = service.sums.clone();
    service.sums.truncate(all.len() - 60);
    assert_eq!(service.tick().decisions, []);
    assert_eq!(service.burn.severity(), Some(Severity::Page));
    service.sums = all;
    assert_eq!(kinds(&service.run(15 * MINUTE, 1000, 0)), ["burn.resolved"]);
}

#[test]
fn a_budget_forecast_to_run_out_is_a_ticket_until_it_is_far_again() {
    let mut policy = one_rule(workbook_rules()[0].clone());
    policy.exhaustion = Some(7 * DAY);
    let mut service = Service::seasoned(policy);
    let forecast = |remaining, days: Option<u32>| {
        let p50 = days.map(|days| DAY * days);
        let (p10, p90) = (p50, None);
        Some(Exhaustion {
            remaining,
            p10,
            p50,
            p90,
        })
    };
    service.forecast = forecast(0.4, Some(9));
    assert_eq!(service.run(MINUTE, 1000, 0), []);
    service.forecast = forecast(0.4, Some(6));
    assert_eq!(kinds(&service.run(MINUTE, 1000, 0)), ["burn.firing"]);
    assert_eq!(service.burn.severity(), Some(Severity::Ticket));
    // Used up is worse than near.
    service.forecast = forecast(-0.1, None);
    assert_eq!(service.run(HOUR, 1000, 0), []);
    service.forecast = forecast(0.4, Some(10));
    assert_eq!(service.run(HOUR, 1000, 0), []);
    service.forecast = forecast(0.4, None);
    assert_eq!(
        service.run(10 * MINUTE, 1000, 0),
        [("burn.resolved".to_owned(), 310)]
    );
}

#[test]
fn a_policy_that_asks_for_no_forecast_any_more_ends_its_alert() {
    let mut policy = policy();
    policy.exhaustion = Some(7 * DAY);
    let mut service = Service::seasoned(policy.clone());
    let p50 = Some(DAY);
    service.forecast = Some(Exhaustion {
        remaining: 0.4,
        p10: p50,
        p50,
        p90: p50,
    });
    assert_eq!(kinds(&service.run(MINUTE, 1000, 0)), ["burn.firing"]);
    // As after a restart with the new file: nobody makes the forecast that would end it.
    policy.exhaustion = None;
    (service.policy, service.forecast) = (policy, None);
    assert_eq!(kinds(&service.run(MINUTE, 1000, 0)), ["burn.resolved"]);
}

#[test]
fn a_budget_that_is_used_up_already_starts_no_forecast_alert() {
    let mut policy = policy();
    policy.exhaustion = Some(7 * DAY);
    let mut service = Service::seasoned(policy);
    let (remaining, p50) = (0.0, Some(Duration::ZERO));
    service.forecast = Some(Exhaustion {
        remaining,
        p10: p50,
        p50,
        p90: p50,
    });
    assert_eq!(service.run(HOUR, 1000, 0), []);
}

/// The Workbook's figures for 99.9 % over 30 days, by the engine.
#[test]
fn detection_and_reset_are_those_of_the_workbook() {
    let strict = |rule: BurnRule| AlertPolicy {
        bad_min: 0,
        chance_max: 0.0,
        hysteresis: Hysteresis {
            off: 1.0,
            keep: Duration::ZERO,
        },
        ..one_rule(rule)
    };
    // 36 times in an hour: a total outage after 2m10s, and over 58 minutes after it.
    let mut rule = BurnRule::new(Severity::Page, 36.0, HOUR, HOUR);
    rule.short = None;
    let mut service = Service::seasoned(strict(rule));
    assert_eq!(
        service.run(130 * SECOND, 1000, 1000),
        [("burn.firing".to_owned(), 130)]
    );
    let over = service.run(2 * HOUR, 1000, 0);
    assert_eq!(over, [("burn.resolved".to_owned(), 3600 - 130 + 10)]);
    // 35 times never fires.
    let mut rule = BurnRule::new(Severity::Page, 36.0, HOUR, HOUR);
    rule.short = None;
    let mut service = Service::seasoned(strict(rule));
    assert_eq!(service.run(21 * HOUR, 1000, 35), []);
    // 15 % of errors with a short window: 14.4 times in an hour is reached after 5m46s, and over 5 minutes after the end.
    let rule = BurnRule::new(Severity::Page, 14.4, HOUR, 5 * MINUTE);
    let mut service = Service::seasoned(strict(rule));
    assert_eq!(
        service.run(10 * MINUTE, 1000, 150),
        [("burn.firing".to_owned(), 350)]
    );
    let over = service.run(HOUR, 1000, 0);
    assert_eq!(over, [("burn.resolved".to_owned(), 280)]);
}

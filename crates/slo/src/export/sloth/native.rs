//! Our own SLOs as documents of Sloth, so that their rules can be made for a plain Prometheus.
//!
//! What comes out is an approximation of what is counted here: rules see ratios of rates.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use plimsoll_runtime::config::{Diagnostics, Source as Text, Span, Spanned};
use plimsoll_types::{Labels, MatchOp, Matcher};

use super::{AlertWindows, Pair, WindowSets};
use crate::export::{has_rules, lost_in_rules};
use crate::import::query::printed;
use crate::import::sloth::{AlertMeta, Form, Sli, Slo as SlothSlo, Spec, Texts};
use crate::sli::{Ask, Exclusion, Reading, Source, Watch};
use crate::{AlertPolicy, BurnRule, Catalog, Method, Objective, Severity, Slo, Window};

/// What Sloth calls the range that a query looks back over.
const WINDOW: &str = "{{.window}}";

/// Makes a document for each service, and says for people what rules cannot do. The windows of alerts are those of
/// `windows`; a period that has none there gets the Workbook's, which are of the same shares of the budget.
///
/// # Errors
/// None but that a path is no text, which does not happen here.
pub fn documents(
    catalog: &Catalog,
    windows: &mut WindowSets,
) -> Result<(Vec<Spec>, Vec<String>), Diagnostics> {
    let source = Text::new(Path::new("catalog"), "")?;
    let mut specs: Vec<Spec> = Vec::new();
    let mut losses = Vec::new();
    for slo in &catalog.slos {
        let made = slos(slo, windows, &mut losses);
        match specs.iter_mut().find(|spec| spec.service == *slo.service) {
            Some(spec) => spec.slos.extend(made),
            None => specs.push(Spec {
                form: Form::Prometheus,
                service: slo.service.to_string(),
                object: None,
                slos: made,
                source: source.clone(),
            }),
        }
    }
    for composite in &catalog.composites {
        losses.push(format!("{}: rules have no composites", composite.id));
    }
    specs.retain(|spec| !spec.slos.is_empty());
    Ok((specs, losses))
}

/// Makes one for each objective.
fn slos(slo: &Slo, windows: &mut WindowSets, losses: &mut Vec<String>) -> Vec<SlothSlo> {
    let mut lost = |what: &str| losses.push(format!("{}: {what}", slo.id));
    let rolling = slo.windows.iter().find_map(|window| match window {
        Window::Rolling(length) => Some(*length),
        Window::Calendar { .. } => None,
    });
    let Some(period) = rolling else {
        lost("rules have no periods of the calendar, so none are made");
        return Vec::new();
    };
    if slo.windows.len() > 1 {
        lost("rules have one window: the first rolling one");
    }
    if slo.method != Method::Occurrences {
        lost("rules count occurrences, whatever the method is");
    }
    lost_in_rules(slo).into_iter().for_each(&mut lost);
    lost_alerts(slo, period, windows)
        .into_iter()
        .for_each(&mut lost);
    let mut made = Vec::new();
    for (index, objective) in slo.objectives.iter().enumerate() {
        match sli(slo, index) {
            Ok(sli) => made.push(one(slo, objective, sli, period)),
            Err(reason) => lost(&reason),
        }
    }
    made
}

/// Says what alerts of Sloth's kind cannot say of a policy, and adds windows for its period where there are none.
fn lost_alerts(slo: &Slo, period: Duration, windows: &mut WindowSets) -> Vec<&'static str> {
    if windows.of(period).is_none() {
        windows.add(AlertWindows::workbook(period));
    }
    let Some(of_period) = windows.of(period).filter(|_| slo.alerts.name.is_some()) else {
        return Vec::new();
    };
    let mut lost = Vec::new();
    let is_same = |objective: &Objective| {
        let rules = rules_of(of_period, &slo.alerts);
        has_rules(&slo.alerts, &rules, objective.target)
    };
    if !slo.objectives.iter().all(is_same) {
        lost.push("its alerts get Sloth's four windows instead of the rules of its policy");
    }
    if of_period.all().iter().any(|window| *window > period) {
        lost.push("windows of its alerts are longer than its own: give others with AlertWindows");
    }
    lost
}

/// Returns the rules that windows are, of the severities that a policy has.
fn rules_of(windows: &AlertWindows, policy: &AlertPolicy) -> Vec<BurnRule> {
    let pairs = [
        (Severity::Page, windows.page_quick),
        (Severity::Page, windows.page_slow),
        (Severity::Ticket, windows.ticket_quick),
        (Severity::Ticket, windows.ticket_slow),
    ];
    let has = |severity| policy.rules.iter().any(|rule| rule.severity == severity);
    let pairs = pairs.into_iter().filter(|(severity, _)| has(*severity));
    let rule = |(severity, pair): (Severity, Pair)| {
        BurnRule::new(severity, pair.factor(windows.period), pair.long, pair.short)
    };
    pairs.map(rule).collect()
}

fn one(slo: &Slo, objective: &Objective, sli: Sli, period: Duration) -> SlothSlo {
    let name = match objective.name.is_empty() {
        true => slo.name.to_string(),
        false => format!("{}-{}", slo.name, objective.name),
    };
    let target = objective.target.to_string();
    SlothSlo {
        id: format!("{}-{name}", slo.service),
        name: Spanned::from(name),
        description: slo.description.clone(),
        objective: target.parse().unwrap_or(f64::NAN),
        objective_text: Spanned::from(target),
        labels: texts(&slo.labels),
        sli,
        page: alert(slo, Severity::Page),
        ticket: alert(slo, Severity::Ticket),
        period: Some(period),
        plugins: Vec::new(),
        without_default_plugins: false,
        span: Span::default(),
    }
}

fn texts(labels: &Labels) -> Texts {
    let pairs = labels.iter();
    pairs
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

fn alert(slo: &Slo, severity: Severity) -> Option<AlertMeta> {
    let policy = &slo.alerts;
    let name = policy.name.as_ref()?;
    if !policy.rules.iter().any(|rule| rule.severity == severity) {
        return None;
    }
    let own = match severity {
        Severity::Page => &policy.page_labels,
        Severity::Ticket => &policy.ticket_labels,
    };
    let annotations = policy.annotations.iter();
    Some(AlertMeta {
        name: name.to_string(),
        labels: crate::import::sloth::merged([&texts(&policy.labels), &texts(own)]),
        annotations: annotations
            .map(|(name, text)| (name.to_owned(), text.to_owned()))
            .collect(),
    })
}

fn sli(slo: &Slo, objective: usize) -> Result<Sli, String> {
    match &slo.sli.source {
        Source::Watches(watches) => watched(slo, watches, objective),
        Source::Asks { ask, .. } => asked(ask),
    }
}

fn events(errors: String, total: String) -> Sli {
    Sli::Events {
        errors: Spanned::from(errors),
        total: Spanned::from(total),
    }
}

fn watched(slo: &Slo, watches: &[Watch], objective: usize) -> Result<Sli, String> {
    let counted: Vec<&Watch> = watches
        .iter()
        .filter(|watch| watch.objective.is_none_or(|of| of == objective))
        .collect();
    let by = match &slo.dimensions {
        Some(dimensions) => format!(" by ({}) ", dimensions.labels.join(", ")),
        None => String::new(),
    };
    if let [
        Watch {
            reading: Reading::Check { .. } | Reading::Age(_),
            ..
        },
    ] = counted.as_slice()
    {
        return Ok(sampled(counted[0], &by));
    }
    let is_native = counted
        .iter()
        .any(|watch| matches!(watch.reading, Reading::AtOrBelow(_)));
    let (mut bad, mut all) = (Vec::new(), Vec::new());
    for watch in counted {
        let number = number(watch, &by, is_native)?;
        let weight = watch.weight;
        bad.push((weight.bad, number.clone()));
        all.push((weight.bad + weight.good, number));
    }
    match (added(&bad), added(&all)) {
        (Some(bad), Some(all)) => Ok(events(bad, all)),
        _ => Err("its counters cannot be added up in a rule".into()),
    }
}

/// Writes a sum of terms that count once, minus once, or not at all.
fn added(terms: &[(i8, String)]) -> Option<String> {
    let mut terms: Vec<&(i8, String)> = terms.iter().filter(|(sign, _)| *sign != 0).collect();
    // PromQL has a minus before an expression, but people read a difference more easily.
    terms.sort_by_key(|(sign, _)| std::cmp::Reverse(*sign));
    let (first, others) = terms.split_first()?;
    let mut text = match first.0 {
        1 => first.1.clone(),
        _ => return None,
    };
    for (sign, term) in others {
        let sign = if *sign > 0 { '+' } else { '-' };
        text.push_str(&format!("\n{sign}\n{term}"));
    }
    Some(text)
}

fn number(watch: &Watch, by: &str, is_native: bool) -> Result<String, String> {
    let sum = format!("sum{by}({})", rate(&watch.matchers, &watch.exclude));
    match watch.reading {
        Reading::Counter if is_native => Ok(format!("histogram_count({sum})")),
        Reading::Counter => Ok(sum),
        Reading::AtOrBelow(bound) => Ok(format!(
            "histogram_fraction(-Inf, {bound}, {sum}) * histogram_count({sum})"
        )),
        Reading::Check { .. } | Reading::Age(_) => {
            Err("samples of gauges and counters are no one sum".into())
        }
    }
}

/// Writes the rates of a selector's series without those that are left out.
fn rate(matchers: &[Matcher], exclude: &[Exclusion]) -> String {
    let mut kept = matchers.to_vec();
    let mut others = Vec::new();
    for one in exclude {
        match one.matchers.as_slice() {
            [single] => kept.extend(negated(single)),
            several => others.push(several),
        }
    }
    let of = |matchers: &[Matcher]| format!("rate({}[{WINDOW}])", printed(matchers));
    let mut text = of(&kept);
    for matchers in others {
        let all: Vec<Matcher> = kept.iter().chain(matchers).cloned().collect();
        text = format!("{text} unless {}", of(&all));
    }
    text
}

fn negated(matcher: &Matcher) -> Option<Matcher> {
    let op = match matcher.op() {
        MatchOp::Equal => MatchOp::NotEqual,
        MatchOp::NotEqual => MatchOp::Equal,
        MatchOp::Regex => MatchOp::NotRegex,
        MatchOp::NotRegex => MatchOp::Regex,
    };
    Matcher::new(op, matcher.name(), matcher.value()).ok()
}

/// Gauges: the share of the time in which the comparison did not hold, as a subquery sees it.
fn sampled(watch: &Watch, by: &str) -> Sli {
    let series = printed(&watch.matchers);
    let good = match watch.reading {
        Reading::Check { comparison, bound } => {
            format!("({series} {} bool {bound})", comparison.as_str())
        }
        Reading::Age(within) => {
            format!("(time() - {series} <= bool {})", within.as_secs_f64())
        }
        Reading::Counter | Reading::AtOrBelow(_) => series,
    };
    let share = format!("1 - avg{by}(avg_over_time({good}[{WINDOW}:]))");
    Sli::Raw(Spanned::from(share))
}

fn asked(ask: &Ask) -> Result<Sli, String> {
    let of = |query: &Arc<str>| query.replace("$window", WINDOW);
    let difference = |a: &Arc<str>, b: &Arc<str>| format!("({})\n-\n({})", of(a), of(b));
    let sum = |a: &Arc<str>, b: &Arc<str>| format!("({})\n+\n({})", of(a), of(b));
    let sli = match ask {
        Ask::Events { good, bad, valid } | Ask::Rates { good, bad, valid } => {
            match (good, bad, valid) {
                (_, Some(bad), Some(valid)) => events(of(bad), of(valid)),
                (Some(good), None, Some(valid)) => events(difference(valid, good), of(valid)),
                (Some(good), Some(bad), None) => events(of(bad), sum(good, bad)),
                _ => return Err("two of its three queries are missing".into()),
            }
        }
        Ask::ErrorRatio(bad) => Sli::Raw(Spanned::from(of(bad))),
        Ask::Boolean(good) => {
            let share = format!("1 - avg(avg_over_time(({})[{WINDOW}:]))", of(good));
            Sli::Raw(Spanned::from(share))
        }
    };
    Ok(sli)
}

//! From what is written to a story that holds: everything that is wrong is told at once.

use std::time::Duration;

use plimsoll_runtime::config::{
    Diagnostics, DurationValue, Findings, Severity, Source, Span, Spanned,
};

use super::raw::{RawBudget, RawExpect, RawInject, RawStep, RawStory, RawTraffic};
use super::{Budget, Expectation, Expected, Inject, Step, Story, Traffic};
use crate::service::Fault;
use crate::shop::{Route, Service};

/// What the first line of a file says.
const VERSION: &str = "plimsoll/v1";
/// The words for faults.
const FAULTS: [&str; 4] = ["errors", "latency", "hang", "crash"];
/// More customers than this are no story but a benchmark.
const TIMES_MAX: f64 = 20.0;
/// Above this nobody watches any more.
const LENGTH_MAX: Duration = Duration::from_hours(1);

/// Reads a story.
pub(super) fn story(source: &Source) -> Result<Story, Diagnostics> {
    let raw: RawStory = source.parse()?;
    let mut reader = Reader {
        findings: Findings::new(source),
    };
    let story = reader.story(&raw);
    let found = reader.findings.into_list();
    match found.iter().any(|one| one.severity == Severity::Error) {
        true => Err(Diagnostics(found)),
        false => Ok(story),
    }
}

struct Reader<'a> {
    findings: Findings<'a>,
}

impl Reader<'_> {
    fn story(&mut self, raw: &RawStory) -> Story {
        if *raw.version != VERSION {
            let message = format!(
                "expected `version: {VERSION}`, found {:?}",
                raw.version.value
            );
            self.findings.error(raw.version.span, message);
        }
        self.required(&raw.title, raw.title.span, "title");
        if raw.steps.is_empty() {
            let message = "a story has at least one step";
            self.findings.error(raw.steps.span, message);
        }
        let mut steps: Vec<Step> = Vec::new();
        for raw in raw.steps.iter() {
            let step = self.step(raw);
            if steps.last().is_some_and(|before| step.at < before.at) {
                let span = raw.at.as_ref().map_or(raw.span, |at| at.span);
                let message = "this step is earlier than the one before it";
                self.findings.error(span, message);
            }
            steps.push(step);
        }
        Story {
            title: raw.title.value.clone(),
            say: raw.say.trim().to_owned(),
            steps,
        }
    }

    fn step(&mut self, raw: &Spanned<RawStep>) -> Step {
        let look = raw.look.as_ref();
        if let Some(look) = look.filter(|look| !look.starts_with('/') || look.starts_with("//")) {
            let message = "`look` is a path of the user interface";
            let hint = "such as /alerts or /slos/shop/buy";
            self.findings.error_with_hint(look.span, message, hint);
        }
        let step = Step {
            at: self.length(raw.at.as_ref(), raw.span, "at", Duration::ZERO),
            say: raw.say.trim().to_owned(),
            look: look.map(|look| look.value.clone()),
            inject: raw.inject.as_ref().and_then(|raw| self.inject(raw)),
            traffic: raw.traffic.as_ref().map(|raw| self.traffic(raw)),
            expect: raw.expect.as_ref().map(|raw| self.expect(raw)),
        };
        let is_empty = step.say.is_empty() && raw.look.is_none() && raw.expect.is_none();
        if is_empty && raw.inject.is_none() && raw.traffic.is_none() {
            let message = "this step does nothing";
            let hint = "give it `say`, `look`, `inject`, `traffic` or `expect`";
            self.findings.error_with_hint(raw.span, message, hint);
        }
        step
    }

    fn inject(&mut self, raw: &Spanned<RawInject>) -> Option<Inject> {
        let service = Service::named(&raw.service);
        if service.is_none() {
            let known = Service::ALL.map(Service::name);
            self.findings.unknown_word(&raw.service, "service", &known);
        }
        let replica = raw.replica.as_ref();
        if let (Some(replica), Some(service)) = (replica, service)
            && replica.value as usize >= service.replicas()
        {
            let last = service.replicas() - 1;
            let message = format!("{service} has the replicas 0 to {last}");
            self.findings.error(replica.span, message);
        }
        let fault = self.fault(raw);
        let length = self.length(raw.length.as_ref(), raw.span, "for", SECOND);
        Some(Inject {
            service: service?,
            replica: replica.map(|replica| replica.value as usize),
            fault: fault?,
            length,
        })
    }

    fn fault(&mut self, raw: &RawInject) -> Option<Fault> {
        let word = raw.fault.as_str();
        if let Some(delay) = raw.delay.as_ref().filter(|_| word != "latency") {
            let message = "`delay` is for `fault: latency`";
            self.findings.error(delay.key, message);
        }
        if let Some(share) = raw.share.as_ref().filter(|_| word == "crash") {
            let message = "a crash is of the whole replica; it has no `share`";
            self.findings.error(share.key, message);
        }
        let share = raw.share.as_ref().map_or(Some(1.0), |raw| {
            let share = self.share(raw)?;
            if share <= 0.0 || share > 1.0 {
                let message = "a share of requests is above 0% and at most 100%";
                self.findings.error(raw.span, message);
            }
            Some(share)
        });
        match word {
            "errors" => share.map(|share| Fault::Errors { share }),
            "latency" => {
                let delay = self.length(raw.delay.as_ref(), raw.fault.span, "delay", MILLISECOND);
                share.map(|share| Fault::Latency { delay, share })
            }
            "hang" => share.map(|share| Fault::Hang { share }),
            "crash" => Some(Fault::Crash),
            _ => {
                self.findings.unknown_word(&raw.fault, "fault", &FAULTS);
                None
            }
        }
    }

    fn traffic(&mut self, raw: &Spanned<RawTraffic>) -> Traffic {
        let times = raw.times.value;
        if times.is_nan() || times <= 0.0 || times > TIMES_MAX {
            let span = place(raw.times.span, raw.span);
            let message = format!("`times` is above 0 and at most {TIMES_MAX}");
            self.findings.error(span, message);
        }
        let length = self.length(raw.length.as_ref(), raw.span, "for", SECOND);
        Traffic { times, length }
    }

    fn expect(&mut self, raw: &Spanned<RawExpect>) -> Expectation {
        if raw.alert.is_none() && raw.budget.is_empty() {
            let message = "nothing is expected: `alert` or `budget` is missing";
            self.findings.error(raw.span, message);
        }
        let alert = raw.alert.as_ref().map(|alert| {
            self.required(alert, alert.span, "alert");
            Expected {
                name: alert.value.clone(),
                labels: raw.labels.clone(),
                within: self.length(raw.within.as_ref(), raw.span, "within", SECOND),
                resolves_within: self.length(
                    raw.resolves_within.as_ref(),
                    raw.span,
                    "resolves_within",
                    SECOND,
                ),
            }
        });
        let budgets = raw.budget.iter().map(|raw| self.budget(raw)).collect();
        Expectation { alert, budgets }
    }

    fn budget(&mut self, raw: &Spanned<RawBudget>) -> Budget {
        let known = Route::ALL.map(Route::slo);
        if !known.contains(&raw.slo.as_str()) {
            self.findings.unknown_word(&raw.slo, "objective", &known);
        }
        if raw.at_least.is_none() && raw.at_most.is_none() {
            let message = "`at_least` or `at_most` is missing";
            self.findings.error(raw.span, message);
        }
        Budget {
            slo: raw.slo.value.clone(),
            at_least: raw.at_least.as_ref().and_then(|raw| self.share(raw)),
            at_most: raw.at_most.as_ref().and_then(|raw| self.share(raw)),
        }
    }

    /// Reads a share with its sign.
    fn share(&mut self, raw: &Spanned<String>) -> Option<f64> {
        let number = raw
            .strip_suffix('%')
            .and_then(|number| number.trim().parse().ok());
        let number = number.filter(|number: &f64| number.is_finite());
        if number.is_none() {
            let message = format!("expected a share such as 50%, found {:?}", raw.value);
            self.findings.error(raw.span, message);
        }
        number.map(|number| number / 100.0)
    }

    fn length(
        &mut self,
        raw: Option<&Spanned<DurationValue>>,
        parent: Span,
        name: &str,
        least: Duration,
    ) -> Duration {
        let Some(raw) = raw else {
            let message = format!("the field `{name}` is missing");
            self.findings.error(parent, message);
            return least;
        };
        let length = raw.value.0;
        if length < least || length > LENGTH_MAX {
            let least = plimsoll_types::format_duration(least);
            let message = format!("`{name}` is from {least} to 1h");
            self.findings.error(raw.span, message);
        }
        length
    }

    fn required(&mut self, text: &str, span: Span, name: &str) {
        if text.trim().is_empty() {
            let message = format!("the field `{name}` is missing");
            self.findings.error(span, message);
        }
    }
}

const SECOND: Duration = Duration::from_secs(1);
const MILLISECOND: Duration = Duration::from_millis(1);

/// What was not written is shown at what it is missing in.
fn place(span: Span, parent: Span) -> Span {
    match span == Span::default() {
        true => parent,
        false => span,
    }
}

#[cfg(test)]
mod tests;

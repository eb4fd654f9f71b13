//! `plimsoll slo init`: a first file of objectives, proposed for the metrics of a server.

use std::path::PathBuf;

use plimsoll_promql::quoted;
use plimsoll_slo::init::{is_candidate, propose};
use plimsoll_types::Labels;
use serde_json::Value;

use super::import::{print_all, write_new};
use crate::commands::Failure;
use crate::commands::server::{Server, read_answer};
use crate::commands::shown::counted;

/// Metrics that are looked at; a server with more has several services, and can be asked job by job.
const METRICS_MAX: usize = 200;
/// Series of one metric that are looked at, to see which labels there are.
const SERIES_MAX: &str = "2000";

/// Propose objectives for the metrics that a server has
///
/// Looks for request counters with status codes, latency histograms, probes and targets, and measures how they did in the
/// last day. What comes out is a file to edit: the objectives are those that were kept lately.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    plimsoll slo init --against http://prometheus:9090 > slos.yml\n  \
    plimsoll slo init --against http://127.0.0.1:9880 --job checkout --job cart --output-dir objectives/")]
pub(crate) struct Arguments {
    /// The server to look at: this program, or any other that speaks Prometheus' HTTP API
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:9880")]
    against: String,
    /// Only for this job; may be given several times
    #[arg(long, value_name = "NAME")]
    job: Vec<String>,
    /// Write SERVICE.yml into this folder; a file that is there is not overwritten
    #[arg(long, value_name = "DIR")]
    output_dir: Option<PathBuf>,
    /// How long to wait for each answer, in seconds
    #[arg(long, value_name = "SECONDS", default_value = "120")]
    timeout: u64,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let server = Server::new(arguments.against.clone(), arguments.timeout);
    let series = series(&server, &arguments.job)?;
    let mut failure = None;
    let mut measure = |query: &str| match number(&server, query) {
        Ok(number) => number,
        Err(error) => {
            failure.get_or_insert(error);
            None
        }
    };
    let documents = propose(&series, &mut measure);
    if let Some(error) = failure {
        eprintln!("warning: some figures could not be measured: {error}");
    }
    if documents.is_empty() {
        return Err(Failure::failed(format!(
            "{} has no metrics that objectives are proposed for: request counters with status codes, latency histograms, \
             probe_success, up",
            server.shown()
        )));
    }
    let count = documents.iter().map(|document| document.slos.len()).sum();
    eprintln!("{} proposed", counted(count, "objective"));
    let texts = documents.iter().map(|document| document.to_yaml());
    match &arguments.output_dir {
        None => print_all(&texts.collect::<Vec<_>>()),
        Some(folder) => {
            let paths = documents.iter();
            let paths = paths.map(|document| folder.join(format!("{}.yml", document.service)));
            write_new(folder, &paths.zip(texts).collect::<Vec<_>>())
        }
    }
}

/// Asks for the series of all metrics that there may be a proposal for.
fn series(server: &Server, jobs: &[String]) -> Result<Vec<Labels>, Failure> {
    let body = server.get("api/v1/label/__name__/values", &[])?;
    let answer = read_answer(server, &body)?;
    let names = answer["data"].as_array().into_iter().flatten();
    let names = names
        .filter_map(Value::as_str)
        .filter(|name| is_candidate(name));
    let names: Vec<&str> = names.collect();
    if names.len() > METRICS_MAX {
        eprintln!(
            "warning: only the first {METRICS_MAX} of {} metrics are looked at",
            names.len()
        );
    }
    let mut series = Vec::new();
    for name in names.into_iter().take(METRICS_MAX) {
        for selector in selectors(name, jobs) {
            let parameters = [("match[]", &*selector), ("limit", SERIES_MAX)];
            let body = server.get("api/v1/series", &parameters)?;
            let answer = read_answer(server, &body)?;
            let all = answer["data"].as_array().into_iter().flatten();
            series.extend(all.filter_map(labels));
        }
    }
    Ok(series)
}

/// Selects a metric, whatever letters its name has; of the jobs that are wanted, so that no others use up the limit.
fn selectors(name: &str, jobs: &[String]) -> Vec<String> {
    let name = quoted(name);
    if jobs.is_empty() {
        return vec![format!("{{__name__={name}}}")];
    }
    let of_job = |job: &String| format!("{{__name__={name},job={}}}", quoted(job));
    jobs.iter().map(of_job).collect()
}

fn labels(value: &Value) -> Option<Labels> {
    let pairs = value.as_object()?.iter();
    let pairs: Option<Vec<(&str, &str)>> = pairs
        .map(|(name, value)| Some((name.as_str(), value.as_str()?)))
        .collect();
    Labels::try_from_pairs(&pairs?).ok()
}

/// Asks for one number; `None` when the answer has none.
fn number(server: &Server, query: &str) -> Result<Option<f64>, Failure> {
    let body = server.ask("api/v1/query", &[("query", query)])?;
    let answer = read_answer(server, &body)?;
    let sample = &answer["data"]["result"][0]["value"][1];
    let number = sample.as_str().and_then(|text| text.parse::<f64>().ok());
    Ok(number.filter(|number| !number.is_nan()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_metric_of_any_name_is_selected_for_each_job() {
        assert_eq!(selectors("up", &[]), [r#"{__name__="up"}"#]);
        let jobs = ["a".to_owned(), "b\"c".to_owned()];
        let found = selectors("we\"ird_requests_total", &jobs);
        assert_eq!(found.len(), 2);
        for (selector, job) in found.iter().zip(&jobs) {
            let matchers = plimsoll_promql::parse_selector(selector).unwrap();
            let values: Vec<&str> = matchers.iter().map(|matcher| matcher.value()).collect();
            assert_eq!(values, ["we\"ird_requests_total", job]);
        }
    }
}

//! From what a discovery found to what is scraped, as Prometheus does it: fill in the job's defaults, relabel, check.

use std::time::Duration;

use plimsoll_types::{Labels, LabelsBuilder, parse_duration};
use url::Url;

use crate::config::ScrapeConfig;
use crate::relabel::{self, Verdict};

const ADDRESS: &str = "__address__";
const SCHEME: &str = "__scheme__";
const PATH: &str = "__metrics_path__";
const INTERVAL: &str = "__scrape_interval__";
const TIMEOUT: &str = "__scrape_timeout__";
const PARAMETER: &str = "__param_";

/// Something that is scraped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The labels that go onto every series; none of them begins with two underscores.
    pub labels: Labels,
    /// Where to ask.
    pub url: Url,
    /// Time between two scrapes.
    pub interval: Duration,
    /// The longest one scrape may take, at most `interval`.
    pub timeout: Duration,
}

impl Target {
    /// Returns a number that is the same after every restart and differs between targets: their phase.
    pub(super) fn seed(&self) -> u64 {
        self.labels.stable_hash() ^ xxhash_rust::xxh3::xxh3_64(self.url.as_str().as_bytes())
    }
}

/// A target that cannot be scraped.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// Relabelling left no address.
    #[error("no address")]
    NoAddress,
    /// The address is none.
    #[error("{address:?} is not a valid address: {reason}")]
    Address {
        /// What was found.
        address: String,
        /// What is wrong.
        reason: String,
    },
    /// A label that relabelling may set holds no duration, or a wrong one.
    #[error("{label} is {found:?}, {wanted}")]
    Time {
        /// Which label.
        label: &'static str,
        /// Its value.
        found: String,
        /// What was wanted.
        wanted: &'static str,
    },
}

/// Makes a target of the labels a discovery found; `None` when relabelling drops it.
///
/// # Errors
/// Every kind of [`TargetError`].
pub fn populate(config: &ScrapeConfig, discovered: &Labels) -> Result<Option<Target>, TargetError> {
    relabelled(config, with_defaults(config, discovered).to_builder())
}

/// Returns the labels that relabelling sees: those discovered, and what the job says where they say nothing.
pub(super) fn with_defaults(config: &ScrapeConfig, discovered: &Labels) -> Labels {
    let mut labels = discovered.to_builder();
    fill_in(config, &mut labels);
    labels.build()
}

/// Makes a target of labels with their defaults.
pub(super) fn relabelled(
    config: &ScrapeConfig,
    mut labels: LabelsBuilder,
) -> Result<Option<Target>, TargetError> {
    if relabel::apply(&config.relabel_configs, &mut labels) == Verdict::Drop {
        return Ok(None);
    }
    let address = labels
        .get(ADDRESS)
        .ok_or(TargetError::NoAddress)?
        .to_string();
    let url = url(config, &labels, &address)?;
    let interval = duration(&labels, INTERVAL, config.scrape_interval)?;
    let timeout = duration(&labels, TIMEOUT, config.scrape_timeout)?;
    if timeout > interval {
        return Err(TargetError::Time {
            label: TIMEOUT,
            found: labels.get(TIMEOUT).unwrap_or_default().into(),
            wanted: "wanted at most the scrape interval",
        });
    }
    if labels.get("instance").is_none() {
        labels.set("instance", &address);
    }
    labels.retain(|name, _| !name.starts_with("__"));
    Ok(Some(Target {
        labels: labels.build(),
        url,
        interval,
        timeout,
    }))
}

/// Sets what the job says where the discovery said nothing.
fn fill_in(config: &ScrapeConfig, labels: &mut LabelsBuilder) {
    let interval = plimsoll_types::format_duration(config.scrape_interval);
    let timeout = plimsoll_types::format_duration(config.scrape_timeout);
    let defaults = [
        ("job", config.job_name.as_str()),
        (INTERVAL, &interval),
        (TIMEOUT, &timeout),
        (PATH, &config.metrics_path),
        (SCHEME, config.scheme.as_str()),
    ];
    for (name, value) in defaults {
        if labels.get(name).is_none() {
            labels.set(name, value);
        }
    }
    for (name, values) in &config.params {
        let label = format!("{PARAMETER}{name}");
        if let Some(first) = values.first()
            && labels.get(&label).is_none()
        {
            labels.set(&label, first);
        }
    }
}

fn url(config: &ScrapeConfig, labels: &LabelsBuilder, address: &str) -> Result<Url, TargetError> {
    let wrong = |reason: String| TargetError::Address {
        address: address.into(),
        reason,
    };
    // A URL's parser would take a backslash for a slash and skip blanks.
    if address.contains(['/', '\\']) || address.contains(char::is_whitespace) {
        return Err(wrong(
            "it must be host:port, without a scheme or a path".into(),
        ));
    }
    let scheme = labels.get(SCHEME).unwrap_or("http");
    if !matches!(scheme, "http" | "https") {
        return Err(wrong(format!(
            "the scheme must be http or https, found {scheme:?}"
        )));
    }
    let mut url =
        Url::parse(&format!("{scheme}://{address}")).map_err(|error| wrong(error.to_string()))?;
    if !url.username().is_empty()
        || url.password().is_some()
        || url.query().is_some()
        || url.fragment().is_some()
    {
        return Err(wrong("it must be host:port and nothing else".into()));
    }
    url.set_path(labels.get(PATH).unwrap_or("/metrics"));
    let mut parameters: Vec<(String, Vec<String>)> = config.params.clone();
    for (name, value) in labels.iter() {
        let Some(name) = name.strip_prefix(PARAMETER) else {
            continue;
        };
        match parameters.iter_mut().find(|(found, _)| found == name) {
            Some((_, values)) if !values.is_empty() => values[0] = value.into(),
            Some((_, values)) => values.push(value.into()),
            None => parameters.push((name.into(), vec![value.into()])),
        }
    }
    parameters.sort();
    if parameters.iter().any(|(_, values)| !values.is_empty()) {
        let mut query = url.query_pairs_mut();
        for (name, values) in &parameters {
            for value in values {
                query.append_pair(name, value);
            }
        }
    }
    Ok(url)
}

fn duration(
    labels: &LabelsBuilder,
    label: &'static str,
    default: Duration,
) -> Result<Duration, TargetError> {
    let Some(found) = labels.get(label) else {
        return Ok(default);
    };
    let wrong = |wanted| TargetError::Time {
        label,
        found: found.into(),
        wanted,
    };
    let duration = parse_duration(found).map_err(|_| wrong("wanted a duration such as 15s"))?;
    if duration.is_zero() {
        return Err(wrong("wanted more than 0"));
    }
    Ok(duration)
}

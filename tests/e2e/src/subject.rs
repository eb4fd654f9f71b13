//! Whatever speaks Prometheus' HTTP API as the subject of promqltest scripts: a black box that is written to by remote
//! write 2.0 and asked by `/api/v1/query` and `/api/v1/query_range`.

mod json;

use anyhow::{Context, Result, ensure};
use plimsoll_promqltest::{Answer, LoadedSeries, Refusal, Subject};
use plimsoll_types::{Sample, Value};
use plimsoll_wire::compression::snappy;
use plimsoll_wire::push::Series;
use plimsoll_wire::remote_write::{self, Version};

use crate::{Api, Reply};

/// Makes a new server and ends the one it made before.
pub type Renew = Box<dyn FnMut() -> Result<Api>>;

/// How a server forgets what was loaded.
pub enum Forget {
    /// By its admin API, which must take the same times again afterwards.
    Delete,
    /// Not at all: a fresh server takes its place.
    Renew(Renew),
}

/// A server under test.
pub struct ServerSubject {
    api: Api,
    forget: Forget,
    is_fresh: bool,
    /// What has to live as long as the server is asked.
    _company: Option<Box<dyn std::any::Any>>,
}

impl ServerSubject {
    /// Judges a server that runs and forgets through its admin API.
    pub fn of(api: Api) -> Self {
        Self {
            api,
            forget: Forget::Delete,
            is_fresh: false,
            _company: None,
        }
    }

    /// Keeps a value, such as the process of the server, as long as the subject.
    pub fn with_company(mut self, company: impl std::any::Any) -> Self {
        self._company = Some(Box::new(company));
        self
    }

    /// Judges servers that are made when they are needed.
    ///
    /// # Errors
    /// When the first one does not start.
    pub fn renewed(mut renew: Renew) -> Result<Self> {
        Ok(Self {
            api: renew()?,
            forget: Forget::Renew(renew),
            is_fresh: true,
            _company: None,
        })
    }

    fn forget(&mut self) -> Result<()> {
        if std::mem::replace(&mut self.is_fresh, true) {
            return Ok(());
        }
        match &mut self.forget {
            Forget::Delete => {
                let everything = [("match[]", "{__name__=~\".+\"}")];
                let path = "/api/v1/admin/tsdb/delete_series";
                let reply = self.api.post_form(path, &everything)?;
                accepted(&reply).context("delete_series")
            }
            Forget::Renew(renew) => {
                self.api = renew()?;
                Ok(())
            }
        }
    }

    fn write(&self, loaded: &[LoadedSeries]) -> Result<()> {
        let whole = loaded.iter().map(|loaded| Series {
            labels: loaded.labels.clone(),
            samples: loaded.samples.clone(),
            ..Series::default()
        });
        let whole: Vec<Series> = whole.collect();
        let series: Vec<Series> = whole.iter().flat_map(runs_of_one_kind).collect();
        if series.is_empty() {
            return Ok(());
        }
        let body = snappy(&remote_write::encode(Version::V2, &series));
        let headers = [
            ("Content-Encoding", "snappy"),
            ("Content-Type", Version::V2.content_type()),
            ("X-Prometheus-Remote-Write-Version", Version::V2.header()),
        ];
        let reply = self.api.post("/api/v1/write", &headers, &body)?;
        accepted(&reply).context("remote write")
    }

    fn ask(&self, path: &str, parameters: &[(&str, &str)]) -> Result<Answer, Refusal> {
        let reply = self.api.post_form(path, parameters);
        let reply = reply.map_err(|error| Refusal::Broken(format!("{error:#}")))?;
        json::answer(&reply)
    }
}

impl Subject for ServerSubject {
    fn clear(&mut self) -> Result<(), String> {
        self.forget().map_err(|error| format!("{error:#}"))
    }

    fn load(&mut self, series: &[LoadedSeries]) -> Result<(), String> {
        self.is_fresh = false;
        self.write(series).map_err(|error| format!("{error:#}"))
    }

    fn instant(&mut self, query: &str, at: i64) -> Result<Answer, Refusal> {
        let time = seconds(at);
        self.ask("/api/v1/query", &[("query", query), ("time", &time)])
    }

    fn range(&mut self, query: &str, start: i64, end: i64, step: i64) -> Result<Answer, Refusal> {
        let (start, end, step) = (seconds(start), seconds(end), seconds(step));
        let parameters = [
            ("query", query),
            ("start", start.as_str()),
            ("end", end.as_str()),
            ("step", step.as_str()),
        ];
        self.ask("/api/v1/query_range", &parameters)
    }
}

/// Says why a write was not taken whole.
fn accepted(reply: &Reply) -> Result<()> {
    let status = reply.status;
    ensure!(
        (200..300).contains(&status),
        "status {status}: {}",
        reply.text()
    );
    Ok(())
}

/// A message of remote write keeps the floats and the histograms of a series apart, and receivers append one kind after
/// the other. Runs of one kind keep the samples in the order of time.
pub(crate) fn runs_of_one_kind(series: &Series) -> impl Iterator<Item = Series> {
    let is_float = |sample: &Sample| matches!(sample.value, Value::Float(_));
    let runs = series
        .samples
        .chunk_by(move |a, b| is_float(a) == is_float(b));
    runs.map(|samples| Series {
        labels: series.labels.clone(),
        samples: samples.to_vec(),
        ..Series::default()
    })
}

/// Returns milliseconds as a decimal number of seconds.
fn seconds(millis: i64) -> String {
    let sign = if millis < 0 { "-" } else { "" };
    let millis = millis.unsigned_abs();
    format!("{sign}{}.{:03}", millis / 1000, millis % 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_exact_seconds() {
        for (millis, expected) in [
            (0, "0.000"),
            (-1, "-0.001"),
            (-61_000, "-61.000"),
            (1500, "1.500"),
        ] {
            assert_eq!(seconds(millis), expected);
        }
    }
}

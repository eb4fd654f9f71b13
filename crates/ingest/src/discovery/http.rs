//! Targets that an HTTP server tells, as a JSON list of groups.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderName, HeaderValue, StatusCode};
use plimsoll_runtime::http::{Client, Request, read_response_capped, without_user};
use plimsoll_types::ByteCount;

use super::group::from_json;
use super::{Context, Kind, Problem, Provider, Refresh, Refreshed, TargetGroup};
use crate::config::{Discovery, HttpDiscovery};

/// The largest answer; a list of 100,000 targets has a few MiB.
const BODY_MAX: ByteCount = ByteCount::MIB.times(64);
/// The longest wait for an answer; shorter when the refresh interval is.
const DEADLINE_MAX: Duration = Duration::from_secs(60);
/// The header that tells the server how often it will be asked.
const REFRESH_HEADER: HeaderName = HeaderName::from_static("x-prometheus-refresh-interval-seconds");
const META_URL: &str = "__meta_url";

/// `http_sd_configs`.
pub(super) struct HttpSd;

impl Kind for HttpSd {
    fn field(&self) -> &'static str {
        "http_sd_configs"
    }

    fn summary(&self) -> &'static str {
        "Targets that an HTTP server tells, asked again each refresh interval"
    }

    fn meta_labels(&self) -> &'static [&'static str] {
        &[META_URL]
    }

    fn provider(
        &self,
        config: &Discovery,
        _: &Context,
        _: &[Arc<TargetGroup>],
    ) -> Result<Option<Box<dyn Provider>>, Problem> {
        let Discovery::Http(config) = config else {
            return Ok(None);
        };
        let shown = without_user(&config.url).to_string();
        let client = Client::new(config.http.clone())
            .map_err(|error| Problem::new(&shown, error.chain()))?;
        Ok(Some(Box::new(Server {
            config: (**config).clone(),
            client,
            shown,
        })))
    }
}

struct Server {
    config: HttpDiscovery,
    client: Client,
    /// The URL without its user and password.
    shown: String,
}

impl Provider for Server {
    fn refresh(&mut self) -> Refresh<'_> {
        Box::pin(self.ask())
    }

    fn pause(&self) -> Option<Duration> {
        Some(self.config.refresh_interval)
    }
}

impl Server {
    async fn ask(&self) -> Result<Refreshed, Problem> {
        let problem = |message: String| Problem::new(&self.shown, message);
        let response = self
            .client
            .send(self.request())
            .await
            .map_err(|error| problem(error.chain()))?;
        if response.status() != StatusCode::OK {
            return Err(problem(format!(
                "expected status 200, found {}",
                response.status()
            )));
        }
        let content_type = response.headers().get(CONTENT_TYPE);
        if !content_type.is_some_and(is_json) {
            return Err(problem(format!(
                "expected the content type application/json, found {content_type:?}"
            )));
        }
        let body = read_response_capped(response, BODY_MAX)
            .await
            .map_err(|error| problem(error.chain()))?;
        let text = std::str::from_utf8(&body)
            .map_err(|error| problem(format!("expected UTF-8: {error}")))?;
        let groups = from_json(Path::new("answer"), text)
            .map_err(|diagnostics| problem(diagnostics.to_string()))?;
        let groups = groups.into_iter().enumerate().map(|(index, group)| {
            let source = format!("{}:{index}", self.shown);
            group.into_target_group(source, META_URL, &self.shown)
        });
        Ok(Refreshed {
            groups: groups.collect(),
            problems: Vec::new(),
        })
    }

    fn request(&self) -> Request {
        let interval = self.config.refresh_interval;
        let seconds =
            HeaderValue::from_str(&interval.as_secs_f64().to_string()).expect("a number is ASCII");
        Request::get(self.config.url.clone(), interval.min(DEADLINE_MAX))
            .with_header(ACCEPT, HeaderValue::from_static("application/json"))
            .with_header(REFRESH_HEADER, seconds)
    }
}

/// Accepts `application/json`, alone or with UTF-8 for its character set.
fn is_json(value: &HeaderValue) -> bool {
    let Ok(text) = value.to_str() else {
        return false;
    };
    let mut parts = text.split(';').map(|part| part.trim().to_ascii_lowercase());
    parts.next().as_deref() == Some("application/json")
        && parts.all(|parameter| matches!(&*parameter, "charset=utf-8" | "charset=\"utf-8\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_json_when_it_sees_it() {
        let cases = [
            ("application/json", true),
            ("Application/JSON; charset=utf-8", true),
            ("application/json;charset=\"UTF-8\"", true),
            ("application/json; charset=latin1", false),
            ("application/jsonl", false),
            ("text/html", false),
            ("", false),
        ];
        for (text, expected) in cases {
            assert_eq!(is_json(&HeaderValue::from_static(text)), expected, "{text}");
        }
    }
}

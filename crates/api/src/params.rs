//! Request parameters: from the URL and, for POST, from a form in the body, both at once as in Prometheus.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{FromRequest, Request};
use axum::http::{Method, header};
use plimsoll_promql::Expr;
use plimsoll_runtime::http::BodyShare;
use plimsoll_types::{ByteCount, Matcher, Pattern, TimeRange, Timestamp, parse_duration};

use crate::app::App;
use crate::body;
use crate::error::{ApiError, Kind};
use crate::selectors;

/// Longest form body; Prometheus allows 10 MB as well.
const FORM_BYTES_MAX: ByteCount = ByteCount::MIB.times(10);

/// Selectors of one request, those inside expressions apart.
const SELECTORS_MAX: usize = 100;

/// What the compiled regular expressions of all selectors of a request may take, as in one expression.
const PATTERN_BYTES_MAX: ByteCount = ByteCount::MIB.times(128);
/// Most parameters of a request; one takes a hundred bytes in memory and may take two on the wire.
const PAIRS_MAX: usize = 1000;

/// The parameters of a request, in order, names possibly several times.
#[derive(Debug, Default)]
pub(crate) struct Params {
    pairs: Vec<(String, String)>,
    /// The share of a form's body, whose bytes live on in the pairs.
    _share: Option<BodyShare>,
}

impl FromRequest<Arc<App>> for Params {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, ApiError> {
        let (parts, body) = request.into_parts();
        let (mut pairs, mut held) = (Vec::new(), None);
        if parts.method == Method::POST && is_form(&parts.headers) {
            let (form, share) = body::read(app, body, FORM_BYTES_MAX)
                .await
                .map_err(|unread| ApiError::new(unread.kind, unread.reason))?;
            pairs.extend(decode(&form));
            held = Some(share);
        }
        pairs.extend(decode(parts.uri.query().unwrap_or_default().as_bytes()));
        if pairs.len() > PAIRS_MAX {
            let reason = format!("the request has more than {PAIRS_MAX} parameters");
            return Err(ApiError::new(Kind::BadData, reason));
        }
        Ok(Self {
            pairs,
            _share: held,
        })
    }
}

fn is_form(headers: &axum::http::HeaderMap) -> bool {
    let content_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    // Media types have no case, and `; charset=...` may follow.
    let media_type = content_type.and_then(|value| value.split(';').next());
    media_type.is_some_and(|found| {
        found
            .trim()
            .eq_ignore_ascii_case("application/x-www-form-urlencoded")
    })
}

fn decode(encoded: &[u8]) -> impl Iterator<Item = (String, String)> + '_ {
    url::form_urlencoded::parse(encoded)
        .take(PAIRS_MAX + 1)
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
}

impl Params {
    /// Reads the query of a URL alone, for requests whose body is something else.
    pub(crate) fn from_query(query: Option<&str>) -> Self {
        Self {
            pairs: decode(query.unwrap_or_default().as_bytes()).collect(),
            _share: None,
        }
    }

    /// Returns the first value of a parameter; an empty one counts as absent.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let first = self.pairs.iter().find(|(found, _)| found == name);
        first
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    /// Returns all values of a parameter.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.pairs
            .iter()
            .filter(move |(found, _)| found == name)
            .map(|(_, value)| value.as_str())
    }

    /// Returns the first value of a parameter that must be there.
    pub(crate) fn required(&self, name: &str) -> Result<&str, ApiError> {
        self.get(name)
            .ok_or_else(|| ApiError::parameter(name, "it is missing or empty"))
    }

    /// Reads a point in time, or takes `default`.
    pub(crate) fn time(&self, name: &str, default: Timestamp) -> Result<Timestamp, ApiError> {
        self.get(name).map_or(Ok(default), |text| {
            parse_time(text).map_err(|reason| ApiError::parameter(name, reason))
        })
    }

    /// Reads a duration when it is there.
    pub(crate) fn duration(&self, name: &str) -> Result<Option<Duration>, ApiError> {
        self.get(name)
            .map(|text| parse_step(text).map_err(|reason| ApiError::parameter(name, reason)))
            .transpose()
    }

    /// Reads `limit`: a whole number, 0 for none.
    pub(crate) fn limit(&self) -> Result<usize, ApiError> {
        match self.get("limit").map(str::parse::<usize>) {
            None | Some(Ok(0)) => Ok(usize::MAX),
            Some(Ok(limit)) => Ok(limit),
            Some(Err(_)) => Err(ApiError::parameter(
                "limit",
                "it must be a whole number of 0 or more",
            )),
        }
    }

    /// Reads `start` and `end`; all of time when they are absent.
    pub(crate) fn range(&self) -> Result<TimeRange, ApiError> {
        let range = TimeRange::new(
            self.time("start", Timestamp::MIN)?,
            self.time("end", Timestamp::MAX)?,
        );
        if range.is_empty() {
            return Err(ApiError::parameter(
                "end",
                "end timestamp must not be before start time",
            ));
        }
        Ok(range)
    }

    /// Reads every `match[]`: selectors that do not match everything.
    pub(crate) fn selectors(&self) -> Result<Vec<Vec<Matcher>>, ApiError> {
        let wrong = |reason: String| ApiError::parameter("match[]", reason);
        let texts: Vec<&str> = self.all("match[]").collect();
        if texts.len() > SELECTORS_MAX {
            return Err(wrong(format!(
                "found {} selectors, wanted at most {SELECTORS_MAX}",
                texts.len()
            )));
        }
        // Before anything is compiled, which costs much more than a look.
        let written = texts.iter().map(|text| selectors::regexes_written(text));
        selectors::check_count(written.sum()).map_err(wrong)?;
        let (mut found, mut count, mut bytes) = (Vec::new(), 0, 0);
        for text in texts {
            let matchers = selectors::parse(text).map_err(wrong)?;
            if matchers.iter().all(Matcher::matches_empty) {
                return Err(wrong(
                    "match[] must contain at least one non-empty matcher".into(),
                ));
            }
            // The parser counts within one selector, this within all of a request.
            count += matchers.len();
            selectors::check_count(count).map_err(wrong)?;
            let patterns = matchers.iter().filter_map(Matcher::pattern);
            bytes += patterns.map(Pattern::compiled_bytes_max).sum::<usize>();
            if bytes > PATTERN_BYTES_MAX.as_usize() {
                return Err(wrong(format!(
                    "the regular expressions of all selectors take more than {PATTERN_BYTES_MAX} once compiled"
                )));
            }
            found.push(matchers);
        }
        Ok(found)
    }

    /// Reads `query`.
    pub(crate) fn query(&self) -> Result<Expr, ApiError> {
        plimsoll_promql::parse(self.required("query")?)
            .map_err(|error| ApiError::parameter("query", error))
    }
}

/// Reads seconds since the epoch with a fraction, or RFC 3339.
pub(crate) fn parse_time(text: &str) -> Result<Timestamp, String> {
    let wrong =
        || format!("cannot parse {text:?} to a valid timestamp: expected Unix seconds or RFC 3339");
    if let Ok(seconds) = text.parse::<f64>() {
        // The fraction is rounded by itself, as Prometheus does: 1.0005 lies below its half.
        let millis = seconds.trunc() * 1000.0 + (seconds.fract() * 1000.0).round();
        // 2^63 itself is no i64, and every float below it is.
        if millis >= i64::MIN as f64 && millis < i64::MAX as f64 {
            return Ok(Timestamp::from_millis(millis as i64));
        }
        return Err(wrong());
    }
    let parsed: jiff::Timestamp = text.parse().map_err(|_| wrong())?;
    Ok(Timestamp::from_millis(parsed.as_millisecond()))
}

/// Reads seconds with a fraction, or a Prometheus duration.
pub(crate) fn parse_step(text: &str) -> Result<Duration, String> {
    if let Ok(seconds) = text.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).map_err(|_| {
            format!("cannot parse {text:?} to a valid duration: it is negative or out of range")
        });
    }
    parse_duration(text).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_times_in_both_spellings() {
        for (text, expected) in [
            ("0", Some(0)),
            ("1.5", Some(1500)),
            ("1.0005", Some(1000)),
            ("1.0006", Some(1001)),
            ("0.9999", Some(1000)),
            ("-1", Some(-1000)),
            ("-1.5", Some(-1500)),
            ("1e3", Some(1_000_000)),
            ("2015-07-01T20:10:51.781Z", Some(1_435_781_451_781)),
            ("2015-07-01T22:10:51+02:00", Some(1_435_781_451_000)),
            ("NaN", None),
            ("1e300", None),
            ("yesterday", None),
            ("2015-07-01", None),
        ] {
            assert_eq!(
                parse_time(text).ok().map(Timestamp::millis),
                expected,
                "{text}"
            );
        }
    }

    #[test]
    fn forms_are_known_by_their_media_type() {
        for (content_type, expected) in [
            ("application/x-www-form-urlencoded", true),
            ("Application/X-WWW-Form-Urlencoded; charset=utf-8", true),
            ("application/x-www-form-urlencoded-not", false),
            ("application/json", false),
        ] {
            let mut headers = axum::http::HeaderMap::new();
            headers.insert(header::CONTENT_TYPE, content_type.parse().unwrap());
            assert_eq!(is_form(&headers), expected, "{content_type}");
        }
    }

    #[test]
    fn reads_durations_in_both_spellings() {
        assert_eq!(parse_step("1.5"), Ok(Duration::from_millis(1500)));
        assert_eq!(parse_step("1h30m"), Ok(Duration::from_secs(5400)));
        for text in ["-1", "NaN", "1e300", "five"] {
            assert!(parse_step(text).is_err(), "{text}");
        }
    }
}

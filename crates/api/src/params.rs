//! Request parameters: from the URL and, for POST, from a form in the body, both at once as in Prometheus.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{FromRequest, Request};
use axum::http::{Method, header};
use plimsoll_promql::{Expr, Features, parse_with, with_extra_matchers};
use plimsoll_runtime::http::BodyShare;
use plimsoll_types::{ByteCount, Matcher, Pattern, TimeRange, Timestamp, parse_duration};

use crate::app::App;
use crate::body;
use crate::error::{ApiError, Kind};
use crate::{go, selectors};

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
    /// Which parts of the language expressions may use.
    features: Features,
    /// The share of a form's body, whose bytes live on in the pairs.
    _share: Option<BodyShare>,
}

impl FromRequest<Arc<App>> for Params {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, ApiError> {
        let (parts, body) = request.into_parts();
        let (mut pairs, mut held) = (Vec::new(), None);
        let takes_form = matches!(parts.method, Method::POST | Method::PUT);
        if takes_form && is_form(&parts.headers) {
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
            features: app.parts.surface.features,
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
            ..Self::default()
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

    /// Reads a point in time, or takes `default`.
    pub(crate) fn time(&self, name: &str, default: Timestamp) -> Result<Timestamp, ApiError> {
        self.get(name).map_or(Ok(default), |text| {
            parse_time(text).map_err(|reason| {
                ApiError::parameter(name, format!("invalid time value for '{name}': {reason}"))
            })
        })
    }

    /// Reads a point in time that must be there.
    pub(crate) fn required_time(&self, name: &str) -> Result<Timestamp, ApiError> {
        let text = self.get(name).unwrap_or_default();
        parse_time(text).map_err(|reason| ApiError::parameter(name, reason))
    }

    /// Reads a duration when it is there.
    pub(crate) fn duration(&self, name: &str) -> Result<Option<Duration>, ApiError> {
        self.get(name)
            .map(|text| parse_step(text).map_err(|reason| ApiError::parameter(name, reason)))
            .transpose()
    }

    /// Reads `lookback_delta`; one that is not above 0 stands for the engine's own.
    pub(crate) fn lookback_delta(&self) -> Result<Option<Duration>, ApiError> {
        let Some(text) = self.get("lookback_delta") else {
            return Ok(None);
        };
        if text
            .parse::<f64>()
            .is_ok_and(|seconds| seconds < 0.0 && seconds.is_finite())
        {
            return Ok(None);
        }
        match parse_step(text) {
            Ok(delta) => Ok(Some(delta).filter(|delta| delta.as_millis() > 0)),
            Err(reason) => Err(ApiError::new(
                Kind::BadData,
                format!("error parsing lookback delta duration: {reason}"),
            )),
        }
    }

    /// Reads the `step` of a range, which must be there and above 0.
    pub(crate) fn step(&self) -> Result<Duration, ApiError> {
        const NOT_ABOVE_ZERO: &str = "zero or negative query resolution step widths are not accepted. Try a positive integer";
        let text = self.get("step").unwrap_or_default();
        let is_negative = text
            .parse::<f64>()
            .is_ok_and(|seconds| seconds.is_nan() || seconds < 0.0);
        if is_negative {
            return Err(ApiError::parameter("step", NOT_ABOVE_ZERO));
        }
        let step = parse_step(text).map_err(|reason| ApiError::parameter("step", reason))?;
        // A millisecond is the shortest that there is.
        match step.as_millis() {
            0 => Err(ApiError::parameter("step", NOT_ABOVE_ZERO)),
            _ => Ok(step),
        }
    }

    /// Reads `limit`: a whole number, 0 for none.
    pub(crate) fn limit(&self) -> Result<usize, ApiError> {
        let wrong = |reason: String| ApiError::parameter("limit", reason);
        let Some(text) = self.get("limit") else {
            return Ok(usize::MAX);
        };
        match go::parse_int(text).map_err(wrong)? {
            0 => Ok(usize::MAX),
            limit => usize::try_from(limit).map_err(|_| wrong("limit must be non-negative".into())),
        }
    }

    /// Reads a whole number that endpoints without a place in their errors take; `default` when it is absent.
    pub(crate) fn number(&self, name: &str, default: i64) -> Result<i64, ApiError> {
        match self.get(name).map(go::parse_int) {
            None => Ok(default),
            Some(Ok(number)) => Ok(number),
            Some(Err(_)) => {
                let reason = format!("{name} must be a number");
                Err(ApiError::new(Kind::BadData, reason))
            }
        }
    }

    /// Reads `start` and `end`; all of time when they are absent. A range that ends before it begins is empty.
    pub(crate) fn range(&self) -> Result<TimeRange, ApiError> {
        Ok(TimeRange::new(
            self.time("start", Timestamp::MIN)?,
            self.time("end", Timestamp::MAX)?,
        ))
    }

    /// Reads every `match[]`: selectors that do not match everything.
    pub(crate) fn selectors(&self) -> Result<Vec<Vec<Matcher>>, ApiError> {
        let found = self.selectors_named("match[]")?;
        let matches_all = |matchers: &Vec<Matcher>| matchers.iter().all(Matcher::matches_empty);
        if found.iter().any(matches_all) {
            let reason = "match[] must contain at least one non-empty matcher";
            return Err(ApiError::new(Kind::BadData, reason));
        }
        self.with_extra_filters(found)
    }

    /// Reads every `match[]` of a federating scrape: selectors that may match everything; without any there is none.
    pub(crate) fn federated_selectors(&self) -> Result<Vec<Vec<Matcher>>, ApiError> {
        let found = self.selectors_named("match[]")?;
        match found.is_empty() {
            true => Ok(found),
            false => self.with_extra_filters(found),
        }
    }

    /// Reads every selector of a parameter.
    pub(crate) fn selectors_named(&self, name: &str) -> Result<Vec<Vec<Matcher>>, ApiError> {
        let wrong = |reason: String| ApiError::new(Kind::BadData, reason);
        let texts: Vec<&str> = self.all(name).collect();
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
            let matchers = selectors::parse(text)?;
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

    /// Reads `query`, with the conditions that the request puts on all of it.
    pub(crate) fn query(&self) -> Result<Expr, ApiError> {
        let expr = self.plain_query()?;
        Ok(with_extra_matchers(expr, &self.extra_matchers()?))
    }

    /// Reads the conditions that the request puts on every selector inside a query.
    pub(crate) fn extra_matchers(&self) -> Result<Vec<Matcher>, ApiError> {
        let mut filters = self.extra_filters()?;
        if filters.len() > 1 {
            let reason = "one of them can be added to every selector of a query, found several";
            return Err(ApiError::parameter("extra_filters[]", reason));
        }
        Ok(filters.pop().unwrap_or_default())
    }

    /// Reads `query` as it was written.
    pub(crate) fn plain_query(&self) -> Result<Expr, ApiError> {
        let text = self.get("query").unwrap_or_default();
        parse_with(text, &self.features).map_err(|error| {
            let shows_caret = matches!(self.get("caret"), Some("true" | "1"));
            ApiError::parse("query", &error).showing_caret(shows_caret)
        })
    }

    /// Adds what the request asks of every series to each selector; several `extra_filters[]` are alternatives.
    fn with_extra_filters(
        &self,
        selectors: Vec<Vec<Matcher>>,
    ) -> Result<Vec<Vec<Matcher>>, ApiError> {
        let filters = self.extra_filters()?;
        if filters.is_empty() {
            return Ok(selectors);
        }
        if selectors.is_empty() {
            return Ok(filters);
        }
        let bytes = |matchers: &[Vec<Matcher>]| -> usize {
            let all = matchers.iter().flatten();
            all.map(|matcher| matcher.name().len() + matcher.value().len())
                .sum()
        };
        // Each selector is written once per filter and the other way round; looked at before it is done.
        let joined_bytes = bytes(&selectors) * filters.len() + bytes(&filters) * selectors.len();
        if joined_bytes as u64 > FORM_BYTES_MAX.0 {
            let reason = format!(
                "the selectors with all extra_filters[] have {joined_bytes} bytes, wanted at most {FORM_BYTES_MAX}"
            );
            return Err(ApiError::new(Kind::BadData, reason));
        }
        let mut joined = Vec::new();
        for selector in &selectors {
            joined.extend(
                filters
                    .iter()
                    .map(|filter| [&selector[..], filter].concat()),
            );
        }
        selectors::check_count(joined.iter().map(Vec::len).sum())
            .map_err(|reason| ApiError::new(Kind::BadData, reason))?;
        Ok(joined)
    }

    /// Reads what VictoriaMetrics lets a proxy add to a request: `extra_label=name=value`, all of which must hold, and
    /// the selectors `extra_filters[]` (or `extra_filters`), one of which must.
    fn extra_filters(&self) -> Result<Vec<Vec<Matcher>>, ApiError> {
        let mut labels = Vec::new();
        for pair in self.all("extra_label") {
            match pair.split_once('=') {
                Some((name, value)) if !name.is_empty() => labels.push(Matcher::equal(name, value)),
                _ => {
                    let reason = format!("wanted name=value, found {pair:?}");
                    return Err(ApiError::parameter("extra_label", reason));
                }
            }
        }
        let mut filters = self.selectors_named("extra_filters[]")?;
        filters.extend(self.selectors_named("extra_filters")?);
        if filters.is_empty() && !labels.is_empty() {
            filters.push(Vec::new());
        }
        for filter in &mut filters {
            filter.extend(labels.iter().cloned());
        }
        Ok(filters)
    }
}

/// Reads seconds since the epoch with a fraction, or RFC 3339.
///
/// What is no point in time of ours (NaN, Inf, beyond 292 million years) is refused; Prometheus lets it wrap around.
pub(crate) fn parse_time(text: &str) -> Result<Timestamp, String> {
    let wrong = || format!("cannot parse {text:?} to a valid timestamp");
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
    let wrong = || format!("cannot parse {text:?} to a valid duration");
    if let Ok(seconds) = text.parse::<f64>() {
        // Go counts nanoseconds in 63 bits.
        if seconds.abs() > i64::MAX as f64 / 1e9 {
            return Err(format!("{}. It overflows int64", wrong()));
        }
        return Duration::try_from_secs_f64(seconds).map_err(|_| wrong());
    }
    parse_duration(text).map_err(|_| wrong())
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

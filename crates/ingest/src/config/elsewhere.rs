//! Sections whose function this version does not have: checked in full, so that a file which Prometheus refuses is
//! refused here too, and then reported as without effect.

use std::collections::HashSet;
use std::time::Duration;

use plimsoll_runtime::config::{Findings, Span, Spanned, http_client};

use super::global::Global;
use super::raw::RawRuntime;
use super::raw::elsewhere::{
    RawOtlp, RawQueue, RawRemoteRead, RawRemoteWrite, RawSigv4, RawTracing, RawTranslation,
};
use super::scrape::NameValidation;
use super::{names, relabel};

pub(super) fn check_runtime(raw: Option<&Spanned<RawRuntime>>, findings: &mut Findings<'_>) {
    if let Some(raw) = raw
        && raw.gogc != 0
    {
        findings.not_acted_on(raw.key, "runtime");
    }
}

pub(super) fn check_remote_write(raw: Vec<Spanned<RawRemoteWrite>>, findings: &mut Findings<'_>) {
    let mut names = HashSet::new();
    for (index, entry) in raw.into_iter().enumerate() {
        let whole = entry.span;
        let mut entry = entry.value;
        if index == 0 {
            findings.not_acted_on(whole, "remote_write");
        }
        check_url("remote_write", &entry.url, whole, findings);
        check_unique("remote_write", entry.name.as_ref(), &mut names, findings);
        http_client::check_plain_headers(&entry.headers, findings);
        check_queue(&entry.queue_config, findings);
        let mut http = entry.take_http_client();
        let identities = [
            ("sigv4", entry.sigv4.as_ref().map(|sigv4| sigv4.key)),
            ("azuread", entry.azuread.as_ref().map(|azure| azure.key)),
            (
                "google_iam",
                entry.google_iam.as_ref().map(|google| google.key),
            ),
        ];
        check_one_identity(&mut http, identities, findings);
        if let Some(sigv4) = &entry.sigv4 {
            check_sigv4(sigv4, findings);
        }
        http_client::check(http, findings);
        relabel::rules(entry.write_relabel_configs, false, findings);
    }
}

pub(super) fn check_remote_read(raw: Vec<Spanned<RawRemoteRead>>, findings: &mut Findings<'_>) {
    let mut names = HashSet::new();
    for (index, entry) in raw.into_iter().enumerate() {
        let whole = entry.span;
        let mut entry = entry.value;
        if index == 0 {
            findings.not_acted_on(whole, "remote_read");
        }
        check_url("remote_read", &entry.url, whole, findings);
        check_unique("remote_read", entry.name.as_ref(), &mut names, findings);
        http_client::check_plain_headers(&entry.headers, findings);
        for name in entry.required_matchers.keys() {
            names::check_label_name(name, findings);
        }
        http_client::check(entry.take_http_client(), findings);
    }
}

/// Go reads nearly anything as a URL; what it refuses is refused.
fn check_url(section: &str, url: &Spanned<String>, whole: Span, findings: &mut Findings<'_>) {
    if url.is_empty() {
        findings.error(whole, format!("`{section}` needs a `url`"));
    } else if url.starts_with(':') || url.contains(|c: char| c.is_ascii_control() || c == ' ') {
        findings.error(url.span, format!("`{}` is not a URL", url.value));
    }
}

fn check_unique(
    section: &str,
    name: Option<&Spanned<String>>,
    seen: &mut HashSet<String>,
    findings: &mut Findings<'_>,
) {
    let Some(name) = name.filter(|name| !name.is_empty()) else {
        return;
    };
    if !seen.insert(name.value.clone()) {
        let message = format!("two entries of `{section}` have the name `{}`", name.value);
        findings.error(name.span, message);
    }
}

fn check_queue(raw: &RawQueue, findings: &mut Findings<'_>) {
    const MAX_SHARDS_DEFAULT: i64 = 50;
    const MIN_BACKOFF_DEFAULT: Duration = Duration::from_millis(30);
    const MAX_BACKOFF_DEFAULT: Duration = Duration::from_secs(5);
    let at_least_one = [
        ("capacity", raw.capacity),
        ("max_shards", raw.max_shards),
        ("min_shards", raw.min_shards),
        ("max_samples_per_send", raw.max_samples_per_send),
    ];
    for (name, value) in at_least_one {
        if let Some(value) = value.filter(|value| value.value < 1) {
            findings.error(value.span, format!("`{name}` must be at least 1"));
        }
    }
    let shards_max = raw.max_shards.map_or(MAX_SHARDS_DEFAULT, |max| max.value);
    if let Some(min) = raw.min_shards.filter(|min| min.value > shards_max) {
        let message = format!("`min_shards` is above `max_shards`, which is {shards_max}");
        findings.error(min.span, message);
    }
    let min = raw.min_backoff.map_or(MIN_BACKOFF_DEFAULT, |min| min.0);
    let max = raw.max_backoff.map_or(MAX_BACKOFF_DEFAULT, |max| max.0);
    let written = raw.max_backoff.or(raw.min_backoff);
    if let Some(place) = written.filter(|_| min > max) {
        findings.error(place.span, "`min_backoff` is longer than `max_backoff`");
    }
}

/// Signing with a cloud's identity excludes every other way of saying who we are.
pub(super) fn check_one_identity<const N: usize>(
    http: &mut http_client::RawHttpClient,
    identities: [(&str, Option<Span>); N],
    findings: &mut Findings<'_>,
) {
    let plain = [
        ("basic_auth", http.basic_auth.as_ref().map(|auth| auth.key)),
        (
            "authorization",
            http.authorization.as_ref().map(|auth| auth.key),
        ),
        ("oauth2", http.oauth2.as_ref().map(|auth| auth.key)),
    ];
    let first = plain.iter().find_map(|(name, span)| span.map(|_| *name));
    let mut written = identities
        .iter()
        .filter_map(|(name, span)| Some((*name, (*span)?)));
    let Some(first) = first.or_else(|| written.next().map(|(name, _)| name)) else {
        return;
    };
    for (name, span) in written {
        findings.error(span, format!("`{name}` and `{first}` exclude each other"));
    }
}

pub(super) fn check_sigv4(raw: &Spanned<RawSigv4>, findings: &mut Findings<'_>) {
    let has_secret = raw
        .secret_key
        .as_ref()
        .is_some_and(|key| !key.expose().is_empty());
    if raw.access_key.is_empty() == has_secret {
        findings.error(raw.span, "`access_key` and `secret_key` go together");
    }
}

pub(super) fn check_tracing(raw: Option<Spanned<RawTracing>>, findings: &mut Findings<'_>) {
    let Some(raw) = raw else {
        return;
    };
    findings.not_acted_on(raw.key, "tracing");
    let (whole, raw) = (raw.span, raw.value);
    if raw.endpoint.is_empty() {
        findings.error(whole, "`tracing` needs an `endpoint`");
    }
    http_client::check_plain_headers(&raw.headers, findings);
    if let Some(word) = raw
        .compression
        .filter(|word| !matches!(word.as_str(), "" | "gzip"))
    {
        findings.unknown_word(&word, "compression", &["gzip"]);
    }
    if let Some(tls) = raw.tls_config {
        http_client::check_tls(tls, findings);
    }
}

pub(super) fn check_otlp(
    raw: Option<&Spanned<RawOtlp>>,
    global: &Global,
    findings: &mut Findings<'_>,
) {
    let Some(raw) = raw else {
        return;
    };
    findings.not_acted_on(raw.key, "otlp");
    let all = raw
        .promote_all_resource_attributes
        .is_some_and(|all| all.value);
    let (promoted, ignored) = (
        &raw.promote_resource_attributes,
        &raw.ignore_resource_attributes,
    );
    if let Some(first) = promoted.first().filter(|_| all) {
        findings.error(
            first.span,
            "`promote_resource_attributes` and `promote_all_resource_attributes` exclude each other",
        );
    }
    if let Some(first) = ignored.first().filter(|_| !all) {
        findings.error(
            first.span,
            "`ignore_resource_attributes` needs `promote_all_resource_attributes`",
        );
    }
    check_attributes(promoted, findings);
    check_attributes(ignored, findings);
    check_translation(raw.translation_strategy, global, findings);
}

fn check_attributes(raw: &[Spanned<String>], findings: &mut Findings<'_>) {
    let mut seen = HashSet::new();
    for attribute in raw {
        let name = attribute.trim();
        if name.is_empty() {
            findings.error(attribute.span, "the name of an attribute is empty");
        } else if !seen.insert(name) {
            findings.error(
                attribute.span,
                format!("the attribute `{name}` is in the list twice"),
            );
        }
    }
}

fn check_translation(
    raw: Option<Spanned<RawTranslation>>,
    global: &Global,
    findings: &mut Findings<'_>,
) {
    let keeps_utf8 = |strategy: &Spanned<RawTranslation>| {
        matches!(
            strategy.value,
            RawTranslation::NoUtf8EscapingWithSuffixes | RawTranslation::NoTranslation
        )
    };
    let legacy = global.metric_name_validation_scheme == NameValidation::Legacy;
    if let Some(strategy) = raw.filter(keeps_utf8).filter(|_| legacy) {
        findings.error_with_hint(
            strategy.span,
            "this strategy makes names that the `legacy` validation scheme refuses",
            "use UnderscoreEscapingWithSuffixes, or the validation scheme `utf8`",
        );
    }
}

//! How to speak to a peer, as every configuration that Prometheus' users have writes it: who we are, TLS, proxy, headers;
//! at most one way of each. A configuration holds [`RawHttpClient`]; [`check`] makes a [`ClientConfig`] of it.

mod raw;

use std::collections::BTreeMap;

use http::HeaderName;
use url::Url;

use super::{Findings, Span, Spanned, SpannedKey};
use crate::http::{
    Authorization, ClientConfig, Header, OAuth2, Proxy, Secret, SecretSource, TlsConfig, TlsVersion,
};

pub use raw::{
    RawAuthorization, RawBasicAuth, RawHeader, RawHeaders, RawHttpClient, RawOauth2,
    RawProxyHeaders, RawTls, RawTlsVersion,
};

/// Headers that the exchange itself sets.
const RESERVED_HEADERS: [&str; 15] = [
    "authorization",
    "host",
    "content-encoding",
    "content-length",
    "content-type",
    "user-agent",
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "www-authenticate",
    "accept-encoding",
    "x-prometheus-remote-write-version",
    "x-prometheus-remote-read-version",
    "x-prometheus-scrape-timeout-seconds",
];

/// Checks the fields of an HTTP client.
pub fn check(mut raw: RawHttpClient, findings: &mut Findings<'_>) -> ClientConfig {
    check_exclusive(&raw, findings);
    let default = ClientConfig::default();
    ClientConfig {
        authorization: authorization(&mut raw, findings),
        tls: raw
            .tls_config
            .take()
            .map(|tls| check_tls(tls, findings))
            .unwrap_or_default(),
        proxy: check_proxy(&mut raw, findings),
        headers: headers(raw.http_headers, findings),
        follows_redirects: raw.follow_redirects.unwrap_or(default.follows_redirects),
        offers_http2: raw.enable_http2.unwrap_or(default.offers_http2),
        ..default
    }
}

/// Reads a URL with `http` or `https` and a host.
pub fn url(raw: &Spanned<String>, findings: &mut Findings<'_>) -> Option<Url> {
    let url = match Url::parse(raw) {
        Ok(url) => url,
        Err(error) => {
            findings.error_with_hint(
                raw.span,
                format!("not a URL: {error}"),
                "expected one such as http://host:port/path",
            );
            return None;
        }
    };
    if !matches!(url.scheme(), "http" | "https") {
        let message = format!(
            "expected a URL with http or https, found `{}`",
            url.scheme()
        );
        findings.error(raw.span, message);
        return None;
    }
    if url.host_str().is_none_or(str::is_empty) {
        findings.error(raw.span, "the URL names no host");
        return None;
    }
    Some(url)
}

/// Who we are is said in one way, and each of a text, a file and a reference excludes the others.
fn check_exclusive(raw: &RawHttpClient, findings: &mut Findings<'_>) {
    let token = raw.bearer_token.as_ref().filter(|token| !is_empty(token));
    let file = raw
        .bearer_token_file
        .as_ref()
        .filter(|file| !file.is_empty());
    let ways = [
        ("basic_auth", raw.basic_auth.as_ref().map(|auth| auth.key)),
        (
            "authorization",
            raw.authorization.as_ref().map(|auth| auth.key),
        ),
        ("oauth2", raw.oauth2.as_ref().map(|auth| auth.key)),
        ("bearer_token", token.map(|token| token.key)),
        ("bearer_token_file", file.map(|file| file.key)),
    ];
    at_most_one(&ways, findings);
}

/// Reports all but the first of several ways that exclude each other.
fn at_most_one(ways: &[(&str, Option<Span>)], findings: &mut Findings<'_>) {
    let mut written = ways
        .iter()
        .filter_map(|(name, span)| Some((name, (*span)?)));
    let Some((first, _)) = written.next() else {
        return;
    };
    for (name, span) in written {
        findings.error(span, format!("`{name}` and `{first}` exclude each other"));
    }
}

fn is_empty(secret: &Secret) -> bool {
    secret.expose().is_empty()
}

fn authorization(raw: &mut RawHttpClient, findings: &mut Findings<'_>) -> Option<Authorization> {
    if let Some(basic) = raw.basic_auth.take() {
        return Some(basic_auth(basic, findings));
    }
    if let Some(authorization) = raw.authorization.take() {
        return scheme_and_credentials(authorization, findings);
    }
    if let Some(oauth2) = raw.oauth2.take() {
        return check_oauth2(oauth2, findings);
    }
    let inline = raw.bearer_token.take().map(Spanned::into_inner);
    let credentials = secret(inline, raw.bearer_token_file.take(), findings)?;
    Some(Authorization::Scheme {
        scheme: "Bearer".to_owned(),
        credentials,
    })
}

fn basic_auth(raw: Spanned<RawBasicAuth>, findings: &mut Findings<'_>) -> Authorization {
    let raw = raw.value;
    let username = raw.username.filter(|name| !name.is_empty());
    one_source(
        "username",
        username.is_some(),
        &raw.username_file,
        &raw.username_ref,
        findings,
    );
    let has_password = raw
        .password
        .as_ref()
        .is_some_and(|password| !is_empty(password));
    one_source(
        "password",
        has_password,
        &raw.password_file,
        &raw.password_ref,
        findings,
    );
    let username = secret(username.map(Secret::new), raw.username_file, findings);
    Authorization::Basic {
        username: username.unwrap_or_else(|| SecretSource::inline("")),
        password: secret(raw.password, raw.password_file, findings),
    }
}

fn scheme_and_credentials(
    raw: Spanned<RawAuthorization>,
    findings: &mut Findings<'_>,
) -> Option<Authorization> {
    let whole = raw.span;
    let raw = raw.value;
    let scheme = raw.scheme.as_ref().map_or("", |scheme| scheme.trim());
    let place = raw.scheme.as_ref().map_or(whole, |scheme| scheme.span);
    if scheme.eq_ignore_ascii_case("basic") {
        findings.error_with_hint(
            place,
            "the type `basic` needs more than credentials",
            "use `basic_auth`",
        );
    } else if scheme.contains(|character: char| !character.is_ascii_graphic()) {
        findings.error(place, "the type is one word, such as Bearer");
    }
    let inline = raw
        .credentials
        .as_ref()
        .is_some_and(|credentials| !is_empty(credentials));
    one_source(
        "credentials",
        inline,
        &raw.credentials_file,
        &raw.credentials_ref,
        findings,
    );
    let scheme = if scheme.is_empty() { "Bearer" } else { scheme };
    Some(Authorization::Scheme {
        scheme: scheme.to_owned(),
        credentials: secret(raw.credentials, raw.credentials_file, findings)?,
    })
}

/// Checks that a text comes from one place; references need a manager of secrets, which neither we nor Prometheus have.
fn one_source(
    name: &str,
    inline: bool,
    file: &Option<Spanned<String>>,
    reference: &Option<Spanned<String>>,
    findings: &mut Findings<'_>,
) {
    let file = file.as_ref().filter(|file| !file.is_empty());
    if let (true, Some(file)) = (inline, file) {
        findings.error(
            file.key,
            format!("`{name}_file` and `{name}` exclude each other"),
        );
    }
    if let Some(reference) = reference.as_ref().filter(|reference| !reference.is_empty()) {
        findings.error_with_hint(
            reference.key,
            format!("`{name}_ref` needs a manager of secrets, and there is none"),
            format!("use `{name}_file`"),
        );
    }
}

fn secret(
    inline: Option<Secret>,
    file: Option<Spanned<String>>,
    findings: &Findings<'_>,
) -> Option<SecretSource> {
    match inline.filter(|secret| !is_empty(secret)) {
        Some(secret) => Some(SecretSource::Inline(secret)),
        None => file
            .filter(|file| !file.is_empty())
            .map(|file| SecretSource::File(findings.resolve(&file))),
    }
}

/// The one grant that we speak.
const CLIENT_CREDENTIALS: &str = "client_credentials";

fn check_oauth2(raw: Spanned<RawOauth2>, findings: &mut Findings<'_>) -> Option<Authorization> {
    let (whole, key) = (raw.span, raw.key);
    let raw = raw.value;
    for (name, value) in [("client_id", &raw.client_id), ("token_url", &raw.token_url)] {
        if value.is_empty() {
            findings.error(whole, format!("`oauth2` needs a `{name}`"));
        }
    }
    let inline = raw
        .client_secret
        .as_ref()
        .is_some_and(|secret| !is_empty(secret));
    one_source(
        "client_secret",
        inline,
        &raw.client_secret_file,
        &raw.client_secret_ref,
        findings,
    );
    let mut way = RawHttpClient {
        proxy_url: raw.proxy_url,
        no_proxy: raw.no_proxy,
        proxy_from_environment: raw.proxy_from_environment,
        proxy_connect_header: raw.proxy_connect_header,
        ..RawHttpClient::default()
    };
    let proxy = check_proxy(&mut way, findings);
    let tls = raw.tls_config.map(|tls| check_tls(tls, findings));
    if !matches!(raw.grant_type.as_str(), "" | CLIENT_CREDENTIALS) {
        findings.not_acted_on(key, &format!("oauth2 with the grant {}", raw.grant_type));
        return None;
    }
    if raw.token_url.is_empty() {
        return None;
    }
    let token_url = Spanned {
        value: raw.token_url,
        span: whole,
        key,
    };
    Some(Authorization::OAuth2(Box::new(OAuth2 {
        client_id: raw.client_id,
        client_secret: secret(raw.client_secret, raw.client_secret_file, findings),
        token_url: url(&token_url, findings)?,
        scopes: raw.scopes,
        parameters: raw.endpoint_params.into_iter().collect(),
        tls: tls.unwrap_or_default(),
        proxy,
    })))
}

/// Checks a section with TLS settings.
pub fn check_tls(raw: Spanned<RawTls>, findings: &mut Findings<'_>) -> TlsConfig {
    let whole = raw.span;
    let raw = raw.value;
    let parts = [
        ("ca", &raw.ca, &raw.ca_file, &raw.ca_ref),
        ("cert", &raw.cert, &raw.cert_file, &raw.cert_ref),
        ("key", &raw.key, &raw.key_file, &raw.key_ref),
    ];
    for (name, inline, file, reference) in parts {
        let inline = inline.as_ref().is_some_and(|inline| !is_empty(inline));
        one_source(name, inline, file, reference, findings);
    }
    if let (Some(min), Some(max)) = (raw.min_version, raw.max_version)
        && min.value > max.value
    {
        findings.error(min.span, "`min_version` is above `max_version`");
    }
    if let Some(min) = raw
        .min_version
        .filter(|min| min.value < RawTlsVersion::Tls12)
    {
        let message = "TLS below 1.2 is not spoken, so this has the effect of `TLS12`";
        findings.warning(min.span, message);
    }
    let certificate = secret(raw.cert, raw.cert_file, findings);
    let key = secret(raw.key, raw.key_file, findings);
    match (&certificate, &key) {
        (Some(_), None) => {
            findings.error(whole, "a client certificate needs a `key` or `key_file`")
        }
        (None, Some(_)) => findings.error(whole, "a client key needs a `cert` or `cert_file`"),
        _ => {}
    }
    TlsConfig {
        certificate_authority: secret(raw.ca, raw.ca_file, findings),
        certificate,
        key,
        server_name: raw.server_name.filter(|name| !name.is_empty()),
        insecure_skip_verify: raw.insecure_skip_verify,
        version_min: raw.min_version.map(|version| tls_version(version.value)),
        version_max: raw.max_version.map(|version| tls_version(version.value)),
    }
}

fn tls_version(raw: RawTlsVersion) -> TlsVersion {
    match raw {
        RawTlsVersion::Tls10 => TlsVersion::Tls10,
        RawTlsVersion::Tls11 => TlsVersion::Tls11,
        RawTlsVersion::Tls12 => TlsVersion::Tls12,
        RawTlsVersion::Tls13 => TlsVersion::Tls13,
    }
}

fn check_proxy(raw: &mut RawHttpClient, findings: &mut Findings<'_>) -> Proxy {
    let url = raw.proxy_url.take().filter(|url| !url.is_empty());
    let no_proxy = raw.no_proxy.take().filter(|hosts| !hosts.is_empty());
    let from_environment = raw.proxy_from_environment.filter(|flag| flag.value);
    let header = raw.proxy_connect_header.take();
    let header = header.filter(|headers| !headers.is_empty());
    if from_environment.is_some() {
        let others = [
            ("proxy_url", url.as_ref().map(|url| url.span)),
            ("no_proxy", no_proxy.as_ref().map(|hosts| hosts.span)),
        ];
        for (name, span) in others {
            if let Some(span) = span {
                let message = format!("`{name}` and `proxy_from_environment` exclude each other");
                findings.error(span, message);
            }
        }
        if let Some(header) = header {
            findings.not_acted_on(header.key, "proxy_connect_header");
        }
        return Proxy::Environment;
    }
    let Some(address) = url else {
        let lonely = [
            ("no_proxy", no_proxy.map(|hosts| hosts.span)),
            ("proxy_connect_header", header.map(|headers| headers.span)),
        ];
        for (name, span) in lonely {
            if let Some(span) = span {
                findings.error(span, format!("`{name}` needs a `proxy_url`"));
            }
        }
        return Proxy::None;
    };
    match proxy_url(address, findings) {
        Some(url) => Proxy::Url {
            url,
            no_proxy: no_proxy.map(Spanned::into_inner).unwrap_or_default(),
            headers: header.map_or_else(Vec::new, |headers| proxy_headers(headers, findings)),
        },
        None => Proxy::None,
    }
}

/// Reads the URL of a proxy. One without a scheme is legal to Prometheus and the Alertmanager, though they cannot reach it.
fn proxy_url(mut address: Spanned<String>, findings: &mut Findings<'_>) -> Option<Url> {
    if !address.contains("://") {
        let message = "the proxy has no scheme, so it is taken for one with http";
        findings.warning(address.span, message);
        address.value.insert_str(0, "http://");
    }
    url(&address, findings)
}

fn proxy_headers(raw: Spanned<RawProxyHeaders>, findings: &mut Findings<'_>) -> Vec<Header> {
    raw.value
        .into_iter()
        .filter_map(|(name, values)| {
            Some(Header {
                name: header_name(&name.text, name.span, findings)?,
                values: values.into_iter().map(SecretSource::Inline).collect(),
            })
        })
        .collect()
}

fn headers(raw: RawHeaders, findings: &mut Findings<'_>) -> Vec<Header> {
    let mut headers = Vec::new();
    for (name, header) in raw {
        check_reserved(&name.text, name.span, &RESERVED_HEADERS, findings);
        let Some(known) = header_name(&name.text, name.span, findings) else {
            continue;
        };
        let files = header
            .files
            .iter()
            .map(|file| SecretSource::File(findings.resolve(file)));
        let values = header.values.into_iter().map(SecretSource::inline);
        let secrets = header.secrets.into_iter().map(SecretSource::Inline);
        headers.push(Header {
            name: known,
            values: values.chain(secrets).chain(files).collect(),
        });
    }
    headers
}

fn header_name(name: &str, span: Span, findings: &mut Findings<'_>) -> Option<HeaderName> {
    let known = name.parse().ok();
    if known.is_none() {
        findings.error(span, format!("`{name}` is not a valid header name"));
    }
    known
}

fn check_reserved(name: &str, span: Span, reserved: &[&str], findings: &mut Findings<'_>) {
    if reserved
        .iter()
        .any(|known| known.eq_ignore_ascii_case(name))
    {
        let message = format!("the header `{name}` is set by the exchange itself");
        findings.error(span, message);
    }
}

/// Checks the `headers` of a section that is not acted on.
pub fn check_plain_headers(raw: &BTreeMap<SpannedKey, String>, findings: &mut Findings<'_>) {
    for name in raw.keys() {
        check_reserved(&name.text, name.span, &RESERVED_HEADERS, findings);
        header_name(&name.text, name.span, findings);
    }
}

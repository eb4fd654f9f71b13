//! The URL of a service, which is a secret itself where it holds the right to send.

use std::sync::Arc;

use plimsoll_runtime::config::{Findings, Span, Spanned};
use plimsoll_runtime::http::{Authorization, ClientConfig, Secret, SecretSource};
use url::Url;

use crate::config::secret_url;
use crate::{RenderError, RenderErrorKind, Rendering};

/// Reads the field `name`, or the file of the field beside it; a section of the kind `kind` cannot do without.
pub(super) fn required(
    (kind, name): (&str, &str),
    place: Span,
    inline: Option<Spanned<Secret>>,
    file: Option<Spanned<String>>,
    findings: &mut Findings<'_>,
) -> Option<SecretSource> {
    if inline.is_none() && file.as_ref().is_none_or(|file| file.is_empty()) {
        let message = format!("a `{kind}` receiver needs a `{name}` or a `{name}_file`");
        findings.error(place, message);
        return None;
    }
    optional(name, inline, file, findings)
}

/// Reads a field that may be absent, as [`required`] does. There is a finding where it is neither absent nor good.
pub(super) fn optional(
    name: &str,
    inline: Option<Spanned<Secret>>,
    file: Option<Spanned<String>>,
    findings: &mut Findings<'_>,
) -> Option<SecretSource> {
    if let Some(empty) = inline.as_ref().filter(|url| url.expose().is_empty()) {
        findings.error(empty.span, format!("`{name}` is empty, expected a URL"));
        return None;
    }
    secret_url(name, inline, file, findings)
}

/// Reads the URL that a field or the file beside it holds; `field` names it in errors.
pub(super) fn read(
    source: &SecretSource,
    field: &str,
    rendering: &Rendering<'_>,
) -> Result<Url, RenderError> {
    parse(rendering.secret(source)?.expose(), field)
}

/// Reads a URL; errors name the field and never the text.
pub(super) fn parse(text: &str, field: &str) -> Result<Url, RenderError> {
    let unfit = |why: &str| {
        let text = format!("what `{field}` gives is not a URL to send to: {why}");
        RenderError::new(RenderErrorKind::Unfit, text)
    };
    let url = Url::parse(text).map_err(|error| unfit(&error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(unfit("neither http nor https"));
    }
    match url.host_str() {
        Some(host) if !host.is_empty() => Ok(url),
        _ => Err(unfit("it names no host")),
    }
}

/// Adds segments to the path of a base URL, whether that ends with a slash or not.
pub(super) fn join(base: &Url, segments: &[&str]) -> Url {
    let mut url = base.clone();
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(segments);
    }
    url
}

/// Lets a service know us by a token; whoever `http_config` says that we are does not count for it.
pub(super) fn authorized(
    http: &ClientConfig,
    scheme: &str,
    token: SecretSource,
) -> Arc<ClientConfig> {
    Arc::new(ClientConfig {
        authorization: Some(Authorization::Scheme {
            scheme: scheme.to_owned(),
            credentials: token,
        }),
        ..http.clone()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_do_not_tell_the_text() {
        for text in [
            "hunter2",
            "ftp://hunter2/",
            "http://",
            "http://hunter2:x/",
            "",
        ] {
            let error = parse(text, "url_file").unwrap_err();
            assert_eq!(error.kind(), RenderErrorKind::Unfit);
            assert!(!error.to_string().contains("hunter2"), "{error}");
            assert!(error.to_string().contains("`url_file`"), "{error}");
        }
    }

    #[test]
    fn segments_follow_the_base_and_cannot_leave_it() {
        for (base, segment, expected) in [
            (
                "https://api.example.org",
                "v2",
                "https://api.example.org/v2/x",
            ),
            (
                "https://api.example.org/",
                "v2",
                "https://api.example.org/v2/x",
            ),
            ("https://h/og", "v2", "https://h/og/v2/x"),
            ("https://h/og/", "v2", "https://h/og/v2/x"),
            ("https://h/og/", "a/b?c#d", "https://h/og/a%2Fb%3Fc%23d/x"),
        ] {
            let base = Url::parse(base).unwrap();
            assert_eq!(join(&base, &[segment, "x"]).as_str(), expected);
        }
    }
}

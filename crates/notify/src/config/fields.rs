//! Kinds of fields that several sections have.

use plimsoll_runtime::config::{Findings, Spanned, http_client};
use plimsoll_runtime::http::{Secret, SecretSource};

/// Reads a secret that stands in the file or in a file of its own; empty texts count as absent.
pub(crate) fn secret(
    name: &str,
    inline: Option<Spanned<Secret>>,
    file: Option<Spanned<String>>,
    findings: &mut Findings<'_>,
) -> Option<SecretSource> {
    let inline = inline.filter(|secret| !secret.expose().is_empty());
    let file = file.filter(|path| !path.is_empty());
    match (inline, file) {
        (Some(_), Some(file)) => {
            let message = format!("`{name}_file` and `{name}` exclude each other");
            findings.error(file.key, message);
            None
        }
        (Some(inline), None) => Some(SecretSource::Inline(inline.into_inner())),
        (None, Some(file)) => Some(SecretSource::File(findings.resolve(&file))),
        (None, None) => None,
    }
}

/// Reads a URL that is a secret, as [`secret`] does; one in the file must be a URL with `http` or `https` and a host.
pub(crate) fn secret_url(
    name: &str,
    inline: Option<Spanned<Secret>>,
    file: Option<Spanned<String>>,
    findings: &mut Findings<'_>,
) -> Option<SecretSource> {
    if let Some(inline) = &inline {
        let text = Spanned {
            value: inline.expose().to_owned(),
            span: inline.span,
            key: inline.key,
        };
        http_client::url(&text, findings)?;
    }
    secret(name, inline, file, findings)
}

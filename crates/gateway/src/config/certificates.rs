//! Files with certificates and keys: a file that does not hold what it should is found now, and not at the first handshake.

use std::path::{Path, PathBuf};

use plimsoll_runtime::config::{Span, Spanned};
use rustls::crypto::aws_lc_rs::sign::any_supported_type;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;

use super::context::Context;
use super::raw::{RawCertificate, RawText};
use crate::model::Certificate;

/// Reads where a certificate and its key are, and checks both.
pub(super) fn certificate(
    raw: &Spanned<RawCertificate>,
    ctx: &mut Context<'_>,
) -> Option<Certificate> {
    let mut is_complete = true;
    for (field, name) in [(&raw.chain, "chain"), (&raw.private_key, "key")] {
        if field.is_empty() {
            ctx.error(
                raw.span,
                format!("a certificate needs `{name}`, a file in PEM"),
            );
            is_complete = false;
        }
    }
    if !is_complete {
        return None;
    }
    let (chain_path, chain) = ctx.read(&raw.chain);
    let (key_path, key) = ctx.read(&raw.private_key);
    let chain = certificates(chain.as_deref(), raw.chain.span, &chain_path, ctx);
    let key = key.map(|bytes| private_key(&bytes));
    let matched = match (chain, key) {
        (Some(chain), Some(Ok(key))) => belong_together(chain, &key),
        (_, Some(Err(error))) => Err(error),
        // What could not be read was reported.
        _ => Ok(()),
    };
    if let Err(error) = matched {
        ctx.bad_file(raw.private_key.span, &key_path, error);
    }
    Some(Certificate {
        chain: chain_path,
        key: key_path,
    })
}

/// Reads where certificates of authorities are, and checks that there are some.
pub(super) fn authorities(raw: &RawText, ctx: &mut Context<'_>) -> Option<PathBuf> {
    let raw = raw.as_ref()?;
    let (path, bytes) = ctx.read(raw);
    certificates(bytes.as_deref(), raw.span, &path, ctx);
    Some(path)
}

/// Returns the certificates of a file, and reports one that has none.
fn certificates(
    bytes: Option<&[u8]>,
    span: Span,
    path: &Path,
    ctx: &mut Context<'_>,
) -> Option<Vec<CertificateDer<'static>>> {
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(bytes?).collect();
    match chain {
        Ok(chain) if chain.is_empty() => {
            ctx.bad_file(span, path, "it holds no certificate in PEM");
            None
        }
        Ok(chain) => Some(chain),
        Err(error) => {
            ctx.bad_file(span, path, format!("its PEM is broken: {error}"));
            None
        }
    }
}

fn private_key(bytes: &[u8]) -> Result<PrivateKeyDer<'static>, String> {
    // The error of the parser may hold a part of the key.
    PrivateKeyDer::from_pem_slice(bytes).map_err(|_| "it holds no private key in PEM".to_owned())
}

fn belong_together(
    chain: Vec<CertificateDer<'static>>,
    key: &PrivateKeyDer<'static>,
) -> Result<(), String> {
    let key = any_supported_type(key).map_err(|_| "its kind of key is not supported".to_owned())?;
    CertifiedKey::new(chain, key)
        .keys_match()
        .map_err(|_| "it is not the key of the certificate".to_owned())
}

//! A file of the bundle as an answer: cached for as long as it can be, compressed for who takes it.

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::bundle::Asset;
use crate::compress;

/// Names of these files change with what is in them.
const HASHED: &str = "/assets/";
const FOREVER: &str = "public, max-age=31536000, immutable";
/// Kept, and asked for whether it is still the same.
const EACH_TIME: &str = "no-cache";

/// Answers with a file.
pub(super) fn answer(asset: &Asset, path: &str, method: &Method, headers: &HeaderMap) -> Response {
    let gzip = asset.gzip.as_ref();
    let compressed = gzip.filter(|_| compress::takes_gzip(headers));
    let tag = match compressed {
        Some(_) => format!("\"{}-gzip\"", asset.hash),
        None => format!("\"{}\"", asset.hash),
    };
    let mut response = match is_known(headers, &tag) {
        true => StatusCode::NOT_MODIFIED.into_response(),
        false => {
            let bytes = compressed.unwrap_or(&asset.bytes);
            let content_type = [(header::CONTENT_TYPE, asset.content_type)];
            (content_type, body(bytes, method)).into_response()
        }
    };
    let is_hashed = path.starts_with(HASHED);
    let cache = HeaderValue::from_static(if is_hashed { FOREVER } else { EACH_TIME });
    let tag = HeaderValue::from_str(&tag).expect("a tag is hexadecimal digits");
    let answered = response.headers_mut();
    answered.insert(header::CACHE_CONTROL, cache);
    answered.insert(header::ETAG, tag);
    if gzip.is_some() {
        answered.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    }
    if compressed.is_some() {
        answered.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    response
}

/// Makes a body; for `HEAD` an empty one that says how long it would be.
pub(super) fn body(bytes: &Bytes, method: &Method) -> Response {
    if *method == Method::HEAD {
        let length = [(header::CONTENT_LENGTH, bytes.len())];
        return (length, Body::empty()).into_response();
    }
    Body::from(bytes.clone()).into_response()
}

/// Says whether a client has this already.
fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    let values = headers.get_all(header::IF_NONE_MATCH).iter();
    let texts = values.filter_map(|value| value.to_str().ok());
    let mut tags = texts.flat_map(|text| text.split(','));
    tags.any(|known| {
        let known = known.trim();
        known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag
    })
}

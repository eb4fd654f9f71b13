//! Which methods may be repeated.

/// Says whether a request of this method may be repeated without another effect (RFC 9110 section 9.2.2); any other one may
/// when it carries an Idempotency-Key.
pub fn is_idempotent(method: &str) -> bool {
    matches!(
        method,
        "GET" | "HEAD" | "OPTIONS" | "TRACE" | "PUT" | "DELETE"
    )
}

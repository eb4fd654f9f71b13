//! Points in time as people write them, checked before a server is asked.

/// Returns the text when it is a point in time.
pub(super) fn checked(text: &str) -> Result<String, String> {
    match seconds(text) {
        Some(_) => Ok(text.to_owned()),
        None => Err("expected Unix seconds or RFC 3339, such as 2026-01-02T15:04:05Z".into()),
    }
}

/// Reads a point in time as seconds since the epoch.
pub(in crate::commands) fn seconds(text: &str) -> Option<f64> {
    match text.parse::<f64>() {
        Ok(seconds) => Some(seconds).filter(|seconds| seconds.is_finite()),
        Err(_) => {
            let at: jiff::Timestamp = text.parse().ok()?;
            Some(at.as_millisecond() as f64 / 1000.0)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_and_rfc_3339_are_read() {
        for (text, expected) in [
            ("1.5", Some(1.5)),
            ("-5", Some(-5.0)),
            ("1970-01-01T00:00:01.25Z", Some(1.25)),
            ("1970-01-01T01:00:00+01:00", Some(0.0)),
            ("now", None),
            ("-1h", None),
            ("NaN", None),
            ("2026-01-02", None),
        ] {
            assert_eq!(seconds(text), expected, "{text}");
            assert_eq!(checked(text).is_ok(), expected.is_some(), "{text}");
        }
    }
}

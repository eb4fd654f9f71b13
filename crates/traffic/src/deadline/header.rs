//! How headers say what is left: `grpc-timeout`, Envoy's, and ours.

use std::time::Duration;

/// The header that carries what is left, in milliseconds, lower case: relative, so that clocks need not agree.
pub const HEADER: &str = "x-plimsoll-timeout-ms";

/// Envoy's header that sets a timeout, in milliseconds.
pub const ENVOY_HEADER: &str = "x-envoy-upstream-rq-timeout-ms";

/// Envoy's header that tells the next hop how long is waited for it, in milliseconds.
pub const ENVOY_EXPECTED_HEADER: &str = "x-envoy-expected-rq-timeout-ms";

/// gRPC's header: at most eight digits and a unit, such as `100m`.
pub const GRPC_HEADER: &str = "grpc-timeout";

/// The most digits of gRPC's header (its HTTP/2 protocol, "TimeoutValue").
const GRPC_DIGITS_MAX: usize = 8;

/// The text is no timeout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TimeoutError {
    /// Neither is the header of milliseconds.
    #[error("wanted a whole number of milliseconds")]
    Millis,
    /// Nor is gRPC's.
    #[error("wanted 1 to 8 digits and one of H, M, S, m, u, n")]
    Grpc,
}

/// Parses a whole number of milliseconds. More than 2^64 of them count as that many: the route's timeout is shorter.
///
/// # Errors
/// [`TimeoutError::Millis`] for anything but ASCII digits.
pub fn parse_millis(text: &[u8]) -> Result<Duration, TimeoutError> {
    let millis = digits(text).ok_or(TimeoutError::Millis)?;
    Ok(Duration::from_millis(millis))
}

/// Parses gRPC's timeout.
///
/// # Errors
/// [`TimeoutError::Grpc`].
pub fn parse_grpc(text: &[u8]) -> Result<Duration, TimeoutError> {
    let (unit, value) = text.split_last().ok_or(TimeoutError::Grpc)?;
    if value.len() > GRPC_DIGITS_MAX {
        return Err(TimeoutError::Grpc);
    }
    let value = digits(value).ok_or(TimeoutError::Grpc)?;
    match unit {
        b'H' => Ok(Duration::from_secs(value * 3600)),
        b'M' => Ok(Duration::from_secs(value * 60)),
        b'S' => Ok(Duration::from_secs(value)),
        b'm' => Ok(Duration::from_millis(value)),
        b'u' => Ok(Duration::from_micros(value)),
        b'n' => Ok(Duration::from_nanos(value)),
        _ => Err(TimeoutError::Grpc),
    }
}

/// Writes a timeout for [`HEADER`] and Envoy's: whole milliseconds, rounded down.
pub fn format_millis(timeout: Duration) -> Text {
    let millis = u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX);
    Text::number(millis, None)
}

/// Writes a timeout for [`GRPC_HEADER`] in the finest unit that eight digits hold, rounded down; at most 99,999,999 hours.
pub fn format_grpc(timeout: Duration) -> Text {
    const MOST: u128 = 99_999_999;
    let nanos = timeout.as_nanos();
    let units = [
        (b'n', 1),
        (b'u', 1_000),
        (b'm', 1_000_000),
        (b'S', 1_000_000_000),
        (b'M', 60_000_000_000),
    ];
    let fits = units.into_iter().find(|(_, size)| nanos / size <= MOST);
    let (unit, size) = fits.unwrap_or((b'H', 3_600_000_000_000));
    Text::number((nanos / size).min(MOST) as u64, Some(unit))
}

/// A short ASCII text on the stack: headers are written for every request, and need no allocation.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Text {
    bytes: [u8; 20],
    start: u8,
}

impl Text {
    fn number(mut number: u64, unit: Option<u8>) -> Self {
        let mut bytes = [b' '; 20];
        let mut start = bytes.len();
        // gRPC's numbers have at most eight digits: the unit needs no place beyond the twenty of a u64.
        if let Some(unit) = unit {
            start -= 1;
            bytes[start] = unit;
        }
        loop {
            start -= 1;
            bytes[start] = b'0' + (number % 10) as u8;
            number /= 10;
            if number == 0 {
                break;
            }
        }
        let start = start as u8;
        Self { bytes, start }
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(self.as_bytes()).expect("digits and a unit are ASCII")
    }

    /// Returns its bytes, all of them visible ASCII: fit for a header's value.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[usize::from(self.start)..]
    }
}

impl std::fmt::Debug for Text {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.as_str().fmt(f)
    }
}

/// Reads ASCII digits, at least one; saturates.
fn digits(text: &[u8]) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    text.iter().try_fold(0_u64, |sum, byte| {
        let digit = byte.is_ascii_digit().then(|| u64::from(byte - b'0'))?;
        Some(sum.saturating_mul(10).saturating_add(digit))
    })
}

//! Hostile headers: none panics, and what is read is what was meant.

use std::time::Duration;

use plimsoll_traffic::Criticality;
use plimsoll_traffic::deadline::{format_grpc, format_millis, parse_grpc, parse_millis};
use plimsoll_traffic::retry::parse_retry_after;

#[test]
fn timeouts_of_milliseconds() {
    bolero::check!().for_each(|bytes: &[u8]| {
        if let Ok(timeout) = parse_millis(bytes) {
            assert!(!bytes.is_empty() && bytes.iter().all(u8::is_ascii_digit));
            assert_eq!(parse_millis(format_millis(timeout).as_bytes()), Ok(timeout));
        }
    });
}

#[test]
fn timeouts_of_grpc() {
    bolero::check!().for_each(|bytes: &[u8]| {
        if let Ok(timeout) = parse_grpc(bytes) {
            assert!((2..=9).contains(&bytes.len()));
            assert!(timeout <= Duration::from_secs(99_999_999 * 3600));
            let written = format_grpc(timeout);
            let again = parse_grpc(written.as_bytes()).expect("what is written can be read");
            assert!(again <= timeout);
        }
    });
}

#[test]
fn retry_after() {
    bolero::check!()
        .with_type::<(Vec<u8>, i64)>()
        .for_each(|(bytes, now)| {
            if let Some(wait) = parse_retry_after(bytes, *now) {
                assert!(wait <= Duration::from_secs(86_400));
            }
        });
}

/// Bytes over parts of a date that is one: random bytes alone never come near it.
#[test]
fn retry_after_of_almost_a_date() {
    bolero::check!()
        .with_type::<([(u8, u8); 3], i64)>()
        .for_each(|(changes, now)| {
            let mut date = b"Sun, 06 Nov 1994 08:49:37 GMT".to_vec();
            for (place, byte) in changes {
                let place = usize::from(*place) % date.len();
                date[place] = *byte;
            }
            if let Some(wait) = parse_retry_after(&date, *now) {
                assert!(wait <= Duration::from_secs(86_400));
            }
        });
}

#[test]
fn criticality() {
    bolero::check!().for_each(|bytes: &[u8]| {
        let trusted = Criticality::of(Some(bytes), true, Criticality::P2);
        if trusted != Criticality::P2 {
            assert!(trusted.as_str().as_bytes().eq_ignore_ascii_case(bytes));
        }
        let untrusted = Criticality::of(Some(bytes), false, Criticality::P2);
        assert_eq!(untrusted, Criticality::P2);
    });
}

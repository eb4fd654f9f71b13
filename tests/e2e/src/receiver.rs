//! A receiver of alerts: the part of an Alertmanager that takes them, with a memory of everything it was told.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::now_millis;

/// The largest body that is taken.
const BODY_BYTES_MAX: usize = 16 << 20;

/// Takes alerts on loopback, by the Alertmanager's API v2, for as long as the process runs.
#[derive(Debug)]
pub struct Receiver {
    /// Where it listens.
    pub address: SocketAddr,
    told: Arc<Mutex<Vec<Told>>>,
}

/// An alert that was told, and when.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    /// When it arrived, in milliseconds since the epoch.
    pub at_millis: i64,
    /// Its labels.
    pub labels: Value,
    /// Since when it fires, in milliseconds since the epoch.
    pub starts_at_millis: i64,
    /// When it ended or will be taken for over, in milliseconds since the epoch.
    pub ends_at_millis: i64,
}

impl Told {
    /// Says whether it was over when it was told.
    pub fn is_resolved(&self) -> bool {
        self.ends_at_millis <= self.at_millis
    }
}

impl Receiver {
    /// Starts to listen.
    ///
    /// # Errors
    /// When there is no port.
    pub fn start() -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let address = listener.local_addr()?;
        let told: Arc<Mutex<Vec<Told>>> = Arc::default();
        let shared = Arc::clone(&told);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let told = Arc::clone(&shared);
                // A server that is killed breaks its connections off.
                std::thread::spawn(move || drop(serve(stream, &told)));
            }
        });
        Ok(Self { address, told })
    }

    /// Returns everything that it was told about the alert of this name, in the order in which it came.
    pub fn told(&self, alert: &str) -> Vec<Told> {
        let told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let own = told.iter().filter(|told| told.labels["alertname"] == alert);
        own.cloned().collect()
    }
}

/// Answers the requests of one connection.
fn serve(mut stream: TcpStream, told: &Mutex<Vec<Told>>) -> Result<()> {
    let mut requests = BufReader::new(stream.try_clone()?);
    loop {
        let mut first = String::new();
        if requests.read_line(&mut first)? == 0 {
            return Ok(());
        }
        let body = read_body(&mut requests)?;
        ensure!(first.starts_with("POST /api/v2/alerts "), "{first}");
        let at_millis = now_millis();
        let alerts: Vec<Value> = serde_json::from_slice(&body)?;
        let alerts = alerts.iter().map(|alert| read(alert, at_millis));
        let alerts = alerts.collect::<Result<Vec<_>>>()?;
        // What is answered with 200 is never sent again, so it is noted before.
        told.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend(alerts);
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")?;
    }
}

fn read_body(requests: &mut impl BufRead) -> Result<Vec<u8>> {
    let mut length = None;
    loop {
        let mut line = String::new();
        requests.read_line(&mut line)?;
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = Some(value.trim().parse::<usize>()?);
        }
    }
    let length = length.context("no Content-Length")?;
    ensure!(length <= BODY_BYTES_MAX, "{length} bytes");
    let mut body = vec![0; length];
    requests.read_exact(&mut body)?;
    Ok(body)
}

fn read(alert: &Value, at_millis: i64) -> Result<Told> {
    let time = |name: &str| -> Result<i64> {
        let text = alert[name]
            .as_str()
            .with_context(|| format!("no {name}: {alert}"))?;
        millis_of_rfc_3339(text).with_context(|| format!("{name} is {text:?}"))
    };
    Ok(Told {
        at_millis,
        labels: alert["labels"].clone(),
        starts_at_millis: time("startsAt")?,
        ends_at_millis: time("endsAt")?,
    })
}

/// Reads `2026-01-02T15:04:05.678Z`, as we write times; other zones than UTC are not read.
pub fn millis_of_rfc_3339(text: &str) -> Option<i64> {
    let text = text
        .strip_suffix('Z')
        .or_else(|| text.strip_suffix("+00:00"))?;
    let (date, time) = text.split_once('T')?;
    let number = |text: Option<&str>| text?.parse::<i64>().ok();
    let mut parts = date.split('-');
    let (year, month, day) = (
        number(parts.next())?,
        number(parts.next())?,
        number(parts.next())?,
    );
    let mut parts = time.split(':');
    let (hour, minute) = (number(parts.next())?, number(parts.next())?);
    let (second, fraction) = parts
        .next()?
        .split_once('.')
        .unwrap_or((time.rsplit(':').next()?, "0"));
    let millis = number(Some(&format!("{fraction:0<3}")[..3]))?;
    let second = number(Some(second))?;
    Some((((days(year, month, day) * 24 + hour) * 60 + minute) * 60 + second) * 1000 + millis)
}

/// Returns the days since 1970 (Hinnant, "chrono-Compatible Low-Level Date Algorithms").
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read() {
        for (text, expected) in [
            ("1970-01-01T00:00:00Z", Some(0)),
            ("1970-01-01T00:00:01.25Z", Some(1_250)),
            ("2026-01-02T15:04:05.678Z", Some(1_767_366_245_678)),
            (
                "2024-02-29T00:00:00.123456789+00:00",
                Some(1_709_164_800_123),
            ),
            ("2024-02-29T00:00:00+01:00", None),
            ("now", None),
        ] {
            assert_eq!(millis_of_rfc_3339(text), expected, "{text}");
        }
    }
}

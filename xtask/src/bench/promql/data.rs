//! The data: 10,000 series for two hours at 15 s, and 200 series for 30 days at a minute.

use anyhow::ensure;
use plimsoll_e2e::{Api, now_millis};
use plimsoll_testkit::Seed;
use plimsoll_types::{Labels, Sample, Timestamp};
use plimsoll_wire::compression::snappy;
use plimsoll_wire::push::Series;
use plimsoll_wire::remote_write::{Version, encode};

const HOUR: i64 = 3_600_000;
const WIDE_SERIES: u64 = 10_000;
const WIDE_HOURS: i64 = 2;
const WIDE_STEP: i64 = 15_000;
const LONG_SERIES: u64 = 200;
const LONG_STEP: i64 = 60_000;
/// Series per request.
const BATCH: usize = 250;

/// What time the data covers, in milliseconds since the epoch.
pub(super) struct Span {
    pub(super) begin: i64,
    pub(super) end: i64,
}

impl Span {
    /// Ends at the last full hour, which all three take for the present.
    pub(super) fn ending_now(days: i64) -> Self {
        let end = now_millis() / HOUR * HOUR;
        Self {
            begin: end - days * 24 * HOUR,
            end,
        }
    }
}

/// A series that is being made.
struct Made {
    labels: Labels,
    state: f64,
    random: Seed,
    is_counter: bool,
}

impl Made {
    fn next(&mut self) -> f64 {
        let step = self.random.below(1_000);
        if self.is_counter {
            // One reset in a few thousand samples, as restarts do.
            self.state = match self.random.below(5_000) {
                0 => 0.0,
                _ => self.state + step as f64,
            };
            self.state
        } else {
            (self.state + step as f64) / 100.0
        }
    }
}

/// Pushes everything by remote write 1.0, which all three speak, hour by hour: Prometheus takes only what is newer than
/// an hour before its newest sample.
pub(super) fn load(api: &Api, span: &Span) -> anyhow::Result<()> {
    let mut long: Vec<Made> = (0..LONG_SERIES).map(long_series).collect();
    let mut wide: Vec<Made> = (0..WIDE_SERIES).map(wide_series).collect();
    let mut hour = span.begin;
    while hour < span.end {
        push(api, &mut long, hour, LONG_STEP)?;
        if hour >= span.end - WIDE_HOURS * HOUR {
            push(api, &mut wide, hour, WIDE_STEP)?;
        }
        hour += HOUR;
    }
    Ok(())
}

fn push(api: &Api, series: &mut [Made], hour: i64, step: i64) -> anyhow::Result<()> {
    for batch in series.chunks_mut(BATCH) {
        let batch: Vec<Series> = batch
            .iter_mut()
            .map(|made| {
                let times = (0..HOUR / step).map(|index| hour + index * step);
                let samples = times
                    .map(|time| Sample::float(Timestamp::from_millis(time), made.next()))
                    .collect();
                Series {
                    labels: made.labels.clone(),
                    samples,
                    ..Series::default()
                }
            })
            .collect();
        let body = snappy(&encode(Version::V1, &batch));
        let headers = [
            ("Content-Type", Version::V1.content_type()),
            ("Content-Encoding", "snappy"),
            ("X-Prometheus-Remote-Write-Version", Version::V1.header()),
        ];
        let reply = api.post("/api/v1/write", &headers, &body)?;
        ensure!(
            reply.status / 100 == 2,
            "{}: {}",
            reply.status,
            reply.text()
        );
    }
    Ok(())
}

fn wide_series(number: u64) -> Made {
    let is_counter = number.is_multiple_of(2);
    let name = match is_counter {
        true => "wide_requests_total",
        false => "wide_temperature",
    };
    made(number, name, is_counter)
}

fn long_series(number: u64) -> Made {
    made(1 << 32 | number, "long_requests_total", true)
}

fn made(number: u64, name: &str, is_counter: bool) -> Made {
    let of = number & 0xffff_ffff;
    let mut random = Seed::new(number);
    let codes = ["200", "200", "404", "500"];
    let labels = Labels::from_pairs([
        ("__name__", name.to_owned()),
        ("code", codes[(of / 2 % 4) as usize].to_owned()),
        ("instance", format!("10.0.{}.{}:9100", of / 200, of % 200)),
        ("job", format!("job-{}", of % 20)),
        ("path", format!("/api/v1/resource/{}", of % 50)),
    ]);
    Made {
        labels,
        state: random.below(1_000_000) as f64,
        random,
        is_counter,
    }
}

//! Real exporters, recorded: node exporter, Prometheus and VictoriaMetrics tell about themselves once a second while the
//! machine works.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::thread::{self, JoinHandle, sleep};
use std::time::Duration;

use anyhow::{Context, anyhow, ensure};
use plimsoll_e2e::{Api, Home, NodeExporter, Prometheus, VictoriaMetrics, now_millis};
use plimsoll_runtime::clock::{Clock, SystemClock};
use plimsoll_wire::exposition::{Entry, Format, Options, Parser};

use super::data_set::{DataSet, SeriesData, TargetData};

/// What is recorded: so many milliseconds lie between two scrapes.
const INTERVAL: i64 = 1_000;
/// One in so many scrapes is what a server with the usual interval of 15 s would have got.
const STRIDE: usize = 15;
/// What Prometheus stores for a NaN that an exporter tells.
const ORDINARY_NAN: u64 = 0x7ff8_0000_0000_0001;
const SCRAPE_FAILURES_MAX: usize = 20;

/// A recording that goes on in a thread of its own.
pub(super) struct Recorder(JoinHandle<anyhow::Result<Recording>>);

/// What was recorded.
#[derive(Clone, Debug, Default)]
pub(super) struct Recording {
    targets: Vec<TargetData>,
}

/// One exporter while it is recorded.
struct Tape {
    api: Api,
    target: TargetData,
    /// Series by their text in the exposition.
    known: HashMap<String, usize>,
    failures: usize,
}

impl Recorder {
    /// Begins; programs that have to be there are started first.
    pub(super) fn start(seconds: u64) -> anyhow::Result<Self> {
        let home = Home::new()?;
        let node = NodeExporter::start(&home)?;
        let config = format!(
            "global:\n  scrape_interval: 1s\nscrape_configs:\n- job_name: node\n  static_configs:\n  - targets: ['{}']\n",
            node.address
        );
        let path = home.write("targets.yml", config.as_bytes())?;
        let prometheus = Prometheus::start_with(&home, |_| config.clone(), &[])?;
        let argument = format!("-promscrape.config={}", path.display());
        let victoria = VictoriaMetrics::start(&home, &[&argument])?;
        let tapes = vec![
            Tape::new("node", node.address),
            Tape::new("prometheus", prometheus.api.address),
            Tape::new("victoria-metrics", victoria.api.address),
        ];
        Ok(Self(thread::spawn(move || {
            let _running = (home, node, prometheus, victoria);
            record(tapes, seconds)
        })))
    }

    /// Waits for the end.
    pub(super) fn finish(self) -> anyhow::Result<Recording> {
        let ended = self.0.join();
        ended.map_err(|_| anyhow!("the recorder panicked"))?
    }
}

fn record(mut tapes: Vec<Tape>, seconds: u64) -> anyhow::Result<Recording> {
    let clock = SystemClock::new();
    let began = clock.monotonic();
    for second in 0..seconds {
        let due = Duration::from_secs(second);
        sleep(due.saturating_sub(clock.monotonic().since(began)));
        tapes.iter_mut().try_for_each(Tape::scrape)?;
    }
    let targets = tapes.into_iter().map(|tape| tape.target);
    Ok(Recording {
        targets: targets.collect(),
    })
}

impl Tape {
    fn new(job: &str, address: SocketAddr) -> Self {
        Self {
            api: Api { address },
            target: TargetData {
                job: job.into(),
                ..TargetData::default()
            },
            known: HashMap::new(),
            failures: 0,
        }
    }

    fn scrape(&mut self) -> anyhow::Result<()> {
        let time = now_millis();
        match self.api.get("/metrics", &[]) {
            Ok(reply) if reply.status == 200 => self.keep(time, &reply.text()),
            // On a busy machine one may be late; a scrape that is missing is no harm.
            _ => {
                self.failures += 1;
                let job = &self.target.job;
                ensure!(self.failures < SCRAPE_FAILURES_MAX, "{job} does not answer");
                Ok(())
            }
        }
    }

    fn keep(&mut self, time: i64, page: &str) -> anyhow::Result<()> {
        let at = u32::try_from(self.target.times.len())?;
        self.target.times.push(time);
        let is_sample = |line: &&str| !line.starts_with('#') && !line.is_empty();
        for line in page.lines().filter(is_sample) {
            let (series, value) = line.rsplit_once(' ').context("no value")?;
            let value = number(value).with_context(|| line.to_owned())?;
            let index = match self.known.get(series) {
                Some(index) => *index,
                None => self.add(series)?,
            };
            let points = &mut self.target.series[index].points;
            // An exporter that tells a series twice in one page is wrong; servers keep the first.
            if points.last().is_none_or(|(last, _)| *last < at) {
                points.push((at, value));
            }
        }
        Ok(())
    }

    fn add(&mut self, text: &str) -> anyhow::Result<usize> {
        let line = format!("{text} 0\n");
        let mut parser = Parser::new(
            Format::PrometheusText004,
            line.as_bytes(),
            Options::default(),
        )?;
        let Some(Entry::Sample(sample)) = parser.next_entry()? else {
            anyhow::bail!("no series: {text}");
        };
        let mut builder = sample.series.labels()?.to_builder();
        let instance = self.api.address.to_string();
        for (name, value) in [("instance", &instance), ("job", &self.target.job)] {
            // A label of the exporter's own gives way, as it does in servers.
            if let Some(own) = builder.get(name).map(str::to_owned) {
                builder.set(&format!("exported_{name}"), &own);
            }
            builder.set(name, value);
        }
        let index = self.target.series.len();
        self.target.series.push(SeriesData {
            labels: builder.iter().map(|(n, v)| (n.into(), v.into())).collect(),
            points: Vec::new(),
        });
        self.known.insert(text.into(), index);
        Ok(index)
    }
}

/// Reads a value as Go writes it.
fn number(text: &str) -> anyhow::Result<f64> {
    let value: f64 = text.parse()?;
    Ok(match value.is_nan() {
        true => f64::from_bits(ORDINARY_NAN),
        false => value,
    })
}

impl Recording {
    /// Returns what was recorded, as if it had ended at `end`.
    pub(super) fn each_second(&self, end: i64) -> DataSet {
        let targets = self.targets.iter().map(|target| {
            let last = target.times.last().copied().unwrap_or(end);
            let times = target.times.iter().map(|time| time - last + end);
            TargetData {
                times: times.collect(),
                ..target.clone()
            }
        });
        DataSet {
            name: "real exporters at 1 s",
            targets: targets.collect(),
        }
    }

    /// Returns every 15th scrape, 15 s apart, that begins with the first; then every 15th that begins with the second,
    /// and so on, one such pass after the other. From scrape to scrape, values move as they do in 15 s; once per pass all
    /// of them jump back, counters as after a restart. That is harder to compress than life, and makes samples enough.
    pub(super) fn each_fifteen_seconds(&self, end: i64) -> DataSet {
        let targets = self.targets.iter().map(|target| strided(target, end));
        DataSet {
            name: "real exporters at 15 s",
            targets: targets.collect(),
        }
    }
}

fn strided(target: &TargetData, end: i64) -> TargetData {
    let each = target.times.len() / STRIDE;
    let interval = INTERVAL * STRIDE as i64;
    let begin = end - interval * (each * STRIDE) as i64;
    let first = target.times.first().copied().unwrap_or_default();
    // A scrape keeps what it was late by, so that times are as irregular as they were.
    let time = |place: usize| {
        let scrape = place % each * STRIDE + place / each;
        let late = (target.times[scrape] - first) % INTERVAL;
        begin + place as i64 * interval + late
    };
    let place = |scrape: u32| {
        let scrape = scrape as usize;
        (scrape < each * STRIDE).then(|| (scrape % STRIDE * each + scrape / STRIDE) as u32)
    };
    let series = target.series.iter().map(|series| {
        let points = series.points.iter();
        let mut points: Vec<(u32, f64)> = points
            .filter_map(|(scrape, value)| Some((place(*scrape)?, *value)))
            .collect();
        points.sort_by_key(|(place, _)| *place);
        SeriesData {
            labels: series.labels.clone(),
            points,
        }
    });
    TargetData {
        job: target.job.clone(),
        series: series.filter(|series| !series.points.is_empty()).collect(),
        times: (0..each * STRIDE).map(time).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tape() -> Tape {
        Tape::new("node", "127.0.0.1:9100".parse().unwrap())
    }

    #[test]
    fn a_page_becomes_points_of_its_series() {
        let mut tape = tape();
        let first =
            "# HELP a b\n# TYPE a gauge\na{job=\"own\"} 1.5e+09\nb{x=\"y z\",q=\"\\\"\"} NaN\n";
        tape.keep(1_000, first).unwrap();
        tape.keep(2_000, "b{x=\"y z\",q=\"\\\"\"} +Inf\nnew 3\n")
            .unwrap();
        let series = &tape.target.series;
        assert_eq!(tape.target.times, [1_000, 2_000]);
        assert_eq!(series[0].points, [(0, 1.5e9)]);
        assert_eq!(series[1].points[0].1.to_bits(), ORDINARY_NAN);
        assert_eq!(series[1].points[1], (1, f64::INFINITY));
        assert_eq!(series[2].points, [(1, 3.0)]);
        assert_eq!(series[0].pairs()[1], ("exported_job", "own"));
        let labels = series[1].pairs();
        let expected = [
            ("__name__", "b"),
            ("instance", "127.0.0.1:9100"),
            ("job", "node"),
            ("q", "\""),
            ("x", "y z"),
        ];
        assert_eq!(labels, expected);
    }

    #[test]
    fn every_fifteenth_scrape_follows_the_one_before() {
        // Every scrape but the first is 2 ms late; scrape 16 lacks the series.
        let time = |scrape: i64| 5_000 + scrape * 1_000 + i64::from(scrape > 0) * 2;
        let points = (0..47).filter(|scrape| *scrape != 16);
        let target = TargetData {
            job: "node".into(),
            times: (0..47).map(time).collect(),
            series: vec![SeriesData {
                labels: Vec::new(),
                points: points.map(|scrape| (scrape, f64::from(scrape))).collect(),
            }],
        };
        let strided = strided(&target, 10_000_000);
        let begin = 10_000_000 - 45 * 15_000;
        assert_eq!(strided.times.len(), 45);
        assert_eq!(strided.times[..3], [begin, begin + 15_002, begin + 30_002]);
        assert!(strided.times.is_sorted());
        let expected = [
            (0, 0.0),
            (1, 15.0),
            (2, 30.0),
            (3, 1.0),
            (5, 31.0),
            (6, 2.0),
        ];
        assert_eq!(strided.series[0].points[..6], expected);
        assert_eq!(strided.series[0].points.len(), 44);
    }
}

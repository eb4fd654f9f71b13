//! The same random queries over the same random data to us and to Debian's Prometheus.
//!
//! Debian's is a 2.42, and between it and 3.x the language changed on purpose. What follows keeps random queries away from
//! those changes; anything else in which the two differ is a fault of ours until it is explained here:
//!
//! | since 2.42 | how it is kept out |
//! |---|---|
//! | a window no longer contains its left end | no sample and no subquery step lies at the end of a window: see `data` |
//! | `.` in a pattern matches line ends | no label value has one |
//! | `holt_winters` has another name and is experimental | not generated |
//! | `rate` and `increase` guess otherwise where a counter begins near zero after a gap | counters begin far from zero and have no gaps |
//! | `stddev` and `stdvar` of a group with NaN or an infinity are NaN also when it comes first | they are asked for finite values |
//! | `atan2` drops the metric name | its operands have none |
//! | a comparison that finds several partners is refused also where it keeps none | those have one partner, or `bool` |
//! | `predict_linear` of a range with `@` sees all samples at every step | asked without `@` |
//! | new functions, operators, literals and native histograms | not generated |
//!
//! Three more are in Prometheus to this day and not in us: the date of what is no point in time depends on the processor;
//! `timestamp` of a selector with `@` forgets its `offset`; sums are not compensated in 2.42.
//!
//! Where the language leaves a choice, queries are generated so that there is none: `topk` and `bottomk` see no two equal
//! values, and values are multiples of 1/64, so that sums do not depend on their order.

mod data;
mod expression;
mod generate;
mod shrink;

use std::path::Path;

use anyhow::{Context, Result, ensure};
use plimsoll_testkit::Seed;
use plimsoll_wire::compression::snappy;
use plimsoll_wire::remote_write::{self, Version};
use serde_json::Value;

use crate::answer::compare_within;
use crate::{Api, Home, Prometheus, Reply, Server, find};
use data::{END, Names, START};
use expression::Expression;

/// Keeps what was measured in 1970 as well as in 2023.
const KEEP_ALL: &str = "global:\n  scrape_interval: 10y\nplimsoll:\n  retention: 100y\n  host_metrics:\n    enabled: false\n";
/// A Prometheus that scrapes nothing.
const NO_TARGETS: &str = "global:\n  scrape_interval: 1m\n";
/// Values are below 10^8, and a difference of two has the error of both.
const ABSOLUTE_ERROR_MAX: f64 = 1e-9;
/// How much of an answer a report shows.
const SHOWN_BYTES_MAX: usize = 2_000;

/// Both servers, as long as the value lives.
#[derive(Debug)]
pub struct Differential {
    ours: Server,
    theirs: Prometheus,
    _homes: [Home; 2],
}

/// What the queries of a seed showed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Agreement {
    /// Queries that both answered alike.
    pub answered: usize,
    /// Queries that both refused.
    pub refused: usize,
    /// Points in the answers.
    pub points: usize,
}

impl Agreement {
    /// Adds what another seed showed.
    pub fn add(&mut self, other: Self) {
        self.answered += other.answered;
        self.refused += other.refused;
        self.points += other.points;
    }
}

/// When a query is asked.
#[derive(Clone, Debug)]
struct Question {
    path: &'static str,
    times: Vec<(&'static str, String)>,
}

impl Differential {
    /// Starts both servers; returns nothing when Debian's Prometheus is not installed.
    ///
    /// # Errors
    /// When one of them does not start.
    pub fn start() -> Result<Option<Self>> {
        let program = find("prometheus")?;
        program.map(|program| Self::with(&program)).transpose()
    }

    /// Starts both servers, with this Prometheus binary in the place of Debian's.
    ///
    /// # Errors
    /// When one of them does not start.
    pub fn with(program: &Path) -> Result<Self> {
        let homes = [Home::new()?, Home::new()?];
        homes[0].configure(KEEP_ALL)?;
        let arguments = [
            "--web.enable-remote-write-receiver",
            "--storage.tsdb.retention.time=100y",
        ];
        let theirs =
            Prometheus::start_program(program, &homes[1], |_| NO_TARGETS.into(), &arguments)?;
        let ours = Server::start(&homes[0])?;
        Ok(Self {
            ours,
            theirs,
            _homes: homes,
        })
    }

    /// Writes the data of a seed to both, and asks both `queries` queries.
    ///
    /// # Errors
    /// The first difference: the query, made as small as it still differs, and both answers.
    pub fn run(&self, seed: u64, queries: usize) -> Result<Agreement> {
        let mut random = Seed::new(seed);
        let names = Names::of(seed);
        let series = data::series(&names, &mut random);
        let body = snappy(&remote_write::encode(Version::V1, &series));
        for api in [self.theirs.api, self.ours.api] {
            write(api, &body)?;
        }
        let mut agreement = Agreement::default();
        for number in 1..=queries {
            let expression = generate::expression(&names, &mut random);
            let question = question(&mut random);
            match self.ask(&expression, &question) {
                Ok(one) => agreement.add(one),
                Err(error) => {
                    let smaller = shrink::shrink(&expression, |candidate| {
                        self.ask(candidate, &question).is_err()
                    });
                    let error = self.ask(&smaller, &question).err().unwrap_or(error);
                    let times = &question.times;
                    return Err(error.context(format!(
                        "seed {seed}, query {number}: {expression}\nmade smaller: {smaller}\nasked: {times:?}"
                    )));
                }
            }
        }
        Ok(agreement)
    }

    fn ask(&self, expression: &Expression, question: &Question) -> Result<Agreement> {
        let query = expression.to_string();
        let mut parameters = vec![("query", query.as_str())];
        parameters.extend(
            question
                .times
                .iter()
                .map(|(name, time)| (*name, time.as_str())),
        );
        let ask = |api: Api| api.post_form(question.path, &parameters);
        let (theirs, ours) = (ask(self.theirs.api)?, ask(self.ours.api)?);
        agree(&theirs, &ours).with_context(|| {
            format!(
                "Prometheus: {}\nPlimsoll:   {}",
                shown(&theirs),
                shown(&ours)
            )
        })
    }
}

fn write(api: Api, body: &[u8]) -> Result<()> {
    let headers = [
        ("Content-Encoding", "snappy"),
        ("Content-Type", Version::V1.content_type()),
        ("X-Prometheus-Remote-Write-Version", Version::V1.header()),
    ];
    let reply = api.post("/api/v1/write", &headers, body)?;
    let status = reply.status;
    ensure!(
        (200..300).contains(&status),
        "write: {status}: {}",
        reply.text()
    );
    Ok(())
}

/// Instant and range queries half and half, always at half a second: see `data`.
fn question(random: &mut Seed) -> Question {
    let time = |seconds: i64| format!("{seconds}.500");
    let at = START + 35 * 60 + random.below(600) as i64;
    if random.percent(50) {
        return Question {
            path: "/api/v1/query",
            times: vec![("time", time(at))],
        };
    }
    let end = (at + 60 + random.below(600) as i64).min(END);
    Question {
        path: "/api/v1/query_range",
        times: vec![
            ("start", time(at)),
            ("end", time(end)),
            ("step", (7 + random.below(90)).to_string()),
        ],
    }
}

fn agree(theirs: &Reply, ours: &Reply) -> Result<Agreement> {
    let data = |reply: &Reply| -> Result<Option<Value>> {
        let mut answer = reply.json()?;
        Ok((answer["status"] == "success").then(|| answer["data"].take()))
    };
    match (data(theirs)?, data(ours)?) {
        (Some(theirs), Some(ours)) => {
            let points = compare_within(&theirs, &ours, ABSOLUTE_ERROR_MAX)?;
            let answered = 1;
            Ok(Agreement {
                answered,
                points,
                ..Agreement::default()
            })
        }
        (None, None) => {
            ensure!(ours.status < 500, "status {}", ours.status);
            Ok(Agreement {
                refused: 1,
                ..Agreement::default()
            })
        }
        (Some(_), None) => anyhow::bail!("only Plimsoll refuses"),
        (None, Some(_)) => anyhow::bail!("only Prometheus refuses"),
    }
}

fn shown(reply: &Reply) -> String {
    let mut text = reply.text();
    text.truncate(text.floor_char_boundary(SHOWN_BYTES_MAX));
    text
}

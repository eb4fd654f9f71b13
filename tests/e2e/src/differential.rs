//! The same random queries over the same random data to us and to a Prometheus: Debian's, or a current one.
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
//! Two more are in Prometheus to this day and kept out as well: the date of what is no point in time depends on the
//! processor, and in a range query `timestamp` of a selector with `@` forgets its `offset`.
//!
//! Where the language leaves a choice, queries are generated so that there is none: `topk` and `bottomk` see no two equal
//! values, and values are multiples of 1/64, so that sums do not depend on their order.

mod data;
mod expression;
mod generate;
mod same;
mod shrink;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use plimsoll_testkit::Seed;
use plimsoll_wire::compression::snappy;
use plimsoll_wire::push::Series;
use plimsoll_wire::remote_write::{self, Version};
use serde_json::Value;

use crate::subject::runs_of_one_kind;
use crate::{Api, Home, Prometheus, Reply, Server, find};
use data::{Dialect, END, Names, START};
use expression::Expression;

/// Keeps what was measured in 1970 as well as in 2023.
const KEEP_ALL: &str = "global:\n  scrape_interval: 10y\nplimsoll:\n  retention: 100y\n  host_metrics:\n    enabled: false\n";
/// All that is experimental.
const FEATURES: &str = "--enable-feature=promql-experimental-functions,\
    promql-extended-range-selectors,promql-binop-fill-modifiers,promql-duration-expr,\
    promql-delayed-name-removal";
/// A Prometheus that scrapes nothing.
const NO_TARGETS: &str = "global:\n  scrape_interval: 1m\n";
/// How much of an answer a report shows.
const SHOWN_BYTES_MAX: usize = 2_000;

/// Both servers, as long as the value lives.
#[derive(Debug)]
pub struct Differential {
    ours: Server,
    theirs: Prometheus,
    dialect: Dialect,
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
        let start = |program: PathBuf| Self::of(&program, Dialect::Debian);
        program.map(start).transpose()
    }

    /// Starts both servers, with this Prometheus binary of 3.13 or later in the place of Debian's and all that is
    /// experimental; annotations and the texts of errors are compared as well.
    ///
    /// # Errors
    /// When one of them does not start.
    pub fn with_current(program: &Path) -> Result<Self> {
        Self::of(program, Dialect::Current)
    }

    fn of(program: &Path, dialect: Dialect) -> Result<Self> {
        let homes = [Home::new()?, Home::new()?];
        homes[0].configure(KEEP_ALL)?;
        let mut arguments = vec![
            "--web.enable-remote-write-receiver",
            "--storage.tsdb.retention.time=100y",
        ];
        let mut command = homes[0].serve_command()?;
        if dialect == Dialect::Current {
            arguments.push(FEATURES);
            command.arg(FEATURES);
        }
        let theirs =
            Prometheus::start_program(program, &homes[1], |_| NO_TARGETS.into(), &arguments)?;
        let ours = Server::start_with(&homes[0], &mut command)?;
        Ok(Self {
            ours,
            theirs,
            dialect,
            _homes: homes,
        })
    }

    /// Writes the data of a seed to both, and asks both `queries` queries.
    ///
    /// # Errors
    /// The first difference: the query, made as small as it still differs, and both answers.
    pub fn run(&self, seed: u64, queries: usize) -> Result<Agreement> {
        let mut random = Seed::new(seed);
        let names = Names::of(seed, self.dialect);
        let series = data::series(&names, &mut random);
        for api in [self.theirs.api, self.ours.api] {
            write(api, self.dialect, &series)?;
        }
        let mut agreement = Agreement::default();
        for number in 1..=queries {
            let expression = generate::expression(&names, &mut random);
            let question = question(self.dialect, &mut random);
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
        agree(self.dialect, &theirs, &ours).with_context(|| {
            format!(
                "Prometheus: {}\nPlimsoll:   {}",
                shown(&theirs),
                shown(&ours)
            )
        })
    }
}

/// Remote write 1.0 is all that Debian's knows, and 2.0 the only one with custom buckets.
fn write(api: Api, dialect: Dialect, series: &[Series]) -> Result<()> {
    let version = match dialect {
        Dialect::Debian => Version::V1,
        Dialect::Current => Version::V2,
    };
    let series: Vec<Series> = series.iter().flat_map(runs_of_one_kind).collect();
    let body = snappy(&remote_write::encode(version, &series));
    let headers = [
        ("Content-Encoding", "snappy"),
        ("Content-Type", version.content_type()),
        ("X-Prometheus-Remote-Write-Version", version.header()),
    ];
    let reply = api.post("/api/v1/write", &headers, &body)?;
    let status = reply.status;
    ensure!(
        (200..300).contains(&status),
        "write: {status}: {}",
        reply.text()
    );
    Ok(())
}

/// Instant and range queries half and half, for Debian's always at half a second: see `data`.
fn question(dialect: Dialect, random: &mut Seed) -> Question {
    let (fraction, raster) = match dialect {
        Dialect::Debian => (".500", 1),
        Dialect::Current => ("", 5),
    };
    let time = |seconds: i64| format!("{}{fraction}", seconds - seconds % raster);
    let at = START + 35 * 60 + random.below(600) as i64;
    if random.percent(50) {
        return Question {
            path: "/api/v1/query",
            times: vec![("time", time(at))],
        };
    }
    let end = (at + 60 + random.below(600) as i64).min(END);
    let step = (7 + random.below(90)).next_multiple_of(raster.unsigned_abs());
    Question {
        path: "/api/v1/query_range",
        times: vec![
            ("start", time(at)),
            ("end", time(end)),
            ("step", step.to_string()),
        ],
    }
}

fn agree(dialect: Dialect, theirs: &Reply, ours: &Reply) -> Result<Agreement> {
    let (theirs, our_status, ours) = (theirs.json()?, ours.status, ours.json()?);
    if dialect == Dialect::Current {
        for field in ["error", "errorType", "warnings", "infos"] {
            let (theirs, ours) = (comparable(&theirs[field]), comparable(&ours[field]));
            ensure!(theirs == ours, "{field}: {theirs} and {ours}");
        }
    }
    let is_success = |answer: &Value| answer["status"] == "success";
    match (is_success(&theirs), is_success(&ours)) {
        (true, true) => {
            let points = same::same(&theirs["data"], &ours["data"])?;
            Ok(Agreement {
                answered: 1,
                points,
                ..Agreement::default()
            })
        }
        (false, false) => {
            ensure!(our_status < 500, "status {our_status}");
            Ok(Agreement {
                refused: 1,
                ..Agreement::default()
            })
        }
        (true, false) => bail!("only Plimsoll refuses"),
        (false, true) => bail!("only Prometheus refuses"),
    }
}

/// Annotations come in any order, and so do the series that an error gives as examples.
fn comparable(value: &Value) -> Value {
    match value {
        Value::Array(texts) => {
            let mut texts = texts.clone();
            texts.sort_by_key(Value::to_string);
            texts.into()
        }
        Value::String(text) => text.split(" for the match group").next().into(),
        other => other.clone(),
    }
}

fn shown(reply: &Reply) -> String {
    let mut text = reply.text();
    text.truncate(text.floor_char_boundary(SHOWN_BYTES_MAX));
    text
}

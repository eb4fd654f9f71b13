//! One remote-write client: it sends, waits for the answer, and notes what it says.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use plimsoll_e2e::{Api, Reply};
use plimsoll_wire::compression::snappy;
use plimsoll_wire::push;
use plimsoll_wire::remote_write::{self, Version};

use super::ledger::{Fate, Kind, Ledger};
use super::random::Random;

const HOUR_MILLIS: i64 = 3_600_000;
/// The server keeps 15 days and the oldest samples of a run must not grow too old for it.
const AGE_HOURS_MAX: u64 = 12 * 24;
/// After so many requests a client goes slowly, so that a long life does not make a large store.
const REQUESTS_IN_HASTE: u32 = 300;
const PAUSE: Duration = Duration::from_millis(50);
/// How long a client holds back when it is told to.
const PAUSE_WHEN_OVERLOADED: Duration = Duration::from_millis(5);

/// One request in this many is a deletion.
const REQUESTS_PER_DELETION: u64 = 30;

/// A request: the samples it holds, by index of the series and time.
type Contents = BTreeSet<(usize, i64)>;

/// Writes until the server is gone.
///
/// # Errors
/// When the server refuses something valid, counts wrongly, or goes away without having been killed.
pub(super) fn run(
    api: Api,
    ledger: &mut Ledger,
    mut random: Random,
    is_killed: &AtomicBool,
) -> Result<()> {
    for number in 0u32.. {
        let is_deletion = !ledger.series.is_empty() && random.is_one_in(REQUESTS_PER_DELETION);
        let sent = match is_deletion {
            true => delete(api, ledger, &mut random),
            false => write(api, ledger, &mut random),
        };
        let is_refused = |reply: &Reply| matches!(reply.status, 429 | 500..);
        match sent {
            Ok(reply) if matches!(reply.status, 200..300) => {}
            Ok(reply) if is_refused(&reply) => std::thread::sleep(PAUSE_WHEN_OVERLOADED),
            Ok(reply) => bail!(
                "a valid request was refused: {} {}",
                reply.status,
                reply.text()
            ),
            Err(_) if is_killed.load(Ordering::SeqCst) => break,
            Err(error) => return Err(error),
        }
        if is_killed.load(Ordering::SeqCst) {
            break;
        }
        if number > REQUESTS_IN_HASTE {
            std::thread::sleep(PAUSE);
        }
    }
    Ok(())
}

fn write(api: Api, ledger: &mut Ledger, random: &mut Random) -> Result<Reply> {
    let contents = choose(ledger, random);
    let version = if random.is_one_in(2) {
        Version::V1
    } else {
        Version::V2
    };
    let body = snappy(&remote_write::encode(version, &series(ledger, &contents)));
    mark(ledger, &contents, Fate::Unsure);
    let headers = [
        ("Content-Type", version.content_type()),
        ("Content-Encoding", "snappy"),
        ("X-Prometheus-Remote-Write-Version", version.header()),
    ];
    let reply = api
        .post("/api/v1/write", &headers, &body)
        .context("the server went away by itself")?;
    if matches!(reply.status, 200..300) {
        check_written(&reply, ledger, &contents)?;
        mark(ledger, &contents, Fate::Acknowledged);
    }
    Ok(reply)
}

/// Deletes a stretch of one series, or all of it. Until the answer comes, it may be there or not.
fn delete(api: Api, ledger: &mut Ledger, random: &mut Random) -> Result<Reply> {
    let index = (random.next() % ledger.series.len() as u64) as usize;
    let series = &mut ledger.series[index];
    let cursor = series.cursor;
    let first = match random.is_one_in(3) {
        true => cursor - 20 * 24 * HOUR_MILLIS,
        false => cursor - random.between(0, 2 * 3_600_000).cast_signed(),
    };
    let range = first..=cursor;
    let mut touched: Vec<&mut Fate> = series
        .fates
        .range_mut(range)
        .map(|(_, fate)| fate)
        .filter(|fate| **fate != Fate::Deleted)
        .collect();
    touched.iter_mut().for_each(|fate| **fate = Fate::Unsure);
    let selector = series.selector();
    let (start, end) = (seconds(first), seconds(cursor));
    let parameters = [("match[]", &*selector), ("start", &*start), ("end", &*end)];
    let reply = api
        .post_form("/api/v1/admin/tsdb/delete_series", &parameters)
        .context("the server went away by itself")?;
    if matches!(reply.status, 200..300) {
        let range = series.fates.range_mut(first..=cursor);
        range.for_each(|(_, fate)| *fate = Fate::Deleted);
    }
    Ok(reply)
}

fn seconds(millis: i64) -> String {
    format!("{}.{:03}", millis.div_euclid(1000), millis.rem_euclid(1000))
}

/// Chooses new series and old ones, samples in order, out of order, and some that may be there already.
fn choose(ledger: &mut Ledger, random: &mut Random) -> Contents {
    let mut contents = Contents::new();
    for _ in 0..random.between(1, 30) {
        let index = if ledger.series.is_empty() || random.is_one_in(10) {
            let kind = if random.is_one_in(5) {
                Kind::Histogram
            } else {
                Kind::Float
            };
            ledger.add(kind, first_time(random))
        } else {
            (random.next() % ledger.series.len() as u64) as usize
        };
        let series = &mut ledger.series[index];
        for _ in 0..random.between(1, 8) {
            let limit = plimsoll_e2e::now_millis();
            series.cursor = (series.cursor + random.between(1, 30_000).cast_signed()).min(limit);
            let time = match random.is_one_in(4) {
                true => series.cursor - random.between(0, 6 * 3_600_000).cast_signed(),
                false => series.cursor,
            };
            contents.insert((index, time));
        }
        if random.is_one_in(8) {
            let unsure = series
                .fates
                .iter()
                .filter(|(_, fate)| **fate == Fate::Unsure);
            contents.extend(unsure.take(8).map(|(time, _)| (index, *time)));
        }
    }
    contents
}

/// Half of the series write about now, the others long ago, into windows that are sealed as soon as anything is.
fn first_time(random: &mut Random) -> i64 {
    let age = if random.is_one_in(2) {
        0
    } else {
        random.between(0, AGE_HOURS_MAX)
    };
    plimsoll_e2e::now_millis() - age.cast_signed() * HOUR_MILLIS
}

fn series(ledger: &Ledger, contents: &Contents) -> Vec<push::Series> {
    let mut found: Vec<(usize, push::Series)> = Vec::new();
    for (index, time) in contents {
        let series = &ledger.series[*index];
        if found.last().is_none_or(|(last, _)| last != index) {
            let labels = series.labels();
            found.push((
                *index,
                push::Series {
                    labels,
                    ..push::Series::default()
                },
            ));
        }
        let (_, last) = found.last_mut().expect("one was pushed just now");
        last.samples.push(series.sample(*time));
    }
    found.into_iter().map(|(_, series)| series).collect()
}

/// An acknowledgement that is never taken back by a later try that gets no answer.
fn mark(ledger: &mut Ledger, contents: &Contents, fate: Fate) {
    for (index, time) in contents {
        let known = ledger.series[*index].fates.entry(*time).or_insert(fate);
        if fate == Fate::Acknowledged || *known == Fate::Deleted {
            *known = fate;
        }
    }
}

/// The server must count as written what was sent, by kind.
fn check_written(reply: &Reply, ledger: &Ledger, contents: &Contents) -> Result<()> {
    for (header, kind) in [("samples", Kind::Float), ("histograms", Kind::Histogram)] {
        let name = format!("x-prometheus-remote-write-{header}-written");
        let value = reply.header(&name).with_context(|| format!("no {name}"))?;
        let sent = contents
            .iter()
            .filter(|(index, _)| ledger.series[*index].kind == kind)
            .count();
        ensure!(
            value == sent.to_string(),
            "{name}: sent {sent}, found {value}"
        );
    }
    Ok(())
}

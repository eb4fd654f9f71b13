//! Rows: what series cost that come and go.

use std::path::Path;

use plimsoll_e2e::Home;

use super::feed::{Feed, Fleet, Timeline, per_unit, spent};
use super::files::{self, Bytes};
use super::table::{Goal, Row};
use crate::bench::contender::{self, Setup};
use crate::bench::spending::memory;

const SERIES: u64 = 100_000;
/// A minute at 15 s.
const MINUTE: u64 = 4;
const ROUNDS: u64 = 30 * MINUTE;
const MIB: f64 = (1 << 20) as f64;

pub(super) fn rows(binary: &Path) -> anyhow::Result<Vec<Row>> {
    let home = Home::new()?;
    let contenders = contender::start(&home, binary, &Setup::PUSHED)?;
    let mut feed = Feed::to(&contenders);
    let fleet = Fleet {
        series: SERIES,
        replaced_every: Some(MINUTE),
    };
    let timeline = Timeline::in_open_window(ROUNDS);
    let before = spent(&contenders)?;
    let mut samples = 0;
    for minute in (0..ROUNDS).step_by(MINUTE as usize) {
        samples += feed.rounds(&fleet, &timeline, minute..minute + MINUTE)?;
    }
    let after = spent(&contenders)?;
    let (mut peak, mut bytes) = ([0.0; 3], [Bytes::default(); 3]);
    for (index, contender) in contenders.iter().enumerate() {
        peak[index] = memory(contender.program.id())?.peak as f64 / MIB;
        bytes[index] = files::settled(contender, false)?;
    }
    let name = "churn, 10 % of 100k series replaced each minute for 30 min";
    let mib = |of: fn(&Bytes) -> u64| bytes.map(|bytes| of(&bytes) as f64 / MIB);
    Ok(vec![
        Row::new(format!("{name}: peak memory, MiB"), peak, Goal::Ratio(0.6)),
        Row::new(
            "the same: index on disk, MiB",
            mib(|b| b.index),
            Goal::Ratio(0.6),
        ),
        Row::new("the same: all on disk, MiB", mib(Bytes::all), Goal::None),
        Row::new(
            "the same: ns CPU per sample",
            per_unit(before, after, samples),
            Goal::None,
        ),
    ])
}

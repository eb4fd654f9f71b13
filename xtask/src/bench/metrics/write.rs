//! Row: what a sample costs that comes by remote write.

use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

use plimsoll_e2e::Home;

use super::feed::{Feed, Fleet, Timeline, per_unit, spent};
use super::table::{Goal, Row};
use crate::bench::contender::{self, Setup};

const SERIES: u64 = 100_000;
const ROUNDS: u64 = 60;
/// What is put off costs as well: flushes and merges of what was just taken.
const AFTERMATH: Duration = Duration::from_secs(10);

pub(super) fn rows(binary: &Path) -> anyhow::Result<Vec<Row>> {
    let home = Home::new()?;
    let contenders = contender::start(&home, binary, &Setup::PUSHED)?;
    let (mut feed, fleet) = (Feed::to(&contenders), Fleet::steady(SERIES));
    let timeline = Timeline::in_open_window(ROUNDS + 1);
    let fresh = spent(&contenders)?;
    let new = feed.rounds(&fleet, &timeline, 0..1)?;
    let warm = spent(&contenders)?;
    let mut samples = 0;
    for round in 1..=ROUNDS {
        samples += feed.rounds(&fleet, &timeline, round..round + 1)?;
    }
    sleep(AFTERMATH);
    let done = spent(&contenders)?;
    Ok(vec![
        Row::new(
            "remote write of 100k series, ns CPU per sample",
            per_unit(warm, done, samples),
            Goal::Ratio(0.6),
        ),
        Row::new(
            "first samples of 100k new series, ns CPU per series",
            per_unit(fresh, warm, new),
            Goal::None,
        ),
    ])
}

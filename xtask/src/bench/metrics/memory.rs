//! Rows: memory per active series, and the restart after a kill.

use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

use plimsoll_e2e::Home;

use super::feed::{Feed, Fleet, Timeline, per_unit, spent};
use super::table::{Goal, Row};
use crate::bench::contender::{self, Contender, Setup};
use crate::bench::spending::{Memory, memory};

/// How long a fresh program gets to come to rest, and one that was written to: long enough to write to disk what is due.
const FRESH: Duration = Duration::from_secs(5);
const SETTLE: Duration = Duration::from_secs(90);
const MIB: f64 = (1 << 20) as f64;
/// Two hours at 15 s, after which every program has written something to disk; where that took too long, five minutes,
/// which all of them hold in memory.
const ROUNDS: u64 = 480;
const ROUNDS_OF_MANY: u64 = 20;
const MANY: u64 = 500_000;
/// So many samples of a series come in one request, or the load would take Prometheus most of an hour.
const TOGETHER: u64 = 10;

/// Which rows are wanted of those that need the same data.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted {
    pub(super) memory: bool,
    pub(super) restart: bool,
}

pub(super) fn rows(binary: &Path, series: u64, wanted: Wanted) -> anyhow::Result<Vec<Row>> {
    let home = Home::new()?;
    let mut contenders = contender::start(&home, binary, &Setup::PUSHED)?;
    sleep(FRESH);
    let empty = memories(&contenders)?;
    let (mut feed, fleet) = (Feed::to(&contenders), Fleet::steady(series));
    let (rounds, timeline) = if series < MANY {
        (ROUNDS, Timeline::up_to_now(ROUNDS))
    } else {
        let timeline = Timeline::in_open_window(ROUNDS_OF_MANY);
        (ROUNDS_OF_MANY, timeline)
    };
    let before = spent(&contenders)?;
    let mut samples = 0;
    for round in (0..rounds).step_by(TOGETHER as usize) {
        samples += feed.rounds(&fleet, &timeline, round..round + TOGETHER)?;
    }
    let loaded = spent(&contenders)?;
    sleep(SETTLE);
    drop(feed);
    let full = memories(&contenders)?;
    let shown = format!("{} series, {rounds} samples each", shown(series));
    eprintln!("{shown}, {} ms apart", timeline.spacing().as_millis());
    tell(&contenders, &empty, &full);
    let mut rows = Vec::new();
    if wanted.memory {
        rows.extend(memory_rows(&shown, series, &empty, &full));
        let name = format!("{shown}: ns CPU per sample, new series included");
        rows.push(Row::new(
            name,
            per_unit(before, loaded, samples),
            Goal::None,
        ));
    }
    if wanted.restart {
        rows.extend(restart_rows(&shown, &mut contenders, &full)?);
    }
    Ok(rows)
}

fn memory_rows(shown: &str, series: u64, empty: &[Memory], full: &[Memory]) -> Vec<Row> {
    let per_series =
        |of: &dyn Fn(usize) -> u64| std::array::from_fn(|index| of(index) as f64 / series as f64);
    let grown = |index: usize| full[index].resident.saturating_sub(empty[index].resident);
    vec![
        Row::new(
            format!("{shown}: resident bytes per series, above the empty program"),
            per_series(&grown),
            Goal::Ratio(0.6),
        ),
        Row::new(
            format!("{shown}: resident bytes per series, the whole program"),
            per_series(&|index| full[index].resident),
            Goal::Ratio(0.6),
        ),
        Row::new(
            format!("{shown}: peak bytes per series, the whole program"),
            per_series(&|index| full[index].peak),
            Goal::None,
        ),
    ]
}

/// Kills each and starts it over what it left, one after the other.
fn restart_rows(
    shown: &str,
    contenders: &mut [Contender],
    running: &[Memory],
) -> anyhow::Result<Vec<Row>> {
    let mut seconds = [0.0; 3];
    let mut ready = [Memory::default(); 3];
    for (index, contender) in contenders.iter_mut().enumerate() {
        seconds[index] = contender.restart()?.as_secs_f64();
        ready[index] = memory(contender.program.id())?;
    }
    let cpu = spent(contenders)?.map(|nanoseconds| nanoseconds / 1e9);
    let share = |index: usize| ready[index].peak as f64 / running[index].resident as f64;
    Ok(vec![
        Row::new(
            format!("restart after kill -9, {shown}: seconds to ready"),
            seconds,
            Goal::AtMost(5.0),
        ),
        Row::new("the same: CPU seconds up to ready", cpu, Goal::None),
        Row::new(
            "the same: peak memory up to ready over that before the kill",
            std::array::from_fn(share),
            Goal::AtMost(1.0),
        ),
    ])
}

fn memories(contenders: &[Contender]) -> anyhow::Result<Vec<Memory>> {
    let ids = contenders.iter().map(|contender| contender.program.id());
    ids.map(memory).collect()
}

fn tell(contenders: &[Contender], empty: &[Memory], full: &[Memory]) {
    for (contender, (empty, full)) in contenders.iter().zip(empty.iter().zip(full)) {
        let mib = |bytes: u64| bytes as f64 / MIB;
        eprintln!(
            "{:<17} empty {:.0} MiB, settled {:.0} (anonymous {:.0}), peak {:.0}",
            contender.name,
            mib(empty.resident),
            mib(full.resident),
            mib(full.anonymous),
            mib(full.peak)
        );
    }
}

fn shown(series: u64) -> String {
    match series {
        0..1_000_000 => format!("{}k", series / 1_000),
        _ => format!("{}M", series as f64 / 1e6),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_told_per_series_above_the_empty_program_and_whole() {
        let memory = |mib: u64| Memory {
            resident: mib << 20,
            anonymous: 0,
            peak: (2 * mib) << 20,
        };
        let (empty, full) = ([memory(1); 3], [memory(3), memory(11), memory(6)]);
        let rows = memory_rows("x", 1 << 20, &empty, &full);
        let figures: Vec<_> = rows
            .iter()
            .map(|row| row.figures.map(Option::unwrap))
            .collect();
        assert_eq!(
            figures,
            [[2.0, 10.0, 5.0], [3.0, 11.0, 6.0], [6.0, 22.0, 12.0]]
        );
        assert_eq!(
            (shown(100_000), shown(1_000_000)),
            ("100k".into(), "1M".into())
        );
    }
}

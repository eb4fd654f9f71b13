//! Tiers: windows tell what their samples do, whoever made them, and outlive these.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use plimsoll_runtime::disk::Disk;
use plimsoll_testkit::{FakeClock, Fault, Seed, SimulatedDisk};
use plimsoll_tsdb::{Db, Maintenance, RetentionRule, Settings, TierRetention};
use plimsoll_types::{
    Labels, Matcher, Meter, Queryable, SampleColumns, StorageError, StoreAdmin, Tier, TierWindow,
    TimeRange, Timestamp, stale_nan,
};

use crate::support::{self, HOUR, NOON, labels, open_with, read};

const DAY: i64 = 24 * HOUR;
const MINUTE: i64 = 60_000;

struct Unmetered;

impl Meter for Unmetered {
    fn take(&self, _: usize) -> Result<(), StorageError> {
        Ok(())
    }
}

fn settings() -> Settings {
    Settings {
        tier_retention: TierRetention::default(),
        ..support::settings()
    }
}

fn open(disk: &SimulatedDisk, clock: &FakeClock) -> Db {
    open_with(disk, clock, settings()).unwrap()
}

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

/// A counter that begins anew now and then, a gauge with gaps, and a series that ends.
fn fill(db: &Db, days: i64) {
    let (begin, end) = (NOON - days * DAY, NOON - HOUR);
    let mut counter = Vec::new();
    let (mut gauge, mut ended) = (Vec::new(), Vec::new());
    for (index, time) in (begin..end).step_by(5 * MINUTE as usize / 2).enumerate() {
        counter.push((time, (index % 700) as f64));
        if index % 50 < 40 {
            gauge.push((time + 7, (index as f64 * 0.37).sin() * 10.0));
        }
        if time < begin + DAY {
            ended.push((time, 3.0));
        }
    }
    ended.push((begin + DAY, stale_nan()));
    for (name, samples) in [("counter", counter), ("gauge", gauge), ("ended", ended)] {
        put(db, name, &samples);
    }
}

fn put(db: &Db, name: &str, samples: &[(i64, f64)]) {
    let samples: Vec<_> = samples
        .iter()
        .map(|(time, value)| support::float(*time, *value))
        .collect();
    let written = support::write(db, name, &samples, plimsoll_types::Durability::Synced).unwrap();
    support::wait(written.commit).unwrap();
}

type Windows = Vec<(Labels, Vec<TierWindow>)>;

fn windows(db: &dyn Queryable, tier: Tier) -> Windows {
    let all = [Matcher::equal("job", "test")];
    let Some(mut found) = db
        .select_windows(&all, TimeRange::ALL, tier, &Unmetered)
        .unwrap()
    else {
        return Vec::new();
    };
    let read = found.labels.into_iter().enumerate().map(|(index, labels)| {
        let mut windows = Vec::new();
        found.source.read(index, &mut windows).unwrap();
        (labels, windows)
    });
    read.filter(|(_, windows)| !windows.is_empty()).collect()
}

/// What the samples say.
fn rolled(db: &Db, tier: Tier) -> Windows {
    let samples = read(db, &[Matcher::equal("job", "test")], TimeRange::ALL);
    let roll = |(labels, columns): (Labels, SampleColumns)| {
        let (mut fine, mut windows) = (Vec::new(), Vec::new());
        TierWindow::roll(&columns, 5 * MINUTE, &mut fine);
        TierWindow::coarsen(&fine, tier.window_millis().unwrap(), &mut windows);
        (labels, windows)
    };
    samples.into_iter().map(roll).collect()
}

/// Sums may differ in their last bits by how they were grouped; nothing else may.
fn assert_same(found: &Windows, expected: &Windows) {
    let names = |windows: &Windows| {
        windows
            .iter()
            .map(|(labels, w)| (labels.clone(), w.len()))
            .collect::<Vec<_>>()
    };
    assert_eq!(names(found), names(expected));
    for ((labels, found), (_, expected)) in found.iter().zip(expected) {
        for (found, expected) in found.iter().zip(expected) {
            let mut rounded = found.clone();
            if let (Some(found), Some(expected)) = (&mut rounded.floats, &expected.floats) {
                assert!((found.sum - expected.sum).abs() <= 1e-12 * expected.sum.abs().max(1.0));
                assert!(
                    (found.resets - expected.resets).abs()
                        <= 1e-12 * expected.resets.abs().max(1.0)
                );
                (found.sum, found.resets) = (expected.sum, expected.resets);
            }
            assert_eq!(&rounded, expected, "{labels}");
        }
    }
}

fn assert_tells_the_samples(db: &Db) {
    for tier in Tier::WINDOWS {
        assert_same(&windows(db, tier), &rolled(db, tier));
    }
}

fn filled(days: i64) -> (SimulatedDisk, FakeClock, Db) {
    let disk = SimulatedDisk::new(Seed::new(7));
    let clock = FakeClock::new(at(NOON));
    let db = open(&disk, &clock);
    fill(&db, days);
    (disk, clock, db)
}

#[test]
fn windows_tell_what_samples_do_in_parts_and_before_they_are_made() {
    let (disk, clock, db) = filled(4);
    assert_eq!(windows(&db, Tier::Hour), [], "there is no tier yet");
    assert!(db.maintain().unwrap().tier_parts_made > 0);
    assert_tells_the_samples(&db);
    db.seal_all().unwrap();
    // Days that are over get parts of both tiers; with today's nothing happens.
    db.maintain().unwrap();
    assert_eq!(db.maintain().unwrap().tier_parts_made, 0);
    assert_tells_the_samples(&db);
    assert_eq!(db.kept(&[]).raw, Timestamp::MIN, "no sample is gone");
    drop(db);
    let db = open(&disk.kill(), &clock);
    assert_tells_the_samples(&db);
    assert_eq!(db.maintain().unwrap().tier_parts_made, 0);
}

#[test]
fn windows_outlive_their_samples_and_become_coarser() {
    let (_, clock, db) = filled(4);
    db.maintain().unwrap();
    let expected = Tier::WINDOWS.map(|tier| rolled(&db, tier));
    let until = |windows: &Windows, end: i64| -> Windows {
        let before = |w: &&TierWindow| w.end.millis() <= end;
        let cut = windows
            .iter()
            .map(|(l, w)| (l.clone(), w.iter().filter(before).cloned().collect()));
        cut.filter(|(_, w): &(Labels, Vec<TierWindow>)| !w.is_empty())
            .collect()
    };
    clock.advance(Duration::from_hours(24 * 30));
    db.maintain().unwrap();
    assert!(read(&db, &[], TimeRange::ALL).is_empty());
    let kept = db.kept(&[]);
    assert!(kept.raw > at(NOON - HOUR), "{kept:?}");
    assert_eq!(
        (kept.five_minutes, kept.hour),
        (Some(Timestamp::MIN), Some(Timestamp::MIN))
    );
    // The samples of the last day were sealed and old at once; their windows were made all the same.
    for (tier, expected) in Tier::WINDOWS.into_iter().zip(&expected) {
        assert_same(
            &until(&windows(&db, tier), NOON - DAY),
            &until(expected, NOON - DAY),
        );
    }
    let ended = [Matcher::equal("__name__", "ended")];
    assert_eq!(
        db.series(&[ended.to_vec()], TimeRange::ALL, 9).unwrap(),
        [labels("ended")]
    );
    let names = db.label_values("__name__", &[], TimeRange::ALL, 9).unwrap();
    assert_eq!(names, ["counter", "ended", "gauge"]);
    clock.advance(Duration::from_hours(24 * 90));
    db.maintain().unwrap();
    assert!(windows(&db, Tier::FiveMinutes).is_empty());
    assert_same(
        &until(&windows(&db, Tier::Hour), NOON - DAY),
        &until(&expected[1], NOON - DAY),
    );
    let kept = db.kept(&[]);
    assert_eq!((kept.five_minutes, kept.hour), (None, Some(Timestamp::MIN)));
}

/// The manifest and its copy are lost, and parts of windows cannot be read just then.
#[test]
fn windows_that_outlived_their_samples_survive_the_loss_of_the_manifest() {
    let (disk, clock, db) = filled(4);
    db.maintain().unwrap();
    clock.advance(Duration::from_hours(24 * 30));
    while db.maintain().unwrap() != Maintenance::default() {}
    assert!(read(&db, &[], TimeRange::ALL).is_empty());
    let expected = Tier::WINDOWS.map(|tier| windows(&db, tier));
    assert!(expected.iter().all(|windows| windows.len() == 3));
    drop(db);
    let disk = disk.kill();
    let path = |name: &str| Path::new(support::DIRECTORY).join(name);
    for is_damaged in [false, true] {
        for name in ["MANIFEST", "MANIFEST.copy"] {
            disk.remove_file(&path(name)).unwrap();
        }
        let metas: Vec<_> = disk.list(&path("parts")).unwrap();
        let metas = metas
            .iter()
            .map(|part| path("parts").join(part).join("meta"));
        let flip = || metas.clone().for_each(|meta| disk.flip(&meta, 40, 1));
        if is_damaged {
            flip();
            let db = open(&disk, &clock);
            assert!(!db.recovery().quarantined.is_empty());
            drop(db);
            flip();
        }
        let db = open(&disk, &clock);
        assert!(db.recovery().quarantined.is_empty());
        db.maintain().unwrap();
        for (tier, expected) in Tier::WINDOWS.into_iter().zip(&expected) {
            assert_same(&windows(&db, tier), expected);
        }
        assert!(read(&db, &[], TimeRange::ALL).is_empty());
    }
}

#[test]
fn late_samples_are_in_the_windows_at_once_and_for_good() {
    let (disk, clock, db) = filled(4);
    db.maintain().unwrap();
    let before = windows(&db, Tier::Hour);
    let day = NOON - NOON % DAY - 2 * DAY;
    put(&db, "late", &[(day + HOUR, 5.0)]);
    put(&db, "counter", &[(day + HOUR + 1, 5.0), (day + DAY, 7.0)]);
    assert_ne!(windows(&db, Tier::Hour), before);
    assert_tells_the_samples(&db);
    db.seal_all().unwrap();
    assert_tells_the_samples(&db);
    drop(db);
    // That the parts are behind is known after a crash.
    let disk = disk.power_loss();
    let db = open(&disk, &clock);
    assert_tells_the_samples(&db);
    let made = db.maintain().unwrap().tier_parts_made;
    assert_eq!(made, 2, "one day of two tiers, since midnight is its end");
    assert_tells_the_samples(&db);
    assert_eq!(db.maintain().unwrap().tier_parts_made, 0);
}

#[test]
fn what_is_deleted_is_in_no_window() {
    let (disk, clock, db) = filled(4);
    db.maintain().unwrap();
    let (from, to) = (NOON - 2 * DAY + 7, NOON - 2 * DAY + 5 * HOUR);
    let counter = [Matcher::equal("__name__", "counter")];
    db.delete_series(&[counter.to_vec()], TimeRange::new(at(from), at(to)))
        .unwrap();
    assert_tells_the_samples(&db);
    db.maintain().unwrap();
    assert_tells_the_samples(&db);
    drop(db);
    let db = open(&disk.power_loss(), &clock);
    assert_tells_the_samples(&db);
    // Where samples are gone, what lies wholly inside is gone; the hours at the ends stay.
    clock.advance(Duration::from_hours(24 * 30));
    db.maintain().unwrap();
    let of_gauge = |windows: Windows| {
        windows
            .into_iter()
            .find(|(l, _)| *l == labels("gauge"))
            .unwrap()
            .1
    };
    let before = of_gauge(windows(&db, Tier::Hour));
    let gauge = [Matcher::equal("__name__", "gauge")];
    let (from, to) = (at(NOON - 3 * DAY + 7), at(NOON - 3 * DAY + 5 * HOUR));
    db.delete_series(&[gauge.to_vec()], TimeRange::new(from, to))
        .unwrap();
    let is_left = |w: &&TierWindow| !(from <= w.end.saturating_add_millis(1 - HOUR) && w.end <= to);
    let expected: Vec<TierWindow> = before.iter().filter(is_left).cloned().collect();
    assert_eq!(expected.len(), before.len() - 4);
    assert_eq!(of_gauge(windows(&db, Tier::Hour)), expected);
    db.maintain().unwrap();
    assert_eq!(of_gauge(windows(&db, Tier::Hour)), expected);
    assert_eq!(
        db.statistics(0).unwrap().tombstones,
        0,
        "the deletion is carried out"
    );
}

#[test]
fn a_crash_at_any_change_loses_no_window_and_makes_none_up() {
    let mut changes = 0;
    for number in (0..).step_by(13) {
        let (disk, clock, db) = filled(2);
        db.seal_all().unwrap();
        let begin = disk.changes();
        // From here on the disk fails.
        for failing in number..number + 2000 {
            disk.plan(Fault::Change {
                number: begin + failing,
                error: ErrorKind::Other,
            });
        }
        let is_done = db.maintain().is_ok();
        changes = changes.max(disk.changes() - begin);
        assert!(
            windows(&db, Tier::Hour).is_empty()
                || windows(&db, Tier::Hour) == rolled(&db, Tier::Hour)
                || {
                    assert_tells_the_samples(&db);
                    true
                }
        );
        drop(db);
        let disk = if number % 2 == 0 {
            disk.power_loss()
        } else {
            disk.kill()
        };
        let db = open(&disk, &clock);
        if !windows(&db, Tier::Hour).is_empty() {
            assert_tells_the_samples(&db);
        }
        db.maintain().unwrap();
        assert_tells_the_samples(&db);
        if is_done {
            break;
        }
    }
    assert!(changes > 50, "{changes}");
}

fn manifest(disk: &SimulatedDisk) -> String {
    let bytes = disk.read(&Path::new(support::DIRECTORY).join("MANIFEST"), 1 << 20);
    String::from_utf8(bytes.unwrap()).unwrap()
}

/// Damages, or repairs, the part that the manifest names in the only line with this keyword that touches a time.
fn flip(disk: &SimulatedDisk, keyword: &str, time: i64) -> PathBuf {
    let text = manifest(disk);
    let names = text.lines().filter_map(|line| {
        let words: Vec<&str> = line.split(' ').collect();
        let touches =
            || words[2].parse::<i64>().unwrap() <= time && time <= words[3].parse().unwrap();
        (words[0] == keyword && touches()).then(|| words[1].to_owned())
    });
    let names: Vec<String> = names.collect();
    assert_eq!(names.len(), 1, "{text}");
    let part = Path::new(support::DIRECTORY).join("parts").join(&names[0]);
    disk.flip(&part.join("meta"), 40, 1);
    part
}

fn warnings(db: &Db, tier: Tier) -> usize {
    let found = db.select_windows(&[], TimeRange::ALL, tier, &Unmetered);
    found.unwrap().map_or(0, |found| found.warnings.len())
}

#[test]
fn windows_outlive_samples_that_cannot_be_read_for_a_while() {
    let (disk, clock, db) = filled(4);
    db.maintain().unwrap();
    let day = NOON - 2 * DAY;
    drop(db);
    let disk = disk.kill();
    flip(&disk, "part", day + HOUR);
    let db = open(&disk, &clock);
    put(&db, "late", &[(day + HOUR, 5.0)]);
    db.seal_all().unwrap();
    let made = db.maintain().unwrap().tier_parts_made;
    assert_eq!(
        made, 0,
        "the windows know more than the samples that are left"
    );
    drop(db);
    let disk = disk.kill();
    flip(&disk, "quarantined", day + HOUR);
    let db = open(&disk, &clock);
    assert_tells_the_samples(&db);
    let made = db.maintain().unwrap().tier_parts_made;
    assert_eq!(
        made, 4,
        "two days of two tiers, since midnight is the end of the first"
    );
    assert_tells_the_samples(&db);
}

#[test]
fn a_damaged_part_of_windows_stays_until_there_is_another_for_all_of_it() {
    let (disk, clock, db) = filled(4);
    db.maintain().unwrap();
    // The days become one part, and then the samples of the first ones go.
    clock.advance(Duration::from_hours(24 * 10));
    db.maintain().unwrap();
    clock.advance(Duration::from_hours(24 * 3));
    db.maintain().unwrap();
    drop(db);
    let disk = disk.kill();
    let part = flip(&disk, "part-1h", NOON - 4 * DAY + HOUR);
    let db = open(&disk, &clock);
    assert_eq!(db.select(&[], TimeRange::ALL).unwrap().warnings, [""; 0]);
    assert_eq!(
        (warnings(&db, Tier::FiveMinutes), warnings(&db, Tier::Hour)),
        (0, 1)
    );
    assert!(db.maintain().unwrap().tier_parts_made > 0);
    assert_tells_the_newest_samples(&db);
    drop(db);
    let disk = disk.kill();
    flip(&disk, "quarantined-1h", NOON - 4 * DAY + HOUR);
    let db = open(&disk, &clock);
    assert!(
        disk.exists(&part.join("meta")),
        "it holds what is nowhere else"
    );
    assert_tells_the_newest_samples(&db);
}

/// Of the windows that samples are kept of as a whole.
fn assert_tells_the_newest_samples(db: &Db) {
    let since = db.horizon().saturating_add_millis(HOUR);
    let newest = |windows: Windows| -> Windows {
        let cut = windows.into_iter().map(|(labels, mut windows)| {
            windows.retain(|window| since <= window.end.saturating_add_millis(-HOUR));
            (labels, windows)
        });
        cut.filter(|(_, windows)| !windows.is_empty()).collect()
    };
    let expected = newest(rolled(db, Tier::Hour));
    assert!(!expected.is_empty());
    assert_same(&newest(windows(db, Tier::Hour)), &expected);
}

#[test]
fn rules_keep_windows_of_some_series_longer() {
    let disk = SimulatedDisk::new(Seed::new(7));
    let clock = FakeClock::new(at(NOON));
    let day = Duration::from_hours(24);
    let settings = Settings {
        retention_rules: vec![RetentionRule {
            matchers: vec![Matcher::equal("__name__", "gauge")],
            raw: day,
            five_minutes: day * 10,
            hour: day * 20,
        }],
        ..settings()
    };
    let db = open_with(&disk, &clock, settings).unwrap();
    fill(&db, 3);
    let gauge = [Matcher::equal("__name__", "gauge")];
    assert_eq!(db.kept(&gauge).raw, Timestamp::MIN);
    db.maintain().unwrap();
    let names = |tier| {
        let found = windows(&db, tier).into_iter();
        found
            .map(|(labels, _)| labels.metric_name().unwrap().to_string())
            .collect::<Vec<_>>()
    };
    assert_eq!(names(Tier::Hour), ["counter", "ended", "gauge"]);
    assert!(db.kept(&gauge).raw > at(NOON - 2 * DAY));
    let counter = [Matcher::equal("__name__", "counter")];
    assert_eq!(db.kept(&counter).raw, Timestamp::MIN);
    clock.advance(day * 12);
    db.maintain().unwrap();
    assert_eq!(names(Tier::FiveMinutes), ["counter", "ended"]);
    assert_eq!(names(Tier::Hour), ["counter", "ended", "gauge"]);
    clock.advance(day * 12);
    db.maintain().unwrap();
    assert_eq!(names(Tier::Hour), ["counter", "ended"]);
}

#[test]
fn series_without_windows_leave_those_of_others_in_use() {
    let disk = SimulatedDisk::new(Seed::new(7));
    let clock = FakeClock::new(at(NOON));
    let settings = Settings {
        retention_rules: vec![RetentionRule {
            matchers: vec![Matcher::equal("__name__", "gauge")],
            raw: Duration::from_hours(24),
            five_minutes: Duration::ZERO,
            hour: Duration::ZERO,
        }],
        ..settings()
    };
    let db = open_with(&disk, &clock, settings).unwrap();
    fill(&db, 4);
    db.maintain().unwrap();
    let kept = db.kept(&[]);
    assert!(kept.raw >= at(NOON - DAY - 1), "{kept:?}");
    assert!(kept.five_minutes.unwrap() < at(NOON - 3 * DAY), "{kept:?}");
}

#[test]
fn samples_that_are_kept_for_hours_only_leave_whole_windows() {
    let disk = SimulatedDisk::new(Seed::new(7));
    let clock = FakeClock::new(at(NOON));
    let settings = Settings {
        retention: Duration::from_hours(4),
        retention_rules: vec![RetentionRule {
            matchers: vec![Matcher::equal("__name__", "short")],
            raw: Duration::from_hours(4),
            five_minutes: Duration::from_hours(24 * 90),
            hour: Duration::from_hours(24 * 90),
        }],
        ..settings()
    };
    let db = open_with(&disk, &clock, settings).unwrap();
    let mut all = SampleColumns::default();
    for hour in 0..60 {
        let now = NOON + hour * HOUR;
        let samples: Vec<_> = (0..12)
            .map(|step| (now + step * 5 * MINUTE + 1, (hour + step) as f64))
            .collect();
        for (time, value) in &samples {
            all.push(&support::float(*time, *value));
        }
        clock.advance(Duration::from_hours(1));
        put(&db, "long", &samples);
        put(&db, "short", &samples);
        db.maintain().unwrap();
    }
    let (mut fine, mut expected) = (Vec::new(), Vec::new());
    TierWindow::roll(&all, 5 * MINUTE, &mut fine);
    TierWindow::coarsen(&fine, HOUR, &mut expected);
    let expected = ["long", "short"].map(|name| (labels(name), expected.clone()));
    assert_same(&windows(&db, Tier::Hour), &expected.to_vec());
    let shown = read(&db, &[], TimeRange::ALL);
    assert!(shown[0].1.len() <= 4 * 12 + 1, "the rest is hidden");
    // Nothing is held for long.
    clock.advance(Duration::from_hours(24 * 7));
    db.maintain().unwrap();
    db.maintain().unwrap();
    assert_eq!(db.statistics(0).unwrap().head.samples, 0);
    let before = windows(&db, Tier::Hour);
    drop(db);
    let db = open(&disk.power_loss(), &clock);
    assert_same(&windows(&db, Tier::Hour), &before);
}

//! Labels with many values: every way to find series, with and without transducers and caches, against a scan.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use plimsoll_runtime::disk::SystemDisk;
use plimsoll_types::{Labels, MatchOp, Matcher, Sample, TimeRange, Timestamp};
use proptest::collection::{btree_set, vec};
use proptest::prelude::*;

use super::model::{self, Model, Series};
use crate::bounded::CacheMetrics;
use crate::part::{Caches, OpenFiles, OpenFilesMetrics, PageCache, Part, WriteOptions};
use crate::selector_cache::SelectorCache;

const OPS: [MatchOp; 4] = [
    MatchOp::Equal,
    MatchOp::NotEqual,
    MatchOp::Regex,
    MatchOp::NotRegex,
];

fn one_sample() -> Series {
    Series {
        samples: vec![Sample::float(Timestamp::EPOCH, 1.0)],
        ..Series::default()
    }
}

/// Opens the part as the store does.
fn with_caches(directory: &Path) -> Part {
    let caches = Caches {
        pages: PageCache::new(1 << 20, CacheMetrics::default()),
        selectors: Some(Arc::new(SelectorCache::new(
            1 << 20,
            CacheMetrics::default(),
        ))),
        files: OpenFiles::new(1, OpenFilesMetrics::default()),
    };
    Part::open_with(Arc::new(SystemDisk), directory, &caches).unwrap()
}

/// Makes of a part what an earlier version wrote: `meta` does not say where the transducers are.
fn without_transducers(directory: &Path) -> Part {
    let path = directory.join("meta");
    let bytes = fs::read(&path).unwrap();
    let mut kept = bytes[..16].to_vec();
    let mut rest = &bytes[16..bytes.len() - 4];
    let mut dropped = 0;
    while !rest.is_empty() {
        let length = u32::from_le_bytes(rest[2..6].try_into().unwrap()) as usize;
        let (section, behind) = rest.split_at(6 + length);
        match section[..2] == 0x8001u16.to_le_bytes() {
            true => dropped += 1,
            false => kept.extend_from_slice(section),
        }
        rest = behind;
    }
    assert!(dropped <= 1);
    let length = kept.len() as u32 - 16;
    kept[12..16].copy_from_slice(&length.to_le_bytes());
    kept.extend_from_slice(&crc32c::crc32c(&kept).to_le_bytes());
    fs::write(&path, kept).unwrap();
    let part = model::open(directory).unwrap();
    fs::write(&path, bytes).unwrap();
    part
}

fn scan(model: &Model, matchers: &[Matcher]) -> Vec<u32> {
    let fits = |labels: &Labels| {
        let value = |name: &str| labels.get(name).unwrap_or("").to_owned();
        matchers.iter().all(|m| m.matches(&value(m.name())))
    };
    let ids = (0..).zip(model.keys());
    ids.filter(|(_, labels)| fits(labels))
        .map(|(id, _)| id)
        .collect()
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ab]{1,6}",
        "[ab\u{fc}\u{e9}]{1,4}",
        "(?s)[a\n]{1,4}",
        "[ABab]{2}[0-9]{1,3}",
    ]
}

fn any_expression() -> impl Strategy<Value = String> {
    prop_oneof![
        any_text(),
        Just(String::new()),
        any_text().prop_map(|text| format!("{text}.*")),
        any_text().prop_map(|text| format!(".*{text}")),
        any_text().prop_map(|text| format!(".*{text}.*")),
        any_text().prop_map(|text| format!("(?i){text}.*")),
        any_text().prop_map(|text| format!("(?i){text}")),
        any_text().prop_map(|text| format!("{text}|")),
        any_text().prop_map(|text| format!("[^{text}]+")),
        (any_text(), any_text()).prop_map(|(a, b)| format!("({a}|{b})b?")),
        vec(any_text(), 0..300).prop_map(|all| all.join("|")),
        Just(".+".into()),
        Just(".*".into()),
        Just("a{2,3}b*".into()),
        Just("\\pL{3,90}".into()),
        Just("(?:ab|\u{fc})+".into()),
    ]
}

fn any_matcher() -> impl Strategy<Value = Matcher> {
    (0..OPS.len(), "v|v|v|half|gone|zzz", any_expression())
        .prop_map(|(op, name, value)| Matcher::new(OPS[op], &name, &value).unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn finds_what_a_scan_finds(
        values in btree_set(any_text(), 1..300),
        questions in vec(vec(any_matcher(), 1..4), 1..12),
    ) {
        let model: Model = values.iter().enumerate().map(|(number, value)| {
            let half = if number % 2 == 0 { "even" } else { "" };
            let gone = if number % 3 == 0 { value } else { "" };
            (Labels::from_pairs([("v", value.as_str()), ("half", half), ("gone", gone)]), one_sample())
        }).collect();
        let (_guard, directory) = model::on_disk(&model, WriteOptions::default());
        let parts = [model::open(&directory).unwrap(), with_caches(&directory), without_transducers(&directory)];
        parts[0].verify().unwrap();
        for matchers in &questions {
            let wanted = scan(&model, matchers);
            for part in &parts {
                // The second time from the cache, where there is one.
                for _ in 0..2 {
                    prop_assert_eq!(&part.select(matchers, TimeRange::ALL).unwrap(), &wanted, "{:?}", matchers);
                }
            }
        }
    }
}

/// More values than fit a shard, so that a search goes over several and a prefix leaves some out.
#[test]
fn searches_several_shards() {
    let value = |number: u32| {
        let hash = number.wrapping_mul(2_654_435_761);
        format!(
            "{}-{hash:08x}-{number:05}",
            ["api", "db", "web"][number as usize % 3]
        )
    };
    let model: Model = (0..40_000)
        .map(|number| (Labels::from_pairs([("pod", value(number))]), one_sample()))
        .collect();
    let (_guard, directory) = model::on_disk(&model, WriteOptions::default());
    let parts = [with_caches(&directory), without_transducers(&directory)];
    let name = parts[0].symbols.find("pod").unwrap().unwrap();
    assert!(parts[0].postings.has_transducers(name));
    assert!(!parts[1].postings.has_transducers(name));
    let all: Vec<String> = (0..40_000).step_by(97).map(value).collect();
    for (expression, at_least) in [
        ("web-.*", 10_000),
        ("api-0.*", 500),
        (".*-00.*", 500),
        ("db-[0-4].+-0[0-9]*", 500),
        ("(?i)WEB-A.*", 500),
        ("zzz.*", 0),
        ("a", 0),
        (&all.join("|"), 400),
        (".*", 40_000),
        (".+", 40_000),
    ] {
        for op in [MatchOp::Regex, MatchOp::NotRegex] {
            let matchers = [Matcher::new(op, "pod", expression).unwrap()];
            let wanted = scan(&model, &matchers);
            let is_many = wanted.len() >= at_least;
            assert!(op == MatchOp::NotRegex || is_many, "{expression} finds few");
            for part in &parts {
                let found = part.select(&matchers, TimeRange::ALL).unwrap();
                assert!(found == wanted, "{op:?} {expression}");
            }
        }
    }
    parts[0].verify().unwrap();
}

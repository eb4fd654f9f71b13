//! Damaged, cut and missing files: an error that names the file, or the same data; never a panic, never other data.

use std::fs;
use std::path::Path;

use plimsoll_types::{MatchOp, Matcher, TimeRange};

use super::model::{self, Model};
use crate::part::{Error, ErrorKind, WriteOptions};

const FILES: [&str; 8] = [
    "values.bin",
    "times.bin",
    "hist.bin",
    "exemplars.bin",
    "series.idx",
    "symbols",
    "postings",
    "meta",
];

/// Does everything that can be done with a part.
fn use_part(directory: &Path) -> Result<Model, Error> {
    let part = model::open(directory)?;
    let found = part.select(&[Matcher::equal("job", "api")], TimeRange::ALL)?;
    assert_eq!(found.len(), 3, "found other series");
    assert_eq!(part.label_names(None)?, ["__name__", "job"]);
    assert_eq!(part.label_values("job", None)?, ["api", "node"]);
    model::read(&part)
}

fn check_error(error: &Error, name: &str, what: &str) {
    match error {
        Error::Corrupt { file, .. } => assert!(
            file.ends_with(name) || blames_reference(name, file),
            "{what} in {name} is said to be in {}",
            file.display()
        ),
        other => panic!("{what} in {name} gave {other:?}"),
    }
}

/// `meta` says what the lengths of the others should be, so a difference is found there.
fn blames_reference(name: &str, file: &Path) -> bool {
    name == "meta" && FILES.iter().any(|other| file.ends_with(other))
}

#[test]
fn any_changed_byte_is_noticed() {
    let model = model::sampler();
    let (_guard, directory) = model::on_disk(&model, WriteOptions::default());
    assert_eq!(
        model::difference(&model, &use_part(&directory).unwrap()),
        None
    );
    for name in FILES {
        let path = directory.join(name);
        let good = fs::read(&path).unwrap();
        for index in 0..good.len() {
            let mut bad = good.clone();
            bad[index] ^= 1 << (index % 8);
            fs::write(&path, &bad).unwrap();
            let what = format!("byte {index}");
            match use_part(&directory) {
                Ok(found) => assert_eq!(model::difference(&model, &found), None, "{name} {what}"),
                Err(error) => check_error(&error, name, &what),
            }
            // Even a byte that nothing refers to is found by the check of everything.
            let verified = model::open(&directory).and_then(|part| part.verify());
            check_error(&verified.unwrap_err(), name, &what);
        }
        fs::write(&path, &good).unwrap();
    }
}

#[test]
fn cut_and_lengthened_files_are_noticed() {
    let (_guard, directory) = model::on_disk(&model::sampler(), WriteOptions::default());
    for name in FILES {
        let path = directory.join(name);
        let good = fs::read(&path).unwrap();
        for length in [
            0,
            1,
            7,
            8,
            15,
            good.len() / 2,
            good.len() - 1,
            good.len() + 1,
        ] {
            let mut bad = good.clone();
            bad.resize(length, 0);
            fs::write(&path, &bad).unwrap();
            let error = use_part(&directory).unwrap_err();
            check_error(&error, name, &format!("length {length}"));
        }
        fs::write(&path, &good).unwrap();
    }
}

#[test]
fn missing_and_swapped_files_are_noticed() {
    let (_guard, directory) = model::on_disk(&model::sampler(), WriteOptions::default());
    for name in FILES {
        let (path, aside) = (directory.join(name), directory.join("aside"));
        fs::rename(&path, &aside).unwrap();
        check_error(&use_part(&directory).unwrap_err(), name, "missing");
        let other = if name == "symbols" {
            "postings"
        } else {
            "symbols"
        };
        fs::copy(directory.join(other), &path).unwrap();
        check_error(&use_part(&directory).unwrap_err(), name, "swapped");
        fs::rename(&aside, &path).unwrap();
    }
    let nowhere = directory.join("nowhere");
    let error = model::open(&nowhere).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Corrupt);
}

#[test]
fn a_file_that_shrinks_while_open_gives_an_error() {
    let (_guard, directory) = model::on_disk(&model::sampler(), WriteOptions::default());
    let part = model::open(&directory).unwrap();
    for name in FILES {
        fs::OpenOptions::new()
            .write(true)
            .open(directory.join(name))
            .unwrap()
            .set_len(0)
            .unwrap();
    }
    assert_eq!(model::read(&part).unwrap_err().kind(), ErrorKind::Corrupt);
    assert_eq!(part.verify().unwrap_err().kind(), ErrorKind::Corrupt);
}

/// Rewrites `meta` and mends its checksum.
fn edit_meta(directory: &Path, edit: impl FnOnce(&mut Vec<u8>)) {
    let path = directory.join("meta");
    let mut bytes = fs::read(&path).unwrap();
    bytes.truncate(bytes.len() - 4);
    edit(&mut bytes);
    let length = bytes.len() as u32 - 16;
    bytes[12..16].copy_from_slice(&length.to_le_bytes());
    let crc = crc32c::crc32c(&bytes);
    bytes.extend_from_slice(&crc.to_le_bytes());
    fs::write(&path, bytes).unwrap();
}

#[test]
fn newer_versions_are_named() {
    let model = model::sampler();
    let (_guard, directory) = model::on_disk(&model, WriteOptions::default());
    let section = |bytes: &mut Vec<u8>, tag: u16| {
        bytes.extend_from_slice(&tag.to_le_bytes());
        bytes.extend_from_slice(&3u32.to_le_bytes());
        bytes.extend_from_slice(b"fst");
    };
    // An optional section is passed over.
    edit_meta(&directory, |bytes| section(bytes, 0x8077));
    assert_eq!(
        model::difference(&model, &use_part(&directory).unwrap()),
        None
    );
    // One that must be understood is not, and neither is another version.
    let kept = fs::read(directory.join("meta")).unwrap();
    edit_meta(&directory, |bytes| section(bytes, 0x0077));
    assert_eq!(
        use_part(&directory).unwrap_err().kind(),
        ErrorKind::NewerVersion
    );
    fs::write(directory.join("meta"), kept).unwrap();
    edit_meta(&directory, |bytes| bytes[8] = 4);
    let error = use_part(&directory).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NewerVersion);
    assert!(
        error
            .to_string()
            .ends_with("has format version 4, this program reads up to version 3")
    );
}

/// Finds the blocks of a file by their checksums: they follow each other from byte 8 to the end.
fn blocks(bytes: &[u8]) -> Vec<std::ops::Range<usize>> {
    let crc = |offset: usize, payload: &[u8]| {
        let offset = crc32c::crc32c(&(offset as u64).to_le_bytes());
        crc32c::crc32c_append(offset, payload).to_le_bytes()
    };
    let (mut blocks, mut begin) = (Vec::new(), 8);
    while begin < bytes.len() {
        let fits = |end: &usize| bytes[*end..*end + 4] == crc(begin, &bytes[begin..*end]);
        let end = (begin..=bytes.len() - 4).find(fits).unwrap();
        blocks.push(begin..end);
        begin = end + 4;
    }
    blocks
}

/// Does everything and does not care what comes out.
fn survive(directory: &Path) {
    let Ok(part) = model::open(directory) else {
        return;
    };
    let negative = Matcher::new(MatchOp::NotRegex, "job", "n.*").unwrap();
    let search = Matcher::new(MatchOp::Regex, "v", ".*1").unwrap();
    for matcher in [Matcher::equal("job", "api"), negative, search] {
        let _ = part.select(&[matcher], part.meta().range);
    }
    let _ = part.postings.active(part.meta().range);
    let _ = part.label_names(None);
    let _ = part.label_values("job", None);
    let _ = part.label_names(Some(&[0, 1, 2]));
    for id in 0..part.meta().series {
        let _ = part.block_aggregates(id);
        let _ = part.metadata(id);
        let _ = part.labels(id);
        let _ = part.exemplars(id, TimeRange::ALL);
        let _ = part.read(id, TimeRange::ALL, &mut Default::default());
    }
    let _ = part.verify();
}

/// A part with transducers, whose every answer is known.
fn many_values() -> Model {
    let series = || model::Series {
        samples: vec![plimsoll_types::Sample::float(
            plimsoll_types::Timestamp::EPOCH,
            1.0,
        )],
        ..Default::default()
    };
    let labels =
        |n: u32| plimsoll_types::Labels::from_pairs([("v", format!("{:02}x{n}", n * 7 % 70))]);
    (0..70).map(|n| (labels(n), series())).collect()
}

/// The transducers are in the file `postings`: a flipped byte there is damage or has no effect on an answer.
#[test]
fn damaged_transducers_give_no_other_answer() {
    let (_guard, directory) = model::on_disk(&many_values(), WriteOptions::default());
    let ask = || -> Result<Vec<Vec<u32>>, Error> {
        let part = model::open(&directory)?;
        let ask = |op, text| part.select(&[Matcher::new(op, "v", text).unwrap()], TimeRange::ALL);
        ["0.*", ".*[24]", ".*x.*9|.*7"]
            .into_iter()
            .flat_map(|text| [ask(MatchOp::Regex, text), ask(MatchOp::NotRegex, text)])
            .collect()
    };
    let wanted = ask().unwrap();
    assert!(wanted.iter().all(|found| found.len() > 5));
    let path = directory.join("postings");
    let good = fs::read(&path).unwrap();
    let (mut refused, mut harmless) = (0, 0);
    for index in 0..good.len() {
        for bit in [index % 8, (index + 3) % 8] {
            let mut bad = good.clone();
            bad[index] ^= 1 << bit;
            fs::write(&path, &bad).unwrap();
            match ask() {
                Ok(found) => {
                    assert_eq!(found, wanted, "byte {index}");
                    harmless += 1;
                }
                Err(error) => {
                    check_error(&error, "postings", &format!("byte {index}"));
                    refused += 1;
                }
            }
        }
        let verified = model::open(&directory).and_then(|part| part.verify());
        check_error(&verified.unwrap_err(), "postings", &format!("byte {index}"));
    }
    assert!(
        refused > harmless,
        "{refused} of {} were noticed",
        refused + harmless
    );
}

/// Someone who can compute a checksum gets an error or other data, but no panic and no memory.
#[test]
fn forged_blocks_are_survived() {
    forge_blocks_of(&model::sampler(), &FILES);
    forge_blocks_of(&many_values(), &["postings"]);
}

fn forge_blocks_of(model: &Model, names: &[&str]) {
    let (_guard, directory) = model::on_disk(model, WriteOptions::default());
    let mut forged = 0;
    for name in names.iter().filter(|name| **name != "meta") {
        let path = directory.join(name);
        let good = fs::read(&path).unwrap();
        for block in blocks(&good) {
            for index in block.clone() {
                for value in [0, 0xff, good[index] ^ 1, good[index] ^ 0x80] {
                    let mut bad = good.clone();
                    bad[index] = value;
                    let offset = crc32c::crc32c(&(block.start as u64).to_le_bytes());
                    let crc = crc32c::crc32c_append(offset, &bad[block.clone()]);
                    bad[block.end..block.end + 4].copy_from_slice(&crc.to_le_bytes());
                    fs::write(&path, &bad).unwrap();
                    survive(&directory);
                    forged += 1;
                }
            }
        }
        fs::write(&path, &good).unwrap();
    }
    assert!(forged > 1000, "only {forged} bytes were changed");
    assert!(model::open(&directory).unwrap().verify().is_ok());
}

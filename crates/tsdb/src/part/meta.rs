//! The file `meta`: written last, replaced whole; a directory without it is not a part.
//!
//! ```text
//! +----------+---------+----------+-------------------------------------+---------+
//! | magic    | version | length   | sections                            | CRC32C  |
//! | PLIMPART | u32 LE  | u32 LE   | length bytes                        | u32 LE  |
//! +----------+---------+----------+-------------------------------------+---------+
//! section: | tag u16 LE | length u32 LE | payload |
//! ```
//!
//! The checksum covers everything before it. A reader passes over a section whose tag it does not know when the tag's
//! high bit is set (optional, such as an additional index); without that bit it refuses the part as too new.

use std::path::Path;

use plimsoll_runtime::disk::Disk;
use plimsoll_types::{Tier, TimeRange, Timestamp};

use super::bytes::{Decoded, Malformed, Reader, put_bytes, put_signed, put_varint};
use super::error::Error;
use super::file::{FileKind, Location, missing};

pub(super) const META_NAME: &str = "meta";
/// The version that is written, and the latest that is read.
///
/// Version 2 says of a block whether its values are whole and whether they drop; version 3 knows blocks of windows, and
/// its index is compact.
pub(super) const FORMAT_VERSION: u32 = 3;
const MAGIC: &[u8; 8] = b"PLIMPART";
const HEADER_LENGTH: usize = 16;
/// Ten times what version 1 can need, room for sections of later versions.
const META_LENGTH_MAX: u64 = 64 << 10;

const TAG_OPTIONAL: u16 = 0x8000;
const TAG_STATISTICS: u16 = 1;
const TAG_FILES: u16 = 2;
const TAG_ROOTS: u16 = 3;
/// What the part holds, when that is windows.
const TAG_TIER: u16 = 4;
/// Where the root of the schedules is; the pages of `series.idx` are compact then.
const TAG_SCHEDULES: u16 = 5;
/// Where the root of the values' transducers is; old parts have none.
const TAG_VALUES: u16 = TAG_OPTIONAL | 1;

/// What is known of a part without reading its data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartMeta {
    /// The version of the format that the part is written in.
    pub format_version: u32,
    /// What it holds: samples, or the windows of a tier.
    pub tier: Tier,
    /// From the first to the last sample, exemplar or end of a window; empty when there is none.
    pub range: TimeRange,
    /// Number of series, at most 2^32 - 1.
    pub series: u32,
    /// Number of samples, staleness markers included, or of windows.
    pub samples: u64,
    /// Number of exemplars.
    pub exemplars: u64,
    /// Length of all files together, `meta` included.
    pub bytes: u64,
    /// The files besides `meta`.
    pub files: Vec<FileMeta>,
}

/// One file of a part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileMeta {
    /// Its name inside the part's directory.
    pub name: String,
    /// Its length in bytes.
    pub length: u64,
    /// CRC32C of all its bytes.
    pub crc32c: u32,
}

/// Where the directories of the paged files begin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Roots {
    pub(super) series: Location,
    pub(super) metadata: Location,
    pub(super) symbols: Location,
    pub(super) postings: Location,
    pub(super) values: Option<Location>,
    /// Since version 3.
    pub(super) schedules: Option<Location>,
}

impl PartMeta {
    pub(super) fn file(&self, kind: FileKind) -> Option<&FileMeta> {
        self.files.iter().find(|file| file.name == kind.name())
    }
}

/// Writes the file and makes it durable. `meta.bytes` is set to the true sum.
pub(super) fn write(
    disk: &dyn Disk,
    directory: &Path,
    meta: &mut PartMeta,
    roots: &Roots,
) -> Result<(), Error> {
    let bytes = encode(meta, roots);
    meta.bytes = total_bytes(meta, bytes.len());
    let path = directory.join(META_NAME);
    disk.replace(&path, &bytes)
        .map_err(Error::io("writing", &path))
}

/// Reads and checks the file.
pub(super) fn read(disk: &dyn Disk, directory: &Path) -> Result<(PartMeta, Roots), Error> {
    let path = directory.join(META_NAME);
    let bytes = match disk.read(&path, META_LENGTH_MAX) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::FileTooLarge => {
            return Err(Error::corrupt(&path, 0, "the file is longer than 64 KiB"));
        }
        Err(error) => return Err(missing(&path, error)),
    };
    let version = check_frame(&path, &bytes)?;
    if version > FORMAT_VERSION {
        return Err(newer(&path, version));
    }
    let sections = &bytes[HEADER_LENGTH..bytes.len() - 4];
    match decode_sections(sections) {
        Ok(Some((mut meta, roots))) => {
            meta.format_version = version;
            meta.bytes = total_bytes(&meta, bytes.len());
            Ok((meta, roots))
        }
        Ok(None) => Err(newer(&path, version.saturating_add(1))),
        Err(Malformed(what)) => Err(Error::corrupt(&path, HEADER_LENGTH as u64, what)),
    }
}

fn newer(path: &Path, found: u32) -> Error {
    Error::NewerVersion {
        file: path.into(),
        found,
        supported: FORMAT_VERSION,
    }
}

fn total_bytes(meta: &PartMeta, own: usize) -> u64 {
    meta.files.iter().map(|file| file.length).sum::<u64>() + own as u64
}

fn encode(meta: &PartMeta, roots: &Roots) -> Vec<u8> {
    let mut sections = Vec::new();
    let mut statistics = Vec::new();
    put_signed(&mut statistics, meta.range.start.millis());
    put_signed(&mut statistics, meta.range.end.millis());
    for number in [u64::from(meta.series), meta.samples, meta.exemplars] {
        put_varint(&mut statistics, number);
    }
    put_section(&mut sections, TAG_STATISTICS, &statistics);
    let mut files = Vec::new();
    put_varint(&mut files, meta.files.len() as u64);
    for file in &meta.files {
        put_bytes(&mut files, file.name.as_bytes());
        put_varint(&mut files, file.length);
        files.extend_from_slice(&file.crc32c.to_le_bytes());
    }
    put_section(&mut sections, TAG_FILES, &files);
    if meta.tier != Tier::Raw {
        put_section(&mut sections, TAG_TIER, meta.tier.as_str().as_bytes());
    }
    let mut locations = Vec::new();
    for root in [roots.series, roots.metadata, roots.symbols, roots.postings] {
        put_varint(&mut locations, root.offset);
        put_varint(&mut locations, u64::from(root.length));
    }
    put_section(&mut sections, TAG_ROOTS, &locations);
    for (tag, root) in [(TAG_SCHEDULES, roots.schedules), (TAG_VALUES, roots.values)] {
        if let Some(root) = root {
            let mut location = Vec::new();
            put_varint(&mut location, root.offset);
            put_varint(&mut location, u64::from(root.length));
            put_section(&mut sections, tag, &location);
        }
    }

    let mut bytes = MAGIC.to_vec();
    bytes.extend_from_slice(&meta.format_version.to_le_bytes());
    bytes.extend_from_slice(&(sections.len() as u32).to_le_bytes());
    bytes.extend_from_slice(&sections);
    let crc = crc32c::crc32c(&bytes);
    bytes.extend_from_slice(&crc.to_le_bytes());
    bytes
}

fn put_section(into: &mut Vec<u8>, tag: u16, payload: &[u8]) {
    into.extend_from_slice(&tag.to_le_bytes());
    into.extend_from_slice(&(payload.len() as u32).to_le_bytes());
    into.extend_from_slice(payload);
}

/// Checks magic, length and checksum, which are the same in every version; returns the version.
fn check_frame(path: &Path, bytes: &[u8]) -> Result<u32, Error> {
    let corrupt = |what: &str| Error::corrupt(path, 0, what);
    if bytes.len() < HEADER_LENGTH + 4 {
        return Err(corrupt("the file is shorter than its header"));
    }
    let (covered, crc) = bytes.split_at(bytes.len() - 4);
    if &covered[..8] != MAGIC {
        return Err(corrupt("the file does not begin with PLIMPART"));
    }
    if crc != crc32c::crc32c(covered).to_le_bytes() {
        return Err(corrupt("the checksum is wrong"));
    }
    let mut header = Reader::new(&covered[8..HEADER_LENGTH]);
    let version = header.u32().expect("the length was checked");
    let length = header.u32().expect("the length was checked");
    if length as usize != covered.len() - HEADER_LENGTH {
        return Err(corrupt("the length does not agree with the file"));
    }
    if version == 0 {
        return Err(corrupt("there is no format version 0"));
    }
    Ok(version)
}

/// Returns `None` when there is a section that must be understood and is not.
pub(super) fn decode_sections(bytes: &[u8]) -> Decoded<Option<(PartMeta, Roots)>> {
    let (mut statistics, mut files, mut roots) = (None, None, None);
    let (mut values, mut schedules, mut tier) = (None, None, Tier::Raw);
    let mut reader = Reader::new(bytes);
    while !reader.is_empty() {
        let tag = reader.u16()?;
        let length = reader.u32()?;
        let payload = Reader::new(reader.take(length as usize)?);
        match tag {
            TAG_STATISTICS => statistics = Some(decode_statistics(payload)?),
            TAG_FILES => files = Some(decode_files(payload)?),
            TAG_ROOTS => roots = Some(decode_roots(payload)?),
            TAG_TIER => match decode_tier(payload) {
                Some(known) => tier = known,
                None => return Ok(None),
            },
            TAG_SCHEDULES => schedules = Some(decode_location(payload)?),
            TAG_VALUES => values = Some(decode_location(payload)?),
            tag if tag & TAG_OPTIONAL != 0 => {}
            _ => return Ok(None),
        }
    }
    let missing = Malformed("a section is missing");
    let mut meta: PartMeta = statistics.ok_or(missing)?;
    meta.files = files.ok_or(missing)?;
    meta.tier = tier;
    let roots: Roots = roots.ok_or(missing)?;
    let roots = Roots {
        values,
        schedules,
        ..roots
    };
    Ok(Some((meta, roots)))
}

fn decode_statistics(mut reader: Reader<'_>) -> Decoded<PartMeta> {
    let start = Timestamp::from_millis(reader.signed()?);
    let end = Timestamp::from_millis(reader.signed()?);
    let meta = PartMeta {
        format_version: 0,
        tier: Tier::Raw,
        range: TimeRange::new(start, end),
        series: reader.varint_u32()?,
        samples: reader.varint()?,
        exemplars: reader.varint()?,
        bytes: 0,
        files: Vec::new(),
    };
    reader.end()?;
    Ok(meta)
}

/// Returns `None` for a tier that only a later version knows.
fn decode_tier(mut reader: Reader<'_>) -> Option<Tier> {
    Tier::parse(str::from_utf8(reader.take_rest()).ok()?)
}

fn decode_files(mut reader: Reader<'_>) -> Decoded<Vec<FileMeta>> {
    // Below 2^48 no sum of a few lengths can overflow.
    const FILE_LENGTH_MAX: u64 = 1 << 48;
    let count = reader.count(6)?;
    let mut files = Vec::with_capacity(count);
    for _ in 0..count {
        let file = FileMeta {
            name: reader.text()?.into(),
            length: reader.varint()?,
            crc32c: reader.u32()?,
        };
        if file.length > FILE_LENGTH_MAX {
            return Err(Malformed("a file is longer than 256 TiB"));
        }
        files.push(file);
    }
    reader.end()?;
    Ok(files)
}

fn decode_roots(mut reader: Reader<'_>) -> Decoded<Roots> {
    let roots = Roots {
        series: take_location(&mut reader)?,
        metadata: take_location(&mut reader)?,
        symbols: take_location(&mut reader)?,
        postings: take_location(&mut reader)?,
        values: None,
        schedules: None,
    };
    reader.end()?;
    Ok(roots)
}

fn decode_location(mut reader: Reader<'_>) -> Decoded<Location> {
    let location = take_location(&mut reader)?;
    reader.end()?;
    Ok(location)
}

fn take_location(reader: &mut Reader<'_>) -> Decoded<Location> {
    Ok(Location {
        offset: reader.varint()?,
        length: reader.varint_u32()?,
    })
}

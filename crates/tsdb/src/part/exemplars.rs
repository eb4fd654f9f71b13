//! Blocks of the exemplars of one series.
//!
//! ```text
//! | count varint | times (length varint, see `integers`) | values (length varint, see `floats`)
//! | name count varint | names (length varint, UTF-8) ... |
//! | per exemplar: pair count varint, { name, value (length varint, UTF-8) } ... |
//!
//! name: | index into the names + 1, varint |  or  | 0 | length varint | UTF-8 |
//! ```
//!
//! Only short names are put into the dictionary: a reference to a long one would let a small block claim much memory.

use plimsoll_types::{Exemplar, Labels, Timestamp};

use super::bytes::{Decoded, Malformed, Reader, put_bytes, put_varint};
use super::{floats, integers};

/// The most exemplars of one block.
pub(super) const EXEMPLARS_MAX: usize = 1024;
const NAME_LENGTH_MAX: usize = 64;

/// Appends the block to `into`; at most [`EXEMPLARS_MAX`].
pub(super) fn encode(exemplars: &[Exemplar], level: usize, into: &mut Vec<u8>) {
    put_varint(into, exemplars.len() as u64);
    let times: Vec<i64> = exemplars.iter().map(|e| e.timestamp.millis()).collect();
    let values: Vec<f64> = exemplars.iter().map(|e| e.value).collect();
    let mut column = Vec::new();
    integers::encode(&times, level, &mut column);
    put_bytes(into, &column);
    column.clear();
    floats::encode(&values, level, &mut column);
    put_bytes(into, &column);

    let pairs = exemplars.iter().flat_map(|exemplar| exemplar.labels.iter());
    let mut names: Vec<&str> = pairs
        .map(|(name, _)| name)
        .filter(|name| name.len() <= NAME_LENGTH_MAX)
        .collect();
    names.sort_unstable();
    names.dedup();
    put_varint(into, names.len() as u64);
    names
        .iter()
        .for_each(|name| put_bytes(into, name.as_bytes()));
    for exemplar in exemplars {
        put_varint(into, exemplar.labels.len() as u64);
        for (name, value) in exemplar.labels.iter() {
            match names.binary_search(&name) {
                Ok(index) => put_varint(into, index as u64 + 1),
                Err(_) => {
                    put_varint(into, 0);
                    put_bytes(into, name.as_bytes());
                }
            }
            put_bytes(into, value.as_bytes());
        }
    }
}

/// Reads back a block.
pub(super) fn decode(bytes: &[u8]) -> Decoded<Vec<Exemplar>> {
    let mut reader = Reader::new(bytes);
    let count = reader.varint_up_to(EXEMPLARS_MAX)?;
    let times = integers::decode(reader.bytes()?, count)?;
    let values = floats::decode(reader.bytes()?, count)?;
    let names = (0..reader.count(1)?)
        .map(|_| match reader.text()? {
            name if name.len() <= NAME_LENGTH_MAX => Ok(name),
            _ => Err(Malformed(
                "an exemplar's label name is too long for the dictionary",
            )),
        })
        .collect::<Decoded<Vec<_>>>()?;
    let mut exemplars = Vec::with_capacity(count);
    for (time, value) in times.into_iter().zip(values) {
        exemplars.push(Exemplar {
            labels: decode_labels(&mut reader, &names)?,
            value,
            timestamp: Timestamp::from_millis(time),
        });
    }
    reader.end()?;
    Ok(exemplars)
}

fn decode_labels(reader: &mut Reader<'_>, names: &[&str]) -> Decoded<Labels> {
    let count = reader.count(2)?;
    let mut pairs = Vec::with_capacity(count);
    for _ in 0..count {
        let name = match reader.varint_up_to(names.len())? {
            0 => reader.text()?,
            index => names[index - 1],
        };
        pairs.push((name, reader.text()?));
    }
    Labels::try_from_pairs(&pairs).map_err(|_| Malformed("an exemplar names a label twice"))
}

//! When each metric was last queried: what is kept and paid for, and which of it nobody asks for.
//!
//! One time per metric name, set when a query finds series of it, and one small text file that is replaced whole every
//! few minutes (`docs/formats/queried.md`):
//!
//! ```text
//! plimsoll tsdb queried 1
//! since 1700000000000
//! 1700003600000 http_requests_total
//! 1700007200000 up
//! crc32c 1b2c3d4e
//! ```
//!
//! It is a hint for people and nothing depends on it: a file that is lost or damaged begins anew, and a power loss
//! forgets the last minutes. Only names that queries found something under are noted, so hostile queries fill nothing.

use std::collections::HashMap;
use std::fmt::Write;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{PoisonError, RwLock};

use plimsoll_types::{Labels, METRIC_NAME, MatchOp, Matcher, Timestamp};

const TITLE: &str = "plimsoll tsdb queried ";
const VERSION: u64 = 1;
/// Metric names that are remembered: 100 MB at 64 bytes of name; those that come later are not.
pub const NAMES_MAX: usize = 1_000_000;
/// So many metrics of one query that names none are noted.
const NAMES_PER_QUERY_MAX: usize = 10_000;
/// A time is set again after so many milliseconds; queries of a dashboard then share a cache line without a fight.
const RESOLUTION_MILLIS: i64 = 1000;

/// The times of all metrics. Safe to use from many threads; noting a known metric takes a shared lock and one store.
#[derive(Debug)]
pub struct Queried {
    since: Timestamp,
    names: RwLock<HashMap<Box<str>, AtomicI64>>,
    is_changed: AtomicBool,
}

/// A text that is not a list of queried metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidQueried {
    /// A later version wrote it.
    #[error("format version {0}")]
    Newer(u64),
    /// A line is not what it should be.
    #[error("line {0}: {1}")]
    Line(usize, &'static str),
}

impl Queried {
    /// Begins to note at this moment.
    pub fn new(since: Timestamp) -> Self {
        Self {
            since,
            names: RwLock::default(),
            is_changed: AtomicBool::new(true),
        }
    }

    /// Returns since when queries are noted.
    pub fn since(&self) -> Timestamp {
        self.since
    }

    /// Returns when a metric was last queried; `None`: not since [`since`](Self::since), or there were too many names.
    pub fn last(&self, metric: &str) -> Option<Timestamp> {
        let names = self.names.read().unwrap_or_else(PoisonError::into_inner);
        let millis = names.get(metric)?.load(Ordering::Relaxed);
        Some(Timestamp::from_millis(millis))
    }

    /// Notes that a query with these matchers found these series, sorted by labels.
    pub fn note(&self, matchers: &[Matcher], found: &[Labels], now: Timestamp) {
        if found.is_empty() {
            return;
        }
        let named = matchers
            .iter()
            .find(|matcher| matcher.name() == METRIC_NAME && matcher.op() == MatchOp::Equal);
        if let Some(matcher) = named {
            self.note_name(matcher.value(), now);
            return;
        }
        let mut noted = 0;
        let mut last = None;
        for name in found.iter().filter_map(Labels::metric_name) {
            if last == Some(name) {
                continue;
            }
            self.note_name(name, now);
            last = Some(name);
            noted += 1;
            if noted == NAMES_PER_QUERY_MAX {
                return;
            }
        }
    }

    fn note_name(&self, name: &str, now: Timestamp) {
        {
            let names = self.names.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(time) = names.get(name) {
                let before = time.load(Ordering::Relaxed);
                if now.millis().saturating_sub(before) >= RESOLUTION_MILLIS {
                    time.fetch_max(now.millis(), Ordering::Relaxed);
                    self.is_changed.store(true, Ordering::Relaxed);
                }
                return;
            }
            if names.len() >= NAMES_MAX {
                return;
            }
        }
        self.set(name, now);
        self.is_changed.store(true, Ordering::Relaxed);
    }

    fn set(&self, name: &str, time: Timestamp) {
        let mut names = self.names.write().unwrap_or_else(PoisonError::into_inner);
        match names.get(name) {
            Some(known) => drop(known.fetch_max(time.millis(), Ordering::Relaxed)),
            None if names.len() < NAMES_MAX => {
                names.insert(name.into(), AtomicI64::new(time.millis()));
            }
            None => {}
        }
    }

    /// Forgets metrics that were last queried before `horizon`.
    pub fn forget_before(&self, horizon: Timestamp) {
        let mut names = self.names.write().unwrap_or_else(PoisonError::into_inner);
        names.retain(|_, time| *time.get_mut() >= horizon.millis());
    }

    /// Says whether something was noted since the last call.
    pub(crate) fn take_changed(&self) -> bool {
        self.is_changed.swap(false, Ordering::Relaxed)
    }

    /// Says that what was taken as written is not.
    pub(crate) fn set_changed(&self) {
        self.is_changed.store(true, Ordering::Relaxed);
    }

    /// Returns the text, sorted by name.
    pub fn encode(&self) -> String {
        let mut text = format!("{TITLE}{VERSION}\nsince {}\n", self.since);
        let names = self.names.read().unwrap_or_else(PoisonError::into_inner);
        let mut sorted: Vec<(&str, i64)> = names
            .iter()
            .map(|(name, time)| (&**name, time.load(Ordering::Relaxed)))
            .collect();
        sorted.sort_unstable();
        for (name, time) in sorted {
            let _ = write!(text, "{time} ");
            escape(name, &mut text);
            text.push('\n');
        }
        let crc = crc32c::crc32c(text.as_bytes());
        let _ = writeln!(text, "crc32c {crc:08x}");
        text
    }

    /// Reads what [`encode`](Self::encode) wrote.
    ///
    /// # Errors
    /// [`InvalidQueried`].
    pub fn decode(bytes: &[u8]) -> Result<Self, InvalidQueried> {
        let invalid = InvalidQueried::Line;
        let text = str::from_utf8(bytes).map_err(|_| invalid(1, "the text is not UTF-8"))?;
        let version = text
            .strip_prefix(TITLE)
            .and_then(|rest| rest.lines().next())
            .and_then(|version| version.parse().ok())
            .ok_or(invalid(1, "it does not begin with the title and a version"))?;
        if version > VERSION {
            return Err(InvalidQueried::Newer(version));
        }
        let end = text.matches('\n').count();
        let (body, crc) =
            split_checksum(text).ok_or(invalid(end, "the last line is no checksum"))?;
        if crc32c::crc32c(body.as_bytes()) != crc {
            return Err(invalid(end, "the checksum does not fit the text"));
        }
        let mut lines = body.split_terminator('\n').enumerate().skip(1);
        let since = lines
            .next()
            .and_then(|(_, line)| line.strip_prefix("since ")?.parse().ok())
            .ok_or(invalid(2, "wanted since and a time"))?;
        let queried = Self::new(Timestamp::from_millis(since));
        for (index, line) in lines {
            let (time, name) = read_line(line).ok_or(invalid(index + 1, "wanted time and name"))?;
            queried.set(&name, time);
        }
        queried.is_changed.store(false, Ordering::Relaxed);
        Ok(queried)
    }
}

fn read_line(line: &str) -> Option<(Timestamp, String)> {
    let (time, name) = line.split_once(' ')?;
    Some((Timestamp::from_millis(time.parse().ok()?), unescape(name)?))
}

/// A name may hold any character, and a line must stay one.
fn escape(name: &str, into: &mut String) {
    for character in name.chars() {
        match character {
            '\\' => into.push_str("\\\\"),
            '\n' => into.push_str("\\n"),
            other => into.push(other),
        }
    }
}

fn unescape(text: &str) -> Option<String> {
    let mut name = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        name.push(match character {
            '\\' => match characters.next()? {
                'n' => '\n',
                '\\' => '\\',
                _ => return None,
            },
            other => other,
        });
    }
    Some(name)
}

fn split_checksum(text: &str) -> Option<(&str, u32)> {
    let (body, crc) = text.strip_suffix('\n')?.rsplit_once("\ncrc32c ")?;
    let crc = u32::from_str_radix(crc, 16).ok()?;
    Some((&text[..body.len() + 1], crc))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    fn named(names: &[&str]) -> Vec<Labels> {
        let labels = |name: &&str| Labels::from_pairs([(METRIC_NAME, *name)]);
        names.iter().map(labels).collect()
    }

    proptest! {
        #[test]
        fn returns_whole_and_notices_damage(
            names in prop::collection::btree_map("(?s).{0,6}", any::<i64>(), 0..20), since: i64,
            place: prop::sample::Index, bit in 0..8u32
        ) {
            let queried = Queried::new(at(since));
            names.iter().for_each(|(name, time)| queried.set(name, at(*time)));
            let mut bytes = queried.encode().into_bytes();
            let read = Queried::decode(&bytes).unwrap();
            prop_assert_eq!(read.since(), at(since));
            prop_assert_eq!(read.encode().into_bytes(), bytes.clone());
            for (name, time) in &names {
                prop_assert_eq!(read.last(name), Some(at(*time)));
            }
            let place = place.index(bytes.len());
            bytes[place] ^= 1 << bit;
            if let Ok(other) = Queried::decode(&bytes) {
                // The spelling of the checksum may change, what it protects may not.
                prop_assert_eq!(other.encode(), read.encode());
            }
        }
    }

    #[test]
    fn notes_what_a_query_found() {
        let queried = Queried::new(at(0));
        let by_name = [Matcher::equal(METRIC_NAME, "a")];
        queried.note(&by_name, &[], at(10));
        assert_eq!(queried.last("a"), None, "nothing was found");
        queried.note(&by_name, &named(&["a", "a"]), at(10));
        assert_eq!(queried.last("a"), Some(at(10)));
        let any = [Matcher::equal("job", "x")];
        queried.note(&any, &named(&["a", "b", "b"]), at(5000));
        assert_eq!(
            (queried.last("a"), queried.last("b")),
            (Some(at(5000)), Some(at(5000)))
        );
        queried.note(&any, &named(&["b"]), at(4000));
        assert_eq!(
            queried.last("b"),
            Some(at(5000)),
            "a clock that was set back takes nothing away"
        );
        queried.forget_before(at(5001));
        assert_eq!(queried.last("b"), None);
    }

    #[test]
    fn asks_to_be_stored_only_after_a_change() {
        let queried = Queried::new(at(0));
        assert!(queried.take_changed(), "the time of the beginning is news");
        assert!(!queried.take_changed());
        let matchers = [Matcher::equal(METRIC_NAME, "a")];
        queried.note(&matchers, &named(&["a"]), at(0));
        assert!(queried.take_changed());
        queried.note(&matchers, &named(&["a"]), at(RESOLUTION_MILLIS - 1));
        assert!(!queried.take_changed());
        queried.note(&matchers, &named(&["a"]), at(RESOLUTION_MILLIS));
        assert!(queried.take_changed());
    }

    #[test]
    fn one_query_notes_a_bounded_number() {
        let queried = Queried::new(at(0));
        let names: Vec<String> = (0..NAMES_PER_QUERY_MAX + 5)
            .map(|n| format!("m{n:06}"))
            .collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        queried.note(&[], &named(&names), at(1));
        assert_eq!(queried.names.read().unwrap().len(), NAMES_PER_QUERY_MAX);
    }

    #[test]
    fn names_the_newer_version() {
        assert_eq!(
            Queried::decode(b"plimsoll tsdb queried 2\n").unwrap_err(),
            InvalidQueried::Newer(2)
        );
    }
}

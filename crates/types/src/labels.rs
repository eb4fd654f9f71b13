//! Label sets: the identity of a series.
//!
//! A million series mean a million label sets, so a set is one shared allocation and cloning it copies a pointer.
//! Its text is a run of pairs (see `pairs`), sorted by name.

use std::cmp::Ordering;
use std::fmt::{self, Write};
use std::sync::Arc;

use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use crate::pairs::{self, Pairs};

/// The label that holds the metric's name.
pub const METRIC_NAME: &str = "__name__";
/// The label that holds the upper bound of a classic histogram's bucket.
pub const BUCKET_LABEL: &str = "le";
/// The label that holds the quantile of a summary's series.
pub const QUANTILE_LABEL: &str = "quantile";

/// A label set: sorted by name, no name twice, no empty value (an empty value is an absent label).
///
/// ```
/// use plimsoll_types::Labels;
/// let labels = Labels::from_pairs([("job", "node"), ("__name__", "up"), ("gone", "")]);
/// assert_eq!(labels.to_string(), r#"up{job="node"}"#);
/// assert_eq!(labels.get("gone"), None);
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Labels(Arc<str>);

/// A label set names a label twice.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the label {name:?} is there twice")]
pub struct DuplicateLabel {
    /// The label's name.
    pub name: String,
}

impl Labels {
    /// Returns the set without labels.
    pub fn empty() -> Self {
        Self(Arc::from(""))
    }

    /// Makes a set from pairs in any order; of two with the same name the later one counts, empty values are dropped.
    pub fn from_pairs<N: AsRef<str>, V: AsRef<str>>(
        pairs: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        let mut builder = LabelsBuilder::default();
        for (name, value) in pairs {
            builder.set(name.as_ref(), value.as_ref());
        }
        builder.build()
    }

    /// Makes a set from pairs in any order; empty values are dropped.
    ///
    /// # Errors
    /// [`DuplicateLabel`] when a name is there twice, even with an empty value.
    pub fn try_from_pairs<N: AsRef<str>, V: AsRef<str>>(
        pairs: &[(N, V)],
    ) -> Result<Self, DuplicateLabel> {
        let mut pairs: Vec<(&str, &str)> = pairs
            .iter()
            .map(|(n, v)| (n.as_ref(), v.as_ref()))
            .collect();
        pairs.sort_by_key(|(name, _)| *name);
        match pairs.windows(2).find(|two| two[0].0 == two[1].0) {
            Some(two) => Err(DuplicateLabel {
                name: two[0].0.into(),
            }),
            None => Ok(encode(pairs)),
        }
    }

    /// Returns the value of a label.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter()
            .take_while(|(found, _)| *found <= name)
            .find(|(found, _)| *found == name)
            .map(|(_, value)| value)
    }

    /// Returns the metric's name.
    pub fn metric_name(&self) -> Option<&str> {
        self.get(METRIC_NAME)
    }

    /// Walks the labels in ascending order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> + Clone {
        Pairs::of(&self.0)
    }

    /// Returns the number of labels.
    pub fn len(&self) -> usize {
        self.iter().count()
    }

    /// Says whether there is no label.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns a hash that is the same on every machine and in every version (xxh3 over the encoding above).
    pub fn stable_hash(&self) -> u64 {
        xxh3_64(self.0.as_bytes())
    }

    /// Returns a hash for tables in memory: who does not know the seed cannot choose sets that collide.
    pub fn seeded_hash(&self, seed: u64) -> u64 {
        xxh3_64_with_seed(self.0.as_bytes(), seed)
    }

    /// Walks the labels as they are encoded: each name and value in one piece, for tables that keep a pair once.
    pub fn encoded_pairs(&self) -> impl Iterator<Item = &str> + Clone {
        let mut pairs = Pairs::of(&self.0);
        std::iter::from_fn(move || {
            let begin = pairs.rest();
            pairs.next()?;
            Some(&begin[..begin.len() - pairs.rest().len()])
        })
    }

    /// Makes a set from pieces of [`encoded_pairs`](Self::encoded_pairs), which ascend by name, no name twice.
    pub fn from_encoded_pairs<'a>(pairs: impl Iterator<Item = &'a str>) -> Self {
        let mut text = String::with_capacity(512);
        pairs.for_each(|pair| text.push_str(pair));
        Self(Arc::from(text))
    }

    /// Says whether the set consists of just these [`encoded_pairs`](Self::encoded_pairs).
    pub fn is_encoded_as<'a>(&self, pairs: impl Iterator<Item = &'a str>) -> bool {
        let mut rest = self.0.as_bytes();
        for pair in pairs {
            match rest.strip_prefix(pair.as_bytes()) {
                Some(after) => rest = after,
                None => return false,
            }
        }
        rest.is_empty()
    }

    /// Encodes one pair as [`encoded_pairs`](Self::encoded_pairs) gives it. The value is not empty.
    pub fn encode_pair(name: &str, value: &str) -> String {
        let mut text = String::with_capacity(name.len() + value.len() + 4);
        pairs::write(&mut text, name, value);
        text
    }

    /// Returns name and value of a piece of [`encoded_pairs`](Self::encoded_pairs); two empty texts for an empty one.
    pub fn decode_pair(encoded: &str) -> (&str, &str) {
        Pairs::of(encoded).next().unwrap_or_default()
    }

    /// Returns the bytes of the encoding, for memory accounting.
    pub fn byte_count(&self) -> usize {
        self.0.len()
    }

    /// Returns a builder that begins with these labels.
    pub fn to_builder(&self) -> LabelsBuilder {
        LabelsBuilder {
            pairs: self
                .iter()
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
        }
    }

    /// Returns the set with only the labels for which `keep` says so.
    pub fn filtered(&self, mut keep: impl FnMut(&str) -> bool) -> Self {
        encode(self.iter().filter(|(name, _)| keep(name)))
    }
}

impl Default for Labels {
    fn default() -> Self {
        Self::empty()
    }
}

/// Compares as Prometheus does: pair by pair, name before value; a set that is a prefix of another comes first.
impl Ord for Labels {
    fn cmp(&self, other: &Self) -> Ordering {
        let (a, b) = (self.0.as_bytes(), other.0.as_bytes());
        let Some(differs) = first_difference(a, b) else {
            // One is the beginning of the other, or both are the same.
            return a.len().cmp(&b.len());
        };
        // Before the part that holds the first difference all parts are the same.
        let (mut left, mut right) = (Pairs::of(&self.0), Pairs::of(&other.0));
        loop {
            let (a, b) = (left.part(), right.part());
            if self.0.len() - left.rest().len() > differs {
                return a.cmp(b);
            }
        }
    }
}

impl PartialOrd for Labels {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Writes the set as PromQL does: `up{job="node"}`, names outside the classic alphabet in quotes.
impl fmt::Display for Labels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let metric = self.metric_name();
        let (bare, quoted) = match metric {
            Some(name) if is_legacy_metric_name(name) => (name, None),
            other => ("", other),
        };
        f.write_str(bare)?;
        let mut separator = "";
        let has_pairs = quoted.is_some() || self.iter().any(|(name, _)| name != METRIC_NAME);
        if !has_pairs {
            return f.write_str(if metric.is_none() { "{}" } else { "" });
        }
        f.write_char('{')?;
        if let Some(name) = quoted {
            write_quoted(f, name)?;
            separator = ", ";
        }
        for (name, value) in self.iter().filter(|(name, _)| *name != METRIC_NAME) {
            f.write_str(separator)?;
            write_name(f, name)?;
            f.write_char('=')?;
            write_quoted(f, value)?;
            separator = ", ";
        }
        f.write_char('}')
    }
}

impl fmt::Debug for Labels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Changes a label set step by step, as relabelling does.
#[derive(Clone, Debug, Default)]
pub struct LabelsBuilder {
    /// Sorted by name.
    pairs: Vec<(Box<str>, Box<str>)>,
}

impl LabelsBuilder {
    /// Sets a label; an empty value removes it.
    pub fn set(&mut self, name: &str, value: &str) -> &mut Self {
        match (self.find(name), value.is_empty()) {
            (Ok(at), true) => drop(self.pairs.remove(at)),
            (Ok(at), false) => self.pairs[at].1 = value.into(),
            (Err(_), true) => {}
            (Err(at), false) => self.pairs.insert(at, (name.into(), value.into())),
        }
        self
    }

    /// Removes a label.
    pub fn remove(&mut self, name: &str) -> &mut Self {
        self.set(name, "")
    }

    /// Returns the value of a label.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.find(name).ok().map(|at| &*self.pairs[at].1)
    }

    /// Walks the labels in ascending order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> + Clone {
        self.pairs.iter().map(|(name, value)| (&**name, &**value))
    }

    /// Removes the labels for which `keep` says no.
    pub fn retain(&mut self, mut keep: impl FnMut(&str, &str) -> bool) -> &mut Self {
        self.pairs.retain(|(name, value)| keep(name, value));
        self
    }

    /// Returns the set.
    pub fn build(&self) -> Labels {
        encode(self.iter())
    }

    fn find(&self, name: &str) -> Result<usize, usize> {
        self.pairs
            .binary_search_by(|(found, _)| (**found).cmp(name))
    }
}

/// Says whether a name fits the classic alphabet of metric names, `[a-zA-Z_:][a-zA-Z0-9_:]*`.
pub fn is_legacy_metric_name(name: &str) -> bool {
    is_word(name, |byte| byte == b':')
}

/// Says whether a name fits the classic alphabet of label names, `[a-zA-Z_][a-zA-Z0-9_]*`.
pub fn is_legacy_label_name(name: &str) -> bool {
    is_word(name, |_| false)
}

pub(crate) fn write_name(f: &mut fmt::Formatter<'_>, name: &str) -> fmt::Result {
    if is_legacy_label_name(name) {
        f.write_str(name)
    } else {
        write_quoted(f, name)
    }
}

/// Quotes with the escapes that every format of the field reads back: `\\`, `\"`, `\n`.
pub(crate) fn write_quoted(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    f.write_char('"')?;
    for part in text.split_inclusive(['\\', '"', '\n']) {
        let (plain, last) = match part.as_bytes().last() {
            Some(b'\\') => (&part[..part.len() - 1], "\\\\"),
            Some(b'"') => (&part[..part.len() - 1], "\\\""),
            Some(b'\n') => (&part[..part.len() - 1], "\\n"),
            _ => (part, ""),
        };
        f.write_str(plain)?;
        f.write_str(last)?;
    }
    f.write_char('"')
}

fn is_word(name: &str, also: impl Fn(u8) -> bool) -> bool {
    let mut bytes = name.bytes();
    let begins = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_' || also(byte);
    bytes.next().is_some_and(begins) && bytes.all(|byte| begins(byte) || byte.is_ascii_digit())
}

/// Returns where two texts differ first; `None` when one is the beginning of the other.
fn first_difference(a: &[u8], b: &[u8]) -> Option<usize> {
    // Words first: label sets that are compared mostly begin alike for a hundred bytes and more.
    let (words_of_a, words_of_b) = (a.as_chunks::<8>().0, b.as_chunks::<8>().0);
    let words = words_of_a.iter().zip(words_of_b);
    let begin = 8 * words.take_while(|(a, b)| a == b).count();
    let rest = a[begin..].iter().zip(&b[begin..]);
    let at = rest.take_while(|(a, b)| a == b).count() + begin;
    (at < a.len().min(b.len())).then_some(at)
}

fn encode<'a>(sorted: impl IntoIterator<Item = (&'a str, &'a str)>) -> Labels {
    let present = sorted.into_iter().filter(|(_, value)| !value.is_empty());
    Labels(pairs::encode(present))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn returns_what_was_put_in(pairs: BTreeMap<String, String>) {
            let labels = Labels::from_pairs(&pairs);
            let expected: Vec<_> = pairs.iter().filter(|(_, v)| !v.is_empty()).map(|(n, v)| (n.as_str(), v.as_str())).collect();
            prop_assert_eq!(&labels.iter().collect::<Vec<_>>(), &expected);
            for (name, value) in &pairs {
                prop_assert_eq!(labels.get(name).unwrap_or(""), value);
            }
            prop_assert_eq!(&labels.to_builder().build(), &labels);
            prop_assert_eq!(labels.len(), expected.len());
            let encoded: Vec<&str> = labels.encoded_pairs().collect();
            let decoded = encoded.iter().map(|pair| Labels::decode_pair(pair));
            prop_assert_eq!(decoded.collect::<Vec<_>>(), expected.clone());
            let again = expected.iter().map(|(name, value)| Labels::encode_pair(name, value));
            prop_assert_eq!(again.collect::<Vec<_>>(), encoded.clone());
            prop_assert_eq!(&Labels::from_encoded_pairs(encoded.iter().copied()), &labels);
            prop_assert!(labels.is_encoded_as(encoded.iter().copied()));
            prop_assert_eq!(labels.is_encoded_as(encoded.iter().skip(1).copied()), encoded.is_empty());
        }

        #[test]
        fn order_is_that_of_the_pairs(
            a in prop::collection::btree_map("[ab\u{e9}]{0,2}", "[ab\u{e9}]{0,3}|[b]{62,66}", 0..4),
            b in prop::collection::btree_map("[ab\u{e9}]{0,2}", "[ab\u{e9}]{0,3}|[b]{62,66}", 0..4),
        ) {
            let plain = |map: &BTreeMap<String, String>| map.clone().into_iter().filter(|(_, v)| !v.is_empty()).collect::<Vec<_>>();
            prop_assert_eq!(Labels::from_pairs(&a).cmp(&Labels::from_pairs(&b)), plain(&a).cmp(&plain(&b)));
        }
    }

    #[test]
    fn long_values_survive() {
        for length in [63, 64, 4095, 4096, 10 << 20] {
            let value = "x".repeat(length);
            assert_eq!(Labels::from_pairs([("a", &value)]).get("a"), Some(&*value));
        }
    }

    #[test]
    fn names_twice_are_refused() {
        let error = Labels::try_from_pairs(&[("a", "1"), ("b", ""), ("a", "1")]).unwrap_err();
        assert_eq!(error.to_string(), r#"the label "a" is there twice"#);
    }

    #[test]
    fn writes_utf8_names_in_quotes() {
        let labels =
            Labels::from_pairs([("__name__", "my.metric"), ("a b", "x\ny"), ("c", "\\\"")]);
        assert_eq!(
            labels.to_string(),
            r#"{"my.metric", "a b"="x\ny", c="\\\""}"#
        );
        assert_eq!(Labels::empty().to_string(), "{}");
        assert_eq!(Labels::from_pairs([("__name__", "up")]).to_string(), "up");
    }
}

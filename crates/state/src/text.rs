//! How nouns become text and digests that both databases keep exactly.
//!
//! | noun | text |
//! |---|---|
//! | labels, annotations | a JSON object of strings in ascending order of the names: readable with `labels::jsonb` or `json_extract` |
//! | pairs that may repeat a name | a JSON array of arrays of two strings |
//! | a float | the shortest decimal that reads back to the same float; `NaN`, `inf`, `-inf` |
//! | NUL | U+001A and `0`, because PostgreSQL keeps no NUL in text; U+001A itself is U+001A and `1` |
//!
//! Keys are the first 16 bytes of a SHA-256 over what identifies a row: PostgreSQL refuses index entries above 2,704
//! bytes, and label sets may be longer. The digest is a cryptographic one because whoever sends samples chooses labels:
//! two sets with one key would be one alert.

use std::borrow::Cow;
use std::collections::BTreeMap;

use plimsoll_types::{Annotations, Labels};
use sha2::{Digest, Sha256};

/// How many bytes a key has: 2^64 rows before two are likely to share one.
const KEY_BYTES: usize = 16;
const ESCAPE: char = '\u{1a}';

/// Returns the key of what these parts identify; the parts' borders count.
pub(crate) fn key(parts: &[&str]) -> Vec<u8> {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update((part.len() as u64).to_le_bytes());
        digest.update(part.as_bytes());
    }
    digest.finalize()[..KEY_BYTES].to_vec()
}

/// Returns labels as a JSON object.
pub(crate) fn from_labels(labels: &Labels) -> String {
    object(labels.iter())
}

/// Reads what [`from_labels`] wrote.
pub(crate) fn to_labels(text: &str) -> Result<Labels, String> {
    let map: BTreeMap<String, String> =
        serde_json::from_str(text).map_err(|error| format!("labels: {error}"))?;
    Ok(Labels::from_pairs(map))
}

/// Returns annotations as a JSON object; unlike labels they may be empty.
pub(crate) fn from_annotations(annotations: &Annotations) -> String {
    object(annotations.iter())
}

/// Reads what [`from_annotations`] wrote.
pub(crate) fn to_annotations(text: &str) -> Result<Annotations, String> {
    let map: BTreeMap<String, String> =
        serde_json::from_str(text).map_err(|error| format!("annotations: {error}"))?;
    Ok(Annotations::from_pairs(map))
}

fn object<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let map: BTreeMap<&str, &str> = pairs.collect();
    serde_json::to_string(&map).expect("a map of strings is JSON")
}

/// Returns pairs as a JSON array.
pub(crate) fn from_pairs(pairs: &[(String, String)]) -> String {
    serde_json::to_string(pairs).expect("strings are JSON")
}

/// Reads what [`from_pairs`] wrote.
pub(crate) fn to_pairs(text: &str) -> Result<Vec<(String, String)>, String> {
    serde_json::from_str(text).map_err(|error| format!("pairs: {error}"))
}

/// Returns a float as text.
pub(crate) fn from_float(value: f64) -> String {
    format!("{value:?}")
}

/// Reads what [`from_float`] wrote; of a NaN only that it is one.
pub(crate) fn to_float(text: &str) -> Result<f64, String> {
    text.parse()
        .map_err(|_| format!("{text:?} is not a number"))
}

/// Hides NUL from databases.
pub(crate) fn escaped(text: &str) -> Cow<'_, str> {
    if !text.contains(['\0', ESCAPE]) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 8);
    for char in text.chars() {
        match char {
            '\0' => escaped.extend([ESCAPE, '0']),
            ESCAPE => escaped.extend([ESCAPE, '1']),
            other => escaped.push(other),
        }
    }
    Cow::Owned(escaped)
}

/// Undoes [`escaped`]; an escape that it never writes stays as it is.
pub(crate) fn unescaped(text: String) -> String {
    if !text.contains(ESCAPE) {
        return text;
    }
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        let hidden = match (char, chars.peek()) {
            (ESCAPE, Some('0')) => Some('\0'),
            (ESCAPE, Some('1')) => Some(ESCAPE),
            _ => None,
        };
        if hidden.is_some() {
            chars.next();
        }
        plain.push(hidden.unwrap_or(char));
    }
    plain
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn text_comes_back_and_holds_no_nul(text in "[\\x00\\x1a01a-zé]{0,20}") {
            let hidden = escaped(&text).into_owned();
            prop_assert!(!hidden.contains('\0'));
            prop_assert_eq!(unescaped(hidden), text);
        }

        #[test]
        fn labels_come_back(pairs in proptest::collection::vec((".{0,8}", ".{0,8}"), 0..6)) {
            let labels = Labels::from_pairs(pairs);
            prop_assert_eq!(to_labels(&from_labels(&labels)), Ok(labels));
        }

        #[test]
        fn annotations_come_back_and_so_do_empty_ones(
            pairs in proptest::collection::vec((".{0,8}", ".{0,2}"), 0..6),
        ) {
            let annotations = Annotations::from_pairs(pairs);
            prop_assert_eq!(to_annotations(&from_annotations(&annotations)), Ok(annotations));
        }

        #[test]
        fn pairs_come_back(pairs in proptest::collection::vec((".{0,8}", ".{0,8}"), 0..6)) {
            prop_assert_eq!(to_pairs(&from_pairs(&pairs)), Ok(pairs));
        }

        #[test]
        fn floats_come_back_bit_for_bit(bits in any::<u64>()) {
            let value = f64::from_bits(bits);
            let back = to_float(&from_float(value)).unwrap();
            prop_assert!(back.to_bits() == bits || (value.is_nan() && back.is_nan()));
        }
    }

    #[test]
    fn signs_of_zero_and_infinities_are_kept() {
        for value in [0.0, -0.0, f64::INFINITY, f64::NEG_INFINITY, 5e-324] {
            let back = to_float(&from_float(value)).unwrap();
            assert_eq!(back.to_bits(), value.to_bits(), "{value:?}");
        }
    }

    #[test]
    fn borders_between_parts_count_in_a_key() {
        assert_ne!(key(&["ab", "c"]), key(&["a", "bc"]));
        assert_ne!(key(&["a"]), key(&["a", ""]));
        assert_eq!(key(&["a", "b"]).len(), KEY_BYTES);
    }
}

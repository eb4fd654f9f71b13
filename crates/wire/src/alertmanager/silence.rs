//! Silences as they are posted, and what they are made of.

use std::collections::BTreeMap;

use plimsoll_types::{ByteCount, InvalidMatcher, MatchOp, Matcher, Timestamp};
use serde::{Deserialize, Serialize};

use super::decode::malformed;
use super::fields::{self, AnyCase, Said};
use super::{Error, Fault, time};

/// How large the body of a silence may be, in bytes; an Alertmanager has no limit.
pub const SILENCE_BYTES_MAX: usize = 256 << 10;

/// One condition of a silence, as it is written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ListedMatcher {
    /// Whether the label must match; otherwise it must not.
    #[serde(default = "yes")]
    pub is_equal: bool,
    /// Whether `value` is a regular expression.
    pub is_regex: bool,
    /// The label.
    pub name: String,
    /// What it is compared with.
    pub value: String,
}

const fn yes() -> bool {
    true
}

impl ListedMatcher {
    /// Compiles it.
    ///
    /// # Errors
    /// When the regular expression is none.
    pub fn compile(&self) -> Result<Matcher, InvalidMatcher> {
        let op = match (self.is_equal, self.is_regex) {
            (true, false) => MatchOp::Equal,
            (false, false) => MatchOp::NotEqual,
            (true, true) => MatchOp::Regex,
            (false, true) => MatchOp::NotRegex,
        };
        Matcher::new(op, &self.name, &self.value)
    }
}

impl From<&Matcher> for ListedMatcher {
    fn from(matcher: &Matcher) -> Self {
        Self {
            is_equal: !matcher.is_negative(),
            is_regex: matcher.pattern().is_some(),
            name: matcher.name().to_owned(),
            value: matcher.value().to_owned(),
        }
    }
}

/// What only Plimsoll's silences have. An Alertmanager's field with such a name is none; amtool does not see them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SilenceExtras {
    /// More sets of conditions: an alert that fulfils one of them, or `matchers`, is silenced.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub matcher_sets: Vec<Vec<ListedMatcher>>,
    /// The labels of receivers that it holds for: one of the sets must be fulfilled; none at all for every receiver.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub receiver_matcher_sets: Vec<Vec<ListedMatcher>>,
    /// It silences again and again; `None` for once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recurrence: Option<Recurrence>,
    /// It ends by itself when what it silences is resolved for as long, as a duration such as `10m`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until_resolved_grace: Option<String>,
}

/// When a silence silences again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Recurrence {
    /// When the window ends that the others are counted from; the end of the silence where nobody said so.
    #[serde(
        with = "fields::optional",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub ends_at: Option<Timestamp>,
    /// When, as RFC 5545 writes it: `FREQ=WEEKLY;BYDAY=SA`.
    pub rrule: String,
    /// When the window begins that the others are counted from; the start of the silence where nobody said so.
    #[serde(
        with = "fields::optional",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub starts_at: Option<Timestamp>,
    /// In which zone of the IANA database; UTC when nobody said so.
    #[serde(default = "utc")]
    pub time_zone: String,
}

fn utc() -> String {
    "UTC".to_owned()
}

/// A silence as it was posted, before anybody judged it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostedSilence {
    /// The silence to be changed; `None` for a new one.
    pub id: Option<String>,
    /// What an alert must fulfil, one at least.
    pub matchers: Vec<ListedMatcher>,
    /// When it begins; `None` for at once.
    pub starts_at: Option<Timestamp>,
    /// When it ends; `None` when Go's zero was said, which is long ago.
    pub ends_at: Option<Timestamp>,
    /// Who makes it; may be empty.
    pub created_by: String,
    /// Why; may be empty.
    pub comment: String,
    /// Texts that belong to it.
    pub annotations: Vec<(String, String)>,
    /// What only Plimsoll's silences have.
    pub extras: SilenceExtras,
}

/// Reads a silence. Names of fields are read in any case, unknown ones are skipped, as Go does.
///
/// # Errors
/// [`Error`], when it is none: not JSON, without something that must be there, or larger than [`SILENCE_BYTES_MAX`].
pub fn decode_silence(body: &[u8]) -> Result<PostedSilence, Error> {
    if body.trim_ascii().is_empty() {
        return Err(Error::missing("silence"));
    }
    if body.len() > SILENCE_BYTES_MAX {
        let limit = ByteCount(SILENCE_BYTES_MAX as u64);
        return Err(Error::TooMuchMemory { limit });
    }
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    // What follows the silence is not read, as Go's decoder does not.
    let raw = AnyCase::<RawSilence>::deserialize(&mut deserializer);
    raw.map_err(|error| malformed(&error))?.0.checked()
}

/// Writes a silence as a client posts it.
pub fn encode_silence(silence: &PostedSilence) -> Vec<u8> {
    let time = |time: Option<Timestamp>| time.map_or_else(|| time::NEVER.to_owned(), time::write);
    let body = Posting {
        id: silence.id.as_deref(),
        annotations: silence
            .annotations
            .iter()
            .map(|(n, t)| (&**n, &**t))
            .collect(),
        comment: &silence.comment,
        created_by: &silence.created_by,
        ends_at: time(silence.ends_at),
        matchers: &silence.matchers,
        starts_at: time(silence.starts_at),
        extras: &silence.extras,
    };
    serde_json::to_vec(&body).expect("writing texts to memory does not fail")
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Posting<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    annotations: BTreeMap<&'a str, &'a str>,
    comment: &'a str,
    created_by: &'a str,
    ends_at: String,
    matchers: &'a [ListedMatcher],
    starts_at: String,
    #[serde(flatten)]
    extras: &'a SilenceExtras,
}

/// What stands in a body, its names in lower case.
#[derive(Default, Deserialize)]
#[serde(default)]
struct RawSilence {
    id: Option<String>,
    matchers: Option<RawMatchers>,
    #[serde(rename = "startsat", deserialize_with = "fields::optional_time")]
    starts_at: Option<Said>,
    #[serde(rename = "endsat", deserialize_with = "fields::optional_time")]
    ends_at: Option<Said>,
    #[serde(rename = "createdby")]
    created_by: Option<String>,
    comment: Option<String>,
    annotations: Option<BTreeMap<String, Option<String>>>,
    #[serde(rename = "matchersets")]
    matcher_sets: Option<Vec<RawMatchers>>,
    #[serde(rename = "receivermatchersets")]
    receiver_matcher_sets: Option<Vec<RawMatchers>>,
    recurrence: Option<AnyCase<RawRecurrence>>,
    #[serde(rename = "untilresolvedgrace")]
    until_resolved_grace: Option<String>,
}

type RawMatchers = Vec<Option<AnyCase<RawMatcher>>>;

#[derive(Default, Deserialize)]
#[serde(default)]
struct RawMatcher {
    name: Option<String>,
    value: Option<String>,
    #[serde(rename = "isregex")]
    is_regex: Option<bool>,
    #[serde(rename = "isequal")]
    is_equal: Option<bool>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RawRecurrence {
    #[serde(rename = "endsat", deserialize_with = "fields::optional_time")]
    ends_at: Option<Said>,
    rrule: Option<String>,
    #[serde(rename = "startsat", deserialize_with = "fields::optional_time")]
    starts_at: Option<Said>,
    #[serde(rename = "timezone")]
    time_zone: Option<String>,
}

impl RawSilence {
    /// Looks for what must be there, in the order in which an Alertmanager does.
    fn checked(self) -> Result<PostedSilence, Error> {
        let comment = required(self.comment, "comment")?;
        let created_by = required(self.created_by, "createdBy")?;
        let ends_at = required(self.ends_at, "endsAt")?.0;
        let matchers = required(self.matchers, "matchers")?;
        if matchers.is_empty() {
            return Err(Error::invalid("matchers", Fault::TooFew));
        }
        let matchers = checked_matchers(matchers, "matchers")?;
        let starts_at = required(self.starts_at, "startsAt")?.0;
        let annotations = self.annotations.unwrap_or_default().into_iter();
        let extras = SilenceExtras {
            matcher_sets: checked_sets(self.matcher_sets, "matcherSets")?,
            receiver_matcher_sets: checked_sets(self.receiver_matcher_sets, "receiverMatcherSets")?,
            recurrence: self.recurrence.map(|raw| raw.0.checked()).transpose()?,
            until_resolved_grace: self.until_resolved_grace,
        };
        Ok(PostedSilence {
            id: self.id.filter(|id| !id.is_empty()),
            matchers,
            starts_at,
            ends_at,
            created_by,
            comment,
            annotations: annotations
                .map(|(name, text)| (name, text.unwrap_or_default()))
                .collect(),
            extras,
        })
    }
}

impl RawRecurrence {
    fn checked(self) -> Result<Recurrence, Error> {
        Ok(Recurrence {
            ends_at: self.ends_at.and_then(|said| said.0),
            rrule: required(self.rrule, "recurrence.rrule")?,
            starts_at: self.starts_at.and_then(|said| said.0),
            time_zone: self.time_zone.unwrap_or_else(utc),
        })
    }
}

fn required<T>(value: Option<T>, field: &str) -> Result<T, Error> {
    value.ok_or_else(|| Error::missing(field))
}

fn checked_sets(
    sets: Option<Vec<RawMatchers>>,
    field: &str,
) -> Result<Vec<Vec<ListedMatcher>>, Error> {
    let sets = sets.unwrap_or_default().into_iter().enumerate();
    let checked = sets.map(|(index, set)| {
        let field = format!("{field}.{index}");
        match set.is_empty() {
            true => Err(Error::invalid(&field, Fault::TooFew)),
            false => checked_matchers(set, &field),
        }
    });
    checked.collect()
}

fn checked_matchers(raw: RawMatchers, field: &str) -> Result<Vec<ListedMatcher>, Error> {
    let checked = raw.into_iter().enumerate().map(|(index, raw)| {
        let raw = raw.map(|raw| raw.0).unwrap_or_default();
        let at = |name: &str| Error::missing(&format!("{field}.{index}.{name}"));
        Ok(ListedMatcher {
            is_equal: raw.is_equal.unwrap_or(true),
            is_regex: raw.is_regex.ok_or_else(|| at("isRegex"))?,
            name: raw.name.ok_or_else(|| at("name"))?,
            value: raw.value.ok_or_else(|| at("value"))?,
        })
    });
    checked.collect()
}

#[cfg(test)]
mod tests;

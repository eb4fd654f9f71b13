//! What requests choose alerts, groups and silences by: the parameters of the URL.

use plimsoll_alerting::matchers::{Mode, parse_one};
use plimsoll_alerting::{AlertQuery, Config};
use plimsoll_types::{ByteCount, Labels, Matcher, Pattern};
use url::form_urlencoded;

use super::Refused;

/// Most conditions of a request: each one may be a compiled expression.
const MATCHERS_MAX: usize = 100;
/// What the compiled expressions of a request may take.
const PATTERN_BYTES_MAX: ByteCount = ByteCount::MIB.times(128);
/// Most parameters of a request.
const PAIRS_MAX: usize = 1000;

/// The parameters of a request.
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    /// Reads the query of a URL.
    pub(crate) fn read(text: &str) -> Result<Self, Refused> {
        let pairs = form_urlencoded::parse(text.as_bytes());
        let pairs: Vec<_> = pairs.into_owned().take(PAIRS_MAX + 1).collect();
        match pairs.len() > PAIRS_MAX {
            true => Err(Refused::bad(format!("more than {PAIRS_MAX} parameters"))),
            false => Ok(Self(pairs)),
        }
    }

    /// Returns all values of a parameter.
    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        let named = self.0.iter().filter(move |(found, _)| found == name);
        named.map(|(_, value)| value.as_str())
    }

    /// Returns the last value of a parameter; an empty one counts as absent, as in Alertmanager.
    pub(crate) fn last(&self, name: &str) -> Option<&str> {
        self.all(name).last().filter(|value| !value.is_empty())
    }

    /// Reads a parameter that is true where nothing is said. As in Alertmanager anything but the words for "yes" is "no".
    pub(crate) fn is_wanted(&self, name: &str) -> bool {
        self.last(name).is_none_or(|value| {
            let value = value.to_ascii_lowercase();
            matches!(
                &*value,
                "true" | "1" | "yes" | "ok" | "y" | "on" | "selected" | "checked" | "t" | "enabled"
            )
        })
    }

    /// Reads conditions on labels.
    pub(crate) fn matchers(&self, name: &str) -> Result<Vec<Matcher>, Refused> {
        let (mut matchers, mut bytes) = (Vec::new(), 0);
        for text in self.all(name) {
            if matchers.len() == MATCHERS_MAX {
                return Err(Refused::bad(format!(
                    "more than {MATCHERS_MAX} conditions in {name}"
                )));
            }
            let parsed = parse_one(text, Mode::Fallback);
            let parsed =
                parsed.map_err(|error| Refused::bad(format!("bad matcher format: {error}")))?;
            let patterns = parsed.matchers.iter().filter_map(Matcher::pattern);
            bytes += patterns.map(Pattern::compiled_bytes_max).sum::<usize>();
            if bytes > PATTERN_BYTES_MAX.as_usize() {
                return Err(Refused::bad(format!(
                    "the regular expressions in {name} take more than {PATTERN_BYTES_MAX} once compiled"
                )));
            }
            matchers.extend(parsed.matchers);
        }
        Ok(matchers)
    }
}

/// Which alerts are wanted.
pub(super) struct AlertFilter {
    active: bool,
    silenced: bool,
    inhibited: bool,
    matchers: Vec<Matcher>,
    receivers: ReceiverFilter,
}

impl AlertFilter {
    pub(super) fn read(query: &Query) -> Result<Self, Refused> {
        Ok(Self {
            active: query.is_wanted("active"),
            silenced: query.is_wanted("silenced"),
            inhibited: query.is_wanted("inhibited"),
            matchers: query.matchers("filter")?,
            receivers: ReceiverFilter::read(query)?,
        })
    }

    /// Asks with it.
    pub(super) fn ask<T>(&self, config: &Config, ask: impl FnOnce(&AlertQuery<'_>) -> T) -> T {
        let takes = |name: &str| self.receivers.takes(config, name);
        ask(&AlertQuery {
            active: self.active,
            silenced: self.silenced,
            inhibited: self.inhibited,
            // Alertmanager looks at an alert before it lists it, so none is unprocessed, whatever is asked for.
            unprocessed: self.active,
            muted: true,
            matchers: &self.matchers,
            receiver: (!self.receivers.takes_all()).then_some(&takes),
        })
    }
}

/// Which receivers are wanted: by an expression that their name matches, and by conditions on their labels.
pub(super) struct ReceiverFilter {
    name: Option<Pattern>,
    matchers: Vec<Matcher>,
}

impl ReceiverFilter {
    pub(super) fn read(query: &Query) -> Result<Self, Refused> {
        let name = query.last("receiver").map(Pattern::new).transpose();
        let name =
            name.map_err(|error| Refused::bad(format!("failed to parse receiver param: {error}")))?;
        Ok(Self {
            name,
            matchers: query.matchers("receiver_matchers")?,
        })
    }

    fn takes_all(&self) -> bool {
        self.name.is_none() && self.matchers.is_empty()
    }

    pub(super) fn takes(&self, config: &Config, name: &str) -> bool {
        let is_named = self.name.as_ref().is_none_or(|it| it.is_match(name));
        is_named && (self.matchers.is_empty() || self.takes_labels(&labels_of(config, name)))
    }

    fn takes_labels(&self, labels: &Labels) -> bool {
        plimsoll_alerting::matchers::all_match(&self.matchers, labels)
    }
}

/// Returns the labels of a receiver, its name among them.
fn labels_of(config: &Config, name: &str) -> Labels {
    let _ = config;
    Labels::from_pairs([("name", name)])
}

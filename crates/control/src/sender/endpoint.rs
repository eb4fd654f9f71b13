//! From what a discovery found to where alerts are posted, as Prometheus does it.

use std::borrow::Cow;
use std::collections::HashSet;

use plimsoll_ingest::config::AlertmanagerConfig;
use plimsoll_ingest::discovery::TargetGroup;
use plimsoll_ingest::relabel::{self, Verdict};
use plimsoll_types::{Labels, LabelsBuilder};
use url::Url;

const ADDRESS: &str = "__address__";
const SCHEME: &str = "__scheme__";
const PATH: &str = "__alerts_path__";

/// What a discovery found, relabelled.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Endpoints {
    /// Where alerts go; each once, in the order in which they were found.
    pub(super) active: Vec<Url>,
    /// What relabelling dropped, as it was before.
    pub(super) dropped: Vec<String>,
    /// What is no address, and why.
    pub(super) invalid: Vec<String>,
}

/// The most Alertmanagers of a set: each has a queue and a task. A cluster of them has a handful.
pub(super) const ENDPOINTS_MAX: usize = 100;

/// Makes endpoints of target groups.
pub(super) fn endpoints<'a>(
    groups: impl IntoIterator<Item = &'a TargetGroup>,
    config: &AlertmanagerConfig,
) -> Endpoints {
    let mut found = Endpoints::default();
    let mut seen = HashSet::new();
    for group in groups {
        for target in &group.targets {
            let mut labels = with_defaults(target, group, config);
            let before = labels.clone();
            if relabel::apply(&config.relabel_configs, &mut labels) == Verdict::Drop {
                found.dropped.push(shown(&before));
                continue;
            }
            match url(&labels) {
                Ok(url) if seen.contains(&url) => {}
                Ok(_) if found.active.len() == ENDPOINTS_MAX => {
                    let reason = format!("more than {ENDPOINTS_MAX} Alertmanagers in one set");
                    found.invalid.push(reason);
                    return found;
                }
                Ok(url) => {
                    seen.insert(url.clone());
                    found.active.push(url);
                }
                Err(reason) => found.invalid.push(reason),
            }
        }
    }
    found
}

/// The set's scheme and path win over those of a target, and those of a group over the set's. A target's other labels
/// win over its group's.
fn with_defaults(
    target: &Labels,
    group: &TargetGroup,
    config: &AlertmanagerConfig,
) -> LabelsBuilder {
    let mut labels = target.to_builder();
    labels.set(SCHEME, config.scheme.as_str());
    labels.set(PATH, &joined(&config.path_prefix));
    for (name, value) in group.labels.iter() {
        if target.get(name).is_none() {
            labels.set(name, value);
        }
    }
    labels
}

/// Joins a prefix and the path of the API as Go's `path.Join` does: without empty parts, `.` and `..`.
fn joined(prefix: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in prefix.split('/').chain(["api", "v2", "alerts"]) {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

fn shown(labels: &LabelsBuilder) -> String {
    let get = |name: &str| labels.get(name).unwrap_or_default();
    match url(labels) {
        Ok(url) => url.into(),
        Err(_) => format!(
            "{}://{}{}",
            get(SCHEME),
            without_user(get(ADDRESS)),
            get(PATH)
        ),
    }
}

/// Hides what may be a user and a password: logs and the list of Alertmanagers show addresses that are none, too.
fn without_user(address: &str) -> Cow<'_, str> {
    match address.rsplit_once('@') {
        None => address.into(),
        Some((_, host)) => format!("<secret>@{host}").into(),
    }
}

fn url(labels: &LabelsBuilder) -> Result<Url, String> {
    let address = labels.get(ADDRESS).ok_or("no address")?;
    // A URL's parser would take a backslash for a slash and skip blanks.
    if address.contains(['/', '\\', '@', '?', '#']) || address.contains(char::is_whitespace) {
        return Err(format!("{:?} is not host:port", without_user(address)));
    }
    let scheme = labels.get(SCHEME).unwrap_or_default();
    if !matches!(scheme, "http" | "https") {
        return Err(format!(
            "the scheme must be http or https, found {scheme:?}"
        ));
    }
    let url = Url::parse(&format!("{scheme}://{address}"));
    let mut url = url.map_err(|error| format!("{address:?} is not host:port: {error}"))?;
    url.set_path(labels.get(PATH).unwrap_or_default());
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(fields: &str, targets: &[(&str, &[(&str, &str)])]) -> Endpoints {
        let text = format!("alerting: {{alertmanagers: [{{{fields}}}]}}\n");
        let parse = plimsoll_ingest::config::parse;
        let loaded = parse("prometheus.yml".as_ref(), &text, &|_| None).unwrap();
        let group = |(address, labels): &(&str, &[(&str, &str)])| TargetGroup {
            source: (*address).into(),
            targets: vec![Labels::from_pairs([(ADDRESS, *address)])],
            labels: Labels::from_pairs(labels.iter().copied()),
        };
        let groups: Vec<TargetGroup> = targets.iter().map(group).collect();
        endpoints(&groups, &loaded.config.alerting.alertmanagers[0])
    }

    fn urls(endpoints: &Endpoints) -> Vec<&str> {
        endpoints.active.iter().map(Url::as_str).collect()
    }

    #[test]
    fn scheme_and_path_are_those_of_the_set() {
        for (fields, expected) in [
            ("timeout: 1s", "http://am:9093/api/v2/alerts"),
            ("scheme: https", "https://am:9093/api/v2/alerts"),
            ("path_prefix: /a", "http://am:9093/a/api/v2/alerts"),
            (
                "path_prefix: 'a//b/./c/../'",
                "http://am:9093/a/b/api/v2/alerts",
            ),
            ("path_prefix: /../..", "http://am:9093/api/v2/alerts"),
        ] {
            let found = found(fields, &[("am:9093", &[])]);
            assert_eq!(urls(&found), [expected], "{fields}");
        }
    }

    #[test]
    fn relabelling_drops_and_moves() {
        let rules = "relabel_configs: [{source_labels: [rack], regex: a, action: drop}, \
             {source_labels: [rack], regex: b, target_label: __alerts_path__, replacement: other}, \
             {source_labels: [rack], regex: c, target_label: __address__, replacement: 'a b'}]";
        let targets: [(&str, &[(&str, &str)]); 5] = [
            ("am1:1", &[("rack", "a")]),
            ("am2:1", &[("rack", "b")]),
            ("am3:1", &[("rack", "c")]),
            ("am4:1", &[("__scheme__", "https")]),
            ("am4:1", &[("__scheme__", "https")]),
        ];
        let found = found(rules, &targets);
        assert_eq!(
            urls(&found),
            ["http://am2:1/other", "https://am4:1/api/v2/alerts"]
        );
        assert_eq!(found.dropped, ["http://am1:1/api/v2/alerts"]);
        assert_eq!(found.invalid, ["\"a b\" is not host:port"]);
    }

    #[test]
    fn a_password_in_an_address_is_not_told() {
        let targets: [(&str, &[(&str, &str)]); 2] = [
            ("ann:hunter2@am:1", &[]),
            ("bob:hunter2@am:2", &[("rack", "a")]),
        ];
        let rules = "relabel_configs: [{source_labels: [rack], regex: a, action: drop}]";
        let found = found(rules, &targets);
        assert_eq!(found.invalid, ["\"<secret>@am:1\" is not host:port"]);
        assert_eq!(found.dropped, ["http://<secret>@am:2/api/v2/alerts"]);
    }

    #[test]
    fn what_is_no_address_is_told() {
        for address in ["", "am/x", "user@am", "am:port", "am?x"] {
            let found = found(
                "relabel_configs: [{action: labeldrop, regex: x}]",
                &[(address, &[])],
            );
            assert_eq!(
                (found.active.len(), found.invalid.len()),
                (0, 1),
                "{address}"
            );
        }
    }
}

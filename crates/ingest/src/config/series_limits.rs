//! `plimsoll.limits` as far as it is about how many series there may be, and what becomes of those above.

use plimsoll_runtime::config::{Findings, Spanned};
use plimsoll_types::{METRIC_NAME, Matcher};

use super::raw::{RawLimits, RawValuesRule};
use super::selector;

/// How many series and values there may be; what is above is folded, see [`limits`](crate::limits).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeriesLimits {
    /// The label whose value is the tenant; without it all series are one tenant's.
    pub tenant_label: Option<String>,
    /// Active series of a tenant, 1 to 2^31.
    pub series_per_tenant: Option<u64>,
    /// Active series of a metric, 1 to 2^31.
    pub series_per_metric: Option<u64>,
    /// Values of a label in the active series of a metric, where no rule says otherwise; 1 to 2^31.
    pub values_per_label: Option<u64>,
    /// The first rule that names the label and fits the series decides.
    pub rules: Vec<ValuesRule>,
    /// What stands in the place of values that are too many.
    pub overflow_value: String,
}

/// How many values a label may have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValuesRule {
    /// Which series it is for; without a matcher for all.
    pub matchers: Vec<Matcher>,
    /// The label.
    pub label: String,
    /// Values in the active series of a metric that the rule is for, 1 to 2^31.
    pub values: u64,
}

impl SeriesLimits {
    /// What stands in the place of values that are too many unless the file says otherwise.
    pub const OVERFLOW_VALUE: &str = "__overflow__";

    /// Says whether nothing is limited.
    pub fn is_off(&self) -> bool {
        let limits = [
            self.series_per_tenant,
            self.series_per_metric,
            self.values_per_label,
        ];
        limits.iter().all(Option::is_none) && self.rules.is_empty()
    }
}

impl Default for SeriesLimits {
    fn default() -> Self {
        Self {
            tenant_label: None,
            series_per_tenant: None,
            series_per_metric: None,
            values_per_label: None,
            rules: Vec::new(),
            overflow_value: Self::OVERFLOW_VALUE.into(),
        }
    }
}

/// The most that the head can number.
const LIMIT_MAX: u64 = 1 << 31;
/// Each rule is looked at for each label of a series that is new.
const RULES_MAX: usize = 1000;

pub(super) fn check(raw: &RawLimits, findings: &mut Findings<'_>) -> SeriesLimits {
    if let Some(value) = raw.overflow_value.as_ref().filter(|value| value.is_empty()) {
        findings.error(
            value.span,
            "an empty overflow value would take the label away",
        );
    }
    if let Some(label) = &raw.tenant_label {
        check_label(label, findings);
        if raw.series_per_tenant.is_none() {
            let message = "`tenant_label` has no effect without `series_per_tenant`";
            findings.warning(label.key, message);
        }
    }
    if let Some(rule) = raw.rules.get(RULES_MAX) {
        findings.error(rule.span, format!("there are more than {RULES_MAX} rules"));
    }
    let rules = raw.rules.iter().map(|raw| rule(raw, findings)).collect();
    SeriesLimits {
        tenant_label: raw.tenant_label.as_ref().map(|label| label.value.clone()),
        series_per_tenant: limit(raw.series_per_tenant.as_ref(), findings),
        series_per_metric: limit(raw.series_per_metric.as_ref(), findings),
        values_per_label: limit(raw.values_per_label.as_ref(), findings),
        rules,
        overflow_value: raw.overflow_value.as_ref().map_or_else(
            || SeriesLimits::OVERFLOW_VALUE.into(),
            |value| value.value.clone(),
        ),
    }
}

fn rule(raw: &RawValuesRule, findings: &mut Findings<'_>) -> ValuesRule {
    check_label(&raw.label, findings);
    let matchers = raw.matchers.as_ref().map(|text| {
        selector::parse(text).unwrap_or_else(|reason| {
            findings.error(text.span, format!("not a selector of series: {reason}"));
            Vec::new()
        })
    });
    ValuesRule {
        matchers: matchers.unwrap_or_default(),
        label: raw.label.value.clone(),
        values: limit(Some(&raw.values), findings).unwrap_or(LIMIT_MAX),
    }
}

fn check_label(label: &Spanned<String>, findings: &mut Findings<'_>) {
    if label.is_empty() || label.value == METRIC_NAME {
        findings.error(label.span, format!("`{}` is no label here", label.value));
    }
}

fn limit(value: Option<&Spanned<u64>>, findings: &mut Findings<'_>) -> Option<u64> {
    let value = value?;
    if !(1..=LIMIT_MAX).contains(&value.value) {
        let found = value.value;
        let message = format!("expected a limit from 1 to {LIMIT_MAX}, found {found}");
        findings.error(value.span, message);
    }
    Some(value.value)
}

#[cfg(test)]
mod tests {
    use plimsoll_runtime::config::Severity;
    use plimsoll_types::MatchOp;

    use super::*;

    fn loaded(limits: &str) -> Result<SeriesLimits, String> {
        let text = format!("plimsoll:\n  limits:\n{limits}");
        let loaded = crate::config::parse("prometheus.yml".as_ref(), &text, &|_| None);
        let loaded = loaded.map_err(|findings| findings.to_string())?;
        Ok(loaded.config.plimsoll.limits.series)
    }

    #[test]
    fn nothing_is_limited_unless_it_is_said() {
        assert!(loaded("    active_series_max: 5\n").unwrap().is_off());
        assert_eq!(loaded("    {}\n").unwrap(), SeriesLimits::default());
        assert!(!loaded("    series_per_metric: 5\n").unwrap().is_off());
    }

    #[test]
    fn every_limit_is_read() {
        let read = loaded(
            "    tenant_label: team\n    series_per_tenant: 1000\n    series_per_metric: 100\n    values_per_label: 10\n    \
             overflow_value: other\n    rules:\n      - {match: 'x{a=~\"b\"}', label: path, values: 5}\n      - \
             {label: instance, values: 7}\n",
        )
        .unwrap();
        let matchers = vec![
            Matcher::equal("__name__", "x"),
            Matcher::new(MatchOp::Regex, "a", "b").unwrap(),
        ];
        let rule = |matchers, label: &str, values| ValuesRule {
            matchers,
            label: label.into(),
            values,
        };
        let expected = SeriesLimits {
            tenant_label: Some("team".into()),
            series_per_tenant: Some(1000),
            series_per_metric: Some(100),
            values_per_label: Some(10),
            rules: vec![rule(matchers, "path", 5), rule(Vec::new(), "instance", 7)],
            overflow_value: "other".into(),
        };
        assert_eq!(read, expected);
    }

    #[test]
    fn what_makes_no_sense_is_refused_with_its_place() {
        for (limits, place, message) in [
            (
                "    series_per_metric: 0\n",
                "3:24",
                "expected a limit from 1 to 2147483648, found 0",
            ),
            (
                "    rules: [{label: a, values: 0}]\n",
                "3:32",
                "expected a limit from 1",
            ),
            (
                "    rules: [{label: a}]\n",
                "3:14",
                "the field `values` is missing",
            ),
            (
                "    rules: [{label: __name__, values: 1}]\n",
                "3:21",
                "`__name__` is no label here",
            ),
            (
                "    rules: [{match: 'a{', label: b, values: 1}]\n",
                "3:21",
                "not a selector of series: expected a label name at character 3",
            ),
            (
                "    overflow_value: ''\n",
                "3:21",
                "an empty overflow value would take the label away",
            ),
            (
                "    values_per_lable: 1\n",
                "3:5",
                "unknown field `values_per_lable`",
            ),
        ] {
            let error = loaded(limits).unwrap_err();
            let place = format!("prometheus.yml:{place}");
            assert!(
                error.contains(&place) && error.contains(message),
                "{limits}{error}"
            );
        }
    }

    #[test]
    fn a_tenant_label_without_a_limit_is_a_warning() {
        let text = "plimsoll: {limits: {tenant_label: team}}\n";
        let loaded = crate::config::parse("prometheus.yml".as_ref(), text, &|_| None).unwrap();
        let warning = &loaded.warnings[0];
        assert_eq!(warning.severity, Severity::Warning);
        assert!(warning.message.contains("`series_per_tenant`"), "{warning}");
    }
}

//! Corrections and their rows.

use std::sync::Arc;

use jiff::tz::TimeZone;
use plimsoll_slo::{Correction, CorrectionKind};
use plimsoll_state::rows::slo::CorrectionRow;
use plimsoll_types::{MatchOp, Matcher};
use serde::{Deserialize, Serialize};

use super::Damaged;

#[derive(Serialize, Deserialize)]
struct MatcherRecord {
    name: String,
    op: String,
    value: String,
}

/// Returns the row of a correction.
pub(in super::super) fn from_correction(slo: &str, correction: &Correction) -> CorrectionRow {
    let (recurrence, zone) = match &correction.repeat {
        // A zone of ours always comes from a name; one that did not would be read back as UTC, which is what it is.
        Some((rule, zone)) => (rule.to_string(), zone.iana_name().unwrap_or("UTC").into()),
        None => (String::new(), String::new()),
    };
    CorrectionRow {
        slo: slo.into(),
        name: correction.id.to_string(),
        kind: kind(correction.kind).into(),
        starts_at: correction.from,
        length: correction.length,
        recurrence,
        zone,
        matchers: matchers(&correction.matchers),
        reason: correction.reason.clone(),
        author: correction.author.clone(),
        created_at: correction.created,
        revoked_at: correction.revoked,
    }
}

/// Reads a correction back, and what it corrects.
pub(in super::super) fn to_correction(
    row: CorrectionRow,
) -> Result<(Arc<str>, Correction), Damaged> {
    let repeat = match row.recurrence.as_str() {
        "" => None,
        rule => {
            let zone = TimeZone::get(&row.zone).map_err(|error| error.to_string())?;
            Some((Arc::from(rule), zone))
        }
    };
    let correction = Correction {
        id: row.name.into(),
        kind: to_kind(&row.kind)?,
        from: row.starts_at,
        length: row.length,
        repeat,
        matchers: to_matchers(&row.matchers)?,
        reason: row.reason,
        author: row.author,
        created: row.created_at,
        revoked: row.revoked_at,
    };
    Ok((row.slo.into(), correction))
}

fn kind(kind: CorrectionKind) -> &'static str {
    match kind {
        CorrectionKind::Exclude => "exclude",
        CorrectionKind::Good => "good",
        CorrectionKind::Bad => "bad",
    }
}

fn to_kind(text: &str) -> Result<CorrectionKind, Damaged> {
    match text {
        "exclude" => Ok(CorrectionKind::Exclude),
        "good" => Ok(CorrectionKind::Good),
        "bad" => Ok(CorrectionKind::Bad),
        other => Err(format!("the kind {other:?}")),
    }
}

fn matchers(matchers: &[Matcher]) -> String {
    let records = matchers.iter().map(|matcher| MatcherRecord {
        name: matcher.name().into(),
        op: matcher.op().as_str().into(),
        value: matcher.value().into(),
    });
    let records: Vec<MatcherRecord> = records.collect();
    serde_json::to_string(&records).expect("records of texts are JSON")
}

fn to_matchers(text: &str) -> Result<Vec<Matcher>, Damaged> {
    let records: Vec<MatcherRecord> =
        serde_json::from_str(text).map_err(|error| error.to_string())?;
    let matcher = |record: MatcherRecord| {
        let ops = [
            MatchOp::Equal,
            MatchOp::NotEqual,
            MatchOp::Regex,
            MatchOp::NotRegex,
        ];
        let op = ops.into_iter().find(|op| op.as_str() == record.op);
        let op = op.ok_or_else(|| format!("the comparison {:?}", record.op))?;
        Matcher::new(op, &record.name, &record.value).map_err(|error| error.message)
    };
    records.into_iter().map(matcher).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use plimsoll_types::Timestamp;

    use super::*;

    fn correction(repeat: Option<(&str, &str)>) -> Correction {
        let at = Timestamp::from_millis;
        Correction {
            id: "2026-11-maintenance".into(),
            kind: CorrectionKind::Exclude,
            from: at(-1),
            length: Duration::from_millis(3_600_000),
            repeat: repeat.map(|(rule, zone)| (rule.into(), TimeZone::get(zone).unwrap())),
            matchers: vec![
                Matcher::equal("region", "e\"u"),
                Matcher::new(MatchOp::NotRegex, "tier", "a|b").unwrap(),
            ],
            reason: "planned".into(),
            author: "ann".into(),
            created: at(7),
            revoked: Some(at(8)),
        }
    }

    #[test]
    fn corrections_come_back() {
        let weekly = Some(("FREQ=WEEKLY;BYDAY=SU", "Europe/Athens"));
        for repeat in [None, weekly, Some(("FREQ=DAILY", "UTC"))] {
            let correction = correction(repeat);
            let row = from_correction("checkout/availability", &correction);
            let (slo, back) = to_correction(row).unwrap();
            assert_eq!((&*slo, back), ("checkout/availability", correction));
        }
    }

    #[test]
    fn a_damaged_row_says_what_is_wrong() {
        let row = from_correction("a/b", &correction(Some(("FREQ=DAILY", "UTC"))));
        let damage = [
            CorrectionRow {
                kind: "x".into(),
                ..row.clone()
            },
            CorrectionRow {
                zone: "Europe/Nowhere".into(),
                ..row.clone()
            },
            CorrectionRow {
                matchers: "[{}]".into(),
                ..row.clone()
            },
            CorrectionRow {
                matchers: r#"[{"name": "a", "op": "=~", "value": "("}]"#.into(),
                ..row.clone()
            },
            CorrectionRow {
                matchers: r#"[{"name": "a", "op": "~", "value": ""}]"#.into(),
                ..row
            },
        ];
        for row in damage {
            assert!(to_correction(row.clone()).is_err(), "{row:?}");
        }
    }
}

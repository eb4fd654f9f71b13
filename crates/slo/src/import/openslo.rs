//! OpenSLO v1: SLOs, and the indicators and alert policies that they name.

mod alerts;
mod raw;
mod sli;
mod slo;
mod windows;

use std::collections::HashMap;

use plimsoll_runtime::config::{Diagnostics, Findings, Source, Span, Spanned};

use super::convert::Draft;
use super::documents::Format;

/// Objects that SLOs name, from all files.
#[derive(Default)]
pub(super) struct Library {
    indicators: HashMap<String, Spanned<raw::Indicator>>,
    policies: HashMap<String, Spanned<raw::Policy>>,
    conditions: HashMap<String, Spanned<raw::AlertCondition>>,
    /// Data sources: their names and types.
    sources: HashMap<String, String>,
}

#[derive(Default, serde::Deserialize)]
#[serde(default)]
struct DataSource {
    #[serde(rename = "type")]
    kind: String,
}

impl Library {
    /// Collects the objects of all documents; those that cannot be read are told when it is their turn.
    pub(super) fn of(sources: &[Source]) -> Self {
        let mut library = Self::default();
        let alike = sources
            .iter()
            .filter(|source| Format::of(source).is_ok_and(|format| format == Format::OpenSlo));
        for source in alike {
            // An error is found again by `convert`.
            let _ = library.add(source);
        }
        library
    }

    fn add(&mut self, source: &Source) -> Result<(), Diagnostics> {
        let source = source.clone().ignoring_unknown_fields();
        let object: raw::Object = source.parse()?;
        let name = object.metadata.name.value;
        match &*object.kind.value {
            "SLI" => {
                self.indicators
                    .insert(name, source.parse::<raw::Of<_>>()?.spec);
            }
            "AlertPolicy" => {
                self.policies
                    .insert(name, source.parse::<raw::Of<_>>()?.spec);
            }
            "AlertCondition" => {
                self.conditions
                    .insert(name, source.parse::<raw::Of<_>>()?.spec);
            }
            "DataSource" => {
                let read: raw::Of<DataSource> = source.parse()?;
                self.sources.insert(name, read.spec.value.kind);
            }
            _ => {}
        }
        Ok(())
    }
}

/// An SLO that was converted.
pub(super) struct Converted<'a> {
    pub(super) service: String,
    pub(super) draft: Draft<'a>,
    pub(super) span: Span,
}

/// Converts the SLO of a document; an empty list when the document is one of those that others name.
///
/// # Errors
/// The document cannot be read, or is of no kind that OpenSLO has.
pub(super) fn convert<'a>(
    source: &'a Source,
    library: &Library,
) -> Result<Vec<Converted<'a>>, Diagnostics> {
    const NAMED: [&str; 6] = [
        "SLI",
        "AlertPolicy",
        "AlertCondition",
        "AlertNotificationTarget",
        "DataSource",
        "Service",
    ];
    let lenient = source.clone().ignoring_unknown_fields();
    let object: raw::Object = lenient.parse()?;
    match &*object.kind.value {
        "SLO" => {
            let lenient = source.clone().ignoring_unknown_fields();
            let read: raw::Of<raw::Slo> = lenient.parse()?;
            Ok(slo::slos(source, read, library, lenient.ignored()))
        }
        kind if NAMED.contains(&kind) => Ok(Vec::new()),
        _ => {
            let mut findings = Findings::new(source);
            findings.unknown_word(
                &object.kind,
                "kind of object",
                &["SLO", "SLI", "AlertPolicy"],
            );
            Err(Diagnostics(findings.into_list()))
        }
    }
}

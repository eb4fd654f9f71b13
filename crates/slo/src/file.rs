//! Our own format of objectives, `plimsoll/v1`: YAML text in, a part of the catalog or diagnostics with a caret out.
//!
//! ```text
//! text --(shape: raw.rs)--> sections with places --(sense: the other files here, and sli/)--> SloFile
//! files --(merge.rs: names, components)--> Catalog
//! ```
//!
//! A file is good as a whole or refused as a whole, and a refusal lists everything that is wrong after the first error of
//! shape. What is legal and surely not meant is a warning.

mod alerts;
mod budget;
mod change;
mod composites;
mod context;
mod corrections;
mod dimensions;
#[cfg(test)]
mod fields;
mod merge;
mod method;
mod objectives;
mod raw;
mod slo;
#[cfg(test)]
mod tests;
mod windows;

use std::collections::HashMap;
use std::sync::Arc;

use plimsoll_promql::Features;
use plimsoll_runtime::config::{Diagnostic, Diagnostics, Severity, Source, Span, Spanned};
use plimsoll_types::Timestamp;

use crate::{Catalog, Correction, Slo};

pub(crate) use context::{Context, metric_of};
pub(crate) use objectives::{Draft, threshold};
pub(crate) use raw::RawDuration;

use raw::RawFile;

/// The version that a file of ours names.
pub const VERSION: &str = "plimsoll/v1";

/// What one file says, once it is checked by itself; [`Catalog::merge`] checks it together with others.
#[derive(Clone, Debug)]
pub struct SloFile {
    /// Its objectives and composites. The components of a composite are not looked up yet: the index of their objective is
    /// 0 unless an importer knows better.
    pub catalog: Catalog,
    /// What is legal, but may not be meant.
    pub warnings: Vec<Diagnostic>,
    source: Source,
    places: Places,
}

/// Where things stand that are checked together with other files.
#[derive(Clone, Debug, Default)]
struct Places {
    /// Of the name of an SLO or a composite, by id.
    names: HashMap<Arc<str>, Span>,
    /// Of the components of a composite, by its id: the place and the name of the objective that is meant.
    components: HashMap<Arc<str>, Vec<ComponentPlace>>,
}

#[derive(Clone, Debug)]
struct ComponentPlace {
    slo: Span,
    /// `None` takes the only objective.
    objective: Option<(Span, String)>,
}

impl SloFile {
    /// Makes one from what was read in another format; findings that need other files point at the file as a whole.
    pub fn imported(source: Source, catalog: Catalog, warnings: Vec<Diagnostic>) -> Self {
        Self {
            catalog,
            warnings,
            source,
            places: Places::default(),
        }
    }

    /// Returns the text that it was read from.
    pub fn source(&self) -> &Source {
        &self.source
    }
}

/// Says whether a text looks like a file of ours: a line of it is `version: plimsoll/v1`, or another version of ours.
pub fn is_native(text: &str) -> bool {
    let version = |line: &str| {
        let value = line.strip_prefix("version:")?.trim();
        let value = value.trim_start_matches(['"', '\'']);
        Some(value.starts_with("plimsoll/"))
    };
    text.lines().find_map(version).unwrap_or(false)
}

/// Reads the text of a file; `features` says which experimental PromQL its expressions may use.
///
/// # Errors
/// Everything that is wrong with it, or the first thing that keeps it from being read at all.
pub fn check(source: &Source, features: &Features) -> Result<SloFile, Diagnostics> {
    let raw: RawFile = source.parse()?;
    let mut ctx = Context::new(source, features);
    let (catalog, places) = file(raw, &mut ctx);
    let mut found = ctx.findings.into_list();
    // In the order of the file; what is about all of it comes last.
    found.sort_by_key(|finding| (finding.line == 0, finding.line, finding.column));
    if found
        .iter()
        .any(|finding| finding.severity == Severity::Error)
    {
        return Err(Diagnostics(found));
    }
    Ok(SloFile {
        catalog,
        warnings: found,
        source: source.clone(),
        places,
    })
}

fn file(raw: RawFile, ctx: &mut Context<'_>) -> (Catalog, Places) {
    if raw.version.value != VERSION {
        let message = match raw.version.is_empty() {
            true => format!("the file needs `version: {VERSION}`"),
            false => format!("unknown version `{}`", context::short(&raw.version)),
        };
        let hint = format!("this program reads {VERSION}");
        ctx.findings
            .error_with_hint(raw.version.span, message, hint);
    }
    match raw.service.is_empty() {
        true => ctx.error(raw.service.span, "the file needs a `service`"),
        false => {
            ctx.name(&raw.service, raw.service.span, "the service");
        }
    }
    let common = slo::Common {
        service: Arc::from(&*raw.service.value),
        labels: ctx.labels(&raw.labels),
    };
    let mut catalog = Catalog::default();
    let mut places = Places::default();
    for raw in raw.slos {
        let span = raw.name.span;
        if let Some(slo) = slo::slo(raw, &common, ctx) {
            is_new(&mut places, &slo.id, span, ctx);
            catalog.slos.push(Arc::new(slo));
        }
    }
    for raw in raw.composites {
        let span = raw.name.span;
        if let Some((composite, components)) = composites::composite(raw, &common, ctx) {
            is_new(&mut places, &composite.id, span, ctx);
            places
                .components
                .insert(Arc::clone(&composite.id), components);
            catalog.composites.push(Arc::new(composite));
        }
    }
    (catalog, places)
}

/// Remembers where a name stands, and reports one that is there twice.
fn is_new(places: &mut Places, id: &Arc<str>, span: Span, ctx: &mut Context<'_>) {
    match places.names.get(id) {
        Some(first) => {
            let line = ctx.findings.source().line(*first);
            let message = format!("`{id}` is in this file twice");
            let hint = format!("the first is in line {line}");
            ctx.findings.error_with_hint(span, message, hint);
        }
        None => {
            places.names.insert(Arc::clone(id), span);
        }
    }
}

/// Reads one correction, as a request brings it: the fields of an entry of `corrections`, as JSON or YAML. It counts as
/// written at `now`.
///
/// # Errors
/// Everything that is wrong with it.
pub fn read_correction(source: &Source, now: Timestamp) -> Result<Correction, Diagnostics> {
    let raw: Spanned<raw::RawCorrection> = source.parse()?;
    let features = Features::default();
    let mut ctx = Context::new(source, &features);
    let read = corrections::corrections(vec![raw], &mut ctx).pop();
    let found = ctx.findings.into_list();
    match read.filter(|_| found.is_empty()) {
        Some(correction) => Ok(Correction {
            created: now,
            ..correction
        }),
        None => Err(Diagnostics(found)),
    }
}

/// Reads what a plan changes about an SLO: `objective`, `window`, `method`, `alerts` and `budget`, as an SLO writes them, and the
/// `exclude` of its SLI.
///
/// # Errors
/// Everything that is wrong with it.
pub fn read_change(source: &Source, slo: &Slo, objective: usize) -> Result<Slo, Diagnostics> {
    let raw: Spanned<change::RawChange> = source.parse()?;
    let features = Features::default();
    let mut ctx = Context::new(source, &features);
    let changed = change::change(raw, slo, objective, &mut ctx);
    let found = ctx.findings.into_list();
    let is_wrong = found
        .iter()
        .any(|finding| finding.severity == Severity::Error);
    match changed.filter(|_| !is_wrong) {
        Some(changed) => Ok(changed),
        None => Err(Diagnostics(found)),
    }
}

//! Files that others' SLOs are written in, and what is kept of them.
//!
//! ```text
//! files --(documents.rs)--> documents --(sloth, openslo, pyrra: read)--> their nouns
//!       --(convert.rs, query.rs)--> sections of our format --(file::check)--> files of ours, and a report
//! ```
//!
//! What is made is a file of ours, so that what is imported is what was read and can be kept in git. Each SLO is checked
//! as a file by itself: one that our format does not take is refused, and the others are not.

pub(crate) mod convert;
pub(crate) mod decimal;
mod documents;
mod openslo;
pub mod pyrra;
pub(crate) mod query;
mod report;
pub mod sloth;

use std::path::Path;

use plimsoll_promql::Features;
use plimsoll_runtime::config::{Diagnostics, Severity, Source, Span};

use crate::export::native::{Document, Written};
use crate::export::sloth::Options as SlothOptions;
use crate::file;

use convert::{Draft, legal_name};

pub use documents::{Format, documents};
pub use report::{Entry, Report, Verdict};

/// How files are imported.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The period and the alert windows of Sloth's SLOs.
    pub sloth: SlothOptions,
    /// The service of SLOs whose format has none; default the namespace, or else the name of the format.
    pub service: Option<String>,
}

/// Files of ours, one for each service, and what became of each SLO.
#[derive(Clone, Debug, Default)]
pub struct Imported {
    /// In the order in which services came up; none is empty.
    pub documents: Vec<Document>,
    /// In the order of the files.
    pub report: Report,
}

/// Imports files, whose OpenSLO documents may refer to one another.
///
/// What cannot be read or converted is refused in the report, and does not keep the rest from being imported.
///
/// # Errors
/// A file that is too large, has too many documents, or holds a zero byte.
pub fn import(files: &[(&Path, &str)], options: &Options) -> Result<Imported, Diagnostics> {
    let mut importer = Importer {
        options,
        imported: Imported::default(),
    };
    let mut sources = Vec::new();
    for (path, text) in files {
        sources.extend(documents(path, text)?);
    }
    let library = openslo::Library::of(&sources);
    for source in &sources {
        match Format::of(source) {
            Ok(format) => importer.document(source, format, &library),
            Err(findings) => importer.unreadable(source, findings),
        }
    }
    Ok(importer.imported)
}

struct Importer<'a> {
    options: &'a Options,
    imported: Imported,
}

impl Importer<'_> {
    fn document(&mut self, source: &Source, format: Format, library: &openslo::Library) {
        let result = match format {
            Format::Sloth | Format::SlothKubernetes | Format::OpenSloAlpha => {
                self.sloth(source, format)
            }
            Format::OpenSlo => self.openslo(source, library),
            Format::Pyrra => self.pyrra(source),
            Format::Native => Err(Diagnostics::from(
                source.error(Span::default(), "the document is in our own format already"),
            )),
        };
        if let Err(findings) = result {
            self.unreadable(source, findings);
        }
    }

    fn unreadable(&mut self, source: &Source, findings: Diagnostics) {
        let text = source.text();
        let blank = text.len() - text.trim_start().len();
        let line = text[..blank].matches('\n').count() + 1;
        self.imported.report.entries.push(Entry {
            subject: format!("{}:{line}", source.path().display()),
            kept: Vec::new(),
            findings: findings.0,
        });
    }

    fn sloth(&mut self, source: &Source, format: Format) -> Result<(), Diagnostics> {
        let (spec, warnings) = sloth::read(source, format)?;
        let mut warnings = Some(warnings.0);
        for slo in &spec.slos {
            let mut draft = sloth::native::slo(&spec, slo, &self.options.sloth);
            // What is said of the document is said once.
            draft.findings.extend(warnings.take().into_iter().flatten());
            self.finish(&spec.service, draft, slo.span);
        }
        Ok(())
    }

    fn openslo(&mut self, source: &Source, library: &openslo::Library) -> Result<(), Diagnostics> {
        for converted in openslo::convert(source, library)? {
            let service = match converted.service.is_empty() {
                true => self.options.service.clone().unwrap_or("openslo".into()),
                false => converted.service,
            };
            self.finish(&service, converted.draft, converted.span);
        }
        Ok(())
    }

    fn pyrra(&mut self, source: &Source) -> Result<(), Diagnostics> {
        let (objectives, warnings) = pyrra::read(source)?;
        let mut warnings = Some(warnings.0);
        for objective in objectives {
            let namespace = match objective.namespace.is_empty() {
                true => "pyrra".to_owned(),
                false => objective.namespace.clone(),
            };
            let service = self.options.service.clone().unwrap_or(namespace);
            let mut draft = pyrra::convert(source, &objective);
            draft.findings.extend(warnings.take().into_iter().flatten());
            self.finish(&service, draft, objective.span);
        }
        Ok(())
    }

    /// Checks an SLO as a file of its own and keeps it when it is one.
    fn finish(&mut self, service: &str, mut draft: Draft<'_>, span: Span) {
        let legal = legal_name(service);
        if legal != service {
            draft.warned(span, format!("the service {service:?} becomes `{legal}`"));
        }
        let name = draft.written.name.clone();
        if self.has(&legal, &name) {
            draft.refused(span, format!("there is another SLO {legal}/{name}"));
        }
        let document = Document {
            service: legal.clone(),
            slos: vec![draft.written.clone()],
            ..Document::default()
        };
        check(&document, &mut draft, span);
        let entry = Entry {
            subject: format!("{legal}/{name}"),
            kept: draft.kept,
            findings: draft.findings,
        };
        if entry.verdict() != Verdict::Refused {
            self.add(legal, draft.written);
        }
        self.imported.report.entries.push(entry);
    }

    fn has(&self, service: &str, name: &str) -> bool {
        let mut documents = self.imported.documents.iter();
        let found = documents.find(|document| document.service == service);
        found.is_some_and(|document| document.slos.iter().any(|slo| slo.name == name))
    }

    fn add(&mut self, service: String, slo: Written) {
        let documents = &mut self.imported.documents;
        match documents
            .iter_mut()
            .find(|document| document.service == service)
        {
            Some(document) => document.slos.push(slo),
            None => documents.push(Document {
                service,
                slos: vec![slo],
                ..Document::default()
            }),
        }
    }
}

/// Reads what would be written, as `serve` will read it; findings are told at the place where the SLO comes from.
fn check(document: &Document, draft: &mut Draft<'_>, span: Span) {
    let read = Source::new(draft.source.path(), &document.to_yaml())
        .and_then(|source| file::check(&source, &Features::default()));
    let findings = match read {
        Ok(file) => file.warnings,
        Err(findings) => findings.0,
    };
    for finding in findings {
        let message = match &finding.hint {
            Some(hint) => format!("{} ({hint})", finding.message),
            None => finding.message.clone(),
        };
        match finding.severity {
            Severity::Error => draft.refused(span, message),
            Severity::Warning => draft.warned(span, message),
        }
    }
}

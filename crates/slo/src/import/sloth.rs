//! Sloth's documents, in the three forms that it reads, and what they become here.

mod alpha;
mod check;
pub(in crate::import) mod native;
mod plugin;
mod raw;
mod spec;
mod template;

use plimsoll_runtime::config::{Diagnostics, Findings, Severity, Source, Spanned};

use super::documents::Format;

pub(in crate::import) use raw::Metadata;
pub(crate) use spec::merged;
pub use spec::{AlertMeta, Form, ObjectMeta, Plugin, Sli, Slo, Spec, Texts};
pub use template::{TemplateError, rendered};

/// Reads one document; its format was told by [`Format::of`].
///
/// Unknown fields are passed over, as Sloth does, and told as warnings in the second part.
///
/// # Errors
/// All that Sloth would refuse, with places.
pub fn read(source: &Source, format: Format) -> Result<(Spec, Diagnostics), Diagnostics> {
    let source = source.clone().ignoring_unknown_fields();
    let mut findings = Findings::new(&source);
    let spec = match format {
        Format::SlothKubernetes => kubernetes(&source, &mut findings)?,
        Format::OpenSloAlpha => alpha::read(&source, &mut findings)?,
        _ => prometheus(&source, &mut findings)?,
    };
    check::check(&spec, &mut findings);
    let mut list = findings.into_list();
    if list.iter().any(|found| found.severity == Severity::Error) {
        return Err(Diagnostics(list));
    }
    list.extend(source.ignored());
    Ok((spec, Diagnostics(list)))
}

fn prometheus(source: &Source, findings: &mut Findings<'_>) -> Result<Spec, Diagnostics> {
    let file: raw::File = source.parse()?;
    let service = Service {
        name: file.service,
        labels: file.labels,
        chain: file.slo_plugins,
    };
    let slos = file.slos.into_iter();
    Ok(Spec {
        form: Form::Prometheus,
        object: None,
        slos: slos.map(|slo| service.slo(slo, findings)).collect(),
        service: service.named(source, findings),
        source: source.clone(),
    })
}

fn kubernetes(source: &Source, findings: &mut Findings<'_>) -> Result<Spec, Diagnostics> {
    let file: raw::KubernetesFile = source.parse()?;
    if file.kind.value != "PrometheusServiceLevel" {
        findings.unknown_word(&file.kind, "kind of object", &["PrometheusServiceLevel"]);
    }
    let service = Service {
        name: file.spec.service,
        labels: file.spec.labels,
        chain: file.spec.slo_plugins,
    };
    let slos = file.spec.slos.into_iter();
    let plain = |slo: Spanned<raw::KubernetesSlo>| Spanned {
        value: slo.value.plain(),
        span: slo.span,
        key: slo.key,
    };
    Ok(Spec {
        form: Form::Kubernetes,
        object: Some(file.metadata.into()),
        slos: slos.map(|slo| service.slo(plain(slo), findings)).collect(),
        service: service.named(source, findings),
        source: source.clone(),
    })
}

impl From<Metadata> for ObjectMeta {
    fn from(raw: Metadata) -> Self {
        Self {
            name: raw.name.value,
            namespace: raw.namespace,
            labels: raw.labels,
            annotations: raw.annotations,
        }
    }
}

/// What all SLOs of a document share.
struct Service {
    name: Spanned<String>,
    labels: Texts,
    chain: raw::Chain,
}

impl Service {
    fn named(self, source: &Source, findings: &mut Findings<'_>) -> String {
        if self.name.is_empty() {
            let finding = "the document needs a `service`";
            findings.error(first_line(source), finding);
        }
        self.name.value
    }

    fn slo(&self, raw: Spanned<raw::Slo>, findings: &mut Findings<'_>) -> Slo {
        let span = raw.span;
        let raw = raw.value;
        let alerting = raw.alerting;
        let meta = |alert: &raw::Alert| {
            (!alert.disable).then(|| AlertMeta {
                name: alerting.name.clone(),
                labels: merged([&alerting.labels, &alert.labels]),
                annotations: merged([&alerting.annotations, &alert.annotations]),
            })
        };
        let (page, ticket) = (meta(&alerting.page_alert), meta(&alerting.ticket_alert));
        if alerting.name.is_empty() && (page.is_some() || ticket.is_some()) {
            let message = "the alerts need a `name` in `alerting`, or `disable: true` each";
            findings.error(
                if alerting.span == Default::default() {
                    span
                } else {
                    alerting.span
                },
                message,
            );
        }
        let (plugins, without_default_plugins) = self.plugins(raw.plugins);
        Slo {
            id: format!("{}-{}", self.name.value, raw.name.value),
            sli: plugin::sli(raw.sli, findings),
            objective: check::percentage(&raw.objective, findings),
            objective_text: raw.objective,
            description: raw.description,
            labels: merged([&self.labels, &raw.labels]),
            name: raw.name,
            page,
            ticket,
            period: None,
            plugins,
            without_default_plugins,
            span,
        }
    }

    /// Returns the chain of an SLO after the generator's own, and whether these are left out: a list that overrides
    /// leaves out all that came before it.
    fn plugins(&self, own: raw::Chain) -> (Vec<Plugin>, bool) {
        let shared = match own.override_previous {
            true => [].iter(),
            false => self.chain.chain.iter(),
        };
        let plugin = |plugin: &raw::ChainPlugin| Plugin {
            id: plugin.id.clone(),
            priority: plugin.priority,
            config: plugin.config.clone(),
        };
        let plugins = shared.chain(&own.chain).map(plugin).collect();
        (
            plugins,
            self.chain.override_previous || own.override_previous,
        )
    }
}

/// Where a document begins to say something.
fn first_line(source: &Source) -> plimsoll_runtime::config::Span {
    let text = source.text();
    let start = (text.len() - text.trim_start().len()) as u32;
    plimsoll_runtime::config::Span {
        start,
        end: start + 1,
    }
}

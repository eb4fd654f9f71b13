//! What a document for Sloth says, in whichever of its three forms it is written.

use std::collections::BTreeMap;
use std::time::Duration;

use plimsoll_runtime::config::{Source, Span, Spanned, Tree};

/// Texts by name: labels, annotations, options.
pub type Texts = BTreeMap<String, String>;

/// One document: a service and its SLOs.
#[derive(Clone, Debug)]
pub struct Spec {
    /// The form it is written in.
    pub form: Form,
    /// The service.
    pub service: String,
    /// Who the Kubernetes object is; `None` in the other forms.
    pub object: Option<ObjectMeta>,
    /// Its SLOs.
    pub slos: Vec<Slo>,
    /// The document, to point into.
    pub source: Source,
}

/// The forms that Sloth reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Sloth's own, `prometheus/v1`.
    Prometheus,
    /// The custom resource, `sloth.slok.dev/v1`.
    Kubernetes,
    /// OpenSLO, `openslo/v1alpha`.
    OpenSlo,
}

impl Form {
    /// Returns what `sloth_spec` says of rules made from it.
    pub const fn spec(self) -> &'static str {
        match self {
            Self::Prometheus => "prometheus/v1",
            Self::Kubernetes => "sloth.slok.dev/v1",
            Self::OpenSlo => "openslo/v1alpha",
        }
    }

    /// Returns what `sloth_mode` says of rules made from it on a command line.
    pub const fn mode(self) -> &'static str {
        match self {
            Self::Prometheus => "cli-gen-prom",
            Self::Kubernetes => "cli-gen-k8s",
            Self::OpenSlo => "cli-gen-openslo",
        }
    }
}

/// Who a Kubernetes object is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ObjectMeta {
    /// Its name.
    pub name: String,
    /// Empty where the object names none.
    pub namespace: String,
    /// Its labels.
    pub labels: Texts,
    /// Its annotations.
    pub annotations: Texts,
}

/// One SLO of a document.
#[derive(Clone, Debug)]
pub struct Slo {
    /// `service-name`.
    pub id: String,
    /// Its name within the service.
    pub name: Spanned<String>,
    /// For people.
    pub description: String,
    /// The promised percentage, as Sloth computes with it.
    pub objective: f64,
    /// The same as it is written, in per cent.
    pub objective_text: Spanned<String>,
    /// Those of the service and its own.
    pub labels: Texts,
    /// What is measured.
    pub sli: Sli,
    /// The alert of the two fast windows; `None` when it is switched off.
    pub page: Option<AlertMeta>,
    /// The alert of the two slow ones.
    pub ticket: Option<AlertMeta>,
    /// Over which time; `None`: the generator's default, 30 days unless it is told otherwise.
    pub period: Option<Duration>,
    /// What makes its rules, in the order of the file, after the generator's own.
    pub plugins: Vec<Plugin>,
    /// The generator's own plugins are left out.
    pub without_default_plugins: bool,
    /// Where it is written.
    pub span: Span,
}

/// What is measured; in the texts `{{.window}}` stands for a range.
#[derive(Clone, Debug, PartialEq)]
pub enum Sli {
    /// Bad events and all events.
    Events {
        /// The bad ones.
        errors: Spanned<String>,
        /// All of them.
        total: Spanned<String>,
    },
    /// The share of bad events.
    Raw(Spanned<String>),
}

/// How an alert is named and labelled.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AlertMeta {
    /// Its name.
    pub name: String,
    /// Added to its labels.
    pub labels: Texts,
    /// Added to its annotations.
    pub annotations: Texts,
}

/// One step of the chain that makes rules.
#[derive(Clone, Debug)]
pub struct Plugin {
    /// Such as `sloth.dev/contrib/info_labels/v1`.
    pub id: Spanned<String>,
    /// Lower ones run first; those of the same priority in the order of the file.
    pub priority: i64,
    /// What it is told.
    pub config: Tree,
}

/// Joins texts; of one name the later counts.
pub(crate) fn merged<'a>(all: impl IntoIterator<Item = &'a Texts>) -> Texts {
    let pairs = all.into_iter().flatten();
    pairs
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

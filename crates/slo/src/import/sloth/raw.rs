//! The fields of Sloth's own form and of its custom resource, as they are written.
//!
//! The custom resource says `errorQuery` where the other form says `error_query`, and each passes over the other's
//! words: an example of Sloth's that has `page_alert` in a custom resource depends on that.

use std::collections::BTreeMap;

use plimsoll_runtime::config::{Spanned, Tree};
use serde::Deserialize;

use super::spec::Texts;

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct File {
    /// Read when the format was told; named so that it is no unknown field.
    #[serde(rename = "version")]
    _version: String,
    pub(super) service: Spanned<String>,
    pub(super) labels: Texts,
    pub(super) slo_plugins: Chain,
    pub(super) slos: Vec<Spanned<Slo>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Slo {
    pub(super) name: Spanned<String>,
    pub(super) description: String,
    pub(super) objective: Spanned<String>,
    pub(super) labels: Texts,
    pub(super) sli: Spanned<Sli>,
    pub(super) alerting: Spanned<Alerting>,
    pub(super) plugins: Chain,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Sli {
    pub(super) raw: Option<RawSli>,
    pub(super) events: Option<Events>,
    pub(super) plugin: Option<SliPlugin>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct RawSli {
    pub(super) error_ratio_query: Spanned<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Events {
    pub(super) error_query: Spanned<String>,
    pub(super) total_query: Spanned<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Alerting {
    pub(super) name: String,
    pub(super) labels: Texts,
    pub(super) annotations: Texts,
    pub(super) page_alert: Alert,
    pub(super) ticket_alert: Alert,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Chain {
    #[serde(alias = "overridePrevious")]
    pub(super) override_previous: bool,
    pub(super) chain: Vec<ChainPlugin>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct ChainPlugin {
    pub(super) id: Spanned<String>,
    pub(super) priority: i64,
    pub(super) config: Tree,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct SliPlugin {
    pub(super) id: Spanned<String>,
    pub(super) options: BTreeMap<String, String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Alert {
    pub(super) disable: bool,
    pub(super) labels: Texts,
    pub(super) annotations: Texts,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct KubernetesFile {
    #[serde(rename = "apiVersion")]
    _api_version: String,
    pub(super) kind: Spanned<String>,
    pub(super) metadata: Metadata,
    pub(super) spec: KubernetesSpec,
    /// What a cluster adds.
    #[serde(rename = "status")]
    _status: Tree,
}

/// Who an object is; a cluster adds more, which says nothing about SLOs.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(in crate::import) struct Metadata {
    pub(in crate::import) name: Spanned<String>,
    pub(in crate::import) namespace: String,
    pub(in crate::import) labels: Texts,
    pub(in crate::import) annotations: Texts,
    /// OpenSLO's name for people.
    #[serde(rename = "displayName")]
    _display_name: Tree,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct KubernetesSpec {
    pub(super) service: Spanned<String>,
    pub(super) labels: Texts,
    pub(super) slo_plugins: Chain,
    pub(super) slos: Vec<Spanned<KubernetesSlo>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct KubernetesSlo {
    name: Spanned<String>,
    description: String,
    objective: Spanned<String>,
    labels: Texts,
    sli: Spanned<KubernetesSli>,
    alerting: Spanned<KubernetesAlerting>,
    plugins: Chain,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct KubernetesSli {
    raw: Option<KubernetesRaw>,
    events: Option<KubernetesEvents>,
    plugin: Option<SliPlugin>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct KubernetesRaw {
    error_ratio_query: Spanned<String>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct KubernetesEvents {
    error_query: Spanned<String>,
    total_query: Spanned<String>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct KubernetesAlerting {
    name: String,
    labels: Texts,
    annotations: Texts,
    page_alert: Alert,
    ticket_alert: Alert,
}

impl KubernetesSlo {
    /// Returns the same in the other form.
    pub(super) fn plain(self) -> Slo {
        let sli = self.sli.value;
        Slo {
            name: self.name,
            description: self.description,
            objective: self.objective,
            labels: self.labels,
            sli: Spanned {
                value: Sli {
                    raw: sli.raw.map(|raw| RawSli {
                        error_ratio_query: raw.error_ratio_query,
                    }),
                    events: sli.events.map(|events| Events {
                        error_query: events.error_query,
                        total_query: events.total_query,
                    }),
                    plugin: sli.plugin,
                },
                span: self.sli.span,
                key: self.sli.key,
            },
            alerting: Spanned {
                value: self.alerting.value.plain(),
                span: self.alerting.span,
                key: self.alerting.key,
            },
            plugins: self.plugins,
        }
    }
}

impl KubernetesAlerting {
    fn plain(self) -> Alerting {
        Alerting {
            name: self.name,
            labels: self.labels,
            annotations: self.annotations,
            page_alert: self.page_alert,
            ticket_alert: self.ticket_alert,
        }
    }
}

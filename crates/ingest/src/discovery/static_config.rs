//! Targets that the configuration itself lists.

use std::sync::Arc;
use std::time::Duration;

use super::group::{TargetGroup, address};
use super::{Context, Kind, Problem, Provider, Refresh, Refreshed};
use crate::config::Discovery;

/// `static_configs`.
pub(super) struct StaticConfigs;

impl Kind for StaticConfigs {
    fn field(&self) -> &'static str {
        "static_configs"
    }

    fn summary(&self) -> &'static str {
        "Targets that the configuration lists"
    }

    fn meta_labels(&self) -> &'static [&'static str] {
        &[]
    }

    fn provider(
        &self,
        config: &Discovery,
        _: &Context,
        _: &[Arc<TargetGroup>],
    ) -> Result<Option<Box<dyn Provider>>, Problem> {
        let Discovery::Static(groups) = config else {
            return Ok(None);
        };
        let groups = groups.iter().enumerate().map(|(index, group)| {
            Arc::new(TargetGroup {
                source: index.to_string(),
                targets: group.targets.iter().map(|target| address(target)).collect(),
                labels: group.labels.clone(),
            })
        });
        Ok(Some(Box::new(Fixed(groups.collect()))))
    }
}

struct Fixed(Vec<Arc<TargetGroup>>);

impl Provider for Fixed {
    fn refresh(&mut self) -> Refresh<'_> {
        Box::pin(std::future::ready(Ok(Refreshed {
            groups: self.0.clone(),
            problems: Vec::new(),
        })))
    }

    fn pause(&self) -> Option<Duration> {
        None
    }
}

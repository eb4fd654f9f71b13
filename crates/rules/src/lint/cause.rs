//! Pages about causes instead of symptoms.

use super::expression::{has_call, metric_names};
use super::subject::{At, Found, Subject};
use super::{Context, Level, Lint, Run};

pub(super) static LINT: Lint = Lint {
    name: "paging-cause",
    level: Level::Risk,
    finds: "a page about a busy CPU, full memory, disk traffic or load, where no symptom is asked for",
    why: "Users do not feel a CPU at 95 %: the service may be doing exactly what it was bought for. Pages about causes wake \
          people for nothing and miss the failures whose cause nobody thought of. It is found when every metric of a page \
          is about a resource. What runs out at a time that can be told (`predict_linear`) is passed over, and so are \
          warnings and tickets.",
    remedy: "Page on what users notice (errors, latency, a burning error budget) and make this a ticket or a panel of the \
             dashboard. For what fills up, page on the time that is left: `predict_linear(...) < 0`.",
    bad: "- alert: HighCpu\n  expr: 1 - avg by (instance) (rate(node_cpu_seconds_total{mode=\"idle\"}[5m])) > 0.9\n  for: 10m\n  \
          labels: {severity: page}\n",
    good: "- alert: HighCpu\n  expr: 1 - avg by (instance) (rate(node_cpu_seconds_total{mode=\"idle\"}[5m])) > 0.9\n  for: 10m\n  \
           labels: {severity: ticket}\n",
    asks_server: false,
    run: Run::Rule(run),
};

/// Beginnings of the names of metrics about resources.
const RESOURCES: &[(&str, &str)] = &[
    ("node_cpu", "a CPU"),
    ("node_load", "the load"),
    ("node_memory_", "memory"),
    ("node_vmstat_", "memory"),
    ("node_disk_", "a disk"),
    ("node_filesystem_", "a disk"),
    ("node_pressure_", "pressure on a resource"),
    ("container_cpu_", "a CPU"),
    ("container_memory_", "memory"),
    ("container_fs_", "a disk"),
    ("machine_cpu_", "a CPU"),
    ("machine_memory_", "memory"),
    ("process_cpu_", "a CPU"),
    ("process_resident_memory_", "memory"),
    ("go_memstats_", "memory"),
    ("go_goroutines", "threads"),
    ("go_gc_", "garbage collection"),
    ("jvm_memory_", "memory"),
    ("jvm_gc_", "garbage collection"),
    ("jvm_threads_", "threads"),
    ("windows_cpu_", "a CPU"),
    ("windows_memory_", "memory"),
    ("windows_logical_disk_", "a disk"),
    ("system_cpu_", "a CPU"),
    ("system_load_", "the load"),
    ("kubelet_volume_stats_", "a disk"),
];

fn run(subject: &Subject<'_>, _: &Context<'_>, found: &mut Found) {
    if !subject.pages()
        || has_call(&subject.rule.expr, "predict_linear")
        || has_call(&subject.rule.expr, "absent")
    {
        return;
    }
    let names = metric_names(&subject.rule.expr);
    let resources: Option<Vec<&str>> = names.iter().map(|name| resource(name)).collect();
    // A metric about anything else may be the symptom.
    if let Some(what) = resources.and_then(|resources| resources.first().copied()) {
        let message =
            format!("this wakes somebody about {what}, which may be busy while all is well");
        let hint = "page on what users notice, make this a ticket".to_owned();
        found.at(subject, At::Name, message, Some(hint));
    }
}

/// Returns which resource a metric is about; a device that is read-only is broken and not busy.
fn resource(metric: &str) -> Option<&'static str> {
    let is_fault = ["readonly", "_error", "_failed", "failures"]
        .iter()
        .any(|word| metric.contains(word));
    // In recorded names the metric stands between the colons.
    let parts = metric.split(':');
    let known = |part: &str| RESOURCES.iter().find(|(begin, _)| part.starts_with(begin));
    let found = parts.filter_map(known).next();
    found.filter(|_| !is_fault).map(|(_, what)| *what)
}

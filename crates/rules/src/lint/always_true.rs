//! Comparisons that every value fulfils.

use super::domain::comparisons;
use super::subject::{At, Found, Subject};
use super::{Context, Level, Lint, Run};

pub(super) static LINT: Lint = Lint {
    name: "always-true-condition",
    level: Level::Mistake,
    finds: "an alert's comparison that every value fulfils, so it fires for as long as there are series",
    why: "A threshold of 0 with `>=` or below 0 with `>` keeps everything: an alert that always fires is muted, and then \
          nobody sees the real one. Conditions that are about the mere existence of series (`count(x) > 0`, `absent(x) == 1`) \
          are passed over: the value adds nothing there, and nothing is wrong.",
    remedy: "Compare with a value that means trouble; `> 0` where none is normal.",
    bad: "- alert: Restarts\n  expr: increase(kube_pod_container_status_restarts_total[1h]) >= 0\n",
    good: "- alert: Restarts\n  expr: increase(kube_pod_container_status_restarts_total[1h]) > 0\n",
    asks_server: false,
    run: Run::Rule(run),
};

fn run(subject: &Subject<'_>, _: &Context<'_>, found: &mut Found) {
    if !subject.is_alert() {
        return;
    }
    for compared in comparisons(&subject.rule.expr) {
        // What has an upper end or begins at 1 is asked for because it exists.
        let is_measured = compared.left.low == 0.0 && compared.left.high.is_infinite();
        let is_filter = !compared.binary.returns_bool;
        if is_filter && is_measured && compared.left.must(compared.comparison, compared.right) {
            let message = format!(
                "`{}` is always true: the left side is {}, the right side is {}",
                compared.binary.op.as_str(),
                compared.left,
                compared.right
            );
            found.at(subject, At::Expr(compared.expr.span), message, None);
        }
    }
}

//! Rules that write the same series.

use plimsoll_types::{Labels, METRIC_NAME};

use super::subject::{At, Found, subjects};
use super::{Level, Lint, Run};
use crate::duplicates::duplicates;
use crate::model::RuleFile;

pub(super) static LINT: Lint = Lint {
    name: "duplicate-rules",
    level: Level::Mistake,
    finds: "rules of one name and the same labels",
    why: "Two rules that write one series overwrite each other: what a query finds is one of both by chance. promtool looks \
          for the same under the same name.",
    remedy: "Remove one, or tell them apart by a label.",
    bad: "- record: job:up:sum\n  expr: sum by (job) (up)\n- record: job:up:sum\n  expr: sum by (job) (up == 1)\n",
    good: "- record: job:up:sum\n  expr: sum by (job) (up)\n- record: job:up:sum\n  expr: sum by (job) (up == 1)\n  \
           labels: {only: healthy}\n",
    asks_server: false,
    run: Run::File(run),
};

fn run(file: &RuleFile, found: &mut Found) {
    for duplicate in duplicates(file) {
        let labels = duplicate
            .labels
            .iter()
            .map(|(name, value)| (&**name, &**value));
        let series =
            Labels::from_pairs([(METRIC_NAME, &*duplicate.name)].into_iter().chain(labels));
        let same = subjects(file).filter(|subject| {
            subject.rule.name() == duplicate.name && subject.labels() == duplicate.labels
        });
        // The first one is the one that was there before.
        for subject in same.skip(1) {
            let message = format!(
                "more than one rule writes {series}; what a query then finds is one of them by chance"
            );
            found.at(&subject, At::Name, message, None);
        }
    }
}

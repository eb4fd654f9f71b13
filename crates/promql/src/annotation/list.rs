//! The annotations of a query: each of them once, and not too many.

use std::collections::HashMap;

use crate::ast::Expr;
use crate::span::Position;

use super::place::{Twins, last_evaluated};
use super::{Annotation, Repair};

/// Annotations of one severity that a result carries at most, as in Prometheus' API.
const SHOWN_MAX: usize = 10;

/// The annotations of a query, each said once.
#[derive(Debug, Default)]
pub(crate) struct Annotations {
    warnings: List,
    infos: List,
    /// Most of them come once per step and series, so the same one again is recognized before it is put into words.
    last: Option<(Annotation, Position)>,
}

/// By text, in the order in which they came.
#[derive(Debug, Default)]
struct List {
    said: Vec<Said>,
    by_text: HashMap<String, usize>,
}

#[derive(Debug)]
struct Said {
    text: String,
    /// Where it concerns the query; empty for what concerns no part of it.
    places: Vec<Position>,
    repair: Option<Repair>,
    /// It may be about a binary operator.
    of_operator: bool,
}

impl List {
    /// Above ten times the shown number the rest is not even counted, so that hostile data costs no memory.
    fn add(&mut self, new: Said) {
        let known = match self.by_text.get(&new.text) {
            Some(known) => &mut self.said[*known],
            None if self.said.len() >= 10 * SHOWN_MAX => return,
            None => {
                self.by_text.insert(new.text.clone(), self.said.len());
                self.said.push(new);
                return;
            }
        };
        for place in new.places {
            if !known.places.contains(&place) {
                known.places.push(place);
            }
        }
        if let (Some(known), Some(new)) = (&mut known.repair, new.repair) {
            known.join(new);
        }
    }

    fn finish(self, word: &str, expr: &Expr, twins: &Twins) -> Vec<String> {
        let omitted = self.said.len().saturating_sub(SHOWN_MAX);
        let shown = self.said.into_iter().take(SHOWN_MAX);
        let mut shown: Vec<String> = shown.map(|said| said.finish(word, expr, twins)).collect();
        if omitted > 0 {
            shown.push(format!("{omitted} more {word} annotations omitted"));
        }
        shown
    }
}

impl Said {
    fn finish(self, word: &str, expr: &Expr, twins: &Twins) -> String {
        let Some(place) = last_evaluated(&self.places, self.of_operator, expr, twins) else {
            return self.text;
        };
        let repair = self.repair.map(|repair| repair.to_string());
        let repair = repair.unwrap_or_default();
        format!("PromQL {word}: {}{repair} ({place})", self.text)
    }
}

impl Annotations {
    pub(crate) fn add(&mut self, annotation: &Annotation, position: Position) {
        let is_known = |(last, at): &(Annotation, Position)| *at == position && last == annotation;
        if annotation.repair().is_none() && self.last.as_ref().is_some_and(is_known) {
            return;
        }
        self.last = Some((annotation.clone(), position));
        let is_of_query = !matches!(annotation, Annotation::Storage(_));
        let list = match annotation.is_warning() {
            true => &mut self.warnings,
            false => &mut self.infos,
        };
        list.add(Said {
            text: annotation.text(),
            places: is_of_query.then_some(position).into_iter().collect(),
            repair: annotation.repair(),
            of_operator: annotation.is_of_operator(),
        });
    }

    /// Adds those of another list, which come after these.
    pub(crate) fn join(&mut self, other: Self) {
        let into = |list: &mut List, other: List| other.said.into_iter().for_each(|s| list.add(s));
        into(&mut self.warnings, other.warnings);
        into(&mut self.infos, other.infos);
    }

    /// Returns warnings and infos about an expression.
    pub(crate) fn finish(self, expr: &Expr, twins: &Twins) -> (Vec<String>, Vec<String>) {
        (
            self.warnings.finish("warning", expr, twins),
            self.infos.finish("info", expr, twins),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: Position = Position { line: 1, column: 7 };

    fn finish(annotations: Annotations) -> (Vec<String>, Vec<String>) {
        annotations.finish(&crate::parse("a").unwrap(), &Twins::new())
    }

    #[test]
    fn every_annotation_is_said_once_and_few_are_shown() {
        let mut annotations = Annotations::default();
        for _ in 0..3 {
            annotations.add(&Annotation::SortInRangeQuery, HERE);
        }
        for step in 0..1000 {
            annotations.add(&Annotation::InvalidQuantile(f64::from(step)), HERE);
        }
        annotations.add(&Annotation::Storage("half of it".into()), HERE);
        let (warnings, infos) = finish(annotations);
        assert_eq!(warnings.len(), SHOWN_MAX + 1);
        assert_eq!(
            warnings[0],
            "PromQL warning: sort is ineffective for range queries since results are always \
             ordered by labels (1:7)"
        );
        assert_eq!(warnings[SHOWN_MAX], "90 more warning annotations omitted");
        assert!(infos.is_empty());
    }

    #[test]
    fn repairs_of_one_metric_are_told_together() {
        let mut annotations = Annotations::default();
        for (bound, difference, at) in [(2.0, 20.0, 60_000), (0.5, 0.126, 1_500), (4.0, 3.0, 0)] {
            let repair = Some(Repair::new((bound, bound), difference, at));
            let name = "b".to_string();
            annotations.add(&Annotation::ForcedMonotonicity { name, repair }, HERE);
        }
        let (_, infos) = finish(annotations);
        let expected = "for metric name \"b\", from buckets 0.5 to 4, with a max diff of 20, over 3 \
                        samples from 1970-01-01T00:00:00Z to 1970-01-01T00:01:00Z (1:7)";
        assert_eq!(infos.len(), 1);
        assert!(infos[0].ends_with(expected), "{infos:?}");
    }
}

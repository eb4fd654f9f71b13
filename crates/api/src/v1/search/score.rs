//! How well a name fits what somebody typed.

/// The terms of a search; a name fits when it fits one of them.
pub(super) struct Terms {
    terms: Vec<String>,
    is_case_sensitive: bool,
    threshold: f64,
}

impl Terms {
    /// Takes the terms; without any everything fits. `threshold` is the lowest score, from 0 to 1.
    pub(super) fn new<'a>(
        terms: impl Iterator<Item = &'a str>,
        is_case_sensitive: bool,
        threshold: f64,
    ) -> Self {
        let fold = |term: &str| match is_case_sensitive {
            true => term.to_owned(),
            false => term.to_lowercase(),
        };
        let terms = terms.filter(|term| !term.is_empty()).map(fold).collect();
        Self {
            terms,
            is_case_sensitive,
            threshold,
        }
    }

    /// Returns how well a name fits, above 0 and up to 1; `None` when it does not.
    pub(super) fn score(&self, name: &str) -> Option<f64> {
        if self.terms.is_empty() {
            return Some(1.0);
        }
        let folded;
        let name = match self.is_case_sensitive {
            true => name,
            false => {
                folded = name.to_lowercase();
                &folded
            }
        };
        let scores = self.terms.iter().filter_map(|term| score(name, term));
        let best = scores.fold(None, |best: Option<f64>, score| {
            Some(best.map_or(score, |best| best.max(score)))
        });
        best.filter(|score| *score >= self.threshold)
    }
}

/// The share of the name that the term covers, counting each gap between its characters as one more.
fn score(name: &str, term: &str) -> Option<f64> {
    let length = name.chars().count().max(1) as f64;
    if name.contains(term) {
        let prefix = if name.starts_with(term) { 0.0 } else { 0.05 };
        let covered = term.chars().count() as f64 / length;
        return Some((0.5 + covered / 2.0 - prefix).min(1.0));
    }
    let (mut rest, mut gaps) = (name, 0u32);
    for character in term.chars() {
        let at = rest.find(character)?;
        gaps += u32::from(at > 0);
        rest = &rest[at + character.len_utf8()..];
    }
    let covered = term.chars().count() as f64 / length;
    Some(0.5 * covered / f64::from(gaps.max(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_closer_together_fits_better() {
        let terms = |term: &'static str| Terms::new([term].into_iter(), false, 0.0);
        let score = |name: &str, term| terms(term).score(name);
        assert_eq!(score("up", "up"), Some(1.0));
        assert!(score("node_cpu", "cpu") > score("node_cpu_seconds", "cpu"));
        assert!(score("node_cpu", "NODE") > score("a_node_cpu", "node"));
        assert!(score("go_goroutines", "gorou") > score("go_gc_duration_count", "gorou"));
        assert_eq!(score("up", "down"), None);
        assert_eq!(Terms::new([].into_iter(), true, 0.5).score("x"), Some(1.0));
        assert_eq!(
            Terms::new(["xy"].into_iter(), true, 0.9).score("axbyc"),
            None
        );
    }
}

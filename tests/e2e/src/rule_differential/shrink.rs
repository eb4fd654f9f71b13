//! A smaller case that shows the same difference: whatever can go, goes.

use super::case::Case;

/// Enough for any case that is generated; each try runs two programs.
const TRIES_MAX: usize = 200;

/// Takes parts away as long as the case still fails.
pub(super) fn shrink(case: &Case, mut fails: impl FnMut(&Case) -> bool) -> Case {
    let (mut smallest, mut tries) = (case.clone(), 0);
    loop {
        let smaller = candidates(&smallest).into_iter().find(|candidate| {
            tries += 1;
            tries <= TRIES_MAX && fails(candidate)
        });
        match smaller {
            Some(smaller) => smallest = smaller,
            None => return smallest,
        }
    }
}

/// Returns the cases that are one part smaller.
fn candidates(case: &Case) -> Vec<Case> {
    let mut smaller = Vec::new();
    let mut without = |count: usize, remove: &dyn Fn(&mut Case, usize)| {
        for index in (0..count).rev() {
            let mut candidate = case.clone();
            remove(&mut candidate, index);
            smaller.push(candidate);
        }
    };
    without(case.groups.len(), &|case, at| drop(case.groups.remove(at)));
    without(case.alerts.len(), &|case, at| drop(case.alerts.remove(at)));
    without(case.exprs.len(), &|case, at| drop(case.exprs.remove(at)));
    for (group, all) in case.groups.iter().enumerate() {
        without(all.rules.len(), &|case, at| {
            drop(case.groups[group].rules.remove(at))
        });
        without(all.fields.len(), &|case, at| {
            drop(case.groups[group].fields.remove(at))
        });
    }
    without(case.series.len(), &|case, at| drop(case.series.remove(at)));
    for (group, all) in case.groups.iter().enumerate() {
        for (rule, one) in all.rules.iter().enumerate() {
            // Name and expression stay.
            let optional = one.fields.len().saturating_sub(2);
            without(optional, &|case, at| {
                drop(case.groups[group].rules[rule].fields.remove(at + 2))
            });
            without(one.labels.len(), &|case, at| {
                drop(case.groups[group].rules[rule].labels.remove(at))
            });
            without(one.annotations.len(), &|case, at| {
                drop(case.groups[group].rules[rule].annotations.remove(at));
            });
        }
    }
    smaller
}

//! A smaller query that shows the same fault: any part may be replaced by a part of its own that has its type.

use super::expression::Expression;

/// Enough for any query that is generated; each try asks two servers.
const TRIES_MAX: usize = 300;

/// Makes an expression smaller as long as it still fails.
pub(super) fn shrink(
    expression: &Expression,
    mut fails: impl FnMut(&Expression) -> bool,
) -> Expression {
    let (mut smallest, mut tries) = (expression.clone(), 0);
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

/// Returns the expressions that are one step smaller, the smallest first.
fn candidates(expression: &Expression) -> Vec<Expression> {
    let mut smaller = descendants(expression, expression);
    for (index, part) in expression.parts.iter().enumerate() {
        for replacement in candidates(part) {
            let mut changed = expression.clone();
            changed.parts[index] = replacement;
            smaller.push(changed);
        }
    }
    smaller
}

/// Returns the parts of parts that could stand for the whole.
fn descendants(whole: &Expression, of: &Expression) -> Vec<Expression> {
    let mut found = Vec::new();
    for part in &of.parts {
        found.extend(descendants(whole, part));
        if part.kind == whole.kind {
            found.push(part.clone());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::expression::Kind;
    use super::*;

    #[test]
    fn what_does_not_matter_goes() {
        let leaf = |text: &str| Expression::leaf(Kind::Vector, text);
        let rate = Expression::new(
            Kind::Vector,
            "rate($)",
            vec![Expression::leaf(Kind::CounterMatrix, "c[5m]")],
        );
        let sum = Expression::new(Kind::Vector, "sum($)", vec![rate]);
        let both = Expression::new(Kind::Vector, "($ + $)", vec![leaf("a"), sum]);
        let whole = Expression::new(Kind::Vector, "abs($)", vec![both]);
        let smaller = shrink(&whole, |candidate| candidate.to_string().contains("rate"));
        assert_eq!(smaller.to_string(), "rate(c[5m])");
        let smaller = shrink(&whole, |candidate| {
            let text = candidate.to_string();
            text.contains('+') && text.contains("rate")
        });
        assert_eq!(smaller.to_string(), "(a + rate(c[5m]))");
    }
}

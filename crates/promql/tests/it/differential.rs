//! Our parser against the crate promql-parser: both accept or both refuse, and what both accept has the same tree, but
//! for listed classes of texts.

mod corpus;
mod shape;

use plimsoll_promql::{Expr, Features, parse_with};

use corpus::{collected, generated, mutated};
use shape::normalized;

/// Parts of a text, in small letters and without blanks, for which the two may differ, and why.
const PARTS: &[(&str, &str)] = &[
    ("anchored", "extended range selectors are unknown to it"),
    ("smoothed", "extended range selectors are unknown to it"),
    ("</", "trim operators are unknown to it"),
    (">/", "trim operators are unknown to it"),
    ("offset(", "duration expressions are unknown to it"),
    ("offset-(", "duration expressions are unknown to it"),
    ("offset+-", "duration expressions are unknown to it"),
    ("offset--", "duration expressions are unknown to it"),
    ("step()", "duration expressions are unknown to it"),
    ("range()", "duration expressions are unknown to it"),
    ("max_of(", "duration expressions are unknown to it"),
    ("min_of(", "duration expressions are unknown to it"),
    ("info(", "the conditions of info() are unknown to it"),
    ("start_timestamp(", "a function of Prometheus 3.14"),
];

/// Errors of it that we need not share, and why.
const THEIR_ERRORS: &[(&str, &str)] = &[
    (
        "unexpected character inside brackets",
        "duration expressions are unknown to it",
    ),
    (
        "bad number or duration syntax",
        "underscores between digits are unknown to it",
    ),
    (
        "is not valid label in grouping opts",
        "a label may have any name since Prometheus 3",
    ),
    (
        "duration must be greater than 0",
        "0h is a number like any other outside of brackets",
    ),
];

/// Errors of ours that it need not share, and why.
const OUR_ERRORS: &[(&str, &str)] = &[
    (
        "invalid regular expression in label_replace()",
        "it does not look into strings",
    ),
    (
        "duration must be greater than 0",
        "it misses some zeros, such as 00",
    ),
    ("unary expression only allowed on", "it forgets a plus"),
    (
        "expected type scalar in aggregation parameter",
        "it does not check limit_ratio",
    ),
];

fn ours(text: &str) -> Result<Expr, String> {
    parse_with(text, &Features::ALL).map_err(|error| error.to_string())
}

fn is_of(classes: &[(&str, &str)], text: &str) -> bool {
    classes.iter().any(|(part, _)| text.contains(part))
}

fn bare(text: &str) -> String {
    let bare = text.chars().filter(|c| !c.is_whitespace());
    bare.collect::<String>().to_ascii_lowercase()
}

#[test]
fn both_accept_or_both_refuse() {
    let mut differ = Vec::new();
    let mut counts = (0, 0);
    for text in collected().into_iter().chain(generated()).chain(mutated()) {
        let theirs = promql_parser::parser::parse(&text);
        let ours = ours(&text);
        match (&ours, &theirs) {
            (Ok(_), Ok(_)) => counts.0 += 1,
            (Err(_), Err(_)) => counts.1 += 1,
            _ if is_of(PARTS, &bare(&text)) => {}
            (Ok(_), Err(error)) if is_of(THEIR_ERRORS, error) => {}
            (Err(error), Ok(_)) if is_of(OUR_ERRORS, error) => {}
            (Ok(_), Err(error)) => differ.push(format!("they refuse {text}: {error}")),
            (Err(error), Ok(_)) => differ.push(format!("we refuse {text}: {error}")),
        }
    }
    println!(
        "{} accepted and {} refused by both, {} differ",
        counts.0,
        counts.1,
        differ.len()
    );
    differ.truncate(100);
    assert!(differ.is_empty(), "{}", differ.join("\n"));
}

#[test]
fn both_make_the_same_tree() {
    // Ours is compared through its print, which the properties show to be faithful.
    let mut differ = Vec::new();
    let mut compared = 0;
    for text in collected().into_iter().chain(generated()).chain(mutated()) {
        let theirs = promql_parser::parser::parse(&text);
        let (Ok(ours), Ok(theirs)) = (ours(&text), theirs) else {
            continue;
        };
        compared += 1;
        let printed = ours.to_string();
        let of_print = promql_parser::parser::parse(&printed).map(normalized);
        // As text, because NaN is not equal to itself.
        let (theirs, of_print) = (
            format!("{:?}", Ok::<_, String>(normalized(theirs))),
            format!("{of_print:?}"),
        );
        if of_print != theirs && !is_of(PARTS, &bare(&text)) {
            differ.push(format!(
                "{text} prints as {printed}: {theirs} but {of_print}"
            ));
        }
    }
    println!("{compared} trees compared");
    differ.truncate(20);
    assert!(differ.is_empty(), "{}", differ.join("\n"));
}

//! Every example of the documentation, and that of every kind of SLI: read without a finding, and as the schema has it.

use std::path::Path;

use plimsoll_promql::Features;
use plimsoll_runtime::config::Source;
use plimsoll_slo::file::check;
use plimsoll_slo::{Catalog, sli};

use crate::schema::{validate, yaml};

/// Returns the blocks of YAML in a page, entries of `slos` as whole files.
fn examples(page: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../docs")
        .join(page);
    let text = std::fs::read_to_string(&path).unwrap();
    let blocks = text.split("```yaml\n").skip(1);
    let blocks = blocks.map(|block| block.split("```").next().unwrap());
    blocks.map(whole).collect()
}

fn whole(block: &str) -> String {
    match block.trim_start().starts_with("name:") {
        true => {
            let entry = block.trim().replace('\n', "\n    ");
            format!("version: plimsoll/v1\nservice: checkout\nslos:\n  - {entry}\n")
        }
        false => block.to_owned(),
    }
}

fn is_good(text: &str) {
    let source = Source::new("example.yml".as_ref(), text).unwrap();
    let file = check(&source, &Features::default()).unwrap_or_else(|error| panic!("{error}"));
    assert!(file.warnings.is_empty(), "{:?}", file.warnings);
    Catalog::merge(vec![file]).unwrap_or_else(|error| panic!("{error}"));
    validate(&yaml(text)).unwrap_or_else(|reason| panic!("{reason}\n{text}"));
}

#[test]
fn examples_of_the_documentation_are_good() {
    let examples = examples("slo.md");
    assert!(examples.len() >= 11, "found {}", examples.len());
    examples.iter().for_each(|text| is_good(text));
}

#[test]
fn the_example_of_every_kind_is_good() {
    for kind in sli::ALL {
        is_good(&whole(kind.example));
    }
}

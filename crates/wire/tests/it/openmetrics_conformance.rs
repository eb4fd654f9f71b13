//! The parser suite of the OpenMetrics project, when it is on this machine.

use std::path::{Path, PathBuf};

use plimsoll_wire::exposition::{Format, Options, Parser, openmetrics};

fn suite() -> Option<PathBuf> {
    let named = std::env::var_os("PLIMSOLL_TESTDATA").map(PathBuf::from);
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/testdata");
    let folder = named.unwrap_or_else(beside).join("openmetrics");
    folder.is_dir().then_some(folder)
}

fn is_accepted_by_scraper(input: &[u8]) -> bool {
    let Ok(mut parser) = Parser::new(Format::OpenMetricsText100, input, Options::default()) else {
        return false;
    };
    loop {
        match parser.next_entry() {
            Ok(Some(_)) => {}
            Ok(None) => return true,
            Err(_) => return false,
        }
    }
}

#[test]
fn judges_every_case_of_the_suite_right() {
    let Some(folder) = suite() else {
        println!("skipped: no OpenMetrics suite (set PLIMSOLL_TESTDATA)");
        return;
    };
    let (mut cases, mut wrong) = (0, Vec::new());
    for case in std::fs::read_dir(folder).unwrap() {
        let case = case.unwrap().path();
        let Ok(description) = std::fs::read(case.join("test.json")) else {
            continue;
        };
        let description: serde_json::Value = serde_json::from_slice(&description).unwrap();
        let should_parse = description["shouldParse"].as_bool().unwrap();
        let input = std::fs::read(case.join(description["file"].as_str().unwrap())).unwrap();
        let judged = openmetrics::validate(&input);
        cases += 1;
        if judged.is_ok() != should_parse {
            wrong.push(format!("{}: {judged:?}", case.display()));
        }
        if should_parse && !is_accepted_by_scraper(&input) {
            wrong.push(format!("{}: the scraper refuses it", case.display()));
        }
    }
    assert!(cases > 0, "the folder of the suite holds no case");
    assert!(
        wrong.is_empty(),
        "{} of {cases} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    println!("{cases} of {cases} judged right");
}

//! The parser suite of the OpenMetrics project, served to the real scraper.

use std::path::{Path, PathBuf};

use bytes::Bytes;

use super::world::{Server, World, job, typed};

fn suite() -> Option<PathBuf> {
    let named = std::env::var_os("PLIMSOLL_TESTDATA").map(PathBuf::from);
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/testdata");
    let folder = named.unwrap_or_else(beside).join("openmetrics");
    folder.is_dir().then_some(folder)
}

#[tokio::test]
async fn good_files_of_the_suite_are_up() {
    let Some(folder) = suite() else {
        println!("skipped: no OpenMetrics suite (set PLIMSOLL_TESTDATA)");
        return;
    };
    let mut cases = Vec::new();
    for case in std::fs::read_dir(folder).unwrap() {
        let case = case.unwrap().path();
        let Ok(description) = std::fs::read(case.join("test.json")) else {
            continue;
        };
        let description: serde_json::Value = serde_json::from_slice(&description).unwrap();
        let should_parse = description["shouldParse"].as_bool().unwrap();
        let file = std::fs::read(case.join(description["file"].as_str().unwrap())).unwrap();
        let name = case.file_name().unwrap().to_string_lossy().into_owned();
        cases.push((name, should_parse, Bytes::from(file)));
    }
    let files: Vec<Bytes> = cases.iter().map(|(_, _, file)| file.clone()).collect();
    let server = Server::start(move |request| {
        let index: usize = request.uri.path()[1..].parse().unwrap();
        typed(
            "application/openmetrics-text; version=1.0.0; charset=utf-8",
            files[index].clone(),
        )
    })
    .await;
    let jobs: Vec<String> = (0..cases.len())
        .map(|index| {
            job(
                &format!("j{index}"),
                &server.address,
                &format!(", metrics_path: /{index}, scrape_interval: 1000s"),
            )
        })
        .collect();
    let mut world = World::with(&jobs).await;
    for _ in &cases {
        world.scrape(cases.len()).await;
    }
    let (mut refused, mut bad, mut wrong) = (0, 0, Vec::new());
    for (index, (name, should_parse, _)) in cases.iter().enumerate() {
        let up = world.values(&format!(
            "up{{instance=\"{}\", job=\"j{index}\"}}",
            server.address
        ));
        assert!(!up.is_empty(), "{name}");
        bad += usize::from(!should_parse);
        refused += usize::from(!should_parse && up[0] == "0");
        if *should_parse && up[0] != "1" {
            wrong.push(name);
        }
    }
    assert!(bad > 0 && bad < cases.len(), "the suite is incomplete");
    assert!(wrong.is_empty(), "down with a good file: {wrong:?}");
    println!(
        "{} good files up; {refused} of {bad} bad ones refused",
        cases.len() - bad
    );
}

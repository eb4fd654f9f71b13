//! What a change of the configuration does to series that go on, and to those that do not.

use super::world::{Script, Server, World, job};

const DROP_B: &str =
    ", metric_relabel_configs: [{source_labels: [__name__], regex: b, action: drop}]";
const RENAME_B: &str = ", metric_relabel_configs: [{source_labels: [__name__], regex: b, target_label: __name__, replacement: c}]";

#[tokio::test]
async fn an_unchanged_job_does_not_notice() {
    let server = Server::text("a 1\n").await;
    let mut world = World::with(&[job("j", &server.address, "")]).await;
    world.scrape(1).await;
    world.apply(&[job("j", &server.address, "")]).await;
    world.scrape(1).await;
    assert_eq!(world.metric("a"), ["1", "1"]);
    let times = world.times(&format!("a{{instance=\"{}\", job=\"j\"}}", server.address));
    assert_eq!(times[1] - times[0], 10_000, "the phase stays");
    assert_eq!(world.metric("scrape_series_added"), ["1", "0"]);
}

#[tokio::test]
async fn changed_rules_hold_for_series_that_are_known() {
    let server = Server::text("a 1\nb 1\n").await;
    let mut world = World::with(&[job("j", &server.address, "")]).await;
    world.scrape(1).await;
    for more in [DROP_B, RENAME_B, "", ", honor_labels: true"] {
        world.apply(&[job("j", &server.address, more)]).await;
        world.scrape(1).await;
    }
    assert_eq!(
        world.metric("a"),
        ["1"; 5],
        "no marker for a series that goes on"
    );
    assert_eq!(world.metric("b"), ["1", "stale", "1", "1"]);
    assert_eq!(world.metric("c"), ["1", "stale"]);
    assert_eq!(world.metric("up"), ["1"; 5]);
}

#[tokio::test]
async fn metrics_that_are_switched_off_end() {
    let server = Server::text("a 1\n").await;
    let more = ", extra_scrape_metrics: true";
    let mut world = World::with(&[job("j", &server.address, more)]).await;
    world.scrape(1).await;
    world.apply(&[job("j", &server.address, "")]).await;
    world.scrape(1).await;
    assert_eq!(world.metric("scrape_timeout_seconds"), ["7.001", "stale"]);
    assert_eq!(world.metric("scrape_duration_seconds").len(), 2);
}

#[tokio::test]
async fn a_removed_job_ends_its_series() {
    let server = Server::text("a 1\n").await;
    let jobs = [job("j", &server.address, ""), job("k", &server.address, "")];
    let mut world = World::with(&jobs).await;
    world.scrape(2).await;
    world.scrape(2).await;
    world.apply(&jobs[..1]).await;
    let values = |name: &str, job: &str| {
        world.values(&format!(
            "{name}{{instance=\"{}\", job=\"{job}\"}}",
            server.address
        ))
    };
    for name in ["a", "up", "scrape_duration_seconds"] {
        assert_eq!(
            values(name, "k").last().map(String::as_str),
            Some("stale"),
            "{name}"
        );
        assert_ne!(
            values(name, "j").last().map(String::as_str),
            Some("stale"),
            "{name}"
        );
    }
    // The marker stands after the last sample, not in its place.
    assert_eq!(values("a", "k"), ["1", "stale"]);
}

#[tokio::test]
async fn two_jobs_scrape_the_same_target_apart() {
    let script = Script::default();
    let body = script.clone();
    let server = Server::start(move |_| body.answer()).await;
    script.set("a 1\njob{job=\"theirs\"} 1\n");
    let honours = job("k", &server.address, ", honor_labels: true");
    let mut world = World::with(&[job("j", &server.address, ""), honours]).await;
    world.scrape(2).await;
    world.scrape(2).await;
    let instance = &server.address;
    for series in [
        format!("a{{instance=\"{instance}\", job=\"j\"}}"),
        format!("a{{instance=\"{instance}\", job=\"k\"}}"),
        format!("job{{exported_job=\"theirs\", instance=\"{instance}\", job=\"j\"}}"),
        format!("job{{instance=\"{instance}\", job=\"theirs\"}}"),
    ] {
        assert_eq!(world.values(&series), ["1"], "{series}");
    }
}

#[test]
fn what_has_no_effect_is_warned_of() {
    for text in [
        "global: {convert_classic_histograms_to_nhcb: true}",
        "scrape_configs: [{job_name: j, convert_classic_histograms_to_nhcb: true}]",
    ] {
        let path = std::path::Path::new("prometheus.yml");
        let loaded = plimsoll_ingest::config::parse(path, text, &|_| None).unwrap();
        let is_named = |warning: &str| warning.contains("`convert_classic_histograms_to_nhcb`");
        let mut warnings = loaded.warnings.iter();
        assert!(warnings.any(|warning| is_named(&warning.message)), "{text}");
    }
}

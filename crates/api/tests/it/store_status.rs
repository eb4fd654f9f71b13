//! What the store promises and how it is.

use serde_json::Value;

use crate::harness::Server;

#[tokio::test]
async fn the_contract_the_recovery_and_the_state_are_told() {
    let server = Server::new();
    let answer = server.get("/api/v1/status/store").await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let body: Value = serde_json::from_str(&answer.body).unwrap();
    let data = &body["data"];
    let durability = &data["durability"];
    assert_eq!(durability["mode"], "group");
    assert_eq!(durability["groupDelay"], "5ms");
    assert_eq!(
        durability["writes"][0]["powerLossLoses"],
        "nothing that was acknowledged"
    );
    assert_eq!(durability["writes"][1]["killLoses"], "at most the last 1s");
    let recovery = &data["recovery"];
    assert_eq!(recovery["isClean"], false, "an end was cut off");
    assert_eq!(recovery["durationSeconds"], 0.25);
    assert_eq!(recovery["cut"][0]["segment"], "00000001-00000002.wal");
    assert_eq!(recovery["cut"][0]["bytes"], 7);
    assert_eq!(data["retention"]["rules"][0]["raw"], "15d");
    assert_eq!(data["retention"]["diskShare"], 0.5);
    assert_eq!(data["tiers"][0]["tier"], "5m");
    assert_eq!(data["head"]["minTime"], Value::Null);
    assert_eq!(data["refusal"], Value::Null);
    server.admin.fill_disk();
    let answer = server.get("/api/v1/status/store").await;
    let body: Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(body["data"]["refusal"], "no space is left");
}

//! The JSON Schema of our files, for editors.

use serde_json::Value;

/// Returns the schema (draft 2020-12).
pub fn schema() -> Value {
    let text = include_str!("schema.json");
    serde_json::from_str(text).expect("the file is JSON, as its test says")
}

#[cfg(test)]
mod tests {
    use plimsoll_testkit::check_fields as check;

    use super::super::raw::*;
    use super::*;

    #[test]
    fn the_top_has_the_fields_that_are_read() {
        let schema = schema();
        check::<RawFile>(&schema, "");
        let gateway = "/$defs/gateway";
        check::<RawGateway>(&schema, gateway);
        check::<RawAccessLog>(&schema, "/$defs/gateway/properties/access_log/anyOf/1");
        check::<RawRetryBudget>(&schema, "/$defs/gateway/properties/retry_budget");
    }

    #[test]
    fn listeners_have_the_fields_that_are_read() {
        let schema = schema();
        let own = |name: &str| format!("/$defs/listener/properties/{name}");
        check::<RawListener>(&schema, "/$defs/listener");
        check::<RawServerTls>(&schema, &own("tls"));
        check::<RawCertificate>(&schema, "/$defs/certificate");
        check::<RawProxyProtocol>(&schema, &own("proxy_protocol"));
        check::<RawTimeouts>(&schema, &own("timeouts"));
    }

    #[test]
    fn backends_have_the_fields_that_are_read() {
        let schema = schema();
        let own = |name: &str| format!("/$defs/backend/properties/{name}");
        check::<RawBackend>(&schema, "/$defs/backend");
        check::<RawEndpoint>(&schema, "/$defs/endpoint/anyOf/1");
        check::<RawUpstreamTls>(&schema, &own("tls"));
        let balance = own("balance/anyOf/1");
        check::<RawBalance>(&schema, &balance);
        check::<RawEwma>(&schema, &format!("{balance}/properties/peak_ewma"));
        check::<RawHash>(&schema, "/$defs/hash");
        let part =
            |section: &str, name: &str| format!("/$defs/{section}/anyOf/1/properties/{name}");
        check::<RawCheck>(&schema, "/$defs/check/anyOf/1");
        check::<RawHttpCheck>(&schema, &part("check", "http"));
        check::<RawGrpcCheck>(&schema, &part("check", "grpc"));
        check::<RawTcpCheck>(&schema, &part("check", "tcp"));
        check::<RawEjection>(&schema, "/$defs/ejection/anyOf/1");
        check::<RawSuccessRate>(&schema, &part("ejection", "success_rate/anyOf/1"));
        check::<RawLatency>(&schema, &part("ejection", "latency/anyOf/1"));
        check::<RawBreaker>(&schema, "/$defs/breaker/anyOf/1");
        check::<RawConcurrency>(&schema, "/$defs/concurrency/anyOf/1");
        check::<RawBounds>(&schema, "/$defs/bounds");
        check::<RawAimd>(&schema, &part("concurrency", "aimd"));
        check::<RawQueue>(&schema, &part("concurrency", "queue"));
        check::<RawWeights>(&schema, &part("concurrency", "queue/properties/weights"));
    }

    #[test]
    fn routes_have_the_fields_that_are_read() {
        let schema = schema();
        let own = |name: &str| format!("/$defs/route/properties/{name}");
        check::<RawRoute>(&schema, "/$defs/route");
        check::<RawMatch>(&schema, "/$defs/match");
        check::<RawPath>(&schema, "/$defs/match/properties/path");
        check::<RawTextMatch>(&schema, "/$defs/textMatch");
        let to = own("to/anyOf/1");
        check::<RawAction>(&schema, &to);
        check::<RawShare>(&schema, &format!("{to}/properties/split/items"));
        check::<RawRedirect>(&schema, &format!("{to}/properties/redirect"));
        check::<RawAnswer>(&schema, &format!("{to}/properties/answer"));
        check::<RawReplacement>(&schema, "/$defs/replacement");
        check::<RawRewrite>(&schema, &own("rewrite"));
        check::<RawHeaders>(&schema, "/$defs/headers");
        check::<RawRetry>(&schema, &own("retry/anyOf/1"));
        check::<RawHedge>(&schema, &own("hedge/anyOf/1"));
        check::<RawLimit>(&schema, &own("limits/items"));
        check::<RawKey>(&schema, "/$defs/key/anyOf/1");
        check::<RawAffinity>(&schema, &own("affinity"));
        check::<RawSticky>(&schema, &own("affinity/properties/cookie"));
        check::<RawMirror>(&schema, &own("mirror"));
        check::<RawFault>(&schema, &own("faults/items"));
        check::<RawMaintenance>(&schema, &own("maintenance"));
    }

    #[test]
    fn policies_are_those_that_there_are() {
        let schema = schema();
        let shown = &schema["$defs"]["backend"]["properties"]["balance"]["anyOf"][0]["enum"];
        let shown: Vec<_> = shown.as_array().unwrap().iter().collect();
        let all = plimsoll_traffic::balance::ALL.iter();
        let all: Vec<_> = all.map(|kind| kind.name()).collect();
        assert_eq!(shown, all);
    }
}

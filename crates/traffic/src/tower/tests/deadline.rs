use ::tower::{Layer, ServiceExt, service_fn};

use super::*;
use crate::deadline::{GRPC_HEADER, HEADER};
use crate::{Criticality, Moment};

fn header(call: &Call, name: &str) -> String {
    call.headers[name].to_str().unwrap().to_owned()
}

#[tokio::test(start_paused = true)]
async fn a_call_ends_in_time_and_tells_how_long() {
    let script = Script::new([Act::Answer(200, 5000)]);
    let service = DeadlineLayer::new(time(), millis(1000)).layer(script.clone());
    let began = tokio::time::Instant::now();
    assert_eq!(told(service.oneshot(request("GET")).await), "DeadlineOver");
    assert!((1000..1005).contains(&began.elapsed().as_millis()));
    let call = &script.calls()[0];
    assert_eq!(
        (header(call, HEADER), header(call, Criticality::HEADER)),
        ("950".into(), "P1".into())
    );
}

/// A server that takes 300 ms before it calls the next one, which takes as long as it likes.
async fn through_two_hops(is_trusted: bool, headers: &[(&str, &str)]) -> (String, Script) {
    let time = time();
    let script = Script::default();
    let client = DeadlineLayer::new(time.clone(), millis(2000)).layer(script.clone());
    let server = service_fn(move |_: Request<()>| {
        let client = client.clone();
        async move {
            Time::pause(millis(300)).await;
            client.oneshot(request("GET")).await
        }
    });
    let incoming = Incoming {
        timeout: millis(10_000),
        criticality: Criticality::P2,
        is_trusted,
    };
    let server = ContextLayer::new(time, incoming).layer(server);
    let mut request = request("GET");
    for (name, value) in headers {
        let name: http::HeaderName = name.parse().unwrap();
        request.headers_mut().insert(name, value.parse().unwrap());
    }
    (told(server.oneshot(request).await), script)
}

#[tokio::test(start_paused = true)]
async fn what_is_left_and_the_class_reach_the_next_hop() {
    let check = async |is_trusted, headers: &[(&str, &str)], left: &str, class: &str| {
        let (result, script) = through_two_hops(is_trusted, headers).await;
        assert_eq!(result, "200", "{headers:?}");
        let call = &script.calls()[0];
        let sent = (header(call, HEADER), header(call, Criticality::HEADER));
        assert_eq!(sent, (left.to_owned(), class.to_owned()), "{headers:?}");
        assert_eq!(call.context.unwrap().criticality.as_str(), class);
    };
    check(true, &[], "1900", "P2").await;
    check(
        true,
        &[(HEADER, "1300"), (Criticality::HEADER, "P0")],
        "950",
        "P0",
    )
    .await;
    check(
        true,
        &[(GRPC_HEADER, "1300m"), (HEADER, "9000")],
        "950",
        "P2",
    )
    .await;
    check(
        true,
        &[(HEADER, "soon"), (Criticality::HEADER, "P9")],
        "1900",
        "P2",
    )
    .await;
    check(
        false,
        &[(HEADER, "1300"), (Criticality::HEADER, "P0")],
        "1900",
        "P2",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn what_is_over_is_not_called() {
    let (result, script) = through_two_hops(true, &[(HEADER, "299")]).await;
    assert_eq!((result.as_str(), script.count()), ("DeadlineOver", 0));
}

#[test]
fn outside_of_a_request_there_is_no_context() {
    assert_eq!(Context::current(), None);
    let time = Time::new(|| millis(5));
    assert_eq!(time.now(), Moment::ORIGIN.after(millis(5)));
}

//! Programs that people use, through the gateway: what they count is what the gateway counts, to the request.

use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use plimsoll_e2e::{Backend, Gateway, Home, Mood, find, python_with, wait_until};

const WAIT_MAX: Duration = Duration::from_secs(30);

fn config(backend: &str) -> String {
    format!(
        "version: plimsoll/v1\n\
         gateway:\n  \
           listeners: [{{name: web, address: '127.0.0.1:0'}}]\n  \
           backends: [{{name: shop, endpoints: ['{backend}']}}]\n  \
           routes: [{{name: all, to: shop}}]\n"
    )
}

fn output(command: &mut Command) -> Result<String> {
    let output = command.output()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{command:?}: {text}{errors}");
    Ok(text)
}

/// Finds the number before `word` in a text.
fn number_before(text: &str, word: &str) -> Result<f64> {
    let (before, _) = text.split_once(word).with_context(|| text.to_owned())?;
    let number = before.split_whitespace().next_back().unwrap_or_default();
    number.parse().with_context(|| text.to_owned())
}

/// Waits until the gateway has counted this many answers of a class, no more and no fewer.
fn wait_for(gateway: &Gateway, class: &str, wanted: f64) {
    let label = format!("class=\"{class}\"");
    wait_until(WAIT_MAX, "requests that are counted", || {
        let found = gateway.metric("plimsoll_gateway_requests_total", &[&label])?;
        ensure!(found == wanted, "{found} of {wanted}");
        Ok(())
    })
    .unwrap();
}

#[test]
fn curl_h2load_and_wrk_count_what_the_gateway_counts() {
    let (Some(curl), Some(h2load), Some(wrk)) = (
        find("curl").unwrap(),
        find("h2load").unwrap(),
        find("wrk").unwrap(),
    ) else {
        return;
    };
    let (home, backend) = (Home::new().unwrap(), Backend::start("a").unwrap());
    let gateway = Gateway::start(&home, &config(&backend.url())).unwrap();
    let url = format!("http://{}/", gateway.address("web").unwrap());
    for protocol in ["--http1.0", "--http1.1", "--http2-prior-knowledge"] {
        let said = output(Command::new(&curl).args(["-sS", "--fail", protocol, &url])).unwrap();
        assert_eq!(said, "a", "{protocol}");
    }
    wait_for(&gateway, "2xx", 3.0);
    let load = |protocol: &[&str]| {
        let mut command = Command::new(&h2load);
        command.args(["-n", "500", "-c", "5", "-m", "10"]);
        let said = output(command.args(protocol).arg(&url)).unwrap();
        assert_eq!(number_before(&said, " succeeded").unwrap(), 500.0, "{said}");
    };
    load(&["--h1"]);
    load(&[]);
    wait_for(&gateway, "2xx", 1003.0);
    backend.set(Mood::Status(404));
    load_failing(&h2load, &url);
    wait_for(&gateway, "4xx", 100.0);
    backend.set(Mood::Well);
    // It ends by closing its connections: what it had asked for and not read is cancelled, at most one each.
    let said = output(Command::new(&wrk).args(["-t1", "-c4", "-d1s", &url])).unwrap();
    let whole = number_before(&said, " requests in").unwrap();
    assert!(!said.contains("Socket errors"), "{said}");
    wait_until(WAIT_MAX, "wrk's requests", || {
        let all = gateway.metric("plimsoll_gateway_requests_total", &["class=\"2xx\""])?;
        let found = all - 1003.0;
        ensure!(found >= whole && found <= whole + 4.0, "{found}, {said}");
        Ok(())
    })
    .unwrap();
    let durations = "plimsoll_gateway_request_duration_seconds_count";
    let requests = "plimsoll_gateway_requests_total";
    let (timed, counted) = (
        gateway.metric(durations, &[]).unwrap(),
        gateway.metric(requests, &[]).unwrap(),
    );
    assert_eq!(timed, counted);
    let attempts = gateway.metric("plimsoll_gateway_attempts_total", &[]);
    assert_eq!(attempts.unwrap(), backend.requests() as f64);
}

fn load_failing(h2load: &std::path::Path, url: &str) {
    let mut command = Command::new(h2load);
    let said = output(command.args(["-n", "100", "-c", "2", "--h1", url])).unwrap();
    assert_eq!(number_before(&said, " 4xx").unwrap(), 100.0, "{said}");
}

const WEBSOCKET: &str = r#"
import asyncio, sys, websockets

async def echo(socket):
    async for message in socket:
        await socket.send(message)

async def main():
    if sys.argv[1] == "serve":
        async with websockets.serve(echo, "127.0.0.1", 0) as server:
            print(server.sockets[0].getsockname()[1], flush=True)
            await asyncio.Future()
    async with websockets.connect(sys.argv[2], max_size=None) as socket:
        for message in ["hello", b"\x00\xff" * 500_000, "bye"]:
            await socket.send(message)
            assert await socket.recv() == message
    print("echoed")

asyncio.run(main())
"#;

const GRPC: &str = r#"
import sys, time, grpc
from concurrent import futures

same = lambda data: data

class Handler(grpc.GenericRpcHandler):
    def service(self, call):
        if call.method == "/test.Echo/Unary":
            return grpc.unary_unary_rpc_method_handler(lambda data, ctx: data)
        if call.method == "/test.Echo/Stream":
            return grpc.stream_stream_rpc_method_handler(lambda all, ctx: (data for data in all))
        if call.method == "/test.Echo/Fail":
            return grpc.unary_unary_rpc_method_handler(
                lambda data, ctx: ctx.abort(grpc.StatusCode.UNAVAILABLE, "not now"))

if sys.argv[1] == "serve":
    server = grpc.server(futures.ThreadPoolExecutor(8))
    server.add_generic_rpc_handlers((Handler(),))
    print(server.add_insecure_port("127.0.0.1:0"), flush=True)
    server.start()
    server.wait_for_termination()
with grpc.insecure_channel(sys.argv[2]) as channel:
    for number in range(50):
        data = bytes([number]) * 3000
        assert channel.unary_unary("/test.Echo/Unary")(data, timeout=30) == data
    parts = [bytes([number]) * 10_000 for number in range(100)]
    assert list(channel.stream_stream("/test.Echo/Stream")(iter(parts), timeout=30)) == parts
    try:
        channel.unary_unary("/test.Echo/Fail")(b"x", timeout=30)
        raise SystemExit("this should have failed")
    except grpc.RpcError as error:
        assert error.code() == grpc.StatusCode.UNAVAILABLE and error.details() == "not now", error
print("echoed")
"#;

/// Runs a script's server, a gateway in front of it, and the script's client through it.
fn through(script: &str, module: &str, scheme: &str, protocol: &str) -> Option<Gateway> {
    let python = python_with(module).unwrap()?;
    let home = Home::new().unwrap();
    let path = home.write("script.py", script.as_bytes()).unwrap();
    let mut serve = Command::new(&python);
    let log = home.next_log();
    let server = plimsoll_e2e::Program::start(serve.arg(&path).arg("serve"), log).unwrap();
    let port = wait_until(WAIT_MAX, "the script's server", || {
        let log = server.log();
        log.trim().parse::<u16>().context(log)
    })
    .unwrap();
    let text = config(&format!("http://127.0.0.1:{port}"));
    let text = text.replace("name: shop,", &format!("name: shop, protocol: {protocol},"));
    let gateway = Gateway::start(&home, &text).unwrap();
    let url = format!("{scheme}{}", gateway.address("web").unwrap());
    let said = output(Command::new(&python).arg(&path).args(["ask", &url])).unwrap();
    assert_eq!(said.trim(), "echoed");
    Some(gateway)
}

#[test]
fn a_websocket_client_talks_through_it() {
    if let Some(gateway) = through(WEBSOCKET, "websockets", "ws://", "auto") {
        wait_for(&gateway, "1xx", 1.0);
    }
}

#[test]
fn a_grpc_client_talks_through_it() {
    if let Some(gateway) = through(GRPC, "grpc", "", "http2") {
        // 50 calls and a stream went well. The one that failed is no success, though HTTP says 200.
        wait_for(&gateway, "2xx", 51.0);
        wait_for(&gateway, "5xx", 1.0);
    }
}

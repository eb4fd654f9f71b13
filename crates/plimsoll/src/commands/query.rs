//! `plimsoll query`: asks a running server.

mod table;

use std::time::Duration;

use clap::ValueEnum;
use plimsoll_runtime::http::{Client, ClientConfig, Request, read_response_capped};
use plimsoll_types::ByteCount;
use url::Url;

use super::Failure;

/// The largest answer that is read.
const ANSWER_BYTES_MAX: ByteCount = ByteCount::GIB;

/// Ask a running server a PromQL question
///
/// Without --start the question is for one point in time, otherwise for every step from --start to --end.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The question, in PromQL
    expression: String,
    /// Where the server listens
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:9880")]
    server: String,
    /// The point in time: Unix seconds or RFC 3339; now when absent
    #[arg(long, value_name = "TIME", conflicts_with_all = ["start", "end", "step"])]
    time: Option<String>,
    /// Where the range begins: Unix seconds or RFC 3339
    #[arg(long, value_name = "TIME", requires = "end")]
    start: Option<String>,
    /// Where the range ends, the last step included
    #[arg(long, value_name = "TIME", requires = "start")]
    end: Option<String>,
    /// The distance of two steps
    #[arg(
        long,
        value_name = "DURATION",
        default_value = "1m",
        requires = "start"
    )]
    step: String,
    /// How the answer is printed
    #[arg(
        long,
        short,
        value_enum,
        value_name = "FORMAT",
        default_value = "table"
    )]
    output: Output,
    /// How long to wait for the answer, in seconds
    #[arg(long, value_name = "SECONDS", default_value = "120")]
    timeout: u64,
}

#[derive(Clone, Copy, ValueEnum)]
enum Output {
    /// One line per series
    Table,
    /// The server's answer as it came
    Json,
}

pub(crate) fn run(arguments: Arguments) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Failure::failed)?;
    let answer = runtime.block_on(ask(&arguments))?;
    match arguments.output {
        Output::Json => println!("{answer}"),
        Output::Table => {
            let answer = serde_json::from_str(&answer).map_err(|error| {
                Failure::failed(format!("{} answered no JSON: {error}", arguments.server))
            })?;
            print!("{}", table::render(&answer)?);
        }
    }
    Ok(())
}

/// Sends the question as a form, so that its length does not matter, and returns the body of a good answer.
async fn ask(arguments: &Arguments) -> Result<String, Failure> {
    let client = Client::new(ClientConfig::default()).map_err(Failure::failed)?;
    let deadline = Duration::from_secs(arguments.timeout);
    let content_type = "application/x-www-form-urlencoded"
        .parse()
        .expect("a header value");
    let request = Request::post(endpoint(arguments)?, form(arguments).into(), deadline)
        .with_header(http::header::CONTENT_TYPE, content_type);
    let unreachable = |error: plimsoll_runtime::http::Error| {
        let hint = "is it running? start it with: plimsoll serve";
        Failure::unreachable(format!("{}: {}\n{hint}", arguments.server, chain(&error)))
    };
    let response = client.send(request).await.map_err(unreachable)?;
    let is_success = response.status().is_success();
    let status = response.status();
    let body = read_response_capped(response, ANSWER_BYTES_MAX)
        .await
        .map_err(unreachable)?;
    let body = String::from_utf8_lossy(&body).into_owned();
    if is_success {
        return Ok(body);
    }
    let reason = serde_json::from_str::<serde_json::Value>(&body)
        .ok()
        .and_then(|answer| answer["error"].as_str().map(String::from));
    Err(Failure::failed(reason.unwrap_or_else(|| {
        format!("{} answered {status}", arguments.server)
    })))
}

fn endpoint(arguments: &Arguments) -> Result<Url, Failure> {
    let path = if arguments.start.is_some() {
        "api/v1/query_range"
    } else {
        "api/v1/query"
    };
    let wrong = |reason: &dyn std::fmt::Display| {
        Failure::usage(format!("--server {}: {reason}", arguments.server))
    };
    let base = format!("{}/", arguments.server.trim_end_matches('/'));
    let url = Url::parse(&base).map_err(|error| wrong(&error))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(wrong(
            &"expected a URL that begins with http:// or https://",
        ));
    }
    url.join(path).map_err(|error| wrong(&error))
}

fn form(arguments: &Arguments) -> String {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.append_pair("query", &arguments.expression);
    let times = [
        ("time", &arguments.time),
        ("start", &arguments.start),
        ("end", &arguments.end),
    ];
    for (name, value) in times {
        if let Some(value) = value {
            form.append_pair(name, value);
        }
    }
    if arguments.start.is_some() {
        form.append_pair("step", &arguments.step);
    }
    form.finish()
}

/// An error with all its causes on one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(&format!(": {cause}"));
        source = cause.source();
    }
    text
}

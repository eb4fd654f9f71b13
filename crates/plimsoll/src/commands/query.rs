//! `plimsoll query`: asks a running server.

mod table;

use std::time::Duration;

use clap::ValueEnum;
use plimsoll_runtime::http::{Client, ClientConfig, Request, read_response_capped, without_user};
use plimsoll_types::ByteCount;
use url::Url;

use super::{Failure, print};

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
        Output::Json => print(&format!("{answer}\n")),
        Output::Table => {
            let answer = serde_json::from_str(&answer).map_err(|error| {
                Failure::failed(format!("{} answered no JSON: {error}", shown(&arguments)))
            })?;
            print(&table::render(&answer)?)
        }
    }
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
        Failure::unreachable(format!("{}: {}\n{hint}", shown(arguments), error.chain()))
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
        format!("{} answered {status}", shown(arguments))
    })))
}

/// The server for texts that people see: its URL without user and password.
fn shown(arguments: &Arguments) -> String {
    let text = arguments.server.trim_end_matches('/');
    match Url::parse(text) {
        Ok(url) if url.has_host() => without_user(&url).as_str().trim_end_matches('/').into(),
        // What is no URL may hold a password all the same.
        _ => text.rsplit('@').next().unwrap_or_default().into(),
    }
}

fn endpoint(arguments: &Arguments) -> Result<Url, Failure> {
    let path = if arguments.start.is_some() {
        "api/v1/query_range"
    } else {
        "api/v1/query"
    };
    let wrong = |reason: &dyn std::fmt::Display| {
        Failure::usage(format!("--server {}: {reason}", shown(arguments)))
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

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        arguments: Arguments,
    }

    #[test]
    fn no_text_shows_a_password() {
        for (server, expected) in [
            ("http://ann:pw@127.0.0.1:9880/", "http://127.0.0.1:9880"),
            ("http://127.0.0.1:9880/sub", "http://127.0.0.1:9880/sub"),
            ("http://ann:pw@host:99999", "host:99999"),
            ("ann:pw@host", "host"),
        ] {
            let line = Line::parse_from(["x", "up", "--server", server]);
            assert_eq!(shown(&line.arguments), expected, "{server}");
        }
    }
}

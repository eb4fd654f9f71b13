//! `plimsoll gateway explain`: why a request would go where it goes.

use serde_json::Value;
use url::Url;

use super::answer::{Gateway, number, percent};
use crate::commands::Failure;
use crate::commands::alert::Page;
use crate::commands::shown::{list, text};
use crate::commands::slo::Output;

/// Explain where a request would go: its route and why no other, its limits, its backend, each endpoint
///
/// Nothing is sent, counted or taken from a limit.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    plimsoll gateway explain /checkout/cart\n  \
    plimsoll gateway explain -X POST https://shop.example/checkout -H 'x-tenant: a' --client 10.1.2.3")]
pub(super) struct Arguments {
    /// The request's URL, or its path; the host of a path is localhost
    #[arg(value_name = "URL")]
    url: String,
    /// The request's method
    #[arg(long, short = 'X', value_name = "METHOD", default_value = "GET")]
    method: String,
    /// A header of it; may be repeated
    #[arg(long, short = 'H', value_name = "NAME: VALUE")]
    header: Vec<String>,
    /// Who sends it
    #[arg(long, value_name = "ADDRESS")]
    client: Option<std::net::IpAddr>,
    /// Where it comes in; the first listener for HTTP unless it is said
    #[arg(long, value_name = "NAME")]
    listener: Option<String>,
    #[command(flatten)]
    gateway: Gateway,
    /// How it is printed
    #[arg(
        long,
        short,
        value_enum,
        value_name = "FORMAT",
        default_value = "table"
    )]
    output: Output,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let (host, path) = parts(&arguments.url).map_err(Failure::usage)?;
    let mut parameters = vec![("method", arguments.method.clone()), ("path", path)];
    parameters.extend(host.map(|host| ("host", host)));
    let headers = arguments.header.iter();
    parameters.extend(headers.map(|header| ("header", header.clone())));
    let client = arguments.client.map(|client| client.to_string());
    parameters.extend(client.map(|client| ("client", client)));
    let listener = arguments.listener.clone();
    parameters.extend(listener.map(|listener| ("listener", listener)));
    let data = arguments.gateway.data("explain", &parameters)?;
    arguments.output.print(&data, page)
}

/// Takes host and path of a URL as they are written: what the gateway does with `..` is what is asked.
fn parts(url: &str) -> Result<(Option<String>, String), String> {
    if url.starts_with('/') {
        return Ok((None, url.to_owned()));
    }
    let known = Url::parse(url).ok().filter(|url| url.has_host());
    let is_http = known.is_some_and(|url| matches!(url.scheme(), "http" | "https"));
    let rest = url.split_once("://").map(|(_, rest)| rest);
    let Some(rest) = rest.filter(|_| is_http) else {
        return Err(format!(
            "wanted a path such as /checkout or a URL such as http://shop.example/checkout, found {url:?}"
        ));
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let path = path.split('#').next().unwrap_or_default();
    let path = match path.starts_with('/') {
        true => path.to_owned(),
        false => format!("/{path}"),
    };
    let host = authority.rsplit('@').next().unwrap_or_default();
    Ok((Some(host.to_owned()), path))
}

fn page(data: &Value) -> String {
    let mut page = Page::default();
    page.title(&format!("{}{}", text(&data["host"]), text(&data["path"])));
    page.fact(1, "comes in at", &text(&data["listener"]));
    if data["miss"].is_string() {
        page.fact(1, "refused", &text(&data["miss"]));
        return page.into_text();
    }
    page.title("routes");
    for route in list(&data["routes"]) {
        let reason = match text(&route["verdict"]).as_str() {
            "taken" => "is taken".to_owned(),
            "outranked" => format!("goes after {}", text(&route["reason"])),
            _ => format!("no: {}", text(&route["reason"])),
        };
        page.fact(1, &text(&route["route"]), &reason);
    }
    match data["taken"].is_object() {
        true => taken(&mut page, &data["taken"]),
        false => page.line(1, "none matches: 404"),
    }
    page.into_text()
}

fn taken(page: &mut Page, taken: &Value) {
    page.title(&format!("route {}", text(&taken["route"])));
    page.fact(1, "class", &text(&taken["criticality"]));
    if taken["endsHere"].is_string() {
        page.fact(1, "ends here", &text(&taken["endsHere"]));
    }
    let limits = list(&taken["limits"]).map(|limit| {
        let only = match limit["isDryRun"] == true {
            true => ", only counts",
            false => "",
        };
        format!(
            "{}: {} left{only}",
            text(&limit["name"]),
            number(&limit["left"])
        )
    });
    page.facts(1, "limits", limits);
    if let Some(faults @ 1..) = taken["faults"].as_u64() {
        page.fact(1, "faults", &faults.to_string());
    }
    list(&taken["backends"]).for_each(|one| backend(page, one));
}

fn backend(page: &mut Page, backend: &Value) {
    let share = match backend["share"].as_f64() {
        Some(share) if share < 1.0 => format!(", {} of requests", percent(&backend["share"])),
        _ => String::new(),
    };
    page.title(&format!("backend {}{share}", text(&backend["name"])));
    page.fact(1, "policy", &text(&backend["policy"]));
    let panicking = list(&backend["levels"]).filter(|level| level["isPanicking"] == true);
    page.facts(
        1,
        "PANIC",
        panicking.map(|level| format!("at priority {}: health is ignored", level["priority"])),
    );
    for candidate in list(&backend["candidates"]) {
        let mark = match candidate["isEligible"] == true {
            true => "may",
            false => "not",
        };
        let told = format!(
            "{} {}",
            text(&candidate["name"]),
            text(&candidate["reason"])
        );
        page.fact(1, mark, told.trim_end());
    }
    let choice = &backend["choice"];
    match choice["none"].is_string() {
        true => page.fact(1, "goes to", &format!("none: {}", text(&choice["none"]))),
        false => {
            let why = text(&choice["why"]);
            page.fact(
                1,
                "goes to",
                &format!("{} ({why})", text(&choice["endpoint"])),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_url_is_taken_as_it_is_written() {
        let read = |url: &str| parts(url).unwrap();
        let of = |host: &str, path: &str| (Some(host.to_owned()), path.to_owned());
        assert_eq!(read("/a/../b?c"), (None, "/a/../b?c".into()));
        assert_eq!(
            read("http://shop.example/a/../b?c#d"),
            of("shop.example", "/a/../b?c")
        );
        assert_eq!(read("https://me@[::1]:8443?x"), of("[::1]:8443", "/?x"));
        for wrong in ["shop", "ftp://a/b", "http://", "a/b"] {
            assert!(parts(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn every_candidate_has_its_reason() {
        let data = json!({
            "listener": "web", "miss": null, "host": "a", "path": "/x",
            "routes": [
                {"route": "one", "verdict": "no_match", "reason": "the method GET is none of its methods"},
                {"route": "two", "verdict": "taken", "reason": ""},
            ],
            "taken": {"route": "two", "criticality": "P1", "endsHere": null, "limits": [], "faults": 0, "backends": [{
                "name": "shop", "share": 1.0, "policy": "maglev", "levels": [],
                "candidates": [
                    {"name": "a:1", "isEligible": true, "reason": "up"},
                    {"name": "b:1", "isEligible": false, "reason": "ejected: 5 failures in a row"},
                ],
                "choice": {"endpoint": "a:1", "why": "policy"},
            }]},
        });
        let expected = "a/x\n  comes in at   web\n\n\
            routes\n  one           no: the method GET is none of its methods\n  two           is taken\n\n\
            route two\n  class         P1\n\n\
            backend shop\n  policy        maglev\n  may           a:1 up\n  \
            not           b:1 ejected: 5 failures in a row\n  goes to       a:1 (policy)\n";
        assert_eq!(page(&data), expected);
    }
}

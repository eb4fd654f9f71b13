//! One file: its sections are read in the order in which they need each other.

use std::time::Duration;

use plimsoll_runtime::config::{Diagnostics, Source, Span, Spanned};
use plimsoll_traffic::retry::BudgetOptions;

use super::context::{Context, short};
use super::known::Known;
use super::raw::{RawAccessLog, RawFile, RawGateway, RawRetryBudget, TextOr};
use super::watch::Stamp;
use super::{Loaded, VERSION, backends, listeners, routes};
use crate::model::{AccessLog, Config};

/// Checks a file.
pub(super) fn check(source: &Source) -> Result<Loaded, Diagnostics> {
    let raw: RawFile = source.parse()?;
    let mut ctx = Context::new(source);
    let config = file(raw, &mut ctx);
    let own = Stamp::of(source.text().as_bytes());
    let mut stamps = vec![(source.path().to_owned(), own)];
    stamps.extend(ctx.files);
    let mut found = ctx.findings.into_list();
    // In the order of the file; what is about all of it comes last.
    found.sort_by_key(|finding| (finding.line == 0, finding.line, finding.column));
    let found = Diagnostics(found);
    if found.has_errors() {
        return Err(found);
    }
    Ok(Loaded {
        config,
        warnings: found.0,
        files: stamps.iter().map(|(path, _)| path.clone()).collect(),
        stamps,
    })
}

fn file(raw: RawFile, ctx: &mut Context<'_>) -> Config {
    if raw.version.value != VERSION {
        let message = match raw.version.is_empty() {
            true => format!("the file needs `version: {VERSION}`"),
            false => format!("unknown version {:?}", short(&raw.version)),
        };
        let hint = format!("this program reads {VERSION}");
        ctx.hint(raw.version.span, message, hint);
    }
    match raw.gateway {
        Some(raw) => gateway(raw, ctx),
        None => {
            ctx.error(raw.version.span, "the file needs a section `gateway`");
            Config::default()
        }
    }
}

fn gateway(raw: Spanned<RawGateway>, ctx: &mut Context<'_>) -> Config {
    let section = raw.key;
    let raw = raw.value;
    let default = Config::default();
    let mut known = Known::default();
    let backends = backends::backends(raw.backends, &mut known, ctx);
    let listeners = listeners::listeners(raw.listeners, section, &mut known, ctx);
    let routes = routes::routes(raw.routes, section, &mut known, ctx);
    known.unused(ctx);
    let drain_timeout = ctx.time(&raw.drain_timeout);
    let config = Config {
        threads: ctx.number(&raw.threads, "threads", 1..=1024),
        listeners,
        backends,
        routes,
        access_log: access_log(raw.access_log, ctx),
        retry_budget: retry_budget(raw.retry_budget, ctx),
        drain_timeout: drain_timeout.unwrap_or(default.drain_timeout),
    };
    if let Some(raw) = &raw.drain_timeout {
        drain(raw.span, raw.value.0, &config, ctx);
    }
    config
}

/// Warns of requests that a stop cuts off though their route gives them time.
fn drain(span: Span, timeout: Duration, config: &Config, ctx: &mut Context<'_>) {
    let longest = config.routes.iter().max_by_key(|route| route.timeout);
    if let Some(route) = longest.filter(|route| route.timeout > timeout) {
        let message = format!(
            "a stop cuts off requests of the route `{}`, which may take {:?}",
            route.name, route.timeout
        );
        ctx.warning(span, message);
    }
}

fn access_log(
    raw: Option<Spanned<TextOr<RawAccessLog>>>,
    ctx: &mut Context<'_>,
) -> Option<AccessLog> {
    let raw = raw?;
    let span = raw.span;
    match raw.value {
        TextOr::Text(word) if word == "none" => None,
        TextOr::Text(word) if word == "stdout" => Some(AccessLog {
            file: None,
            sample: 1,
        }),
        TextOr::Text(word) => {
            let message = format!("unknown access log {:?}", short(&word));
            ctx.hint(
                span,
                message,
                "expected stdout, none, or {file: access.log}",
            );
            None
        }
        TextOr::Section(raw) => {
            let file = raw.file.as_ref();
            if let Some(file) = file.filter(|file| file.is_empty()) {
                ctx.error(file.span, "the name of the file is empty");
            }
            Some(AccessLog {
                file: file.map(|file| ctx.findings.resolve(file)),
                sample: ctx
                    .number(&raw.sample, "sample", 1..=1_000_000)
                    .unwrap_or(1),
            })
        }
    }
}

fn retry_budget(raw: Option<Spanned<RawRetryBudget>>, ctx: &mut Context<'_>) -> BudgetOptions {
    let default = BudgetOptions::default();
    let Some(raw) = raw else {
        return default;
    };
    let ttl = ctx.above_zero(&raw.ttl, "ttl");
    if let Some(raw) = raw.ttl.filter(|ttl| ttl.value.0 > Duration::from_secs(60)) {
        ctx.error(raw.span, "`ttl` is at most 1m, as in Finagle");
    }
    let reserve = &raw.reserve_per_second;
    BudgetOptions {
        ratio: ctx
            .share(&raw.ratio, "ratio", 0.0..=1000.0)
            .unwrap_or(default.ratio),
        reserve_per_second: ctx
            .number(reserve, "reserve_per_second", 0..=1_000_000)
            .unwrap_or(default.reserve_per_second),
        ttl: ttl.unwrap_or(default.ttl),
    }
}

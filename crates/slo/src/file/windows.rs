//! `window` and `windows`: over which times a promise holds.

use std::time::Duration;

use plimsoll_runtime::config::{Span, Spanned};
use plimsoll_types::{format_duration, parse_duration};

use super::context::{Context, short};
use super::raw::{RawWindow, TextOr};
use crate::{CalendarUnit, Span as Slices, Window};

/// As most SLOs have it.
const DEFAULT: Duration = Duration::from_secs(30 * 86_400);
/// The ledger keeps twice the longest window, 800 days at most.
const LENGTH_MAX: Duration = Duration::from_secs(400 * 86_400);
/// In less time no burn window would fit.
const LENGTH_MIN: Duration = Duration::from_secs(60);
const WINDOWS_MAX: usize = 10;

type Raw = Spanned<TextOr<RawWindow>>;

/// Reads the windows; 30 days when the file has none, and empty when they are wrong.
pub(super) fn windows(
    one: Option<Raw>,
    several: Option<Spanned<Vec<Raw>>>,
    ctx: &mut Context<'_>,
) -> Vec<Window> {
    let several = match (one, several) {
        (None, None) => return vec![Window::Rolling(DEFAULT)],
        (Some(one), None) => return window(&one, ctx).into_iter().collect(),
        (None, Some(several)) => several,
        (Some(_), Some(several)) => {
            ctx.error(several.key, "`window` and `windows` exclude each other");
            return Vec::new();
        }
    };
    if several.is_empty() {
        ctx.error(several.key, "`windows` is empty");
    }
    if several.len() > WINDOWS_MAX {
        let message = format!("an SLO has at most {WINDOWS_MAX} windows");
        ctx.error(several.key, message);
        return Vec::new();
    }
    let mut found = Vec::new();
    for raw in several.iter() {
        let Some(window) = window(raw, ctx) else {
            continue;
        };
        if found.contains(&window) {
            ctx.error(raw.span, "this window is here twice");
        }
        found.push(window);
    }
    found
}

fn window(raw: &Raw, ctx: &mut Context<'_>) -> Option<Window> {
    match &raw.value {
        TextOr::Text(text) => rolling(text, raw.span, ctx).map(Window::Rolling),
        TextOr::Section(section) => calendar(section, ctx),
    }
}

fn rolling(text: &str, span: Span, ctx: &mut Context<'_>) -> Option<Duration> {
    let length = match parse_duration(text) {
        Ok(length) => length,
        Err(_) => {
            let message = format!("expected a length such as 30d, found {:?}", short(text));
            let hint = "a period of the calendar is `{calendar: month, zone: Europe/Athens}`";
            ctx.findings.error_with_hint(span, message, hint);
            return None;
        }
    };
    let wrong = match length {
        _ if length > LENGTH_MAX => format!(
            "a window of {} is longer than the ledger keeps: {} at most",
            format_duration(length),
            format_duration(LENGTH_MAX)
        ),
        _ if length < LENGTH_MIN => {
            let least = format_duration(LENGTH_MIN);
            format!("a window is at least {least} long")
        }
        _ if !length.as_millis().is_multiple_of(Slices::SLICE.as_millis()) => {
            "a window is a multiple of 10s, the length of a slice".to_owned()
        }
        _ => return Some(length),
    };
    ctx.error(span, wrong);
    None
}

fn calendar(raw: &RawWindow, ctx: &mut Context<'_>) -> Option<Window> {
    let zone = ctx.zone(raw.zone.as_ref());
    let what = "period of the calendar";
    let unit = ctx.word(
        &raw.calendar,
        what,
        &CalendarUnit::ALL,
        CalendarUnit::as_str,
    );
    Some(Window::Calendar {
        unit: unit?,
        zone: zone?,
    })
}

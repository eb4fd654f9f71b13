//! Conditions of a configuration in words.

use std::time::Duration;

use plimsoll_types::format_duration;

use crate::model::{
    Check, CheckKind, HeaderMatch, HostPattern, LimitKey, Match, PathMatch, StatusRange, TextMatch,
};

/// A host as files write it.
pub fn host(pattern: &HostPattern) -> String {
    match pattern {
        HostPattern::Exact(name) => name.clone(),
        HostPattern::Suffix(suffix) => format!("*{suffix}"),
    }
}

/// All conditions of a match; "everything" when there is none.
pub fn condition(condition: &Match) -> String {
    let mut all = Vec::new();
    all.extend(condition.path.as_ref().map(|path| match path {
        PathMatch::Exact(path) => format!("path {path}"),
        PathMatch::Prefix(prefix) => format!("path below {prefix}"),
        PathMatch::Regex(pattern) => format!("path like {}", whole(pattern.as_str())),
    }));
    if !condition.methods.is_empty() {
        let methods: Vec<_> = condition.methods.iter().map(|one| one.as_str()).collect();
        all.push(format!("method {}", methods.join(" or ")));
    }
    all.extend(condition.headers.iter().map(header));
    for (noun, conditions) in [("cookie", &condition.cookies), ("query", &condition.query)] {
        let told = conditions.iter();
        all.extend(told.map(|(name, value)| format!("{noun} {name} {}", text(value))));
    }
    match all.is_empty() {
        true => "everything".to_owned(),
        false => all.join(", "),
    }
}

/// A condition on a header.
pub fn header(header: &HeaderMatch) -> String {
    format!("header {} {}", header.name, text(&header.value))
}

fn text(wanted: &TextMatch) -> String {
    match wanted {
        TextMatch::Present => "is there".to_owned(),
        TextMatch::Absent => "is not there".to_owned(),
        TextMatch::Exact(text) => format!("is {text:?}"),
        TextMatch::Regex(pattern) => format!("is like {}", whole(pattern.as_str())),
    }
}

/// An expression that must match as a whole, as the file has it.
fn whole(pattern: &str) -> &str {
    let inner = pattern.strip_prefix("^(?:");
    let inner = inner.and_then(|rest| rest.strip_suffix(")$"));
    inner.unwrap_or(pattern)
}

/// What has a bucket of its own, as files write it.
pub fn key(key: &LimitKey) -> String {
    match key {
        LimitKey::Route => "route".to_owned(),
        LimitKey::Client => "client".to_owned(),
        LimitKey::Header(name) => format!("header {name}"),
        LimitKey::Cookie(name) => format!("cookie {name}"),
    }
}

/// What a check does, and how often.
pub fn check(check: &Check, interval: Duration) -> String {
    let what = match &check.kind {
        CheckKind::Tcp => "TCP".to_owned(),
        CheckKind::Http {
            method,
            path,
            statuses,
            ..
        } => {
            let statuses: Vec<String> = statuses.iter().map(range).collect();
            format!("{method} {path} is {}", statuses.join(" or "))
        }
        CheckKind::Grpc { service } if service.is_empty() => "gRPC health".to_owned(),
        CheckKind::Grpc { service } => format!("gRPC health of {service}"),
    };
    let port = check.port.map(|port| format!(" at port {port}"));
    let interval = format_duration(interval);
    format!("{what}{} every {interval}", port.unwrap_or_default())
}

fn range(range: &StatusRange) -> String {
    match range.first == range.last {
        true => range.first.to_string(),
        false => format!("{}-{}", range.first, range.last),
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, Method};

    use super::*;
    use crate::model::Pattern;

    #[test]
    fn conditions_are_told_in_one_line() {
        assert_eq!(condition(&Match::default()), "everything");
        let all = Match {
            path: Some(PathMatch::Regex(Pattern::whole("/v[0-9]+").unwrap())),
            methods: vec![Method::GET, Method::HEAD],
            headers: vec![HeaderMatch {
                name: HeaderName::from_static("x-beta"),
                value: TextMatch::Exact("1".into()),
            }],
            cookies: vec![("session".into(), TextMatch::Present)],
            query: vec![("debug".into(), TextMatch::Absent)],
        };
        let expected = "path like /v[0-9]+, method GET or HEAD, header x-beta is \"1\", \
            cookie session is there, query debug is not there";
        assert_eq!(condition(&all), expected);
    }

    #[test]
    fn a_check_is_told_with_what_is_well() {
        let range = |first, last| StatusRange { first, last };
        let kind = CheckKind::Http {
            method: Method::GET,
            path: "/ready".into(),
            host: None,
            statuses: vec![range(200, 299), range(404, 404)],
            body: None,
        };
        let port = Some(8081);
        let told = check(&Check { kind, port }, Duration::from_secs(2));
        assert_eq!(told, "GET /ready is 200-299 or 404 at port 8081 every 2s");
    }
}

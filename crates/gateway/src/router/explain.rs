//! Why a request takes the route that it takes, and no other.

use std::cmp::Reverse;

use http::request::Parts;

use super::conditions::{Request, count, has_path, is_root};
use super::{Miss, Path, RouteEntry, Router, host};
use crate::model::{HostPattern, Match, PathMatch};

/// What became of each route.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    /// The host that was looked for: lower case, without a port.
    pub host: String,
    /// The path that was looked for.
    pub path: String,
    /// The path that is sent on.
    pub forwarded: String,
    /// The route that was taken, by its name.
    pub route: Option<String>,
    /// All routes, in the order of the file.
    pub candidates: Vec<Candidate>,
}

/// What became of a route.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// Its name.
    pub route: String,
    /// What became of it.
    pub verdict: Verdict,
}

/// What became of a route.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// It is taken.
    Taken,
    /// It matches, and another one goes first: which one, and why.
    Outranked(String),
    /// It does not match: why.
    No(String),
}

/// How exact a match is; the greatest is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rank {
    /// 2 and nothing for a name, 1 and its length for a suffix, 0 for any.
    host: (u8, usize),
    /// 3 for exact, 2 and its length for a prefix, 1 for an expression, 0 for any.
    path: (u8, usize),
    conditions: usize,
    place: Reverse<usize>,
}

impl Router {
    /// Says which route a request takes and why no other; slow, for people.
    ///
    /// # Errors
    /// The request cannot have a route at all, whatever routes there are.
    pub fn explain(&self, listener: usize, parts: &Parts) -> Result<Explanation, Miss> {
        let host = host::of(parts)?;
        let path = Path::new(parts.uri.path())?;
        let request = Request {
            parts,
            path: path.matched(),
        };
        let name = self.listeners.get(listener).map_or("", String::as_str);
        let judged = |entry: &RouteEntry| judge(entry, name, &host, &request);
        let judged: Vec<_> = self.entries.iter().map(|entry| judged(entry)).collect();
        let best = judged.iter().filter_map(|one| one.as_ref().ok()).max();
        let taken = best.map(|rank| &*self.entries[rank.place.0].route.name);
        let entries = self.entries.iter().zip(&judged);
        let candidates = entries.map(|(entry, judged)| Candidate {
            route: entry.route.name.clone(),
            verdict: verdict(judged, best.zip(taken)),
        });
        Ok(Explanation {
            candidates: candidates.collect(),
            route: taken.map(str::to_owned),
            path: path.matched().to_owned(),
            forwarded: path.forwarded().to_owned(),
            host: host.into_owned(),
        })
    }
}

/// Returns how well a route matches, or why it does not.
fn judge(
    entry: &RouteEntry,
    listener: &str,
    host: &str,
    request: &Request<'_>,
) -> Result<Rank, String> {
    let route = &entry.route;
    if !route.listeners.is_empty() && !route.listeners.iter().any(|name| name == listener) {
        return Err(format!("it is not for the listener `{listener}`"));
    }
    let hosts = route.hosts.iter().filter_map(|one| host_rank(one, host));
    let host_rank = match route.hosts.is_empty() {
        true => Some((0, 0)),
        false => hosts.max(),
    };
    let host_rank = host_rank.ok_or_else(|| format!("`{host}` is none of its hosts"))?;
    let rank = |condition: Option<&Match>| Rank {
        host: host_rank,
        path: path_rank(condition.and_then(|one| one.path.as_ref())),
        conditions: condition.map_or(0, count),
        place: Reverse(entry.index),
    };
    if route.matches.is_empty() {
        return Ok(rank(None));
    }
    let mut reasons = Vec::new();
    let mut best: Option<Rank> = None;
    for condition in &route.matches {
        match why_not(condition, request) {
            None => best = best.max(Some(rank(Some(condition)))),
            Some(reason) => reasons.push(reason),
        }
    }
    best.ok_or_else(|| reasons.join("; "))
}

fn host_rank(pattern: &HostPattern, host: &str) -> Option<(u8, usize)> {
    match pattern {
        HostPattern::Exact(name) => (name == host).then_some((2, 0)),
        HostPattern::Suffix(suffix) => {
            let is_below = host.len() > suffix.len() && host.ends_with(suffix.as_str());
            is_below.then_some((1, suffix.len()))
        }
    }
}

fn path_rank(path: Option<&PathMatch>) -> (u8, usize) {
    match path {
        None => (0, 0),
        Some(PathMatch::Exact(_)) => (3, 0),
        Some(PathMatch::Prefix(prefix)) if is_root(prefix) => (0, 0),
        Some(PathMatch::Prefix(prefix)) => (2, prefix.trim_end_matches('/').len()),
        Some(PathMatch::Regex(_)) => (1, 0),
    }
}

/// Returns the first condition that does not hold, in words.
fn why_not(condition: &Match, request: &Request<'_>) -> Option<String> {
    if !has_path(request.path, condition.path.as_ref()) {
        let wanted = match condition.path.as_ref()? {
            PathMatch::Exact(path) => format!("exactly `{path}`"),
            PathMatch::Prefix(prefix) => format!("below `{prefix}`"),
            PathMatch::Regex(pattern) => format!("like `{}`", pattern.as_str()),
        };
        return Some(format!("the path `{}` is not {wanted}", request.path));
    }
    if !request.has_method(&condition.methods) {
        let method = &request.parts.method;
        return Some(format!("the method {method} is none of its methods"));
    }
    let headers = condition.headers.iter();
    let header = headers
        .filter(|one| !request.has_header(&one.name, &one.value))
        .map(|one| format!("the header `{}` is not as wanted", one.name));
    let cookies = condition.cookies.iter();
    let cookie = cookies
        .filter(|(name, value)| !request.has_cookie(name, value))
        .map(|(name, _)| format!("the cookie `{name}` is not as wanted"));
    let query = condition.query.iter();
    let parameter = query
        .filter(|(name, value)| !request.has_parameter(name, value))
        .map(|(name, _)| format!("the query parameter `{name}` is not as wanted"));
    header.chain(cookie).chain(parameter).next()
}

fn verdict(judged: &Result<Rank, String>, taken: Option<(&Rank, &str)>) -> Verdict {
    match (judged, taken) {
        (Err(reason), _) => Verdict::No(reason.clone()),
        (Ok(rank), Some((best, name))) if rank != best => {
            let why = if best.host != rank.host {
                "its host is more exact"
            } else if best.path != rank.path {
                "its path is more exact"
            } else if best.conditions != rank.conditions {
                "it has more conditions"
            } else {
                "it is the first of the file"
            };
            Verdict::Outranked(format!("`{name}`: {why}"))
        }
        (Ok(_), _) => Verdict::Taken,
    }
}

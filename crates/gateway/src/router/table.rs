//! The routes of one listener, in the order in which they are tried.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::Arc;

use super::RouteEntry;
use super::conditions::{Request, count, is_root};
use super::trie::Trie;
use crate::model::{HostPattern, Match, PathMatch, Pattern};

/// Routes by host.
#[derive(Debug, Default)]
pub(super) struct Table {
    exact: HashMap<Box<str>, Site>,
    suffixes: HashMap<Box<str>, Site>,
    any: Site,
}

/// Routes of one host, by path.
#[derive(Debug, Default)]
struct Site {
    exact: HashMap<Box<str>, Vec<Rule>>,
    prefixes: Trie<Rule>,
    expressions: Vec<(Pattern, Rule)>,
    any: Vec<Rule>,
}

/// One match of a route.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rule {
    /// The route's place.
    pub(super) route: usize,
    /// Its match's place; `None` when it has none and takes everything.
    condition: Option<usize>,
    /// How many conditions the match has besides host and path.
    count: usize,
}

impl Rule {
    fn holds(self, request: &Request<'_>, entries: &[Arc<RouteEntry>]) -> bool {
        let condition = |at: usize| &entries[self.route].route.matches[at];
        self.condition
            .map(condition)
            .is_none_or(|condition| request.fulfils(condition))
    }

    fn order(&self) -> (Reverse<usize>, usize, Option<usize>) {
        (Reverse(self.count), self.route, self.condition)
    }
}

impl Table {
    /// Builds the table of the routes with these places.
    pub(super) fn new(entries: &[Arc<RouteEntry>], own: &[usize]) -> Self {
        let mut table = Self::default();
        for route in own {
            let hosts = &entries[*route].route.hosts;
            let matches = &entries[*route].route.matches;
            if hosts.is_empty() {
                table.any.add(*route, matches);
            }
            for host in hosts {
                table.site(host).add(*route, matches);
            }
        }
        let named = table.exact.values_mut().chain(table.suffixes.values_mut());
        named.chain([&mut table.any]).for_each(Site::sort);
        table
    }

    fn site(&mut self, host: &HostPattern) -> &mut Site {
        let (sites, name) = match host {
            HostPattern::Exact(name) => (&mut self.exact, name),
            HostPattern::Suffix(suffix) => (&mut self.suffixes, suffix),
        };
        sites.entry(name.as_str().into()).or_default()
    }

    /// Returns the rule of a request, and the bytes of the path that its prefix takes.
    pub(super) fn find(
        &self,
        host: &str,
        request: &Request<'_>,
        entries: &[Arc<RouteEntry>],
    ) -> Option<(Rule, usize)> {
        let suffixes = match self.suffixes.is_empty() {
            true => "",
            false => host,
        };
        let suffixes = suffixes_of(suffixes).filter_map(|suffix| self.suffixes.get(suffix));
        let exact = self.exact.get(host).into_iter();
        let sites = exact.chain(suffixes).chain([&self.any]);
        sites
            .into_iter()
            .find_map(|site| site.find(request, entries))
    }
}

/// Walks the parts of a host that begin with a dot and have something before it, the longest first.
fn suffixes_of(host: &str) -> impl Iterator<Item = &str> {
    let dots = host.match_indices('.').filter(|(at, _)| *at > 0);
    dots.map(|(at, _)| &host[at..])
}

impl Site {
    fn add(&mut self, route: usize, matches: &[Match]) {
        if matches.is_empty() {
            self.any.push(Rule {
                route,
                condition: None,
                count: 0,
            });
        }
        for (index, condition) in matches.iter().enumerate() {
            let rule = Rule {
                route,
                condition: Some(index),
                count: count(condition),
            };
            match &condition.path {
                None => self.any.push(rule),
                Some(PathMatch::Prefix(prefix)) if is_root(prefix) => self.any.push(rule),
                Some(PathMatch::Exact(path)) => {
                    self.exact
                        .entry(path.as_str().into())
                        .or_default()
                        .push(rule);
                }
                Some(PathMatch::Prefix(prefix)) => self.prefixes.values_mut(prefix).push(rule),
                Some(PathMatch::Regex(pattern)) => self.expressions.push((pattern.clone(), rule)),
            }
        }
    }

    fn sort(&mut self) {
        let lists = self.exact.values_mut().chain(self.prefixes.all_mut());
        for list in lists.chain([&mut self.any]) {
            list.sort_by_key(Rule::order);
        }
        self.expressions.sort_by_key(|(_, rule)| rule.order());
    }

    fn find(&self, request: &Request<'_>, entries: &[Arc<RouteEntry>]) -> Option<(Rule, usize)> {
        let first = |rules: &[Rule]| {
            let mut rules = rules.iter().copied();
            rules.find(|rule| rule.holds(request, entries))
        };
        let exact = self.exact.get(request.path);
        if let Some(rule) = exact.and_then(|rules| first(rules)) {
            return Some((rule, 0));
        }
        let mut prefixes = self.prefixes.prefixes(request.path);
        let prefixed = prefixes.find_map(|(length, rules)| Some((first(rules)?, length)));
        if prefixed.is_some() {
            return prefixed;
        }
        let is_like = |(pattern, rule): &&(Pattern, Rule)| {
            pattern.is_match(request.path) && rule.holds(request, entries)
        };
        if let Some((_, rule)) = self.expressions.iter().find(is_like) {
            return Some((*rule, 0));
        }
        first(&self.any).map(|rule| (rule, 0))
    }
}

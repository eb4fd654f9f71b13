//! Groups in pages: a token names the group that the next page begins with.

use std::sync::Arc;

use plimsoll_rules::view::GroupView;
use plimsoll_types::Labels;

use super::Filter;
use super::view::Group;
use crate::error::ApiError;
use crate::go;
use crate::params::Params;

/// Which page is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pages {
    /// Groups of a page; none is all of them.
    limit: Option<usize>,
    /// Where it begins.
    token: Option<String>,
}

/// A page.
pub(super) struct Page<'a> {
    pub(super) groups: Vec<Group<'a>>,
    pub(super) next_token: Option<String>,
}

impl Pages {
    /// Reads the parameters, refusing what Prometheus refuses, in its order.
    pub(super) fn read(params: &Params) -> Result<Self, ApiError> {
        let given = |name: &str| params.get(name).filter(|text| !text.is_empty());
        let token = given("group_next_token").map(str::to_owned);
        let Some(limit) = given("group_limit") else {
            return match token {
                None => Ok(Self { limit: None, token }),
                Some(_) => Err(ApiError::parameter(
                    "group_next_token",
                    "group_limit needs to be present in order to paginate over the groups",
                )),
            };
        };
        let limit = go::parse_int_64(limit).map_err(|reason| {
            let reason = format!("group_limit needs to be a valid number: {reason}");
            ApiError::parameter("group_limit", reason)
        })?;
        if limit <= 0 {
            let reason = "group_limit needs to be greater than 0";
            return Err(ApiError::parameter("group_limit", reason));
        }
        let limit = usize::try_from(limit).ok();
        Ok(Self { limit, token })
    }
}

/// Returns the page of what `filter` wants.
pub(super) fn page<'a>(all: &'a [Arc<GroupView>], filter: &Filter) -> Result<Page<'a>, ApiError> {
    let Pages { limit, token: from } = &filter.pages;
    let begin = match from {
        None => 0,
        Some(from) => all
            .iter()
            .position(|group| token(group) == *from)
            .ok_or_else(|| unknown(from))?,
    };
    let mut groups = Vec::new();
    for group in &all[begin..] {
        let Some(view) = Group::of(group, filter) else {
            continue;
        };
        if limit.is_some_and(|limit| groups.len() == limit) {
            let next_token = Some(token(group));
            return Ok(Page { groups, next_token });
        }
        groups.push(view);
    }
    Ok(Page {
        groups,
        next_token: None,
    })
}

fn unknown(token: &str) -> ApiError {
    let reason = format!("invalid group_next_token '{token}'. were rule groups changed?");
    ApiError::parameter("group_next_token", reason)
}

/// Names a group; nobody but us reads it.
fn token(group: &GroupView) -> String {
    let key = [("file", &*group.key.file), ("name", &*group.key.name)];
    format!("{:016x}", Labels::from_pairs(key).stable_hash())
}

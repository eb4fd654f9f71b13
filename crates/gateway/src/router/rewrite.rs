//! The path that an endpoint, or the target of a redirect, sees.

use std::borrow::Cow;

use super::Found;
use crate::model::PathRewrite;

impl Found<'_> {
    /// Returns the path to send on, without the query: `sent` is that of the request.
    pub fn path<'s>(&'s self, sent: &'s str, rewrite: Option<&'s PathRewrite>) -> Cow<'s, str> {
        let path = self.path.as_deref().unwrap_or(sent);
        match rewrite {
            None => Cow::Borrowed(path),
            Some(PathRewrite::Full(full)) => Cow::Borrowed(full),
            Some(PathRewrite::Prefix(prefix)) => {
                let rest = path.get(self.prefix..).unwrap_or("");
                absolute(Cow::Owned(prefix.trim_end_matches('/').to_owned() + rest))
            }
            Some(PathRewrite::Regex(pattern, to)) => absolute(pattern.replace(path, to.as_str())),
        }
    }
}

/// Puts a slash in front, where a path has none.
fn absolute(path: Cow<'_, str>) -> Cow<'_, str> {
    match path.starts_with('/') || &*path == "*" {
        true => path,
        false => Cow::Owned(format!("/{path}")),
    }
}

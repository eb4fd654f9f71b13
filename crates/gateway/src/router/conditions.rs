//! Whether the conditions of a match hold for a request.

use http::header::COOKIE;
use http::request::Parts;
use http::{HeaderName, Method};

use crate::model::{Match, PathMatch, TextMatch};

/// A request whose path is known.
#[derive(Clone, Copy)]
pub(super) struct Request<'a> {
    pub(super) parts: &'a Parts,
    /// In the form that is matched.
    pub(super) path: &'a str,
}

impl Request<'_> {
    /// Says whether all holds but the path.
    pub(super) fn fulfils(&self, conditions: &Match) -> bool {
        let headers = &conditions.headers;
        self.has_method(&conditions.methods)
            && headers
                .iter()
                .all(|one| self.has_header(&one.name, &one.value))
            && conditions
                .cookies
                .iter()
                .all(|(name, value)| self.has_cookie(name, value))
            && conditions
                .query
                .iter()
                .all(|(name, value)| self.has_parameter(name, value))
    }

    pub(super) fn has_method(&self, methods: &[Method]) -> bool {
        methods.is_empty() || methods.contains(&self.parts.method)
    }

    pub(super) fn has_header(&self, name: &HeaderName, wanted: &TextMatch) -> bool {
        let values = self.parts.headers.get_all(name).iter();
        // What is no text is there, but is like nothing.
        let texts = values.map(|value| std::str::from_utf8(value.as_bytes()).ok());
        is_fulfilled(wanted, texts)
    }

    pub(super) fn has_cookie(&self, name: &str, wanted: &TextMatch) -> bool {
        is_fulfilled(wanted, cookies(self.parts, name).map(Some))
    }

    pub(super) fn has_parameter(&self, name: &str, wanted: &TextMatch) -> bool {
        let query = self.parts.uri.query().unwrap_or("");
        let pairs = url::form_urlencoded::parse(query.as_bytes());
        let mut own = pairs.filter(|(key, _)| key == name).map(|(_, value)| value);
        match wanted {
            TextMatch::Absent => own.next().is_none(),
            _ => own.any(|value| is_like(wanted, Some(&value))),
        }
    }
}

/// Walks the values of a cookie.
fn cookies<'a>(parts: &'a Parts, name: &'a str) -> impl Iterator<Item = &'a str> {
    let headers = parts.headers.get_all(COOKIE).iter();
    let texts = headers.filter_map(|value| std::str::from_utf8(value.as_bytes()).ok());
    let pairs = texts.flat_map(|text| text.split(';'));
    pairs.filter_map(move |pair| {
        let (key, value) = pair.split_once('=')?;
        let value = value.trim();
        let bare = value.strip_prefix('"');
        let bare = bare.and_then(|rest| rest.strip_suffix('"'));
        (key.trim() == name).then(|| bare.unwrap_or(value))
    })
}

/// Says whether one of several values is as wanted, or none is there where none is wanted.
fn is_fulfilled<'a>(wanted: &TextMatch, mut values: impl Iterator<Item = Option<&'a str>>) -> bool {
    match wanted {
        TextMatch::Absent => values.next().is_none(),
        _ => values.any(|value| is_like(wanted, value)),
    }
}

fn is_like(wanted: &TextMatch, value: Option<&str>) -> bool {
    match wanted {
        TextMatch::Present => true,
        TextMatch::Absent => false,
        TextMatch::Exact(text) => value == Some(text),
        TextMatch::Regex(pattern) => value.is_some_and(|value| pattern.is_match(value)),
    }
}

/// Says whether a path is as wanted, whatever else is.
pub(super) fn has_path(path: &str, wanted: Option<&PathMatch>) -> bool {
    match wanted {
        None => true,
        Some(PathMatch::Exact(exact)) => path == exact,
        Some(PathMatch::Prefix(prefix)) if is_root(prefix) => true,
        Some(PathMatch::Prefix(prefix)) => {
            let rest = path.strip_prefix(prefix.trim_end_matches('/'));
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        }
        Some(PathMatch::Regex(pattern)) => pattern.is_match(path),
    }
}

/// Says whether a prefix is that of all paths, `*` of OPTIONS among them.
pub(super) fn is_root(prefix: &str) -> bool {
    prefix.trim_end_matches('/').is_empty()
}

/// Returns how many conditions there are besides host and path: all methods are one.
pub(super) fn count(conditions: &Match) -> usize {
    usize::from(!conditions.methods.is_empty())
        + conditions.headers.len()
        + conditions.cookies.len()
        + conditions.query.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Pattern;

    fn parts(uri: &str, headers: &[(&str, &[u8])]) -> Parts {
        let mut request = http::Request::builder().uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap().into_parts().0
    }

    fn exact(text: &str) -> TextMatch {
        TextMatch::Exact(text.to_owned())
    }

    fn regex(text: &str) -> TextMatch {
        TextMatch::Regex(Pattern::whole(text).unwrap())
    }

    #[test]
    fn one_value_of_a_header_is_enough() {
        let parts = parts("/", &[("x-a", b"1"), ("x-a", b"22"), ("x-b", b"\xff")]);
        let request = Request {
            parts: &parts,
            path: "/",
        };
        let check = |name: &'static str, wanted: &TextMatch, expected: bool| {
            let name = HeaderName::from_static(name);
            assert_eq!(
                request.has_header(&name, wanted),
                expected,
                "{name} {wanted:?}"
            );
        };
        check("x-a", &exact("22"), true);
        check("x-a", &exact("2"), false);
        check("x-a", &regex("2+"), true);
        check("x-a", &regex("2"), false);
        check("x-a", &TextMatch::Absent, false);
        check("x-b", &TextMatch::Present, true);
        check("x-b", &regex(".*"), false);
        check("x-c", &TextMatch::Present, false);
        check("x-c", &TextMatch::Absent, true);
    }

    #[test]
    fn cookies_are_found_among_others() {
        let parts = parts("/", &[("cookie", b"a=1; bc=\"2\""), ("cookie", b"c=3;d")]);
        let request = Request {
            parts: &parts,
            path: "/",
        };
        for (name, value, expected) in [
            ("a", "1", true),
            ("bc", "2", true),
            ("c", "3", true),
            ("b", "2", false),
            ("d", "", false),
        ] {
            assert_eq!(request.has_cookie(name, &exact(value)), expected, "{name}");
        }
        assert!(request.has_cookie("x", &TextMatch::Absent));
    }

    #[test]
    fn parameters_are_decoded() {
        let parts = parts("/?a=b%20c&a=d+e&f", &[]);
        let request = Request {
            parts: &parts,
            path: "/",
        };
        assert!(request.has_parameter("a", &exact("b c")));
        assert!(request.has_parameter("a", &exact("d e")));
        assert!(request.has_parameter("f", &exact("")));
        assert!(request.has_parameter("f", &TextMatch::Present));
        assert!(request.has_parameter("g", &TextMatch::Absent));
        assert!(!request.has_parameter("a", &regex("b")));
    }
}

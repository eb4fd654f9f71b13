//! The path of a request, in the one form that everybody behind it reads alike.
//!
//! A route that is chosen by one reading of a path and an endpoint that answers by another is how limits and access rules
//! are gone round: `/public/%2e%2e/admin`, `/%61dmin`, `//admin`, `/public/..;/admin`. So what is matched and what is sent
//! on are equivalent by RFC 3986, section 6, and what servers are known to read differently is refused:
//!
//! | in the path | matched | sent on |
//! |---|---|---|
//! | escapes of letters, digits, `-._~` | decoded | decoded |
//! | other escapes | hex digits in upper case | the same |
//! | `.` and `..` segments | resolved, never above `/` | resolved |
//! | `//` | as one `/` | as it came: it may be part of a name |
//! | `..` beside `\`, `;`, `%2F`, `%5C`, `%3B` | refused | |
//! | `%00`, a `%` without two hex digits | refused | |

use std::borrow::Cow;

/// Why a path is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum PathError {
    /// A `%` without two hexadecimal digits.
    #[error("has a % without two hexadecimal digits")]
    Escape,
    /// `%00`.
    #[error("holds a zero byte")]
    Zero,
    /// `..` beside something that some servers take for a separator.
    #[error("hides `..` beside an escaped slash, a backslash or a semicolon")]
    HiddenDots,
}

/// A path in the form in which it is matched and sent on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path<'a> {
    forwarded: Cow<'a, str>,
    /// `None` when it is the same as `forwarded`.
    merged: Option<String>,
}

impl<'a> Path<'a> {
    /// Reads the path of a request. One that does not begin with a slash, as that of `OPTIONS *`, stays what it is.
    ///
    /// # Errors
    /// [`PathError`]: servers would not agree what it means.
    ///
    /// # Complexity
    /// One walk over a path that has nothing to be resolved, without an allocation.
    pub fn new(raw: &'a str) -> Result<Self, PathError> {
        if !raw.starts_with('/') || is_plain(raw) {
            return Ok(Self {
                forwarded: Cow::Borrowed(raw),
                merged: None,
            });
        }
        let decoded = decode(raw)?;
        let forwarded = match resolve(&decoded)? {
            resolved if resolved == raw => Cow::Borrowed(raw),
            resolved => Cow::Owned(resolved),
        };
        let merged = forwarded.contains("//").then(|| merge(&forwarded));
        Ok(Self { forwarded, merged })
    }

    /// Returns the form that routes are matched against.
    pub fn matched(&self) -> &str {
        self.merged.as_deref().unwrap_or(&self.forwarded)
    }

    /// Returns the form that is sent on.
    pub fn forwarded(&self) -> &str {
        &self.forwarded
    }

    /// Returns the form that is sent on, when it is not as it came.
    pub(super) fn into_changed(self) -> Option<String> {
        match self.forwarded {
            Cow::Borrowed(_) => None,
            Cow::Owned(changed) => Some(changed),
        }
    }

    /// Returns how many bytes of the form that is sent on are the first `length` of the form that is matched.
    pub(super) fn in_forwarded(&self, length: usize) -> usize {
        if self.merged.is_none() {
            return length;
        }
        let mut matched = 0;
        let mut before = 0;
        for (at, byte) in self.forwarded.bytes().enumerate() {
            let is_repeated = byte == b'/' && before == b'/';
            if !is_repeated {
                if matched == length {
                    return at;
                }
                matched += 1;
            }
            before = byte;
        }
        self.forwarded.len()
    }
}

/// Says whether nothing in a path can need a second look.
fn is_plain(path: &str) -> bool {
    let mut before = 0;
    for byte in path.bytes() {
        let is_special = match byte {
            b'%' | b'\\' | b';' => true,
            b'/' | b'.' => before == b'/',
            _ => false,
        };
        if is_special {
            return false;
        }
        before = byte;
    }
    true
}

/// Decodes escapes of unreserved characters, and writes the others alike.
fn decode(raw: &str) -> Result<String, PathError> {
    let mut decoded = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((before, after)) = rest.split_once('%') {
        decoded.push_str(before);
        let digits = after.get(..2).ok_or(PathError::Escape)?;
        // `from_str_radix` takes a sign.
        let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        let byte = u8::from_str_radix(digits, 16).ok().filter(|_| is_hex);
        match byte.ok_or(PathError::Escape)? {
            0 => return Err(PathError::Zero),
            byte if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) => {
                decoded.push(char::from(byte));
            }
            _ => {
                decoded.push('%');
                decoded.push_str(&digits.to_ascii_uppercase());
            }
        }
        rest = &after[2..];
    }
    decoded.push_str(rest);
    Ok(decoded)
}

/// Resolves `.` and `..` (RFC 3986, section 5.2.4).
fn resolve(path: &str) -> Result<String, PathError> {
    let mut kept: Vec<&str> = Vec::new();
    let mut segments = path[1..].split('/').peekable();
    while let Some(segment) = segments.next() {
        let is_last = segments.peek().is_none();
        match segment {
            "." | ".." => {
                if segment == ".." {
                    kept.pop();
                }
                if is_last {
                    kept.push("");
                }
            }
            _ if hides_dots(segment) => return Err(PathError::HiddenDots),
            _ => kept.push(segment),
        }
    }
    let mut resolved = String::with_capacity(path.len());
    for segment in kept {
        resolved.push('/');
        resolved.push_str(segment);
    }
    if resolved.is_empty() {
        resolved.push('/');
    }
    Ok(resolved)
}

/// Says whether a server that decodes separators, or cuts parameters off, would find `..` in a segment.
fn hides_dots(segment: &str) -> bool {
    if !segment.contains("..") || !segment.contains(['%', '\\', ';']) {
        return false;
    }
    let text = segment.replace("%2F", "/").replace("%5C", "/");
    let text = text.replace("%3B", ";");
    let mut pieces = text.split(['/', '\\']);
    pieces.any(|piece| piece.split(';').next() == Some(".."))
}

fn merge(path: &str) -> String {
    let mut merged = String::with_capacity(path.len());
    for character in path.chars() {
        if character != '/' || !merged.ends_with('/') {
            merged.push(character);
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks what is matched and what is sent on.
    fn check(raw: &str, matched: &str, forwarded: &str) {
        let path = Path::new(raw).unwrap_or_else(|error| panic!("{raw}: {error}"));
        assert_eq!(
            (path.matched(), path.forwarded()),
            (matched, forwarded),
            "{raw}"
        );
    }

    #[test]
    fn plain_paths_stay() {
        for raw in [
            "/",
            "/a",
            "/a/",
            "/a/b.c",
            "/a.b/.c/..d",
            "*",
            "",
            "/%2F",
            "/a;v=1",
        ] {
            check(raw, raw, raw);
            assert!(Path::new(raw).unwrap().into_changed().is_none(), "{raw}");
        }
    }

    #[test]
    fn escapes_are_written_one_way() {
        check("/%61dmin", "/admin", "/admin");
        check("/%7euser/%2d", "/~user/-", "/~user/-");
        check("/caf%c3%a9", "/caf%C3%A9", "/caf%C3%A9");
        check("/a%2fb", "/a%2Fb", "/a%2Fb");
        // Not decoded twice.
        check("/%252e%252e/a", "/%252e%252e/a", "/%252e%252e/a");
    }

    #[test]
    fn dots_are_resolved() {
        check("/a/./b/../c", "/a/c", "/a/c");
        check("/public/%2e%2E/admin", "/admin", "/admin");
        check("/../../x", "/x", "/x");
        check("/a/..", "/", "/");
        check("/a/b/.", "/a/b/", "/a/b/");
        check("/..", "/", "/");
        check("/a//../b", "/a/b", "/a/b");
    }

    #[test]
    fn slashes_are_merged_to_match_only() {
        check("//admin", "/admin", "//admin");
        check("/img/https://x//y", "/img/https:/x/y", "/img/https://x//y");
        let path = Path::new("//img///https://x").unwrap();
        assert_eq!(path.in_forwarded("/img".len()), "//img".len());
        assert_eq!(
            path.in_forwarded("/img/https:".len()),
            "//img///https:".len()
        );
        assert_eq!(
            path.in_forwarded(path.matched().len()),
            path.forwarded().len()
        );
        assert_eq!(path.in_forwarded(0), 0);
    }

    #[test]
    fn what_can_be_read_in_two_ways_is_refused() {
        for (raw, error) in [
            ("/a%00", PathError::Zero),
            ("/a%", PathError::Escape),
            ("/a%2", PathError::Escape),
            ("/a%zz", PathError::Escape),
            ("/a%+1", PathError::Escape),
            ("/%%32e", PathError::Escape),
            ("/a/..%2fadmin", PathError::HiddenDots),
            ("/a%2f%2e%2e", PathError::HiddenDots),
            ("/a/..\\admin", PathError::HiddenDots),
            ("/a/..%5Cadmin", PathError::HiddenDots),
            ("/a/..;x=1/admin", PathError::HiddenDots),
            ("/a/..%3b/admin", PathError::HiddenDots),
        ] {
            assert_eq!(Path::new(raw), Err(error), "{raw}");
        }
    }

    #[test]
    fn any_path_has_one_form() {
        bolero::check!().with_type::<String>().for_each(|text| {
            let raw = format!("/{text}");
            let Ok(path) = Path::new(&raw) else {
                return;
            };
            for form in [path.forwarded(), path.matched()] {
                assert!(form.starts_with('/'));
                let mut segments = form.split('/');
                assert!(!segments.any(|one| one == "." || one == ".."), "{form}");
                let again = Path::new(form).expect("a form that was made can be read");
                assert_eq!(again.matched(), path.matched());
            }
            assert!(!path.matched().contains("//"));
            let again = Path::new(path.forwarded()).expect("as above");
            assert!(again.into_changed().is_none(), "{raw}");
        });
    }
}

//! Takes secrets out of what a peer says: one that is misconfigured, or a proxy before it, repeats our request in its answer.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use plimsoll_runtime::http::{Authorization, ClientConfig, Secret, SecretSource};
use url::Url;

/// What stands in the place of a secret.
const MASK: &str = "<secret>";
/// Shorter texts occur by chance; whoever has such a password has none.
const SECRET_BYTES_MIN: usize = 4;
/// How much of what a peer says stands in a reason.
pub(crate) const EXCERPT_BYTES: usize = 400;
/// Shorter segments of the URL of a service are words of its API, such as `services`.
const SEGMENT_BYTES_MIN: usize = 9;

/// The secrets of one exchange, in the forms in which they come back.
#[derive(Debug, Default)]
pub(crate) struct Masks(Vec<Secret>);

impl Masks {
    /// Returns those of what an integration says about itself with each request; blocks. A file that cannot be read is left
    /// out: without it there is no request either.
    pub(crate) fn of_client(config: &ClientConfig) -> Self {
        let mut masks = Self::default();
        match &config.authorization {
            Some(Authorization::Basic { username, password }) => {
                let text = |source: &SecretSource| source.read().ok();
                let password = password.as_ref().and_then(text);
                if let (Some(user), Some(password)) = (text(username), password) {
                    let pair = format!("{}:{}", user.expose(), password.expose());
                    masks.add(&BASE64_STANDARD.encode(pair));
                    masks.add(password.expose());
                }
            }
            Some(Authorization::Scheme { credentials, .. }) => masks.add_source(credentials),
            Some(Authorization::OAuth2(oauth2)) => {
                let secrets = oauth2.client_secret.iter();
                secrets.for_each(|source| masks.add_source(source));
            }
            None => {}
        }
        let values = config.headers.iter().flat_map(|header| &header.values);
        values.for_each(|source| masks.add_source(source));
        masks
    }

    fn add_source(&mut self, source: &SecretSource) {
        if let Ok(secret) = source.read() {
            self.add(secret.expose());
        }
    }

    /// Adds a secret; of a URL the parts too, since a peer sees them and not the whole.
    pub(crate) fn add(&mut self, secret: &str) {
        if let Ok(url) = Url::parse(secret)
            && url.has_host()
        {
            self.add_url(&url);
        }
        self.add_text(secret);
        // What was decided later may hold what was decided before.
        self.0
            .sort_by_key(|known| std::cmp::Reverse(known.expose().len()));
    }

    fn add_url(&mut self, url: &Url) {
        self.add_text(url.as_str());
        self.add_text(url.password().unwrap_or_default());
        let segments = url.path_segments().into_iter().flatten();
        segments
            .filter(|segment| segment.len() >= SEGMENT_BYTES_MIN)
            .for_each(|segment| self.add_text(segment));
        for (_, value) in url.query_pairs() {
            self.add_text(&value);
        }
    }

    fn add_text(&mut self, text: &str) {
        let escaped = serde_json::to_string(text).unwrap_or_default();
        let escaped = escaped.trim_matches('"');
        for form in [text, escaped, &escaped.replace('&', "\\u0026")] {
            let is_known = self.0.iter().any(|known| known.expose() == form);
            if form.len() >= SECRET_BYTES_MIN && !is_known {
                self.0.push(Secret::new(form));
            }
        }
    }

    /// Returns a text without the secrets.
    pub(crate) fn mask(&self, text: &str) -> String {
        let mut masked = text.to_owned();
        for secret in &self.0 {
            if masked.contains(secret.expose()) {
                masked = masked.replace(secret.expose(), MASK);
            }
        }
        masked
    }

    /// Returns what a peer said in one line without the secrets, its start when it is long. A secret is never cut in two.
    pub(crate) fn excerpt(&self, said: &str) -> String {
        let plain = |one: char| if one.is_control() { ' ' } else { one };
        let line = self.mask(said).chars().map(plain).collect::<String>();
        let line = line.trim();
        let end = line.floor_char_boundary(EXCERPT_BYTES);
        let more = if end < line.len() { "..." } else { "" };
        format!("{}{more}", &line[..end])
    }
}

impl Extend<Secret> for Masks {
    fn extend<I: IntoIterator<Item = Secret>>(&mut self, secrets: I) {
        secrets
            .into_iter()
            .for_each(|secret| self.add(secret.expose()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masks(secrets: &[&str]) -> Masks {
        let mut masks = Masks::default();
        masks.extend(secrets.iter().map(|text| Secret::new(*text)));
        masks
    }

    #[test]
    fn the_longest_goes_first() {
        let masks = masks(&["hunter2", "hunter2hunter2", "x"]);
        assert_eq!(
            masks.mask("x hunter2hunter2 hunter2"),
            "x <secret> <secret>"
        );
    }

    #[test]
    fn of_a_url_the_parts_go_too_but_not_the_words_of_an_api() {
        let url =
            "https://u:passw0rd@hooks.example/services/T0000/B000000000/abc?key=se%2Fcret&a=b";
        let masked = masks(&[url])
            .mask("no services at /services/T0000/B000000000/abc?key=se/cret, passw0rd is wrong");
        assert_eq!(
            masked,
            "no services at /services/T0000/<secret>/abc?key=<secret>, <secret> is wrong"
        );
    }

    #[test]
    fn what_json_escapes_is_known() {
        let masks = masks(&["a\"b&c"]);
        let body = r#"{"key": "a\"b\u0026c"}"#;
        assert_eq!(masks.mask(body), r#"{"key": "<secret>"}"#);
    }

    #[test]
    fn a_long_text_is_cut_behind_the_secrets() {
        let secret = "s3cret".repeat(20);
        let said = format!("{}{secret}", "x".repeat(EXCERPT_BYTES - 4));
        let excerpt = masks(&[&secret]).excerpt(&said);
        assert_eq!(excerpt, format!("{}<sec...", "x".repeat(EXCERPT_BYTES - 4)));
    }
}

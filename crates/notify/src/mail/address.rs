//! Addresses of mail: `pager@example.org` or `The Pager <pager@example.org>` (RFC 5322, without comments and groups).

use super::encode::words;

/// A mailbox and the name that is shown for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address {
    /// As shown, without quotes; may be empty.
    pub(super) name: String,
    /// `local@domain`.
    pub(super) mailbox: String,
}

impl Address {
    /// Reads addresses with commas between.
    ///
    /// # Errors
    /// One line: none is there, or one is no address.
    pub(super) fn parse_list(text: &str) -> Result<Vec<Self>, String> {
        let parts = split(text);
        let list: Vec<Self> = parts
            .iter()
            .map(|part| part.trim())
            .filter(|part| !part.is_empty())
            .map(Self::parse)
            .collect::<Result<_, _>>()?;
        match list.is_empty() {
            true => Err("the mail has no address to go to or come from".into()),
            false => Ok(list),
        }
    }

    fn parse(text: &str) -> Result<Self, String> {
        let unfit = || format!("`{}` is not an address of mail", text.escape_debug());
        let (name, mailbox) = match text.strip_suffix('>') {
            Some(rest) => rest.rsplit_once('<').ok_or_else(unfit)?,
            None => ("", text),
        };
        let mailbox = mailbox.trim();
        let (local, domain) = mailbox.rsplit_once('@').ok_or_else(unfit)?;
        let is_plain = |part: &str| {
            let mut characters = part.chars();
            !part.is_empty()
                && characters.all(|one| {
                    !one.is_control() && !one.is_whitespace() && !"<>(),;\\\"@".contains(one)
                })
        };
        if !is_plain(local) || !is_plain(domain) {
            return Err(unfit());
        }
        Ok(Self {
            name: unquoted(name.trim()),
            mailbox: mailbox.to_owned(),
        })
    }

    /// Returns the part behind the `@`.
    pub(super) fn domain(&self) -> &str {
        self.mailbox
            .rsplit_once('@')
            .map_or("localhost", |(_, domain)| domain)
    }

    /// Returns the address as it stands in a header; only the name can be encoded there.
    pub(super) fn to_header(&self) -> String {
        if self.name.is_empty() {
            return self.mailbox.clone();
        }
        let is_ascii = self.name.bytes().all(|byte| (b' '..=b'~').contains(&byte));
        let name = match is_ascii {
            true => format!(
                "\"{}\"",
                self.name.replace('\\', "\\\\").replace('"', "\\\"")
            ),
            false => words(&self.name).join(" "),
        };
        format!("{name} <{}>", self.mailbox)
    }
}

/// Splits at the commas that stand in neither quotes nor angle brackets.
fn split(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut start, mut is_quoted, mut is_escaped, mut is_angled) = (0, false, false, false);
    for (at, character) in text.char_indices() {
        match character {
            _ if is_escaped => is_escaped = false,
            '\\' if is_quoted => is_escaped = true,
            '"' => is_quoted = !is_quoted,
            _ if is_quoted => {}
            '<' => is_angled = true,
            '>' => is_angled = false,
            ',' if !is_angled => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

fn unquoted(name: &str) -> String {
    let inner = name
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    let Some(inner) = inner else {
        return name.to_owned();
    };
    let mut unquoted = String::with_capacity(inner.len());
    let mut characters = inner.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => unquoted.extend(characters.next()),
            other => unquoted.push(other),
        }
    }
    unquoted
}

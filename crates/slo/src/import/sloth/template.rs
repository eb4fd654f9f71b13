//! The Go templates of Sloth's queries.

use plimsoll_gotemplate::{Functions, Map, Set, Value};

/// A query that is no template, in Go's words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct TemplateError(String);

/// Puts a range such as `5m` in the place of `{{.window}}`.
///
/// # Errors
/// The text is no template, or it wants another value than `window`.
pub fn rendered(query: &str, window: &str) -> Result<String, TemplateError> {
    let wrong = |error: &dyn std::fmt::Display| TemplateError(error.to_string());
    let mut set = Set::new(Functions::new());
    set.parse("query", query).map_err(|error| wrong(&error))?;
    // A map of any values, because a missing one of a map of texts is empty and hides a misspelled name.
    let data = Map::of_any([("window", Value::text(window))]).map_err(|error| wrong(&error))?;
    let text = set
        .execute_text("query", &data.into())
        .map_err(|error| wrong(&error))?;
    match text.contains("<no value>") {
        true => Err(TemplateError(
            "the query wants a value other than `window`, and there is none".into(),
        )),
        false => Ok(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_is_the_only_value() {
        let check = |query: &str, expected: Option<&str>| {
            assert_eq!(rendered(query, "5m").ok().as_deref(), expected, "{query}");
        };
        check("rate(x[{{.window}}])", Some("rate(x[5m])"));
        check("rate(x[{{ .window }}])", Some("rate(x[5m])"));
        check("rate(x[5m])", Some("rate(x[5m])"));
        check("rate(x[{{.range}}])", None);
        check("rate(x[{{.window}])", None);
    }
}

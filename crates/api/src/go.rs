//! Numbers and truth values as Go's `strconv` reads them, with its words: clients show them to people who know them.

/// Reads a whole number as `strconv.Atoi` does.
pub(crate) fn parse_int(text: &str) -> Result<i64, String> {
    parse_as("Atoi", text)
}

/// Reads a whole number as `strconv.ParseInt` does, which names itself in the error.
pub(crate) fn parse_int_64(text: &str) -> Result<i64, String> {
    parse_as("ParseInt", text)
}

fn parse_as(function: &str, text: &str) -> Result<i64, String> {
    use std::num::IntErrorKind::{NegOverflow, PosOverflow};
    text.parse::<i64>().map_err(|error| {
        let reason = match error.kind() {
            PosOverflow | NegOverflow => "value out of range",
            _ => "invalid syntax",
        };
        format!("strconv.{function}: parsing {text:?}: {reason}")
    })
}

/// Reads a truth value as `strconv.ParseBool` does.
pub(crate) fn parse_bool(text: &str) -> Result<bool, String> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
        _ => Err(format!(
            "strconv.ParseBool: parsing {text:?}: invalid syntax"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_have_the_words_of_go() {
        assert_eq!(parse_int("-7"), Ok(-7));
        let error = parse_int("x\"").unwrap_err();
        assert_eq!(error, r#"strconv.Atoi: parsing "x\"": invalid syntax"#);
        let error = parse_int_64("99999999999999999999").unwrap_err();
        assert_eq!(
            error,
            r#"strconv.ParseInt: parsing "99999999999999999999": value out of range"#
        );
        assert_eq!(parse_bool("T"), Ok(true));
        let error = parse_bool("yes").unwrap_err();
        assert_eq!(error, r#"strconv.ParseBool: parsing "yes": invalid syntax"#);
    }
}

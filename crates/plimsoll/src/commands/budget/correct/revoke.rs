//! `plimsoll budget correct revoke`: takes a correction back.

use super::author;
use crate::commands::Failure;
use crate::commands::slo::{Named, Objectives};

/// Take a correction back; every figure is again as it was without it
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    plimsoll budget correct revoke checkout/availability c1790000000000")]
pub(crate) struct Arguments {
    #[command(flatten)]
    named: Named,
    /// Its id, as budget correct list shows it
    #[arg(value_name = "ID", value_parser = id)]
    correction: String,
    /// Who does it; your login when absent
    #[arg(long, value_name = "NAME")]
    author: Option<String>,
    #[command(flatten)]
    server: Objectives,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let author = author(arguments.author.as_deref())?;
    let author: String = url::form_urlencoded::byte_serialize(author.as_bytes()).collect();
    let path = format!("corrections/{}?author={author}", arguments.correction);
    arguments.server.delete(&arguments.named.path(&path))
}

/// Ids are checked here, so that they can stand in a path as they are.
fn id(text: &str) -> Result<String, String> {
    let is_plain =
        |character: char| character.is_ascii_alphanumeric() || matches!(character, '-' | '_' | '.');
    match text.chars().all(is_plain) && text.chars().any(|one| one != '.') {
        true => Ok(text.to_owned()),
        false => Err("expected an id as budget correct list shows it".into()),
    }
}

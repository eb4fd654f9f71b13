//! `plimsoll budget show`: what is left.

use crate::commands::Failure;
use crate::commands::alert::Page;
use crate::commands::shown::now;
use crate::commands::slo::{Named, Objectives, Output, budgets};

/// Show what is left of the budgets of an SLO, and the whole numbers that it comes from
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    plimsoll budget show checkout/availability\n  \
    plimsoll budget show checkout/availability --groups 0 --output json")]
pub(crate) struct Arguments {
    #[command(flatten)]
    named: Named,
    /// How many groups of its dimensions are shown
    #[arg(long, value_name = "COUNT", default_value = "100")]
    groups: u32,
    #[command(flatten)]
    server: Objectives,
    /// How they are printed
    #[arg(
        long,
        short,
        value_enum,
        value_name = "FORMAT",
        default_value = "table"
    )]
    output: Output,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let groups = [("groups", arguments.groups.to_string())];
    let path = arguments.named.path("budget");
    let data = arguments.server.data(&path, &groups)?;
    arguments.output.print(&data, |data| {
        let mut page = Page::default();
        budgets(&mut page, &data["budgets"], now());
        page.into_text()
    })
}

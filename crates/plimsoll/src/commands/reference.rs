//! `plimsoll reference`: the generated pages of docs/reference.

mod cli;
mod metrics;

use clap::ValueEnum;

use super::{Failure, print};

/// Print a page of the reference as Markdown
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Which page
    page: Page,
}

#[derive(Clone, Copy, ValueEnum)]
enum Page {
    Cli,
    Metrics,
}

pub(crate) fn run(arguments: Arguments) -> Result<(), Failure> {
    let page = match arguments.page {
        Page::Cli => cli::page(),
        Page::Metrics => metrics::page(),
    };
    print(&page)
}

//! `plimsoll reference`: the generated pages of docs/reference, and the description of the API.

mod cli;
mod metrics;

use clap::ValueEnum;

use super::{Failure, print};

/// Print a page of the reference: Markdown, or OpenAPI
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Which page
    page: Page,
}

#[derive(Clone, Copy, ValueEnum)]
enum Page {
    Cli,
    Metrics,
    Openapi,
}

pub(crate) fn run(arguments: Arguments) -> Result<(), Failure> {
    match arguments.page {
        Page::Cli => print(&cli::page()),
        Page::Metrics => print(&metrics::page()),
        Page::Openapi => print(plimsoll_api::openapi_json()),
    }
}

//! `plimsoll tsdb analyze`: what makes a store large.

use plimsoll_types::NamedCount;

use super::Directory;
use super::print::{length, time};
use crate::commands::{Failure, print};

/// Tell which metrics and labels have the most series, and which of them come and go
#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    directory: Directory,
    /// One part, by the name that list prints; all of the store when absent
    #[arg(value_name = "PART")]
    part: Option<String>,
    /// How long each list is
    #[arg(long, value_name = "COUNT", default_value_t = 20)]
    limit: usize,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let store = arguments.directory.open()?;
    let found = store
        .analyze(arguments.part.as_deref(), arguments.limit)
        .map_err(anyhow::Error::from)?;
    let Some(range) = found.range else {
        eprintln!("there are no samples");
        return Ok(());
    };
    let mut text = format!(
        "from {} to {} ({})\nseries {}\nsamples {}\nlabel names {}\nlabel pairs {}\n",
        time(range.start),
        time(range.end),
        length(range),
        found.series,
        found.samples,
        found.label_names,
        found.label_pairs
    );
    let lists: [(&str, &[NamedCount]); 6] = [
        ("metrics by series", &found.metrics_by_series),
        ("labels by values", &found.names_by_values),
        ("labels by bytes of their values", &found.longest_names),
        ("label pairs by series", &found.common_pairs),
        (
            "label pairs by series that come and go",
            &found.churning_pairs,
        ),
        ("labels by series that come and go", &found.churning_names),
    ];
    for (title, list) in lists {
        text.push_str(&format!("\n{title}:\n"));
        for entry in list {
            text.push_str(&format!("{:>12}  {}\n", entry.count, entry.name));
        }
    }
    print(&text)
}

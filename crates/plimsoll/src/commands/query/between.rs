//! From when to when something has to have been there.

use super::time;

/// A time from which, and one until which.
#[derive(clap::Args)]
pub(super) struct Between {
    /// Leave out what has ended before: Unix seconds or RFC 3339
    #[arg(long, value_name = "TIME", value_parser = time::checked, allow_hyphen_values = true)]
    start: Option<String>,
    /// Leave out what began after
    #[arg(long, value_name = "TIME", value_parser = time::checked, allow_hyphen_values = true)]
    end: Option<String>,
}

impl Between {
    /// Returns the parameters of a request for what `selectors` find in this time.
    pub(super) fn parameters<'a>(
        &'a self,
        selectors: &'a [String],
    ) -> Vec<(&'static str, &'a str)> {
        let selectors = selectors.iter().map(|selector| ("match[]", &**selector));
        let start = self.start.iter().map(|time| ("start", &**time));
        let end = self.end.iter().map(|time| ("end", &**time));
        selectors.chain(start).chain(end).collect()
    }
}

//! What `plimsoll --version` says: the version, and what this build has in it.

use std::sync::LazyLock;

use plimsoll_api::Bundle;

static LONG: LazyLock<String> = LazyLock::new(|| {
    let ui = match Bundle::is_built() {
        true => "full",
        false => "minimal (built without `cargo xtask ui`)",
    };
    format!("{}\nui: {ui}", env!("CARGO_PKG_VERSION"))
});

/// Returns the version and, line by line, what is in it.
pub(super) fn long() -> &'static str {
    &LONG
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_which_interface_is_in_it() {
        let text = long();
        assert!(text.starts_with(env!("CARGO_PKG_VERSION")), "{text}");
        let is_full = Bundle::embedded().is_full();
        assert_eq!(text.contains("\nui: full"), is_full, "{text}");
        assert_eq!(text.contains("\nui: minimal"), !is_full, "{text}");
    }
}

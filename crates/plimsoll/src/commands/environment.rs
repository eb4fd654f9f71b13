//! The environment, which only the composition root may read.

/// Returns a variable, for `${NAME}` in `external_labels`.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the one place that reads the environment"
)]
pub(crate) fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

//! The language, the functions of both programs and HTML, against what Go and the programs made of the same templates,
//! and against Debian's amtool where it is installed.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot prepare itself has failed"
)]

mod amtool;
mod language;
mod programs;
mod recorded_html;
mod recorded_language;
mod recorded_programs;

/// A template, and the text or the error that it becomes.
pub(crate) type Case = (&'static str, Result<&'static str, &'static str>);

/// Judges all cases and shows every one that differs.
pub(crate) fn check(cases: &[Case], render: impl Fn(&str) -> Result<String, String>) {
    assert!(!cases.is_empty());
    let mut different = Vec::new();
    for (template, expected) in cases {
        let expected = expected.map(str::to_owned).map_err(str::to_owned);
        let found = render(template);
        if found != expected {
            different.push(format!(
                "{template}\n  found:    {found:?}\n  expected: {expected:?}"
            ));
        }
    }
    assert!(different.is_empty(), "{}", different.join("\n"));
}

//! The templates that everybody has: those whose names users know from Alertmanager, with the same output.

/// Names for errors, and texts. Later ones call earlier ones.
pub(super) const ALL: [(&str, &str); 2] = [
    ("defaults.tmpl", include_str!("defaults.tmpl")),
    ("email.tmpl", include_str!("email.tmpl")),
];

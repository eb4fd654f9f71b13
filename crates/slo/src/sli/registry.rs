//! What a kind of SLI is, and the list of all of them.

use plimsoll_runtime::config::Spanned;
use serde::de::DeserializeOwned;

use super::Sli;
use crate::file::{Context, Draft};

/// A kind of SLI: how its section of a file is read, and what an editor is told about it.
pub(crate) trait Kind {
    /// Its section as it is written.
    type Raw: DeserializeOwned + std::fmt::Debug;

    /// What it measures, in a sentence.
    const ABOUT: &'static str;
    /// The JSON Schema of its section.
    const SCHEMA: &'static str;
    /// An SLO of this kind, as an entry of `slos`.
    const EXAMPLE: &'static str;

    /// Reads a section; `None` when it is wrong, which is reported. The draft is what the SLO says beside it.
    fn read(raw: &Spanned<Self::Raw>, draft: &mut Draft, ctx: &mut Context<'_>) -> Option<Sli>;
}

/// What there is to know about a kind of SLI.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KindInfo {
    /// Its name in files.
    pub name: &'static str,
    /// What it measures, in a sentence.
    pub about: &'static str,
    /// The JSON Schema of its section.
    pub schema: &'static str,
    /// An SLO of this kind, as an entry of `slos` in YAML.
    pub example: &'static str,
}

/// What a test does with each kind.
#[cfg(test)]
pub(crate) trait ForEach {
    fn kind<K: Kind>(&mut self, name: &str);
}

/// Makes the list of kinds, the section `sli` that has one of them, and what reads it.
macro_rules! kinds {
    ($($name:ident: $kind:ty,)*) => {
        /// All kinds of SLIs, in the order of the documentation.
        pub const ALL: &[KindInfo] = &[$(KindInfo {
            name: stringify!($name),
            about: <$kind as Kind>::ABOUT,
            schema: <$kind as Kind>::SCHEMA,
            example: <$kind as Kind>::EXAMPLE,
        },)*];

        /// `sli`: one key, the kind.
        #[derive(Debug, Default, serde::Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub(crate) struct RawSli {
            $($name: Option<plimsoll_runtime::config::Spanned<<$kind as Kind>::Raw>>,)*
        }

        /// Reads the section; `None` when it is wrong, which is reported.
        pub(crate) fn read(
            raw: plimsoll_runtime::config::Spanned<RawSli>,
            draft: &mut crate::file::Draft,
            ctx: &mut crate::file::Context<'_>,
        ) -> Option<Sli> {
            let given = [$(raw.$name.is_some(),)*];
            match given.into_iter().filter(|is_given| *is_given).count() {
                1 => {}
                count => {
                    let names = ALL.iter().map(|kind| kind.name).collect::<Vec<_>>().join(", ");
                    let message = match count {
                        0 => "`sli` needs a kind",
                        _ => "an SLO has one SLI of one kind",
                    };
                    let hint = format!("expected one of {names}");
                    ctx.findings.error_with_hint(raw.span, message, hint);
                    return None;
                }
            }
            $(if let Some(raw) = &raw.$name {
                return <$kind as Kind>::read(raw, draft, ctx);
            })*
            None
        }

        /// Shows each kind to a test, with its name.
        #[cfg(test)]
        pub(crate) fn each(visitor: &mut impl registry::ForEach) {
            $(visitor.kind::<$kind>(stringify!($name));)*
        }
    };
}

pub(crate) use kinds;

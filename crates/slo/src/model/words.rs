//! The words of files, metrics and answers for the nouns that are a choice of a few.

use super::{Basis, CompositeKind, NoData, Severity};

/// Gives an enum its list and its words.
macro_rules! words {
    ($name:ident { $($variant:ident => $word:literal,)* }) => {
        impl $name {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// Returns its word in files, metrics and answers.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)*
                }
            }

            /// Returns the one of a word.
            pub fn from_name(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.as_str() == word)
            }
        }
    };
}

words!(Severity {
    Page => "page",
    Ticket => "ticket",
});

words!(NoData {
    Ignore => "ignore",
    Freeze => "freeze",
    Bad => "bad",
});

words!(CompositeKind {
    Series => "series",
    Weighted => "weighted",
    WorstOf => "worst_of",
});

words!(Basis {
    Traffic => "traffic",
    Budget => "budget",
});

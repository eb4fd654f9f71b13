//! Properties of the shared nouns.

mod histogram;

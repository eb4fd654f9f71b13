//! Whether endpoints can be used: what checks find ([`active`]) and what requests show ([`passive`]).

pub mod active;
pub mod passive;
pub(crate) mod told;

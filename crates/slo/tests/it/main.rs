//! Files of other formats, in and out, from outside.
#![allow(
    clippy::unwrap_used,
    reason = "all of this is test code, helpers included"
)]

mod docs;
mod export;
mod import;
mod schema;

//! The functions and the data of Alertmanager's notification templates.

mod data;
mod functions;

mod kv;

pub use self::data::{Alert, Data};
pub use self::functions::{Now, functions};
pub use self::kv::Kv;

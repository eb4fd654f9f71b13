//! Tasks on the threads of the data plane. What a thread has for itself is [`Worker`](crate::gateway::Worker).

mod spawner;

pub use spawner::{Panics, Spawner};

//! Compressed runs of float samples for the head, one sample appended at a time.
//!
//! The encoding is Gorilla's with the bit widths that Prometheus settled on: a timestamp costs one bit while the
//! interval is steady, a value one bit while it does not change. It is the right shape for data that still arrives
//! (append is about ten nanoseconds and needs no buffer); sealed parts use columns, which compress five times better.
//! `docs/formats/xor-chunk.md` draws the bits. Chunks live in memory only: nothing here is trusted less than the
//! process itself, but the decoder still treats its input as hostile, because it also reads what fuzzing gives it.

mod bits;
mod xor;

pub use xor::{Truncated, XorDecoder, XorEncoder};

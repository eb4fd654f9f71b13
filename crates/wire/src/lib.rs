//! Bytes to types and back: expositions, remote write, imports.

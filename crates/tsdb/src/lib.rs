//! The embedded time series store: WAL, head, parts.

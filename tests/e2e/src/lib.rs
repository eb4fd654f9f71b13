//! The real binary against programs nobody here wrote.

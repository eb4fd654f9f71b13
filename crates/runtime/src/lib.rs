//! Clock, tasks, shutdown, disk, configuration files, HTTP and metrics plumbing.
pub mod clock;
pub mod disk;

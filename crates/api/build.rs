//! Lets Cargo see when the built user interface changes. It never builds it: `cargo xtask ui` does.

use std::path::Path;

/// Where the user interface is built to; git ignores it.
const DIST: &str = "../../ui/dist";

fn main() {
    // Cargo takes a path that does not exist for one that always changed, and would compile this crate again and again:
    // so there is a folder, at least an empty one. Where it cannot be made nothing is lost but that time.
    let _ = std::fs::create_dir_all(Path::new(DIST));
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed={DIST}");
}

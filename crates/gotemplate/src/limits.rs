//! What one execution may cost.

/// The bounds of one execution; all of them are counted, none is measured in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How many nodes may be evaluated, list elements and calls included; costly functions count for many. Default
    /// 2,000,000.
    pub steps_max: u64,
    /// How many bytes may be written or made by functions, in sum. Default 32 MiB.
    pub bytes_max: usize,
    /// How deep templates, blocks and parentheses may nest while they run, 1 to 400. Default 400.
    pub depth_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            steps_max: 2_000_000,
            bytes_max: 32 << 20,
            depth_max: 400,
        }
    }
}

//! What of the language is not on by default.

/// Parts of the language that Prometheus hides behind feature flags.
///
/// The default is what Prometheus 3.14 understands without any flag: duration expressions and nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Features {
    /// Functions and aggregations that may still change: `promql-experimental-functions`.
    pub experimental_functions: bool,
    /// `anchored` and `smoothed`: `promql-extended-range-selectors`.
    pub extended_range_selectors: bool,
    /// `fill`, `fill_left` and `fill_right`: `promql-binop-fill-modifiers`.
    pub binop_fill_modifiers: bool,
    /// Arithmetic in ranges, steps and offsets: `promql-duration-expr`.
    pub duration_expressions: bool,
}

impl Features {
    /// Everything.
    pub const ALL: Self = Self {
        experimental_functions: true,
        extended_range_selectors: true,
        binop_fill_modifiers: true,
        duration_expressions: true,
    };

    /// Returns the default and what the flag `name` of Prometheus' `--enable-feature` adds; `None` for names that
    /// have nothing to do with the language.
    pub fn from_flag(name: &str) -> Option<Self> {
        let mut features = Self::default();
        match name {
            "promql-experimental-functions" => features.experimental_functions = true,
            "promql-extended-range-selectors" => features.extended_range_selectors = true,
            "promql-binop-fill-modifiers" => features.binop_fill_modifiers = true,
            "promql-duration-expr" => features.duration_expressions = true,
            _ => return None,
        }
        Some(features)
    }

    /// Returns what either has.
    pub fn union(self, other: Self) -> Self {
        Self {
            experimental_functions: self.experimental_functions || other.experimental_functions,
            extended_range_selectors: self.extended_range_selectors
                || other.extended_range_selectors,
            binop_fill_modifiers: self.binop_fill_modifiers || other.binop_fill_modifiers,
            duration_expressions: self.duration_expressions || other.duration_expressions,
        }
    }
}

impl Default for Features {
    fn default() -> Self {
        Self {
            experimental_functions: false,
            extended_range_selectors: false,
            binop_fill_modifiers: false,
            duration_expressions: true,
        }
    }
}

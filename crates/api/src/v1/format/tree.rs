//! The syntax tree as Prometheus shows it, described. The tree itself is written by the parser's crate.
#![expect(dead_code, reason = "these are described and never made")]

use serde::Serialize;
use utoipa::ToSchema;

/// A node of a syntax tree; `type` says which.
#[derive(Serialize, ToSchema)]
#[schema(as = SyntaxNode)]
#[serde(tag = "type", rename_all = "camelCase")]
pub(super) enum Node {
    NumberLiteral {
        val: String,
    },
    StringLiteral {
        val: String,
    },
    ParenExpr {
        #[schema(no_recursion)]
        expr: Box<Node>,
    },
    UnaryExpr {
        #[schema(no_recursion)]
        expr: Box<Node>,
        op: String,
    },
    BinaryExpr {
        bool: bool,
        #[schema(no_recursion)]
        lhs: Box<Node>,
        /// `null` between scalars.
        matching: Option<Matching>,
        op: String,
        #[schema(no_recursion)]
        rhs: Box<Node>,
    },
    Aggregation {
        #[schema(no_recursion)]
        expr: Box<Node>,
        grouping: Vec<String>,
        op: String,
        #[schema(no_recursion)]
        param: Option<Box<Node>>,
        without: bool,
    },
    Call {
        #[schema(no_recursion)]
        args: Vec<Node>,
        func: Function,
    },
    #[serde(rename_all = "camelCase")]
    VectorSelector {
        anchored: bool,
        matchers: Vec<Matcher>,
        /// Empty when it has none.
        name: String,
        /// In milliseconds.
        offset: i64,
        offset_expr: Option<Length>,
        smoothed: bool,
        /// `start` or `end`, behind `@`.
        start_or_end: Option<String>,
        /// In milliseconds, behind `@`.
        timestamp: Option<i64>,
    },
    #[serde(rename_all = "camelCase")]
    MatrixSelector {
        anchored: bool,
        matchers: Vec<Matcher>,
        name: String,
        offset: i64,
        offset_expr: Option<Length>,
        /// In milliseconds.
        range: i64,
        range_expr: Option<Length>,
        smoothed: bool,
        start_or_end: Option<String>,
        timestamp: Option<i64>,
    },
    #[serde(rename_all = "camelCase")]
    Subquery {
        #[schema(no_recursion)]
        expr: Box<Node>,
        offset: i64,
        offset_expr: Option<Length>,
        range: i64,
        range_expr: Option<Length>,
        start_or_end: Option<String>,
        step: i64,
        step_expr: Option<Length>,
        timestamp: Option<i64>,
    },
}

/// How the sides of an operator belong together.
#[derive(Serialize, ToSchema)]
#[schema(as = SyntaxMatching)]
#[serde(rename_all = "camelCase")]
pub(super) struct Matching {
    /// `one-to-one`, `many-to-one`, `one-to-many` or `many-to-many`.
    card: String,
    fill_values: Fill,
    include: Vec<String>,
    labels: Vec<String>,
    on: bool,
}

/// What stands for a side that is not there.
#[derive(Serialize, ToSchema)]
#[schema(as = SyntaxFill)]
pub(super) struct Fill {
    lhs: Option<f64>,
    rhs: Option<f64>,
}

/// A function that is called.
#[derive(Serialize, ToSchema)]
#[schema(as = SyntaxFunction)]
#[serde(rename_all = "camelCase")]
pub(super) struct Function {
    arg_types: Vec<String>,
    name: String,
    return_type: String,
    /// How many arguments there may be beyond those that must be there; -1 for any number.
    variadic: i64,
}

/// A condition of a selector.
#[derive(Serialize, ToSchema)]
#[schema(as = SyntaxMatcher)]
pub(super) struct Matcher {
    name: String,
    /// `=`, `!=`, `=~` or `!~`.
    r#type: String,
    value: String,
}

/// A length of time that is calculated.
#[derive(Serialize, ToSchema)]
#[schema(as = SyntaxLength)]
#[serde(tag = "type", rename_all = "camelCase")]
pub(super) enum Length {
    NumberLiteral {
        duration: bool,
        val: String,
    },
    DurationExpr {
        #[schema(no_recursion)]
        lhs: Option<Box<Length>>,
        op: String,
        #[schema(no_recursion)]
        rhs: Option<Box<Length>>,
        wrapped: bool,
    },
}

//! Lengths of time inside the tree: milliseconds, and the expression where there is one.

use std::fmt::{self, Display, Formatter};

use crate::ast::{DurationExpr, DurationKind, Length};
use crate::number::format_plain;

/// The milliseconds of a length, 0 where they have to be calculated.
pub(super) struct MillisOf<'a>(pub(super) Option<&'a Length>);

impl Display for MillisOf<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.and_then(Length::known).unwrap_or(0))
    }
}

/// The expression of a length, `null` where it was written out.
pub(super) struct TreeOf<'a>(pub(super) Option<&'a Length>);

impl Display for TreeOf<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(Length::Computed(expr)) => write(f, expr, false),
            Some(Length::Millis(_)) | None => f.write_str("null"),
        }
    }
}

fn write(f: &mut Formatter<'_>, expr: &DurationExpr, wrapped: bool) -> fmt::Result {
    let (op, left, right) = match &expr.kind {
        DurationKind::Number(number) => {
            let (is_duration, value) = (number.is_duration, format_plain(number.value));
            return write!(
                f,
                r#"{{"duration":{is_duration},"type":"numberLiteral","val":"{value}"}}"#
            );
        }
        DurationKind::Paren(inner) => return write(f, inner, true),
        DurationKind::Step => ("step", None, None),
        DurationKind::Range => ("range", None, None),
        DurationKind::Negate(inner) => ("-", None, Some(&**inner)),
        DurationKind::Binary(op, left, right) => (op.as_str(), Some(&**left), Some(&**right)),
        DurationKind::Max(left, right) => ("max_of", Some(&**left), Some(&**right)),
        DurationKind::Min(left, right) => ("min_of", Some(&**left), Some(&**right)),
    };
    f.write_str(r#"{"lhs":"#)?;
    write_side(f, left)?;
    write!(f, r#","op":"{op}","rhs":"#)?;
    write_side(f, right)?;
    write!(f, r#","type":"durationExpr","wrapped":{wrapped}}}"#)
}

fn write_side(f: &mut Formatter<'_>, side: Option<&DurationExpr>) -> fmt::Result {
    match side {
        Some(expr) => write(f, expr, false),
        None => f.write_str("null"),
    }
}

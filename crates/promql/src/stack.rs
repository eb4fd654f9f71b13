//! Room to nest: a chain of thousands of operators is evaluated on a stack that is as deep.

use crate::ast::Expr;
use crate::error::QueryError;

/// Up to here the stack of the calling thread will do: threads have 2 MiB.
const HEIGHT_OF_CALLER: usize = 250;
/// What planning and evaluating one operator may take, unoptimised builds included.
const BYTES_PER_LEVEL: usize = 8 << 10;
/// What the operators of one query take beside that.
const BYTES_BASE: usize = 2 << 20;

/// Runs the evaluation of `expr` where it does not overflow the stack.
///
/// The parser bounds the height of a tree. Memory is only taken for the part of a stack that is used.
pub(crate) fn with_room_for<T: Send>(
    expr: &Expr,
    evaluation: impl FnOnce() -> Result<T, QueryError> + Send,
) -> Result<T, QueryError> {
    let height = expr.facts.height;
    if height <= HEIGHT_OF_CALLER {
        return evaluation();
    }
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new()
            .name("plimsoll-deep".into())
            .stack_size(BYTES_BASE + height * BYTES_PER_LEVEL)
            .spawn_scoped(scope, evaluation)
            .map_err(|error| {
                let message = format!("no stack for {height} nested operators: {error}");
                QueryError::execution(message)
            })?;
        thread
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

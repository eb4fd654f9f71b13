//! Chains: what Rust would derive for a binary operation recurses once per operator, and a chain has thousands.

use std::fmt;

use super::{Binary, Expr, ExprKind, Number};
use crate::span::{Position, Span};

impl Expr {
    /// Returns the operations along the left side, from this one down to the first that was written. Empty when this
    /// is no binary operation.
    pub fn chain(&self) -> Vec<&Binary> {
        let mut chain = Vec::new();
        let mut expr = self;
        while let ExprKind::Binary(binary) = &expr.kind {
            chain.push(binary);
            expr = &binary.left;
        }
        chain
    }

    /// Puts something cheap in the place of this expression and returns it.
    fn take(&mut self) -> Self {
        let number = Number {
            value: 0.0,
            is_duration: false,
        };
        let position = Position { line: 1, column: 1 };
        let placeholder = Self::new(ExprKind::Number(number), Span::default(), position);
        std::mem::replace(self, placeholder)
    }
}

impl Binary {
    /// Copies the operation with another left side.
    fn with_left(&self, left: Expr, right: Expr) -> Self {
        Self {
            op: self.op,
            left: Box::new(left),
            right: Box::new(right),
            returns_bool: self.returns_bool,
            matching: self.matching.clone(),
        }
    }

    /// Copies the chain that ends here; `copy` copies what is no part of the chain itself.
    pub(crate) fn rebuild<E>(
        &self,
        copy: &mut dyn FnMut(&Expr) -> Result<Expr, E>,
    ) -> Result<Self, E> {
        let mut nodes = Vec::new();
        let mut first = &*self.left;
        while let ExprKind::Binary(binary) = &first.kind {
            nodes.push((first, binary));
            first = &binary.left;
        }
        let mut left = copy(first)?;
        for (node, binary) in nodes.into_iter().rev() {
            let binary = binary.with_left(left, copy(&binary.right)?);
            left = Expr::new(ExprKind::Binary(binary), node.span, node.position);
        }
        Ok(self.with_left(left, copy(&self.right)?))
    }
}

impl Clone for Binary {
    fn clone(&self) -> Self {
        let copied = self.rebuild(&mut |expr| Ok::<_, std::convert::Infallible>(expr.clone()));
        copied.unwrap_or_else(|never| match never {})
    }
}

impl Drop for Binary {
    fn drop(&mut self) {
        let mut left = self.left.take();
        while let ExprKind::Binary(binary) = &mut left.kind {
            let next = binary.left.take();
            left = next;
        }
    }
}

impl fmt::Debug for Binary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Binary")
            .field("op", &self.op)
            .field("left", &self.left.to_string())
            .field("right", &self.right.to_string())
            .field("returns_bool", &self.returns_bool)
            .field("matching", &self.matching)
            .finish()
    }
}

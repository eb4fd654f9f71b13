//! One directive at work: its flags, and where it writes.

use std::fmt::{Result, Write};

use crate::budget::Bounded;
use crate::value::Value;

/// The flags of one directive.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Flags {
    pub(super) width: Option<usize>,
    pub(super) precision: Option<usize>,
    pub(super) minus: bool,
    pub(super) plus: bool,
    pub(super) sharp: bool,
    pub(super) space: bool,
    pub(super) zero: bool,
    /// `%+v`: names of fields.
    pub(super) plus_v: bool,
    /// `%#v`: Go's syntax.
    pub(super) sharp_v: bool,
}

/// Writes values with the flags of one directive.
pub(super) struct Printer<'o> {
    pub(super) output: &'o mut Bounded,
    pub(super) flags: Flags,
    /// A value is printed inside an error: methods are not asked again.
    pub(super) is_erroring: bool,
}

impl<'o> Printer<'o> {
    pub(super) fn new(output: &'o mut Bounded) -> Self {
        Self {
            output,
            flags: Flags::default(),
            is_erroring: false,
        }
    }

    /// Prints a value without a format.
    pub(super) fn value(&mut self, value: &Value) -> Result {
        self.argument(value, 'v')
    }

    /// Prints what a pointer points to.
    pub(super) fn dereferenced(&mut self, value: &Value) -> Result {
        match value {
            Value::Object(object) if object.type_name().starts_with('*') => match object.text() {
                Some(text) => self.text(&text, 'v', value),
                None => self.object(object.as_ref(), 'v', 1),
            },
            _ => self.value(value),
        }
    }

    /// Prints an argument by a verb.
    pub(super) fn argument(&mut self, value: &Value, verb: char) -> Result {
        match (value, verb) {
            (Value::Nil, 'T' | 'v') => self.pad("<nil>"),
            (Value::Nil, _) => self.bad_verb(value, verb),
            (_, 'T') => {
                let name = value.type_name();
                self.pad(self.truncated(&name))
            }
            // There are no pointers to show, and no errors to wrap.
            (_, 'p' | 'w') => self.bad_verb(value, verb),
            _ => self.at_depth(value, verb, 0),
        }
    }

    /// `%!verb(type=value)`
    pub(super) fn bad_verb(&mut self, value: &Value, verb: char) -> Result {
        let was_erroring = std::mem::replace(&mut self.is_erroring, true);
        write!(self.output, "%!{verb}(")?;
        match value {
            Value::Nil => self.output.write_str("<nil>")?,
            _ => {
                write!(self.output, "{}=", value.type_name())?;
                self.at_depth(value, 'v', 0)?;
            }
        }
        self.is_erroring = was_erroring;
        self.output.write_char(')')
    }

    /// Writes a text to the width that is wanted.
    pub(super) fn pad(&mut self, text: &str) -> Result {
        let missing = match self.flags.width {
            Some(width) => width.saturating_sub(text.chars().count()),
            None => 0,
        };
        match self.flags.minus {
            true => {
                self.output.write_str(text)?;
                self.padding(missing)
            }
            false => {
                self.padding(missing)?;
                self.output.write_str(text)
            }
        }
    }

    /// Writes padding; zeros only to the left.
    pub(super) fn padding(&mut self, count: usize) -> Result {
        let fill = if self.flags.zero && !self.flags.minus {
            "0"
        } else {
            " "
        };
        (0..count).try_for_each(|_| self.output.write_str(fill))
    }

    /// Cuts a text to as many characters as the precision says.
    pub(super) fn truncated<'a>(&self, text: &'a str) -> &'a str {
        let Some(precision) = self.flags.precision else {
            return text;
        };
        let end = text.char_indices().nth(precision);
        end.map_or(text, |(end, _)| &text[..end])
    }
}

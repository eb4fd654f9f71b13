//! Reads a format: flags, width, precision, the index of an argument, and the verb.

use std::fmt::{Result, Write};

use super::printer::{Flags, Printer};
use crate::budget::Bounded;
use crate::error::CallError;
use crate::value::Value;

/// Go refuses widths, precisions and indexes beyond.
const NUMBER_MAX: i64 = 1_000_000;

/// Go's `fmt.Sprintf`: what is wrong with the format shows in the text.
pub(crate) fn sprintf(
    format: &str,
    arguments: &[Value],
    bytes_max: usize,
) -> std::result::Result<String, CallError> {
    let mut output = Bounded::new(bytes_max);
    let mut directives = Directives {
        printer: Printer::new(&mut output),
        arguments,
        next: 0,
        is_reordered: false,
        is_good: true,
    };
    let mut rest = format;
    while let Some(at) = rest.find('%') {
        directives.printer.output.write_str(&rest[..at])?;
        rest = directives.directive(&rest[at + 1..])?;
    }
    directives.printer.output.write_str(rest)?;
    directives.extra()?;
    Ok(output.into_text())
}

struct Directives<'a, 'o> {
    printer: Printer<'o>,
    arguments: &'a [Value],
    /// The argument that the next verb takes.
    next: usize,
    /// An index was named: then no argument is too many.
    is_reordered: bool,
    /// The index named last is that of an argument.
    is_good: bool,
}

impl Directives<'_, '_> {
    /// Writes one directive and returns what stands behind it.
    fn directive<'f>(&mut self, text: &'f str) -> std::result::Result<&'f str, std::fmt::Error> {
        self.printer.flags = Flags::default();
        self.is_good = true;
        self.is_reordered = false;
        let rest = self.flags(text);
        let (mut rest, mut is_indexed) = self.index(rest);
        if let Some(after) = rest.strip_prefix('*') {
            rest = after;
            self.star_width()?;
            is_indexed = false;
        } else {
            let (width, after) = number(rest);
            self.printer.flags.width = width;
            rest = after;
            if is_indexed && width.is_some() {
                self.is_good = false;
            }
        }
        // A dot at the very end is no precision but a verb that nobody knows.
        if let Some(after) = rest.strip_prefix('.').filter(|after| !after.is_empty()) {
            if is_indexed {
                self.is_good = false;
            }
            (rest, is_indexed) = self.index(after);
            if let Some(after) = rest.strip_prefix('*') {
                rest = after;
                self.star_precision()?;
                is_indexed = false;
            } else {
                let (precision, after) = number(rest);
                self.printer.flags.precision = Some(precision.unwrap_or(0));
                rest = after;
            }
        }
        if !is_indexed {
            (rest, _) = self.index(rest);
        }
        let Some(verb) = rest.chars().next() else {
            self.printer.output.write_str("%!(NOVERB)")?;
            return Ok(rest);
        };
        self.verb(verb)?;
        Ok(&rest[verb.len_utf8()..])
    }

    fn flags<'f>(&mut self, text: &'f str) -> &'f str {
        let flags = &mut self.printer.flags;
        let mut rest = text;
        loop {
            match rest.as_bytes().first() {
                Some(b'#') => flags.sharp = true,
                Some(b'0') => flags.zero = true,
                Some(b'+') => flags.plus = true,
                Some(b'-') => flags.minus = true,
                Some(b' ') => flags.space = true,
                _ => return rest,
            }
            rest = &rest[1..];
        }
    }

    /// Reads `[n]`, and says whether it was there and is the place of an argument.
    fn index<'f>(&mut self, text: &'f str) -> (&'f str, bool) {
        let Some(inner) = text.strip_prefix('[') else {
            return (text, false);
        };
        self.is_reordered = true;
        let Some(end) = inner.find(']') else {
            self.is_good = false;
            return (inner, false);
        };
        let (place, left) = number(&inner[..end]);
        let after = &inner[end + 1..];
        let Some(place) = place.filter(|_| left.is_empty()) else {
            self.is_good = false;
            return (after, false);
        };
        match place
            .checked_sub(1)
            .filter(|place| *place < self.arguments.len())
        {
            Some(place) => self.next = place,
            None => self.is_good = false,
        }
        (after, true)
    }

    /// Takes a whole number from the arguments.
    fn star(&mut self) -> Option<i64> {
        let value = self.arguments.get(self.next)?;
        self.next += 1;
        let number = match value {
            Value::Int(number) | Value::Int64(number) | Value::Duration(number) => *number,
            Value::Uint(number) => i64::try_from(*number).ok()?,
            Value::Byte(number) => i64::from(*number),
            Value::Enumerated(named) => named.number,
            _ => return None,
        };
        (-NUMBER_MAX..=NUMBER_MAX)
            .contains(&number)
            .then_some(number)
    }

    fn star_width(&mut self) -> Result {
        match self.star() {
            Some(width) => {
                let flags = &mut self.printer.flags;
                if width < 0 {
                    flags.minus = true;
                    flags.zero = false;
                }
                flags.width = usize::try_from(width.unsigned_abs()).ok();
                Ok(())
            }
            None => self.printer.output.write_str("%!(BADWIDTH)"),
        }
    }

    fn star_precision(&mut self) -> Result {
        let precision = self.star().and_then(|number| usize::try_from(number).ok());
        self.printer.flags.precision = precision;
        match precision {
            Some(_) => Ok(()),
            None => self.printer.output.write_str("%!(BADPREC)"),
        }
    }

    fn verb(&mut self, verb: char) -> Result {
        let printer = &mut self.printer;
        if verb == '%' {
            return printer.output.write_char('%');
        }
        if !self.is_good {
            return write!(printer.output, "%!{verb}(BADINDEX)");
        }
        let Some(value) = self.arguments.get(self.next) else {
            return write!(printer.output, "%!{verb}(MISSING)");
        };
        self.next += 1;
        if verb == 'v' {
            let flags = &mut printer.flags;
            flags.sharp_v = std::mem::take(&mut flags.sharp);
            flags.plus_v = std::mem::take(&mut flags.plus);
        }
        printer.argument(value, verb)
    }

    /// Shows arguments that no verb took.
    fn extra(&mut self) -> Result {
        let left = self.arguments.get(self.next..).unwrap_or_default();
        if self.is_reordered || left.is_empty() {
            return Ok(());
        }
        self.printer.flags = Flags::default();
        self.printer.output.write_str("%!(EXTRA ")?;
        for (index, value) in left.iter().enumerate() {
            if index > 0 {
                self.printer.output.write_str(", ")?;
            }
            match value {
                Value::Nil => self.printer.output.write_str("<nil>")?,
                _ => {
                    write!(self.printer.output, "{}=", value.type_name())?;
                    self.printer.value(value)?;
                }
            }
        }
        self.printer.output.write_char(')')
    }
}

/// Reads a number; one that is too large is none, and takes all that follows, as in Go.
fn number(text: &str) -> (Option<usize>, &str) {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, rest) = text.split_at(digits);
    if number.is_empty() {
        return (None, text);
    }
    let is_small = |number: &usize| i64::try_from(*number).is_ok_and(|n| n <= 10 * NUMBER_MAX + 9);
    match number.parse().ok().filter(is_small) {
        Some(number) => (Some(number), rest),
        None => (None, ""),
    }
}

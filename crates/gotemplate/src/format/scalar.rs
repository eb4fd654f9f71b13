//! Booleans, whole numbers and texts by verb.

use std::fmt::{Result, Write};

use super::printer::Printer;
use crate::quote::{is_printable, quote, quote_character};
use crate::value::Value;

/// A whole number of up to 64 bits, with the sign apart.
#[derive(Clone, Copy)]
pub(super) struct Whole {
    pub(super) is_negative: bool,
    pub(super) amount: u64,
    /// Go's type is unsigned: `%#v` shows it in hexadecimal.
    pub(super) is_unsigned: bool,
}

impl Whole {
    pub(super) fn signed(value: i64) -> Self {
        Self {
            is_negative: value < 0,
            amount: value.unsigned_abs(),
            is_unsigned: false,
        }
    }

    pub(super) fn unsigned(value: u64) -> Self {
        Self {
            is_negative: false,
            amount: value,
            is_unsigned: true,
        }
    }

    fn character(self) -> char {
        let code = u32::try_from(self.amount)
            .ok()
            .filter(|_| !self.is_negative);
        code.and_then(char::from_u32).unwrap_or('\u{fffd}')
    }
}

impl Printer<'_> {
    pub(super) fn boolean(&mut self, value: bool, verb: char, shown: &Value) -> Result {
        match verb {
            't' | 'v' => self.pad(if value { "true" } else { "false" }),
            _ => self.bad_verb(shown, verb),
        }
    }

    pub(super) fn whole(&mut self, number: Whole, verb: char, shown: &Value) -> Result {
        match verb {
            'v' if self.flags.sharp_v && number.is_unsigned => {
                let sharp = std::mem::replace(&mut self.flags.sharp, true);
                let result = self.digits(number, 16, 'v');
                self.flags.sharp = sharp;
                result
            }
            'v' | 'd' => self.digits(number, 10, verb),
            'b' => self.digits(number, 2, verb),
            'o' | 'O' => self.digits(number, 8, verb),
            'x' | 'X' => self.digits(number, 16, verb),
            'c' => self.pad(number.character().encode_utf8(&mut [0; 4])),
            'q' => self.pad(&quote_character(number.character(), self.flags.plus)),
            'U' => self.code_point(number),
            _ => self.bad_verb(shown, verb),
        }
    }

    fn digits(&mut self, number: Whole, base: u32, verb: char) -> Result {
        let flags = self.flags;
        let has_sign = number.is_negative || flags.plus || flags.space;
        let wanted = match (flags.precision, flags.width) {
            (Some(0), _) if number.amount == 0 => {
                self.flags.zero = false;
                let result = self.padding(flags.width.unwrap_or(0));
                self.flags.zero = flags.zero;
                return result;
            }
            (Some(precision), _) => precision,
            (None, Some(width)) if flags.zero && !flags.minus => {
                width.saturating_sub(usize::from(has_sign))
            }
            _ => 0,
        };
        let digits = in_base(number.amount, base, verb == 'X');
        let zeros = "0".repeat(wanted.saturating_sub(digits.len()));
        let digits = format!("{zeros}{digits}");
        let prefix = match (verb, base) {
            ('O', _) => "0o",
            (_, 2) if flags.sharp => "0b",
            (_, 8) if flags.sharp && !digits.starts_with('0') => "0",
            ('X', _) if flags.sharp => "0X",
            (_, 16) if flags.sharp => "0x",
            _ => "",
        };
        let sign = match (number.is_negative, flags.plus, flags.space) {
            (true, ..) => "-",
            (_, true, _) => "+",
            (_, _, true) => " ",
            _ => "",
        };
        // Zeros to the left were written as digits.
        self.flags.zero = false;
        let result = self.pad(&format!("{sign}{prefix}{digits}"));
        self.flags.zero = flags.zero;
        result
    }

    fn code_point(&mut self, number: Whole) -> Result {
        // Go shows a negative number as the unsigned one of the same bits.
        let amount = match number.is_negative {
            true => number.amount.wrapping_neg(),
            false => number.amount,
        };
        let least = self.flags.precision.unwrap_or(4).max(4);
        let character = number.character();
        let quoted = match self.flags.sharp && is_printable(character) && !number.is_negative {
            true => format!(" '{character}'"),
            false => String::new(),
        };
        let zero = std::mem::replace(&mut self.flags.zero, false);
        let digits = format!("{amount:X}");
        let zeros = "0".repeat(least.saturating_sub(digits.len()));
        let result = self.pad(&format!("U+{zeros}{digits}{quoted}"));
        self.flags.zero = zero;
        result
    }

    pub(super) fn text(&mut self, text: &str, verb: char, shown: &Value) -> Result {
        match verb {
            'v' if self.flags.sharp_v => self.quoted(text),
            'v' | 's' => self.pad(self.truncated(text)),
            'x' | 'X' => self.hexadecimal(text.as_bytes(), verb == 'X'),
            'q' => self.quoted(text),
            _ => self.bad_verb(shown, verb),
        }
    }

    fn quoted(&mut self, text: &str) -> Result {
        let text = self.truncated(text);
        let can_be_raw = |text: &str| {
            text.chars()
                .all(|c| c != '`' && c != '\u{7f}' && c != '\u{feff}' && (c >= ' ' || c == '\t'))
        };
        match self.flags.sharp && can_be_raw(text) {
            true => self.pad(&format!("`{text}`")),
            false => self.pad(&quote(text, self.flags.plus)),
        }
    }

    fn hexadecimal(&mut self, bytes: &[u8], is_upper: bool) -> Result {
        let length = self.flags.precision.unwrap_or(bytes.len());
        let bytes = &bytes[..length.min(bytes.len())];
        let prefix = match (self.flags.sharp, is_upper) {
            (false, _) => "",
            (true, false) => "0x",
            (true, true) => "0X",
        };
        let mut text = String::with_capacity(bytes.len() * 2 + 2);
        for (index, byte) in bytes.iter().enumerate() {
            if index == 0 {
                text.push_str(prefix);
            } else if self.flags.space {
                text.push(' ');
                text.push_str(prefix);
            }
            match is_upper {
                true => write!(text, "{byte:02X}")?,
                false => write!(text, "{byte:02x}")?,
            }
        }
        self.pad(&text)
    }
}

fn in_base(amount: u64, base: u32, is_upper: bool) -> String {
    match base {
        2 => format!("{amount:b}"),
        8 => format!("{amount:o}"),
        16 if is_upper => format!("{amount:X}"),
        16 => format!("{amount:x}"),
        _ => amount.to_string(),
    }
}

//! JSON as Go's `encoding/json` writes it: keys sorted, signs of HTML escaped.

use std::fmt::{Result, Write};

use crate::budget::Bounded;
use crate::error::CallError;
use crate::format::format_float;
use crate::value::{Object, Value};

/// Writes a value as JSON.
///
/// # Errors
/// When the value has no JSON, or is longer than `bytes_max`.
pub(crate) fn to_json(value: &Value, bytes_max: usize) -> std::result::Result<String, CallError> {
    let mut writer = Writer {
        output: Bounded::new(bytes_max),
        refusal: None,
    };
    let written = writer.value(value);
    match (writer.refusal, written) {
        (Some(refusal), _) => Err(CallError::new(refusal)),
        (None, Err(error)) => Err(error.into()),
        (None, Ok(())) => Ok(writer.output.into_text()),
    }
}

struct Writer {
    output: Bounded,
    /// What has no JSON; the first such thing ends the writing.
    refusal: Option<String>,
}

impl Writer {
    fn value(&mut self, value: &Value) -> Result {
        match value {
            Value::Nil => self.output.write_str("null"),
            Value::Bool(value) => write!(self.output, "{value}"),
            Value::Int(value) | Value::Int64(value) | Value::Duration(value) => {
                write!(self.output, "{value}")
            }
            Value::Uint(value) => write!(self.output, "{value}"),
            Value::Byte(value) => write!(self.output, "{value}"),
            Value::Enumerated(value) => write!(self.output, "{}", value.number),
            Value::Float(value) => self.float(*value),
            Value::Text(text) => self.text(text),
            Value::Safe(safe) => self.text(&safe.text),
            Value::Time(time) => self.text(&time.rfc3339()),
            Value::List(list) => {
                self.output.write_char('[')?;
                for (index, item) in list.items().iter().enumerate() {
                    self.comma(index)?;
                    self.value(item)?;
                }
                self.output.write_char(']')
            }
            Value::Map(map) => {
                self.output.write_char('{')?;
                for (index, (key, item)) in map.iter().enumerate() {
                    self.comma(index)?;
                    self.text(key)?;
                    self.output.write_char(':')?;
                    self.value(item)?;
                }
                self.output.write_char('}')
            }
            Value::Object(object) => self.object(object.as_ref()),
            Value::Function(_) => {
                self.refuse(format!("json: unsupported type: {}", value.type_name()))
            }
        }
    }

    fn comma(&mut self, index: usize) -> Result {
        match index {
            0 => Ok(()),
            _ => self.output.write_char(','),
        }
    }

    fn refuse(&mut self, refusal: String) -> Result {
        self.refusal.get_or_insert(refusal);
        Err(std::fmt::Error)
    }

    fn object(&mut self, object: &dyn Object) -> Result {
        if let Some(plain) = object.underlying() {
            return self.value(&plain);
        }
        self.output.write_char('{')?;
        let shown = object
            .fields()
            .iter()
            .filter(|field| !field.json.is_empty());
        for (index, field) in shown.enumerate() {
            self.comma(index)?;
            self.text(field.json)?;
            self.output.write_char(':')?;
            self.value(&object.field(field.name).unwrap_or_default())?;
        }
        self.output.write_char('}')
    }

    fn float(&mut self, value: f64) -> Result {
        if !value.is_finite() {
            let shown = format_float(value, 'g', None);
            return self.refuse(format!("json: unsupported value: {shown}"));
        }
        let is_plain = value == 0.0 || (1e-6..1e21).contains(&value.abs());
        if is_plain {
            return self.output.write_str(&format_float(value, 'f', None));
        }
        // One digit is enough for an exponent below ten.
        let text = format_float(value, 'e', None);
        self.output.write_str(&text.replace("e-0", "e-"))
    }

    fn text(&mut self, text: &str) -> Result {
        self.output.write_char('"')?;
        for character in text.chars() {
            match character {
                '"' => self.output.write_str("\\\"")?,
                '\\' => self.output.write_str("\\\\")?,
                '\n' => self.output.write_str("\\n")?,
                '\r' => self.output.write_str("\\r")?,
                '\t' => self.output.write_str("\\t")?,
                '\u{8}' => self.output.write_str("\\b")?,
                '\u{c}' => self.output.write_str("\\f")?,
                '\0'..=' ' if character != ' ' => self.code(character)?,
                '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => self.code(character)?,
                other => self.output.write_char(other)?,
            }
        }
        self.output.write_char('"')
    }

    fn code(&mut self, character: char) -> Result {
        write!(self.output, "\\u{:04x}", u32::from(character))
    }
}

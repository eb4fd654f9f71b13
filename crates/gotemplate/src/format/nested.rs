//! Lists, maps and structures, and what says itself how it is printed.

use std::fmt::{Result, Write};

use super::printer::Printer;
use super::scalar::Whole;
use crate::time::format_duration;
use crate::value::{List, Map, Object, Value};

impl Printer<'_> {
    /// Prints a value that stands so deep inside another.
    pub(super) fn at_depth(&mut self, value: &Value, verb: char, depth: usize) -> Result {
        match value {
            Value::Nil => self.absent(value, verb),
            Value::Bool(boolean) => self.boolean(*boolean, verb, value),
            Value::Int(number) | Value::Int64(number) => {
                self.whole(Whole::signed(*number), verb, value)
            }
            Value::Uint(number) => self.whole(Whole::unsigned(*number), verb, value),
            Value::Byte(number) => self.whole(Whole::unsigned((*number).into()), verb, value),
            Value::Float(number) => self.float(*number, verb, value),
            Value::Text(text) => self.text(text, verb, value),
            Value::Safe(safe) => self.text(&safe.text, verb, value),
            Value::List(list) => self.list(list, None, verb, depth),
            Value::Map(map) => self.map(map, None, verb, depth),
            Value::Object(object) => match self.own_text(verb).then(|| object.text()).flatten() {
                Some(text) => self.text(&text, verb, value),
                None => self.object(object.as_ref(), verb, depth),
            },
            Value::Time(time) if self.flags.sharp_v => {
                let layout = "time.Date(2006, time.January, 2, 15, 4, 5, ";
                let nanosecond = time.nanoseconds().rem_euclid(1_000_000_000);
                write!(
                    self.output,
                    "{}{nanosecond}, time.UTC)",
                    time.format(layout)
                )
            }
            Value::Time(time) => match self.own_text(verb) {
                true => self.text(&time.to_string(), verb, value),
                false => self.opaque(value, &time.to_string(), verb),
            },
            Value::Duration(duration) => match self.own_text(verb) {
                true => self.text(&format_duration(*duration), verb, value),
                false => self.whole(Whole::signed(*duration), verb, value),
            },
            Value::Enumerated(named) => match self.own_text(verb) {
                true => self.text(named.name, verb, value),
                false => self.whole(Whole::signed(named.number), verb, value),
            },
            Value::Function(_) => self.opaque(value, "0x0", verb),
        }
    }

    /// Says whether a type's own text is what the verb asks for.
    fn own_text(&self, verb: char) -> bool {
        !self.is_erroring && !self.flags.sharp_v && matches!(verb, 'v' | 's' | 'x' | 'X' | 'q')
    }

    fn absent(&mut self, value: &Value, verb: char) -> Result {
        match verb {
            'v' if self.flags.sharp_v => self.output.write_str("interface {}(nil)"),
            'v' => self.output.write_str("<nil>"),
            _ => self.bad_verb(value, verb),
        }
    }

    /// Prints what has no parts that a template should see.
    fn opaque(&mut self, value: &Value, text: &str, verb: char) -> Result {
        match verb {
            'v' | 's' => self.pad(text),
            _ => write!(self.output, "%!{verb}({}={text})", value.type_name()),
        }
    }

    pub(super) fn object(&mut self, object: &dyn Object, verb: char, depth: usize) -> Result {
        let name = object.type_name();
        match object.underlying() {
            Some(Value::List(list)) => self.list(&list, Some(name), verb, depth),
            Some(Value::Map(map)) => self.map(&map, Some(name), verb, depth),
            Some(other) => self.at_depth(&other, verb, depth),
            None => {
                if depth == 0 && name.starts_with('*') {
                    self.output.write_char('&')?;
                }
                self.structure(object, verb, depth)
            }
        }
    }

    fn structure(&mut self, object: &dyn Object, verb: char, depth: usize) -> Result {
        let is_go = self.flags.sharp_v;
        if is_go {
            self.output
                .write_str(object.type_name().trim_start_matches('*'))?;
        }
        self.output.write_char('{')?;
        for (index, field) in object.fields().iter().enumerate() {
            if index > 0 {
                self.output.write_str(if is_go { ", " } else { " " })?;
            }
            if is_go || self.flags.plus_v {
                write!(self.output, "{}:", field.name)?;
            }
            let value = object.field(field.name).unwrap_or_default();
            self.at_depth(&value, verb, depth + 1)?;
        }
        self.output.write_char('}')
    }

    fn list(&mut self, list: &List, name: Option<&str>, verb: char, depth: usize) -> Result {
        let is_go = self.flags.sharp_v;
        if is_go {
            self.go_name(name, &list.type_name())?;
        }
        self.output.write_char(if is_go { '{' } else { '[' })?;
        for (index, item) in list.items().iter().enumerate() {
            if index > 0 {
                self.output.write_str(if is_go { ", " } else { " " })?;
            }
            self.element(item, verb, depth)?;
        }
        self.output.write_char(if is_go { '}' } else { ']' })
    }

    fn map(&mut self, map: &Map, name: Option<&str>, verb: char, depth: usize) -> Result {
        let is_go = self.flags.sharp_v;
        match is_go {
            true => {
                self.go_name(name, &map.type_name())?;
                self.output.write_char('{')?;
            }
            false => self.output.write_str("map[")?,
        }
        for (index, (key, item)) in map.iter().enumerate() {
            if index > 0 {
                self.output.write_str(if is_go { ", " } else { " " })?;
            }
            let key = Value::Text(key.clone());
            self.at_depth(&key, verb, depth + 1)?;
            self.output.write_char(':')?;
            self.element(item, verb, depth)?;
        }
        self.output.write_char(if is_go { '}' } else { ']' })
    }

    fn go_name(&mut self, name: Option<&str>, unnamed: &str) -> Result {
        self.output.write_str(name.unwrap_or(unnamed))
    }

    fn element(&mut self, item: &Value, verb: char, depth: usize) -> Result {
        match item {
            Value::Nil => self.output.write_str(match self.flags.sharp_v {
                true => "interface {}(nil)",
                false => "<nil>",
            }),
            _ => self.at_depth(item, verb, depth + 1),
        }
    }
}

//! `range`: over lists, maps in the order of their keys, and numbers.

use super::{Executor, Flow, Result};
use crate::format::print_text;
use crate::parse::Branch;
use crate::value::Value;

impl<'t> Executor<'t, '_> {
    pub(super) fn range(&mut self, dot: &Value, branch: &'t Branch) -> Result<Flow> {
        let known = self.variables.len();
        let value = self.pipeline(dot, &branch.pipe)?;
        let has_run = self.iterate(&value, branch)?;
        let flow = match has_run {
            true => Flow::Next,
            false => self.nodes(dot, &branch.otherwise)?,
        };
        self.variables.truncate(known);
        Ok(flow)
    }

    /// Runs the body for all elements, and says whether there was one.
    fn iterate(&mut self, value: &Value, branch: &'t Branch) -> Result<bool> {
        match value.plain() {
            Value::Nil => Ok(false),
            Value::List(list) => {
                for (index, item) in (0_i64..).zip(list.items()) {
                    if self.turn(branch, Value::Int(index), item)? == Flow::Break {
                        break;
                    }
                }
                Ok(!list.is_empty())
            }
            Value::Map(map) => {
                for (key, item) in map.iter() {
                    if self.turn(branch, Value::Text(key.clone()), item)? == Flow::Break {
                        break;
                    }
                }
                Ok(!map.is_empty())
            }
            Value::Int(count) => self.count(branch, value, count, Value::Int),
            Value::Int64(count) => self.count(branch, value, count, Value::Int64),
            Value::Duration(count) => self.count(branch, value, count, Value::Duration),
            Value::Byte(count) => {
                let byte = |index| Value::Byte(u8::try_from(index).unwrap_or(u8::MAX));
                self.count(branch, value, count.into(), byte)
            }
            Value::Uint(count) => {
                // More turns than an int64 counts are more than the steps allow.
                let count = i64::try_from(count).unwrap_or(i64::MAX);
                let uint = |index: i64| Value::Uint(index.unsigned_abs());
                self.count(branch, value, count, uint)
            }
            _ => {
                let shown = print_text(value);
                self.fail(format!("range can't iterate over {shown}"))
            }
        }
    }

    fn count(
        &mut self,
        branch: &'t Branch,
        value: &Value,
        count: i64,
        index_value: impl Fn(i64) -> Value,
    ) -> Result<bool> {
        if branch.pipe.variables.len() > 1 {
            let shown = print_text(value);
            return self.fail(format!(
                "can't use {shown} to iterate over more than one variable"
            ));
        }
        for index in 0..count {
            let item = index_value(index);
            if self.turn(branch, item.clone(), &item)? == Flow::Break {
                break;
            }
        }
        Ok(count > 0)
    }

    /// Runs the body once. With one variable it is the element, with two the index comes first.
    fn turn(&mut self, branch: &'t Branch, index: Value, item: &Value) -> Result<Flow> {
        self.step()?;
        let mark = self.variables.len();
        let names = &branch.pipe.variables;
        let values = match names.len() {
            2 => vec![index, item.clone()],
            _ => vec![item.clone(); names.len()],
        };
        for (place, (name, value)) in names.iter().zip(values).enumerate() {
            match branch.pipe.is_assignment {
                true => self.assign(name, value)?,
                false => self.variables[mark - names.len() + place].1 = value,
            }
        }
        let flow = self.nodes(item, &branch.body)?;
        self.variables.truncate(mark);
        Ok(flow)
    }
}

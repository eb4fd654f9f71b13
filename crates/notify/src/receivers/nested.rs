//! Values of the user's own shape, in which every text is a template: `payload` of webhooks, `details` of PagerDuty.

use serde_json::Value;

use crate::Rendering;

/// Executes all texts and all names of a value. What a template gives that is a JSON list or object, or with
/// `reads_scalars` also a number, `true`, `false` or `null`, is put there as such: `'{{ toJson .Alerts }}'` is a list.
/// Texts without a template stay texts.
pub(super) fn render(value: &Value, reads_scalars: bool, rendering: &Rendering<'_>) -> Value {
    match value {
        Value::String(template) => text(template, reads_scalars, rendering),
        Value::Array(values) => {
            let values = values.iter();
            values
                .map(|value| render(value, reads_scalars, rendering))
                .collect()
        }
        Value::Object(fields) => {
            let fields = fields.iter().map(|(name, value)| {
                let value = render(value, reads_scalars, rendering);
                (rendering.detail(name), value)
            });
            Value::Object(fields.collect())
        }
        other => other.clone(),
    }
}

fn text(template: &str, reads_scalars: bool, rendering: &Rendering<'_>) -> Value {
    let text = rendering.text(template);
    if !template.contains("{{") {
        return Value::String(text);
    }
    match serde_json::from_str(&text) {
        Ok(value @ (Value::Array(_) | Value::Object(_))) => value,
        Ok(value @ (Value::Number(_) | Value::Bool(_) | Value::Null)) if reads_scalars => value,
        _ => Value::String(text),
    }
}
